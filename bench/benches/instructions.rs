//! How many instructions does the same work take as before?
//!
//! Counted by valgrind, so that the answer does not depend on who else uses the machine.
//! `bench/baseline/run` builds and runs this, and compares with the figures recorded there.
#![expect(missing_docs, reason = "gungraun's macros make public items without any")]

use std::hint::black_box;

use emanate::graph::Load;
use emanate::spread::Kernel;
use emanate::{SpreadEstimate, SpreadOutcome};
use emanate_bench::gated::{self, Lanes, Looks, Ticks};
use emanate_bench::work::Work;
use gungraun::Callgrind;
use gungraun::prelude::*;

// Each function gives back what it was given, so that freeing it is not counted.

#[library_benchmark]
#[bench::empty(gated::empty())]
#[bench::two_hops(gated::two_hops())]
#[bench::two_hops_sampled(gated::sampled())]
#[bench::hop_list(gated::hop(Kernel::List))]
#[bench::hop_scan(gated::hop(Kernel::Scan))]
#[bench::hop_dense(gated::hop(Kernel::Dense))]
#[bench::pagerank_power(gated::pagerank(gated::POWER))]
#[bench::pagerank_push(gated::pagerank(gated::PUSH))]
fn spread(mut work: Work) -> Work {
    black_box(work.run());
    work
}

#[library_benchmark]
#[bench::lanes(Lanes::warm())]
fn batch(lanes: Lanes) -> (Lanes, Vec<SpreadOutcome>) {
    let outcomes = lanes.run();
    (lanes, outcomes)
}

#[library_benchmark]
#[bench::two_hops(gated::two_hops())]
fn estimate(work: Work) -> (Work, SpreadEstimate) {
    let estimate = work.engine.estimate(&work.graph, &work.request);
    (work, estimate)
}

#[library_benchmark]
#[bench::text(gated::text())]
fn load(text: String) -> (String, Load) {
    let load = gated::load(&text);
    (text, load)
}

#[library_benchmark]
#[bench::hundred_ticks(Ticks::warm())]
fn tuner(mut ticks: Ticks) -> Ticks {
    ticks.run(100);
    ticks
}

#[library_benchmark]
#[bench::samples_256(Looks::warm())]
fn look(mut looks: Looks) -> Looks {
    black_box(looks.driver.look());
    looks
}

library_benchmark_group!(name = counted, benchmarks = [spread, batch, estimate, load, tuner, look]);

main!(
    config = LibraryBenchmarkConfig::default().tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = counted
);
