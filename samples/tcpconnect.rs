// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Shows who connects by TCP, from where to where, over IPv4 or IPv6, and the error if that fails.
//! `cat /sys/kernel/debug/tcpconnect/connects` prints a line for each, as it comes, with the time in front:
//!
//! ```text
//! 12.345678 2264 curl: 10.0.2.15:51230 to 93.184.215.14:80: 0
//! 12.456789 2265 curl: to [::1]:81: -111
//! ```
//!
//! Without an address in front of `to`, it was refused. `# 2 lost` is where some are missing, also those that wait for an answer
//! while a hundred others do; `connects.bin` has the same for programs. `filter=` chooses whose, also later, in
//! `/sys/module/tcpconnect/parameters/filter`: `uid=1000`, `comm=curl`.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use kernel::{fmt, prelude::*, sync::Arc, time::Delta};
use rprobes::{
    context::Comm,
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    read,
    stream::{Pushed, Record},
    types::KernelPtr,
    Context, ProbeSet, Stream, Timer,
};

rprobes::module! {
    type: TcpConnect,
    name: "tcpconnect",
    authors: ["The rprobes authors"],
    description: "Shows who connects by TCP",
    license: "GPL",
    params: {
        filter: filter { description: "Whose: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

// It waits for the answer, unlike tcp_v4_connect() and tcp_v6_connect(), which it calls.
rprobes::kernel_types! {
    fn inet_stream_connect;
    struct sock; struct sockaddr; struct sockaddr_in; struct sockaddr_in6;
}

rprobes::record! {
    /// One end of a connection.
    struct End {
        /// That of IPv4 as `::ffff:127.0.0.1`.
        ip: [u8; 16],
        /// 0 if nothing is known.
        port: u16,
    }
}

impl End {
    fn new(ip: Ipv6Addr, port: u16) -> Self {
        let ip = ip.octets();
        Self { ip, port }
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::new(Ipv6Addr::from(self.ip).to_canonical(), self.port)
    }
}

rprobes::record! {
    /// A connection that was made, or refused.
    struct Connect {
        from: End,
        to: End,
        comm: Comm,
        pid: i32,
        result: i32,
    }
}

impl Record for Connect {
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, pid, comm) = (pushed.seconds(), self.pid, self.comm);
        f.write_fmt(fmt!("{time} {pid} {comm}: "))?;
        if self.from.port != 0 {
            write!(f, "{:?} ", self.from.address())?;
        }
        write!(f, "to {:?}: {}", self.to.address(), self.result)
    }
}

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Where to, of what a program gives to `connect()`.
fn to<Phase, F>(cx: &Context<'_, Phase, F>, address: KernelPtr<sockaddr>) -> Result<End> {
    let v4 = address.cast::<sockaddr_in>();
    let v6 = address.cast::<sockaddr_in6>();
    match read!(cx, address => sa_family)? {
        AF_INET => {
            let ip = Ipv4Addr::from(read!(cx, v4 => sin_addr.s_addr)?);
            Ok(End::new(ip.to_ipv6_mapped(), read!(cx, v4 => sin_port)?))
        }
        AF_INET6 => {
            let ip = Ipv6Addr::from(read!(cx, v6 => sin6_addr.in6_u.u6_addr8)?);
            Ok(End::new(ip, read!(cx, v6 => sin6_port)?))
        }
        _ => Err(EINVAL),
    }
}

/// Where from, of a socket.
fn from<Phase, F>(cx: &Context<'_, Phase, F>, sk: KernelPtr<sock>) -> Result<End> {
    let port = read!(cx, sk => __sk_common.skc_num)?;
    let ip = if read!(cx, sk => __sk_common.skc_family)? == AF_INET6 {
        Ipv6Addr::from(read!(cx, sk => __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8)?)
    } else {
        Ipv4Addr::from(read!(cx, sk => __sk_common.skc_rcv_saddr)?).to_ipv6_mapped()
    };
    Ok(End::new(ip, port))
}

struct Connects(Stream<Connect>);

#[vtable]
impl kretprobe::Handler<inet_stream_connect> for Connects {
    /// Where to, as a socket that is refused forgets it; and the socket.
    type Data = (End, KernelPtr<sock>);

    fn entry(&self, cx: &EntryContext<'_, inet_stream_connect>) -> Entry<Self::Data> {
        if !params::filter.matches(cx) {
            return Entry::Skip;
        }
        let args = cx.args();
        match (to(cx, args.uaddr().cast()), read!(cx, args.sock() => sk)) {
            (Ok(to), Ok(sk)) => Entry::Trace((to, sk)),
            _ => Entry::Skip,
        }
    }

    fn ret(&self, cx: &RetContext<'_, inet_stream_connect>, &(to, sk): &Self::Data) {
        let unknown = End::new(Ipv6Addr::UNSPECIFIED, 0);
        self.0.push(Connect {
            from: from(cx, sk).unwrap_or(unknown),
            to,
            comm: cx.comm(),
            pid: cx.tgid(),
            result: cx.return_value(),
        });
    }
}

/// Keeps the probes.
struct TcpConnect(#[expect(dead_code, reason = "dropped with this")] Timer);

impl kernel::Module for TcpConnect {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let connects = Connects(Stream::new(c"connects", Default::default())?);
        let connects = Arc::new(connects, GFP_KERNEL)?;
        // All that wait for an answer are in it.
        let options = Options::maxactive(100);
        let mut set = ProbeSet::builder();
        set.kretprobe(inet_stream_connect::TARGET, options, connects.clone())?;
        let probes = set.register()?;
        let tell = move || connects.0.set_missed(probes.missed());
        Ok(Self(Timer::every(Delta::from_secs(1), tell)?))
    }
}
