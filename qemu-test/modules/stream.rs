// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Streams: what is hit in stream_target.c is pushed. `nested=n` pushes n records at once, and one more in the middle of each of
//! these pushes; `leak=1` forgets the stream, and `misuse=1` tries what is refused.

use kernel::{
    fmt,
    prelude::*,
    str::BStr,
    sync::Arc,
    time::{delay::fsleep, Delta},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    stream::{Options, Pushed, Record, Stats},
    Deferred, Stream, Target,
};

rprobes::module! {
    type: StreamTest,
    name: "stream",
    authors: ["The rprobes authors"],
    description: "Pushes what is hit into streams",
    license: "GPL",
    params: {
        capacity: u32 { default: 65536, description: "Bytes for each CPU" },
        mode: u32 { default: 256, description: "Who may read" },
        nested: u32 { default: 0, description: "Push so many with others in the middle" },
        leak: bool { default: false, description: "Forget the stream" },
        late: bool { default: false, description: "Forget a stream whose reader is there till the end" },
        drops: bool { default: false, description: "Have a stream dropped by who reads it" },
        misuse: bool { default: false, description: "Try what is refused" },
    },
}

rprobes::record! {
    /// A call of the function that is probed.
    struct Call {
        /// Which thread, from 0 on; or 1000 for what is nested.
        thread: u32,
        odd: [u8; 3],
        flags: i8,
        /// Which call of this thread, from 0 on.
        number: u64,
    }
}

impl Record for Call {
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thread, number, .. } = *self;
        write!(f, "{} {} {thread} {number}", pushed.time, pushed.cpu)?;
        if !pushed.bytes.is_empty() {
            f.write_fmt(fmt!(" {}", BStr::from_bytes(pushed.bytes)))?;
        }
        Ok(())
    }
}

rprobes::record! {
    /// Leaves something to be done, once the module is being unloaded.
    struct Late {
        number: u64,
    }
}

kernel::sync::global_lock! {
    // SAFETY: It is initialised before anything else.
    unsafe(uninit) static DEFERRED: Mutex<Option<Deferred<u64>>> = None;
}

impl Record for Late {
    fn write_line(&self, _pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        while Deferred::new(1, |_: u64| ()).is_ok() {
            fsleep(Delta::from_millis(10));
        }
        // Time for what is done before this stream is waited for.
        fsleep(Delta::from_millis(500));
        let deferred = DEFERRED.lock();
        let pushed = deferred.as_ref().map(|deferred| deferred.push(self.number));
        write!(f, "{pushed:?}")
    }
}

rprobes::record! {
    /// Drops its own stream when it is read.
    struct Last {
        number: u64,
    }
}

kernel::sync::global_lock! {
    // SAFETY: It is initialised before anything else.
    unsafe(uninit) static LAST: Mutex<Option<Stream<Last>>> = None;
}

impl Record for Last {
    fn write_line(&self, _pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = LAST.lock().take();
        write!(f, "{} drops {}", self.number, u32::from(own.is_some()))?;
        drop(own);
        drop(Stream::<Last>::new(c"another", Options::default()));
        Ok(())
    }
}

struct Calls(Arc<Stream<Call>>);

impl Calls {
    fn call(thread: usize, number: usize) -> Call {
        Call {
            thread: thread as u32,
            odd: [1, 2, 3],
            flags: -1,
            number: number as u64,
        }
    }
}

#[vtable]
impl kprobe::Handler for Calls {
    fn pre(&self, cx: &PreContext<'_>) {
        let (thread, number, len) = (cx.regs().arg(0), cx.regs().arg(1), cx.regs().arg(2));
        let call = Self::call(thread, number);
        if len == 0 {
            self.0.push(call);
        } else {
            let letters = [b'a' + (number % 26) as u8; 512];
            self.0
                .push_with(call, letters.get(..len).unwrap_or(&letters));
        }
    }
}

/// What is hit in the middle of a push.
struct Clock(Calls);

#[vtable]
impl kprobe::Handler for Clock {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0 .0.push(Calls::call(1000, 0));
    }
}

struct StreamTest {
    stream: Arc<Stream<Call>>,
    calls: Option<Pin<KBox<Kprobe<Calls>>>>,
}

fn misuse() {
    let default = Options::default();
    let error = |name, options| Stream::<Call>::new(name, options).err();
    for capacity in [0, 1 << 29, 1 << 40, 1 << 62] {
        let options = Options {
            capacity,
            ..default
        };
        pr_info!("capacity {capacity:#x}: {:?}\n", error(c"refused", options));
    }
    let longest = Options {
        longest: 65536,
        ..default
    };
    pr_info!("65536 bytes behind: {:?}\n", error(c"refused", longest));
    pr_info!("no name: {}\n", error(c"", default).is_some());
    pr_info!("a path: {}\n", error(c"a/b", default).is_some());
    pr_info!("a name that exists: {:?}\n", error(c"calls", default));
    // The one file can be made, and the other not.
    let other = Stream::<Call>::new(c"other.bin", default);
    pr_info!("another one: {:?}\n", error(c"other", default));
    drop(other);
    // Nothing is left of what was refused.
    pr_info!("once more: {:?}\n", error(c"refused", default));
}

impl kernel::Module for StreamTest {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let options = Options {
            capacity: params::capacity.value() as usize,
            longest: 256,
            mode: params::mode.value() as u16,
        };
        let stream = Stream::new(c"calls", options)?;
        // SAFETY: Once, and first of all.
        unsafe {
            LAST.init();
            DEFERRED.init();
        }
        if params::late.value() {
            let late = Stream::new(c"late", options)?;
            late.push(Late { number: 1 });
            core::mem::forget(late);
            *DEFERRED.lock() = Some(Deferred::new(1, |_| ())?);
        }
        if params::drops.value() {
            let last = Stream::new(c"last", options)?;
            last.push(Last { number: 1 });
            last.push(Last { number: 2 });
            *LAST.lock() = Some(last);
        }
        if params::misuse.value() {
            misuse();
        }
        let stream = Arc::new(stream, GFP_KERNEL)?;
        if params::nested.value() > 0 {
            let target = Target::symbol(c"ktime_get_mono_fast_ns");
            let clock = Kprobe::new(target, Clock(Calls(stream.clone())));
            let _clock = KBox::pin_init(clock, GFP_KERNEL)?;
            for number in 0..params::nested.value() {
                stream.push(Calls::call(0, number as usize));
            }
        }
        let target = Target::symbol(c"rprobes_stream_target");
        let calls = KBox::pin_init(Kprobe::new(target, Calls(stream.clone())), GFP_KERNEL)?;
        Ok(Self {
            stream,
            calls: Some(calls),
        })
    }
}

impl Drop for StreamTest {
    fn drop(&mut self) {
        self.calls = None;
        let Stats {
            memory,
            pushed,
            refused,
        } = self.stream.stats();
        pr_info!("{pushed} pushed, {refused} refused, {memory} bytes\n");
        if params::leak.value() {
            core::mem::forget(self.stream.clone());
        }
    }
}
