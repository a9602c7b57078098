// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Prints who connects by TCP, from where to where, over IPv4 or IPv6, and the error if that fails.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use kernel::prelude::*;
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    read,
    types::KernelPtr,
    Context, ProbeSet,
};

rprobes::module! {
    type: TcpConnect,
    name: "tcpconnect",
    authors: ["The rprobes authors"],
    description: "Prints who connects by TCP",
    license: "GPL",
}

// It waits for the answer, unlike tcp_v4_connect() and tcp_v6_connect(), which it calls.
rprobes::kernel_types! {
    fn inet_stream_connect;
    struct sock; struct sockaddr; struct sockaddr_in; struct sockaddr_in6;
}

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Where to, of what a program gives to `connect()`.
fn to<Phase, F>(cx: &Context<'_, Phase, F>, address: KernelPtr<sockaddr>) -> Result<SocketAddr> {
    let (v4, v6) = (
        address.cast::<sockaddr_in>(),
        address.cast::<sockaddr_in6>(),
    );
    match read!(cx, address => sa_family)? {
        AF_INET => {
            let ip = Ipv4Addr::from(read!(cx, v4 => sin_addr.s_addr)?);
            Ok(SocketAddr::from((ip, read!(cx, v4 => sin_port)?)))
        }
        AF_INET6 => {
            let ip = Ipv6Addr::from(read!(cx, v6 => sin6_addr.in6_u.u6_addr8)?);
            Ok(SocketAddr::from((ip, read!(cx, v6 => sin6_port)?)))
        }
        _ => Err(EINVAL),
    }
}

/// Where from, of a socket.
fn from<Phase, F>(cx: &Context<'_, Phase, F>, sk: KernelPtr<sock>) -> Result<SocketAddr> {
    let port = read!(cx, sk => __sk_common.skc_num)?;
    if read!(cx, sk => __sk_common.skc_family)? == AF_INET6 {
        let ip = read!(cx, sk => __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8)?;
        Ok(SocketAddr::from((Ipv6Addr::from(ip), port)))
    } else {
        let ip = read!(cx, sk => __sk_common.skc_rcv_saddr)?;
        Ok(SocketAddr::from((Ipv4Addr::from(ip), port)))
    }
}

struct Connects;

#[vtable]
impl kretprobe::Handler<inet_stream_connect> for Connects {
    /// Where to, as a socket that is refused forgets it; and the socket.
    type Data = (SocketAddr, KernelPtr<sock>);

    fn entry(&self, cx: &EntryContext<'_, inet_stream_connect>) -> Entry<Self::Data> {
        let args = cx.args();
        match (to(cx, args.uaddr().cast()), read!(cx, args.sock() => sk)) {
            (Ok(to), Ok(sk)) => Entry::Trace((to, sk)),
            _ => Entry::Skip,
        }
    }

    fn ret(&self, cx: &RetContext<'_, inet_stream_connect>, (to, sk): &Self::Data) {
        let (pid, comm, result) = (cx.tgid(), cx.comm(), cx.return_value());
        match from(cx, *sk) {
            Ok(from) if from.port() != 0 => {
                pr_info!("{pid} {comm}: {from:?} to {to:?}: {result}\n")
            }
            _ => pr_info!("{pid} {comm}: to {to:?}: {result}\n"),
        }
    }
}

struct TcpConnect {
    _probes: ProbeSet,
}

impl kernel::Module for TcpConnect {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // All that wait for an answer are in it.
        let options = Options {
            maxactive: 100,
            ..Options::default()
        };
        let mut set = ProbeSet::builder();
        set.kretprobe(inet_stream_connect::TARGET, options, Connects)?;
        Ok(Self {
            _probes: set.register()?,
        })
    }
}
