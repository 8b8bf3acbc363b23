//! Nothing is lost, nothing goes back, and intervals add up.

use std::time::Duration;

use proptest::prelude::*;

use super::spreads;
use crate::observe::{
    CONFIDENCES, DURATIONS, Ending, ErrorClass, HOPS, Histogram, Metrics, NANOS_MAX, Reading,
    SpreadRecord, Tally, Timed,
};
use crate::sync::{AtomicBool, Ordering};
use crate::terms::{StopReason, Tier};

/// A tally of `amounts`, counted in the plainest way.
fn tally_of(bounds: &'static crate::observe::Bounds, amounts: &[f64]) -> (Vec<u64>, u64) {
    let within = |bound: f64| amounts.iter().filter(|amount| **amount <= bound).count() as u64;
    (bounds.exported().map(within).collect(), amounts.len() as u64)
}

fn check(tally: &Tally, bounds: &'static crate::observe::Bounds, amounts: &[f64]) {
    let cumulative = tally.cumulative().map(|(_, count)| count).collect();
    assert_eq!((cumulative, tally.count()), tally_of(bounds, amounts));
    let sum: f64 = amounts.iter().sum();
    assert!((tally.sum() - sum).abs() <= 1e-9 * (1.0 + sum.abs()), "{} {sum}", tally.sum());
}

/// What a reading of `spreads` must hold, by the definitions.
fn check_reading(reading: &Reading, spreads: &[SpreadRecord]) {
    let count = |is: &dyn Fn(&SpreadRecord) -> bool| {
        spreads.iter().filter(|spread| is(spread)).count() as u64
    };
    let sum = |of: &dyn Fn(&SpreadRecord) -> u64| spreads.iter().map(of).sum::<u64>();
    for ending in StopReason::ALL.map(Ending::Stopped) {
        assert_eq!(reading.spreads_of(ending), count(&|spread| spread.ending == ending));
    }
    for ending in ErrorClass::ALL.map(Ending::Error) {
        assert_eq!(reading.spreads_of(ending), count(&|spread| spread.ending == ending));
    }
    for tier in Tier::ALL {
        let read = count(&|spread| spread.tiers_read[tier.index()]);
        assert_eq!(reading.spreads_by_tier[tier.index()], read);
    }
    assert_eq!(reading.nodes_activated, sum(&|spread| spread.nodes_activated));
    assert_eq!(reading.edges_traversed, sum(&|spread| spread.edges_traversed));
    assert_eq!(reading.revisits, sum(&|spread| spread.revisits));
    assert_eq!(reading.confidence_aggregations, sum(&|spread| spread.confidence_aggregations));
    assert_eq!(reading.spreads_degraded, count(&|spread| spread.nodes_degraded > 0));
    assert_eq!(reading.nodes_degraded, sum(&|spread| spread.nodes_degraded));

    let with_outcome = |spread: &&SpreadRecord| matches!(spread.ending, Ending::Stopped(_));
    let hops: Vec<f64> =
        spreads.iter().filter(with_outcome).map(|spread| f64::from(spread.hops)).collect();
    check(&reading.hops, &HOPS, &hops);
    let confidences: Vec<f64> =
        spreads.iter().filter_map(|spread| spread.confidence).map(|c| c.clamp(0.0, 1.0)).collect();
    check(&reading.confidence, &CONFIDENCES, &confidences);
    for timed in Timed::ALL {
        let seconds: Vec<f64> = spreads
            .iter()
            .filter_map(|spread| match timed {
                Timed::Service(class) => (spread.ending.class() == class).then_some(spread.service),
                Timed::Response => Some(spread.response),
                Timed::Hop | Timed::TierRead(_) => None,
            })
            .map(|duration| duration.min(Duration::from_nanos(NANOS_MAX)).as_secs_f64())
            .collect();
        check(reading.tally_of(timed), &DURATIONS, &seconds);
    }
}

