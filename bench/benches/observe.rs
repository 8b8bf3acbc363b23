//! What does measuring cost, and how does it compare with `hdrhistogram`'s recorder for several
//! threads?
//!
//! First pairs are run in turn, one side after the other, so that whatever else the machine does
//! falls on both; what is printed is the median of their ratios with an interval. Then criterion
//! takes the time of single calls.

#[path = "observe/pairs.rs"]
mod pairs;

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use emanate::StopReason;
use emanate::observe::{Ending, Histogram, Metrics, SpreadRecord, Timed};

fn what_does_recording_cost(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_recording_cost");
    let durations = pairs::durations();
    let histogram = Histogram::new(1);
    let mut writer = histogram.writer().expect("nobody else writes");
    let mut turn = 0;
    let mut next = move || {
        turn = (turn + 1) % durations.len();
        durations[turn]
    };
    group.bench_function("duration", |b| b.iter(|| writer.record(black_box(next()))));
    for (name, metrics) in [("spread", Metrics::new(1)), ("spread_switched_off", Metrics::off())] {
        let mut recorder = metrics.recorder().expect("nobody else records");
        group.bench_function(name, |b| {
            b.iter(|| {
                let duration = next();
                recorder.record(black_box(&SpreadRecord {
                    service: duration,
                    response: duration,
                    hops: 3,
                    edges_traversed: 1000,
                    confidence: Some(0.5),
                    ..SpreadRecord::new(Ending::Stopped(StopReason::HopLimit))
                }));
            });
        });
    }
    group.finish();
}

fn what_does_reading_cost(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("what_does_reading_cost");
    let metrics = Metrics::new(8);
    let mut recorders = Vec::new();
    for _ in 0..8 {
        let mut recorder = metrics.recorder().expect("there are 8");
        for duration in pairs::durations() {
            recorder.hop(duration);
        }
        recorders.push(recorder);
    }
    group.bench_function("reading_of_8_recorders", |b| b.iter(|| metrics.reading()));
    group.bench_function("text_of_8_recorders", |b| b.iter(|| metrics.reading().text()));
    group.bench_function("distribution_of_8_recorders", |b| {
        b.iter(|| metrics.distribution(Timed::Hop));
    });
    let far: Duration = metrics.distribution(Timed::Hop).quantile(0.99).expect("some hops");
    assert!(far <= Duration::from_millis(11), "{far:?}");
    group.finish();
}

fn main() {
    pairs::run();
    let mut criterion = Criterion::default().configure_from_args();
    what_does_recording_cost(&mut criterion);
    what_does_reading_cost(&mut criterion);
    criterion.final_summary();
}
