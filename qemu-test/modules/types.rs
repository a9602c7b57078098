// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Functions, arguments, results and members by their names in C: those of the kernel, and of `types_target`.

use kernel::{prelude::*, str::BStr, sync::Arc};
use rprobes::{
    container_of,
    kprobe::{self, PreContext},
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    member, read, read_str, ProbeSet,
};

rprobes::module! {
    type: Types,
    name: "types",
    authors: ["The rprobes authors"],
    description: "Names of the kernel's own types",
    license: "GPL",
}

rprobes::kernel_types! {
    fn vfs_read;
    fn vfs_rmdir;
    fn wake_up_new_task;
    fn types_target:types_target_eight;
    fn types_target:types_target_by_value;
    fn types_target:types_target_large;
    fn types_target:types_target_ten;
    fn types_target:types_target_is_odd;
    fn types_target:types_target_recursive;
    fn types_target:types_target_two;
    fn types_target:types_target_no_registers;
    fn types_target:types_target_members;
    fn types_target:types_target_no_result;
    struct task_struct;
}

use kernel_types::types::odd;

/// Prints what the handler that is given sees.
struct Show;

macro_rules! at_entry {
    ($function:ident, $cx:ident, $args:ident => $body:block) => {
        #[vtable]
        impl kprobe::Handler<$function> for Show {
            fn pre(&self, $cx: &PreContext<'_, $function>) {
                let $args = $cx.args();
                $body
            }
        }
    };
}

macro_rules! at_return {
    ($function:ident, $cx:ident, $value:ident => $body:block) => {
        #[vtable]
        impl kretprobe::Handler<$function> for Show {
            type Data = ();

            fn ret(&self, $cx: &RetContext<'_, $function>, _data: &()) {
                match $cx.return_value() {
                    $value => $body,
                }
            }
        }
    };
}

at_entry!(vfs_read, cx, args => {
    let mut name = [0; 64];
    let Ok(name) = read_str!(cx, args.file() => f_path.dentry => d_name.name, &mut name) else {
        return;
    };
    if name == b"file_of_mine" {
        let len = read!(cx, args.file() => f_path.dentry => d_name.len);
        let size = read!(cx, args.file() => f_inode => i_size);
        let pos = read!(cx, args.pos());
        // The kernel's read refuses what is the user's, and the user's what is the kernel's.
        let swapped = (cx.read::<u8>(args.buf().addr()).is_err(), cx.read_user::<u8>(args.file().addr()).is_err());
        pr_info!(
            "{} bytes of {} ({:?} letters) of {:?} at {:?}, {:?}\n",
            args.count(), BStr::from_bytes(name), len.ok(), size.ok(), pos.ok(), swapped
        );
    }
});

at_return!(vfs_rmdir, cx, value => {
    pr_info!("vfs_rmdir returned {value}\n");
});

at_entry!(wake_up_new_task, cx, args => {
    let mut comm = [0; 16];
    let Ok(parent) = read!(cx, args.p() => real_parent) else { return };
    let Ok(b"types_parent") = read_str!(cx, parent => comm, &mut comm) else { return };
    let Ok(children) = member!(cx, parent => children) else { return };
    let mine = cx
        .list(children, 100)
        .flatten()
        .filter(|child| container_of!(*child, task_struct.sibling) == args.p())
        .count();
    pr_info!(
        "a child of {}: kernel thread {:?}, in_execve {:?}, found {} times\n",
        read!(cx, parent => tgid).unwrap_or(-1),
        read!(cx, args.p() => flags).map(|flags| flags & 0x0020_0000 != 0).ok(),
        read!(cx, args.p() => in_execve).ok(),
        mine
    );
});

at_entry!(types_target_eight, cx, args => {
    pr_info!(
        "eight: {} {} {} {} {} {:#x} {:?} {:?}\n",
        args.a(), args.b(), args.c(), args.d(), args.e(), args.f(), stacked(args.g()), stacked(args.h())
    );
});

at_return!(types_target_eight, cx, value => {
    pr_info!("eight returned {value:#x}\n");
});

at_entry!(types_target_by_value, cx, args => {
    let value = args.value();
    pr_info!(
        "by_value: {} {} {} {}\n",
        args.before(), read!(cx, &value => first).unwrap_or_default(), read!(cx, &value => second).unwrap_or_default(), args.after()
    );
});

at_entry!(types_target_large, cx, args => {
    let Ok(value) = args.value() else { return };
    pr_info!("large: {} {:?} {}\n", args.before(), read!(cx, &value => words).unwrap_or_default(), args.after());
});

at_entry!(types_target_ten, cx, args => {
    let (Ok(value), Ok(late)) = (stacked_struct(args.value()), stacked_struct(args.late())) else { return };
    pr_info!(
        "ten: {} {} {} {} {} ({} {}) {:?} ({} {}) {:?}\n",
        args.a(), args.b(), args.c(), args.d(), args.e(),
        read!(cx, &value => first).unwrap_or_default(), read!(cx, &value => second).unwrap_or_default(),
        stacked(args.f()),
        read!(cx, &late => first).unwrap_or_default(), read!(cx, &late => second).unwrap_or_default(),
        stacked(args.last())
    );
});

