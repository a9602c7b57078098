// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Reports of what is known beforehand, and of stacks: of the module's own, and of tasks that open `/tmp/report-NAME`.

use kernel::{
    new_mutex,
    prelude::*,
    str::BStr,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, Mutex,
    },
    time::{delay::fsleep, Delta},
};
use rprobes::{
    aggregate::{Distribution, Linear, Log2},
    context::Comm,
    kprobe::{self, Kprobe, PreContext},
    report::{
        self, Bucket, Buckets, Columns, Hex, Name, Nanoseconds, Report, Row, Stack, Table, Value,
    },
    tracepoint::{self, HitContext, Tracepoint},
    Aggregate, Histogram, Map, PerCpuMap, Ring, StackId, Stacks, Summary, Symbol, Target,
};

rprobes::module! {
    type: Reports,
    name: "report",
    authors: ["The rprobes authors"],
    description: "Reports what is known",
    license: "GPL",
    params: {
        rows: u32 { default: 5000, description: "Rows of the large table" },
        capacity: u64 { default: 4096, description: "Stacks that there is room for" },
        name: string { default: "numbers", description: "The first file" },
        leak: bool { default: false, description: "Whether to forget the files" },
    },
}

extern "C" {
    fn rprobes_report_left(n: c_int) -> c_int;
    fn rprobes_report_right(n: c_int) -> c_int;
    fn rprobes_report_deep(n: c_int) -> c_int;
}

/// Calls a function that often, from one place.
#[inline(never)]
fn call(function: unsafe extern "C" fn(c_int) -> c_int, times: u32, n: c_int) {
    for _ in 0..core::hint::black_box(times) {
        // SAFETY: They may be called anywhere.
        core::hint::black_box(unsafe { function(n) });
    }
}

/// Values whose numbers are known.
struct Numbers {
    histogram: Histogram,
    top: Histogram,
    empty: Histogram,
    file: AsFile,
    sizes: Map<u32, Summary>,
    by_cpu: PerCpuMap<u32, Log2>,
}

/// What is made of these numbers.
fn sum<A: Aggregate>(numbers: &[u64]) -> A {
    let mut all = A::empty();
    numbers.iter().for_each(|n| all.add(*n));
    all
}

/// Two ranges of a hundred.
struct Hundreds([u64; 2]);

impl Buckets for Hundreds {
    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        (0..).zip(&self.0).map(|(i, count)| Bucket {
            low: 100 * i,
            high: 100 * i + 99,
            count: *count,
        })
    }
}

/// A file and what is done with it, as two columns.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AsFile {
    inode: u64,
    write: bool,
}

impl Columns for AsFile {
    const COUNT: usize = 2;

    fn columns(&self, row: Row<'_>) -> core::fmt::Result {
        row(&self.inode)?;
        row(if self.write {
            &"write" as &dyn Value
        } else {
            &"read"
        })
    }
}

impl Numbers {
    fn new() -> Result<Self> {
        let histogram = Histogram::new()?;
        for value in [0, 1, 5, 5, 6, 7, 16] {
            histogram.record(value);
        }
        let top = Histogram::new()?;
        top.record(u64::MAX);
        let sizes = Map::new(8)?;
        sizes.insert(7, sum(&[3]))?;
        sizes.insert(1, sum(&[100, 200]))?;
        sizes.insert(5, sum(&[1, 2]))?;
        let by_cpu = PerCpuMap::new(8)?;
        for n in [5, 6, 1] {
            by_cpu.record(&2, n);
            by_cpu.record(&1, 0);
        }
        Ok(Self {
            sizes,
            by_cpu,
            histogram,
            top,
            empty: Histogram::new()?,
            file: AsFile {
                inode: 17,
                write: true,
            },
        })
    }

