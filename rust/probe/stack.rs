// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The stacks of what was hit, by number.

use super::context::{AtTracepoint, Context, WithRegisters};
use crate::{
    collect::{StackId, Stacks},
    machine::{self, Words},
};

impl<Phase: WithRegisters, F> Context<'_, Phase, F> {
    /// The number that the [stack](Self::stack) of the probed context has in `stacks`.
    #[doc(alias = "bpf_get_stackid")]
    pub fn kernel_stack_id(&self, stacks: &Stacks) -> StackId {
        stacks.record(|frames| machine::stack(self.regs(), frames).len())
    }
}

impl<W: Words, F> Context<'_, AtTracepoint<W>, F> {
    /// The number that the stack has in `stacks`: from the function that the tracepoint is in, or one of the kernel's that calls
    /// handlers, to the outermost.
    #[doc(alias = "bpf_get_stackid")]
    pub fn kernel_stack_id(&self, stacks: &Stacks) -> StackId {
        stacks.record(|frames| machine::stack_here(frames).len())
    }
}

impl<Phase, F> Context<'_, Phase, F> {
    /// The number that the stack of the task in user space has in `stacks`: where it goes on, and what its frame pointers lead to.
    ///
    /// Of programs built without frame pointers, as most are for x86-64, that is the first frame, and perhaps others that mean
    /// nothing. A kernel thread has [`StackId::EMPTY`]. An interrupt has that of the task that it came upon.
    #[doc(alias = "bpf_get_stackid")]
    #[doc(alias = "BPF_F_USER_STACK")]
    #[doc(alias = "stack_trace_save_user")]
    pub fn user_stack_id(&self, stacks: &Stacks) -> StackId {
        stacks.record(|frames| machine::user_stack(frames).len())
    }
}