/// Spreads of one case, fewer than so many.
const SPREADS_MAX: usize = if cfg!(miri) { 5 } else { 40 };

proptest! {
    #[test]
    fn a_reading_holds_what_was_recorded(
        spreads in prop::collection::vec(spreads(), 0..SPREADS_MAX),
        writers in 1_usize..4,
    ) {
        let metrics = Metrics::new(writers);
        let mut recorders: Vec<_> = (0..writers).map(|_| metrics.recorder().unwrap()).collect();
        for (at, spread) in spreads.iter().enumerate() {
            recorders[at % writers].record(spread);
        }
        check_reading(&metrics.reading(), &spreads);
    }

    #[test]
    fn intervals_add_up_to_the_whole(
        spreads in prop::collection::vec(spreads(), 0..SPREADS_MAX),
        cuts in prop::collection::vec(0..SPREADS_MAX, 0..4),
    ) {
        let metrics = Metrics::new(1);
        let mut recorder = metrics.recorder().unwrap();
        let mut earlier = (metrics.reading(), metrics.distribution(Timed::Response));
        let mut merged = earlier.1.clone();
        let mut begun = 0;
        for (at, spread) in spreads.iter().enumerate() {
            recorder.record(spread);
            if cuts.contains(&at) || at + 1 == spreads.len() {
                let now = (metrics.reading(), metrics.distribution(Timed::Response));
                check_reading(&now.0.since(&earlier.0), &spreads[begun..=at]);
                let interval = now.1.since(&earlier.1);
                prop_assert_eq!(interval.count(), (at + 1 - begun) as u64);
                merged.merge(&interval);
                (begun, earlier) = (at + 1, now);
            }
        }
        check_reading(&earlier.0, &spreads);
        prop_assert_eq!(merged, metrics.distribution(Timed::Response));
    }
}

#[test]
fn hops_and_reads_of_tiers_are_counted_where_they_belong() {
    let metrics = Metrics::new(1);
    let mut recorder = metrics.recorder().unwrap();
    recorder.hop(Duration::from_micros(200));
    for (tier, times) in Tier::ALL.into_iter().zip(1..) {
        for _ in 0..times {
            recorder.tier_read(tier, Duration::from_millis(7));
        }
    }
    let reading = metrics.reading();
    let counts = Timed::ALL.map(|timed| reading.tally_of(timed).count());
    assert_eq!(counts, [0, 0, 0, 0, 1, 1, 2, 3]);
    let distributed = Timed::ALL.map(|timed| metrics.distribution(timed).count());
    assert_eq!(distributed, counts);
    assert_eq!(reading.tally_of(Timed::Hop).sum(), 0.0002);
}

#[test]
fn what_was_recorded_outlives_its_recorder() {
    let metrics = Metrics::new(1);
    let spread = SpreadRecord::new(Ending::Stopped(StopReason::Exhausted));
    for _ in 0..3 {
        metrics.recorder().unwrap().record(&spread);
    }
    assert_eq!(metrics.reading().spreads_of(spread.ending), 3);
    let held = metrics.recorder().unwrap();
    assert!(held.is_on() && metrics.recorder().is_none());
}

#[test]
fn refused_spreads_are_counted_without_a_recorder() {
    let metrics = Metrics::new(1);
    let mut recorder = metrics.recorder().unwrap();
    recorder.record(&SpreadRecord::new(Ending::Error(ErrorClass::Shed)));
    for (class, times) in ErrorClass::ALL.into_iter().zip(1..) {
        for _ in 0..times {
            metrics.refuse(class);
        }
    }
    let reading = metrics.reading();
    let refused = ErrorClass::ALL.map(|class| reading.spreads_of(Ending::Error(class)));
    assert_eq!(refused, [1, 2, 3, 4, 5, 6 + 1]);
    // A spread that never worked has no durations.
    assert_eq!(reading.tally_of(Timed::Response).count(), 1);
}