    fn show(&self, report: &mut Report<'_>) -> Result {
        report.value("count", &u64::MAX)?;
        report.value("least", &i64::MIN)?;
        report.value("flags", &Hex(0xbeef))?;
        report.value("nobody", &None::<u32>)?;
        report.value(
            "name \"\\\n",
            &BStr::from_bytes(b"a\"b\\c\n\x1b\xc3\xa9\xc3;"),
        )?;
        report.value("text", &"caf\u{e9}\t\"")?;
        report.histogram("powers", &self.histogram)?;
        report.histogram("top", &self.top)?;
        report.histogram("ranges", &Hundreds([3, 1]))?;
        report.histogram("empty", &self.empty)?;
        report.value("nowhere", &Name(Symbol(0)))?;

        let mut times = Table::new(&["time", "n"]);
        times.extend(
            [0, 999, 1_000, 12_345, 123_456, 9_999_999, 60_000_000_000]
                .map(|n| (Nanoseconds(n), n)),
        );
        report.table("times", times.sort_by_key())?;

        let mut table = Table::new(&["who", "inode", "mode", "hits"]);
        for (who, hits) in [("b", 7), ("a", 7), ("carol", 1000), ("d", 2)] {
            table.add((who, self.file), hits);
        }
        report.table("by value", table.sort_by_value().top(3))?;
        report.table("by key", table.sort_by_key())?;
        report.table("by least", table.sort_by_most(|hits| u32::MAX - hits))?;
        report.table("nothing", Table::<&str, u32>::new(&["who", "hits"]).top(1))?;

        report.summary("sizes", &sum(&[10, 20, 61]))?;
        report.summary("no sizes", &Summary::empty())?;
        let mut sizes = Table::new(&["who", "count", "sum", "average", "min", "max"]);
        sizes.extend(self.sizes.iter());
        report.table("sizes by who", sizes.sort_by_most(Summary::sum))?;
        report.histogram("log2", &sum::<Log2>(&[0, 3, 2]))?;
        report.histogram("distribution", &sum::<Distribution>(&[0, 3, 2]))?;
        report.histogram(
            "linear",
            &sum::<Linear<100, 20, 5>>(&[7, 100, 119, 120, 159, 160, 1000]),
        )?;
        let mut by_cpu = Table::of_histograms(&["who"]);
        by_cpu.extend(self.by_cpu.snapshot()?);
        report.histograms("log2 by who", by_cpu.sort_by_key())?;

        let mut histograms = Table::of_histograms(&["who", "inode", "mode"]);
        histograms.add(("b", self.file), Hundreds([0, 2]));
        histograms.add(("a", self.file), Hundreds([4, 2]));
        report.histograms("latency", histograms.sort_by_key())
    }
}

/// A table of as many rows as are wanted.
fn show_large(_: &(), report: &mut Report<'_>) -> Result {
    let mut table = Table::new(&["square", "n"]);
    for n in 0..u64::from(params::rows.value()) {
        table.add(n * n, n);
    }
    report.table("large", table.sort_by_value())
}

/// Fails.
fn show_failure(_: &(), report: &mut Report<'_>) -> Result {
    report.value("before", &1)?;
    Err(EDOM)
}

/// What was written to the file last, and was not refused.
fn show_text(text: &Mutex<KVec<u8>>, report: &mut Report<'_>) -> Result {
    let text = text.lock();
    report.value("bytes", &text.len())?;
    report.value("text", &BStr::from_bytes(&text))
}

fn take_text(text: &Mutex<KVec<u8>>, taken: &[u8]) -> Result {
    if taken == b"bad" {
        return Err(EDOM);
    }
    let mut text = text.lock();
    text.clear();
    text.extend_from_slice(taken, GFP_KERNEL)?;
    Ok(())
}

/// Drops its own file, which is refused, and makes another one.
#[pin_data]
struct Suicidal {
    #[pin]
    file: Mutex<Option<report::File<Suicidal>>>,
    none: Arc<()>,
}

fn show_suicidal(own: &Suicidal, report: &mut Report<'_>) -> Result {
    let file = own.file.lock().take();
    report.value("drops", &u32::from(file.is_some()))?;
    drop(file);
    drop(report::File::new(
        c"another",
        own.none.clone(),
        show_failure,
    )?);
    Ok(())
}

