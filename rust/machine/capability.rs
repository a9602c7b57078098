// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What a task may do.
//!
//! C header: [`include/linux/capability.h`](srctree/include/linux/capability.h)

use crate::bindings;

/// A set of capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// Whether a capability is in the set. Any context.
    #[doc(alias = "cap_raised")]
    pub fn has(self, capability: Capability) -> bool {
        self.0 >> capability as u8 & 1 != 0
    }
}

/// A capability, by its number. `capabilities(7)` says more of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Capability {
    /// To change the owners of files.
    #[doc(alias = "CAP_CHOWN")]
    Chown = bindings::CAP_CHOWN as u8,
    /// To pass over the permissions of files.
    #[doc(alias = "CAP_DAC_OVERRIDE")]
    DacOverride = bindings::CAP_DAC_OVERRIDE as u8,
    /// To pass over the permissions to read files and to search directories.
    #[doc(alias = "CAP_DAC_READ_SEARCH")]
    DacReadSearch = bindings::CAP_DAC_READ_SEARCH as u8,
    /// To do with files what their owner may.
    #[doc(alias = "CAP_FOWNER")]
    Fowner = bindings::CAP_FOWNER as u8,
    /// To keep the set-user-ID and set-group-ID bits.
    #[doc(alias = "CAP_FSETID")]
    Fsetid = bindings::CAP_FSETID as u8,
    /// To send signals to anyone.
    #[doc(alias = "CAP_KILL")]
    Kill = bindings::CAP_KILL as u8,
    /// To change group IDs.
    #[doc(alias = "CAP_SETGID")]
    Setgid = bindings::CAP_SETGID as u8,
    /// To change user IDs.
    #[doc(alias = "CAP_SETUID")]
    Setuid = bindings::CAP_SETUID as u8,
    /// To change capabilities.
    #[doc(alias = "CAP_SETPCAP")]
    Setpcap = bindings::CAP_SETPCAP as u8,
    /// To change the immutable and append-only flags of files.
    #[doc(alias = "CAP_LINUX_IMMUTABLE")]
    LinuxImmutable = bindings::CAP_LINUX_IMMUTABLE as u8,
    /// To bind to ports below 1024.
    #[doc(alias = "CAP_NET_BIND_SERVICE")]
    NetBindService = bindings::CAP_NET_BIND_SERVICE as u8,
    /// Unused.
    #[doc(alias = "CAP_NET_BROADCAST")]
    NetBroadcast = bindings::CAP_NET_BROADCAST as u8,
    /// To configure networks.
    #[doc(alias = "CAP_NET_ADMIN")]
    NetAdmin = bindings::CAP_NET_ADMIN as u8,
    /// To use raw and packet sockets.
    #[doc(alias = "CAP_NET_RAW")]
    NetRaw = bindings::CAP_NET_RAW as u8,
    /// To lock memory.
    #[doc(alias = "CAP_IPC_LOCK")]
    IpcLock = bindings::CAP_IPC_LOCK as u8,
    /// To pass over the permissions of System V IPC.
    #[doc(alias = "CAP_IPC_OWNER")]
    IpcOwner = bindings::CAP_IPC_OWNER as u8,
    /// To load modules.
    #[doc(alias = "CAP_SYS_MODULE")]
    SysModule = bindings::CAP_SYS_MODULE as u8,
    /// To access I/O ports and the like.
    #[doc(alias = "CAP_SYS_RAWIO")]
    SysRawio = bindings::CAP_SYS_RAWIO as u8,
    /// To call chroot.
    #[doc(alias = "CAP_SYS_CHROOT")]
    SysChroot = bindings::CAP_SYS_CHROOT as u8,
    /// To trace any process.
    #[doc(alias = "CAP_SYS_PTRACE")]
    SysPtrace = bindings::CAP_SYS_PTRACE as u8,
    /// To switch process accounting.
    #[doc(alias = "CAP_SYS_PACCT")]
    SysPacct = bindings::CAP_SYS_PACCT as u8,
    /// To administer the system: mounts, and much else.
    #[doc(alias = "CAP_SYS_ADMIN")]
    SysAdmin = bindings::CAP_SYS_ADMIN as u8,
    /// To reboot.
    #[doc(alias = "CAP_SYS_BOOT")]
    SysBoot = bindings::CAP_SYS_BOOT as u8,
    /// To raise priorities.
    #[doc(alias = "CAP_SYS_NICE")]
    SysNice = bindings::CAP_SYS_NICE as u8,
    /// To pass over resource limits.
    #[doc(alias = "CAP_SYS_RESOURCE")]
    SysResource = bindings::CAP_SYS_RESOURCE as u8,
    /// To set the clock.
    #[doc(alias = "CAP_SYS_TIME")]
    SysTime = bindings::CAP_SYS_TIME as u8,
    /// To configure terminals.
    #[doc(alias = "CAP_SYS_TTY_CONFIG")]
    SysTtyConfig = bindings::CAP_SYS_TTY_CONFIG as u8,
    /// To make device nodes.
    #[doc(alias = "CAP_MKNOD")]
    Mknod = bindings::CAP_MKNOD as u8,
    /// To take leases on files.
    #[doc(alias = "CAP_LEASE")]
    Lease = bindings::CAP_LEASE as u8,
    /// To write audit records.
    #[doc(alias = "CAP_AUDIT_WRITE")]
    AuditWrite = bindings::CAP_AUDIT_WRITE as u8,
    /// To configure auditing.
    #[doc(alias = "CAP_AUDIT_CONTROL")]
    AuditControl = bindings::CAP_AUDIT_CONTROL as u8,
    /// To set the capabilities of files.
    #[doc(alias = "CAP_SETFCAP")]
    Setfcap = bindings::CAP_SETFCAP as u8,
    /// To pass over mandatory access control.
    #[doc(alias = "CAP_MAC_OVERRIDE")]
    MacOverride = bindings::CAP_MAC_OVERRIDE as u8,
    /// To configure mandatory access control.
    #[doc(alias = "CAP_MAC_ADMIN")]
    MacAdmin = bindings::CAP_MAC_ADMIN as u8,
    /// To read the kernel log.
    #[doc(alias = "CAP_SYSLOG")]
    Syslog = bindings::CAP_SYSLOG as u8,
    /// To set timers that wake the system.
    #[doc(alias = "CAP_WAKE_ALARM")]
    WakeAlarm = bindings::CAP_WAKE_ALARM as u8,
    /// To keep the system awake.
    #[doc(alias = "CAP_BLOCK_SUSPEND")]
    BlockSuspend = bindings::CAP_BLOCK_SUSPEND as u8,
    /// To read the audit log.
    #[doc(alias = "CAP_AUDIT_READ")]
    AuditRead = bindings::CAP_AUDIT_READ as u8,
    /// To monitor performance.
    #[doc(alias = "CAP_PERFMON")]
    Perfmon = bindings::CAP_PERFMON as u8,
    /// To load BPF programs.
    #[doc(alias = "CAP_BPF")]
    Bpf = bindings::CAP_BPF as u8,
    /// To checkpoint and restore processes.
    #[doc(alias = "CAP_CHECKPOINT_RESTORE")]
    CheckpointRestore = bindings::CAP_CHECKPOINT_RESTORE as u8,
}