#[test]
fn nothing_is_measured_where_that_is_off() {
    let metrics = Metrics::off();
    let mut recorders = [metrics.recorder().unwrap(), metrics.recorder().unwrap()];
    for recorder in &mut recorders {
        recorder.record(&SpreadRecord::new(Ending::Stopped(StopReason::Deadline)));
        recorder.hop(Duration::from_secs(1));
        recorder.tier_read(Tier::Hot, Duration::from_secs(1));
        assert!(!recorder.is_on());
    }
    metrics.refuse(ErrorClass::Saturated);
    assert_eq!(metrics.reading(), Reading::default());
    assert!(!metrics.is_on() && Metrics::new(0).is_on());
}

/// Four threads record while a fifth reads without pause: no count ever falls, and at the end every
/// one is there.
#[test]
fn no_count_is_lost_or_falls_under_four_writers() {
    const EACH: u64 = if cfg!(miri) { 200 } else { 20_000 };
    let metrics = Metrics::new(4);
    let done = AtomicBool::new(false);
    let spread = |at: u64| SpreadRecord {
        service: Duration::from_nanos(at * 37),
        response: Duration::from_nanos(at * 53),
        edges_traversed: at,
        ..SpreadRecord::new(Ending::Stopped(StopReason::ALL[at as usize % 9]))
    };
    std::thread::scope(|scope| {
        let writers = [0, 1, 2, 3].map(|_| {
            scope.spawn(|| {
                for first in (0..EACH).step_by(100) {
                    // The slot passes on to whoever takes it next.
                    let mut recorder = metrics.recorder().expect("one for each thread");
                    for at in first..first + 100 {
                        recorder.record(&spread(at));
                    }
                    metrics.refuse(ErrorClass::Shed);
                }
            })
        });
        let reader = scope.spawn(|| {
            let mut earlier = (metrics.reading(), metrics.distribution(Timed::Response));
            let mut readings = 0;
            while !done.load(Ordering::Relaxed) {
                let now = (metrics.reading(), metrics.distribution(Timed::Response));
                let grown =
                    |now: &[u64], before: &[u64]| now.iter().zip(before).all(|(n, b)| n >= b);
                assert!(grown(&now.0.spreads, &earlier.0.spreads));
                assert!(now.0.edges_traversed >= earlier.0.edges_traversed);
                for timed in Timed::ALL {
                    let pairs = now.0.tally_of(timed).cumulative();
                    let before = earlier.0.tally_of(timed).cumulative();
                    assert!(pairs.zip(before).all(|(now, before)| now.1 >= before.1));
                }
                assert_eq!(earlier.1.since(&now.1).count(), 0, "a cell fell");
                earlier = now;
                readings += 1;
            }
            readings
        });
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
    let reading = metrics.reading();
    assert_eq!(reading.edges_traversed, 4 * (0..EACH).sum::<u64>());
    assert_eq!(reading.tally_of(Timed::Response).count(), 4 * EACH);
    assert_eq!(metrics.distribution(Timed::Response).count(), 4 * EACH);
    assert_eq!(reading.spreads_of(Ending::Error(ErrorClass::Shed)), 4 * EACH / 100);
    let nanos: u64 = (0..EACH).map(|at| at * 53).sum();
    assert_eq!(reading.tally_of(Timed::Response).sum(), 4.0 * nanos as f64 / 1e9);
}

#[test]
fn a_histogram_of_the_hosts_own_counts_what_its_writers_write() {
    let histogram = Histogram::new(2);
    let mut writers = [histogram.writer().unwrap(), histogram.writer().unwrap()];
    assert!(histogram.writer().is_none());
    for (writer, micros) in writers.iter_mut().zip([50, 51]) {
        writer.record(Duration::from_micros(micros));
    }
    let within: Vec<u64> = histogram.tally().cumulative().map(|(_, count)| count).collect();
    assert_eq!(within[..4], [0, 0, 1, 2]);
    assert_eq!((histogram.tally().count(), histogram.distribution().count()), (2, 2));
}