/// Stacks that several readers store at once, each of them all, and which of them are not what was stored.
fn show_race(stacks: &Stacks, report: &mut Report<'_>) -> Result {
    let mut wrong = 0;
    for i in 0..2000 {
        let frames = [i, i / 2, i / 3, 7];
        let id = stacks.id(&frames);
        let again = stacks.id(&frames);
        // Another reader may not be done with that one.
        for _ in 0..1000 {
            if stacks.frames(id).is_some() {
                break;
            }
            fsleep(Delta::from_millis(1));
        }
        let stored = stacks.frames(id);
        if id != again || !stored.is_some_and(|stored| stored.eq(frames)) {
            wrong += 1;
        }
    }
    report.value("wrong", &wrong)?;
    report.value("used", &stacks.stats().used)
}

/// What was seen of one hit.
#[derive(Clone, Copy)]
struct Open {
    comm: Comm,
    tgid: i32,
    kernel: StackId,
    user: StackId,
}

#[pin_data]
struct Seen {
    stacks: Stacks,
    own: Ring<StackId>,
    opens: Ring<Open>,
    fork: Atomic<u32>,
    #[pin]
    all_opens: Mutex<KVec<Open>>,
    #[pin]
    all_own: Mutex<KVec<StackId>>,
    fork_stack: Ring<StackId>,
    #[pin]
    fork_shown: Mutex<StackId>,
}

struct AtTarget(Arc<Seen>);

#[vtable]
impl kprobe::Handler for AtTarget {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0.own.push(cx.kernel_stack_id(&self.0.stacks));
    }
}

struct AtOpen(Arc<Seen>);

#[vtable]
impl kprobe::Handler for AtOpen {
    fn pre(&self, cx: &PreContext<'_>) {
        let mut buffer = [0; 64];
        if !cx
            .read_user_str(cx.regs().arg(1), &mut buffer)
            .is_ok_and(|path| path.starts_with(b"/tmp/report-"))
        {
            return;
        }
        self.0.opens.push(Open {
            comm: cx.comm(),
            tgid: cx.tgid(),
            kernel: cx.kernel_stack_id(&self.0.stacks),
            user: cx.user_stack_id(&self.0.stacks),
        });
    }
}

struct AtFork(Arc<Seen>);

impl tracepoint::Handler for AtFork {
    fn hit(&self, cx: &HitContext<'_>) {
        if self.0.fork.fetch_add(1, Relaxed) == 0 {
            self.0.fork_stack.push(cx.kernel_stack_id(&self.0.stacks));
        }
    }
}

impl Seen {
    fn show_own(&self, report: &mut Report<'_>) -> Result {
        let mut all = self.all_own.lock();
        while let Some(id) = self.own.pop() {
            all.push(id, GFP_KERNEL)?;
        }
        let mut table = Table::new(&["stack", "hits"]);
        for (i, id) in all.iter().enumerate() {
            if !all[..i].contains(id) {
                let hits = all.iter().filter(|other| *other == id).count();
                table.add(Stack::kernel(&self.stacks, *id), hits);
            }
        }
        report.table("own", table.sort_by_value())?;
        let stats = self.stacks.stats();
        report.value("capacity", &stats.capacity)?;
        report.value("refused", &stats.refused)?;
        report.value("bytes", &stats.bytes)?;
        while let Some(id) = self.fork_stack.pop() {
            *self.fork_shown.lock() = id;
        }
        let id = *self.fork_shown.lock();
        report.value("fork", &Stack::kernel(&self.stacks, id))
    }

    fn show_opens(&self, report: &mut Report<'_>) -> Result {
        let mut all = self.all_opens.lock();
        while let Some(open) = self.opens.pop() {
            all.push(open, GFP_KERNEL)?;
        }
        let mut table = Table::new(&["comm", "user", "kernel", "hits"]);
        let mut files = Table::new(&["tgid", "user"]);
        for open in all.iter() {
            let user = Stack::user(&self.stacks, open.user);
            let kernel = Stack::kernel(&self.stacks, open.kernel);
            table.add((open.comm, user, kernel), 1);
            files.add(
                open.tgid,
                Stack::user_of(&self.stacks, open.user, open.tgid),
            );
        }
        report.table("opens", &table)?;
        report.table("files", &files)
    }
}