at_return!(types_target_is_odd, cx, value => {
    pr_info!("is_odd: {value}\n");
});

at_return!(types_target_two, cx, value => {
    pr_info!("two: {} {}\n", read!(cx, &value => first).unwrap_or_default(), read!(cx, &value => second).unwrap_or_default());
});

at_return!(types_target_no_registers, cx, value => {
    pr_info!("no_registers: {value:?}\n");
});

at_return!(types_target_no_result, cx, value => {
    let () = value;
    pr_info!("no_result returned\n");
});

at_entry!(types_target_no_result, cx, args => {
    pr_info!("no_result: {} {}\n", args.flag(), args.small());
});

at_entry!(types_target_members, cx, args => {
    let first = args.odd();
    match read!(cx, first => next => kind) {
        Ok(kind) => {
            pr_info!(
                "members: {:?} {:?} {:?} {:?}, next {}\n",
                read!(cx, first => kind).ok(),
                read!(cx, first => number).ok(),
                read!(cx, first => low).ok(),
                read!(cx, first => high).ok(),
                kind
            );
            pr_info!(
                "bits: {:?} {:?} {:?} {:?} {:?}, port {:?}\n",
                read!(cx, first => three).ok(),
                read!(cx, first => five).ok(),
                read!(cx, first => forty).ok(),
                read!(cx, first => yes).ok(),
                read!(cx, first => is_odd).ok(),
                read!(cx, first => port).ok()
            );
            let (mut name, mut short) = ([0; 16], [0; 3]);
            let n = 2;
            pr_info!(
                "arrays: {:?} {:?} {:?} {:?} {}\n",
                read!(cx, first => table[n].first).ok(),
                read!(cx, first => table[n].second).ok(),
                read_str!(cx, first => name, &mut name).ok().map(BStr::from_bytes),
                read_str!(cx, first => name, &mut short).ok().map(BStr::from_bytes),
                read!(cx, first => table[n + 2].first).is_err()
            );
            for at in cx.list(args.head(), 10) {
                let Ok(at) = at else { break };
                let element = container_of!(at, odd.list);
                pr_info!("list: {:?}\n", read!(cx, element => kind).ok());
            }
            pr_info!("bound: {}\n", cx.list(args.head(), 1).count());
        }
        Err(error) => {
            pr_info!("error: {error}\n");
            pr_info!("error: {:?}\n", read!(cx, first => next => next => number).err().map(|e| e.step));
            for at in cx.list(args.head(), 10) {
                pr_info!("list error: {}\n", at.is_err());
            }
        }
    }
});

/// An argument that is on the stack on one architecture and not on another.
fn stacked<T>(argument: impl Argument<T>) -> Option<T> {
    argument.value().ok()
}

fn stacked_struct<T>(argument: impl Argument<T>) -> Result<T> {
    argument.value()
}

trait Argument<T> {
    fn value(self) -> Result<T>;
}

impl<T> Argument<T> for Result<T> {
    fn value(self) -> Result<T> {
        self
    }
}

macro_rules! argument {
    ($($type:ty)*) => { $(impl Argument<$type> for $type { fn value(self) -> Result<$type> { Ok(self) } })* };
}

argument! { i16 i32 isize kernel_types::types::two }

/// How long each call of a recursive function takes.
struct Times;

#[vtable]
impl kretprobe::Handler<types_target_recursive> for Times {
    type Data = (i32, u64);

    fn entry(&self, cx: &EntryContext<'_, types_target_recursive>) -> Entry<(i32, u64)> {
        Entry::Trace((cx.args().depth(), cx.timestamp()))
    }

    fn ret(&self, cx: &RetContext<'_, types_target_recursive>, (depth, begun): &(i32, u64)) {
        pr_info!(
            "recursive: depth {} returned {} after {} ns\n",
            depth,
            cx.return_value(),
            cx.timestamp().saturating_sub(*begun)
        );
    }
}

struct Types {
    _probes: ProbeSet,
}

impl kernel::Module for Types {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let show = Arc::new(Show, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        macro_rules! entries {
            ($($function:ident)*) => { $(set.kprobe($function::TARGET, show.clone())?;)* };
        }
        macro_rules! returns {
            ($($function:ident)*) => { $(set.kretprobe($function::TARGET, Options::default(), show.clone())?;)* };
        }
        entries!(vfs_read wake_up_new_task types_target_eight types_target_by_value types_target_large types_target_ten
            types_target_members types_target_no_result);
        returns!(vfs_rmdir types_target_eight types_target_is_odd types_target_two types_target_no_registers
            types_target_no_result);
        set.kretprobe(types_target_recursive::TARGET, Options::default(), Times)?;
        Ok(Self {
            _probes: set.register()?,
        })
    }
}