struct Reports {
    _files: Option<Files>,
    _target: Pin<KBox<Kprobe<AtTarget>>>,
    _open: Pin<KBox<Kprobe<AtOpen>>>,
    _fork: Pin<KBox<Tracepoint<AtFork>>>,
}

struct Files {
    _numbers: report::File<Numbers>,
    _large: report::File<()>,
    _failure: report::File<()>,
    _text: report::File<Mutex<KVec<u8>>>,
    _race: report::File<Stacks>,
    _own: report::File<Seen>,
    _opens: report::File<Seen>,
}

impl kernel::Module for Reports {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let seen = Arc::pin_init(
            try_pin_init!(Seen {
                stacks: Stacks::new(params::capacity.value() as usize, 32)?,
                own: Ring::new(4096)?,
                opens: Ring::new(64)?,
                fork: Atomic::new(0),
                all_opens <- new_mutex!(KVec::new()),
                all_own <- new_mutex!(KVec::new()),
                fork_stack: Ring::new(1)?,
                fork_shown <- new_mutex!(StackId::EMPTY),
            }),
            GFP_KERNEL,
        )?;
        let target = KBox::pin_init(
            Kprobe::new(
                Target::symbol(c"rprobes_report_target"),
                AtTarget(seen.clone()),
            ),
            GFP_KERNEL,
        )?;
        let open = KBox::pin_init(
            Kprobe::new(Target::symbol(c"do_sys_openat2"), AtOpen(seen.clone())),
            GFP_KERNEL,
        )?;
        let fork = KBox::pin_init(
            Tracepoint::new(
                Target::tracepoint(c"sched_process_fork"),
                AtFork(seen.clone()),
            ),
            GFP_KERNEL,
        )?;
        // Most of what a guest has; more than it has, in the one way and the other; and too much for a number.
        for (capacity, depth) in [
            (1 << 17, 600),
            (1 << 31, 1),
            (1, 1 << 40),
            (1 << 62, 1 << 2),
        ] {
            let error = Stacks::new(capacity, depth).err();
            pr_info!("{capacity:#x} stacks of {depth:#x}: {error:?}\n");
        }
        call(rprobes_report_left, 1000, 1);
        call(rprobes_report_right, 10, 1);
        for frames in 1..=20 {
            call(rprobes_report_deep, 1, frames);
        }
        let numbers = Arc::new(Numbers::new()?, GFP_KERNEL)?;
        report::print(|report| numbers.show(report))?;
        let mut long = KVec::new();
        for _ in 0..250 {
            long.extend_from_slice("0123456789".as_bytes(), GFP_KERNEL)?;
        }
        report::print(|report| report.value("long", &BStr::from_bytes(&long)))?;
        let none = Arc::new((), GFP_KERNEL)?;
        let own_none = none.clone();
        let own = Arc::pin_init(
            pin_init!(Suicidal {
                file <- new_mutex!(None),
                none: own_none,
            }),
            GFP_KERNEL,
        )?;
        if params::leak.value() {
            let file = report::File::new(c"suicidal", own.clone(), show_suicidal)?;
            *own.file.lock() = Some(file);
        }
        let name = params::name.get()?;
        let name = kernel::str::CString::try_from_fmt(fmt!("{name}"))?;
        let files = Files {
            _numbers: report::File::new(&name, numbers, Numbers::show)?,
            _large: report::File::new(c"large", none.clone(), show_large)?,
            _failure: report::File::new(c"failure", none, show_failure)?,
            _text: report::File::writable(
                c"text",
                Arc::pin_init(new_mutex!(KVec::new()), GFP_KERNEL)?,
                show_text,
                take_text,
            )?,
            _race: report::File::new(
                c"race",
                Arc::new(Stacks::new(8192, 8)?, GFP_KERNEL)?,
                show_race,
            )?,
            _own: report::File::with_folded(c"own", seen.clone(), Seen::show_own)?,
            _opens: report::File::with_folded(c"opens", seen, Seen::show_opens)?,
        };
        let files = if params::leak.value() {
            core::mem::forget(files);
            None
        } else {
            Some(files)
        };
        Ok(Self {
            _files: files,
            _target: target,
            _open: open,
            _fork: fork,
        })
    }
}
