//! What holds of windows whatever batches they are made from.
#![forbid(unsafe_code)]

use emanate_tuner::{Batch, Reading, Settings, WindowLimits, Windows};
use proptest::prelude::*;

const LIMITS: WindowLimits =
    WindowLimits { least_ns: 100, most_ns: 1000, batches_min: 4, budget_ns: 50 };
const SETTINGS: Settings = Settings { batch_size: 8, hop_limit: 3 };

fn windows() -> Windows {
    Windows::new(LIMITS, SETTINGS, 7, 0)
}

fn batch(ended_ns: u64) -> Batch {
    Batch { settings: 7, spreads: 8, app_limited: false, latency_ns: 20, ended_ns }
}

/// A batch every 20 ns, from the first, which ends at `begin`.
fn steady(begin: u64, count: u64) -> Vec<Batch> {
    (0..count).map(|turn| batch(begin + 20 * turn)).collect()
}

fn ended(windows: &mut Windows, now: u64) -> Reading {
    windows.end(None, now).expect("the window is full")
}

/// Spreads a second of one batch of eight every 20 ns.
const STEADY: f64 = 8.0 / 20e-9;

#[track_caller]
fn assert_steady(reading: &Reading) {
    let ratio = reading.throughput_per_second / STEADY;
    assert!((ratio - 1.0).abs() < 1e-9, "{reading:?}");
}

#[test]
fn throughput_is_the_same_wherever_a_window_begins_and_ends() {
    for offset in 0..20 {
        let mut windows = windows();
        windows.add(&steady(offset, 6), 0, 110);
        let first = ended(&mut windows, 110);
        assert_steady(&first);
        assert_eq!((first.window, first.samples, first.spreads), (1, 6, 48));
        windows.add(&steady(offset + 120, 5), 0, 220);
        let second = ended(&mut windows, 220);
        assert_steady(&second);
        assert!(!second.app_limited && second.over_budget == 0);
    }
}

#[test]
fn a_window_ends_when_it_is_full_or_too_old() {
    let mut windows = windows();
    windows.add(&steady(10, 3), 0, 500);
    assert_eq!(windows.end(None, 999), None, "too few batches");
    assert_eq!(ended(&mut windows, 1000).samples, 3);
    windows.add(&steady(1010, 4), 0, 1090);
    assert_eq!(windows.end(None, 1099), None, "too short");
    assert_eq!(ended(&mut windows, 1100).samples, 4);
}

#[test]
fn a_sample_of_older_settings_judges_nothing_and_begins_the_window_anew() {
    let mut windows = windows();
    windows.begin(SETTINGS, 8, 0);
    assert_eq!((windows.number(), windows.settings()), (8, SETTINGS));
    let of = |settings, batch: Batch| Batch { settings, latency_ns: 90, ..batch };
    let mut batches: Vec<Batch> = steady(0, 6).into_iter().map(|batch| of(8, batch)).collect();
    batches.push(of(7, batch(130)));
    windows.add(&batches, 0, 140);
    assert_eq!(windows.end(None, 230), None, "it began anew at 140");
    let newer: Vec<Batch> =
        steady(150, 5).into_iter().map(|b| Batch { settings: 8, ..b }).collect();
    windows.add(&newer, 0, 240);
    let reading = ended(&mut windows, 240);
    assert_steady(&reading);
    assert_eq!((reading.samples, reading.over_budget, windows.stale()), (5, 0, 1));
    // In later windows a straggler is passed over and disturbs nothing.
    windows.add(&[of(7, batch(300))], 0, 300);
    windows.add(&[Batch { settings: 8, ..batch(250) }], 0, 310);
    assert_eq!(ended(&mut windows, 1240).samples, 1);
}

#[test]
fn stragglers_do_not_keep_a_window_open_for_ever() {
    let mut windows = windows();
    let straggler = Batch { settings: 6, ..batch(0) };
    for now in (0..5000).step_by(50) {
        windows.add(&[straggler], 0, now);
    }
    windows.add(&steady(5000, 5), 0, 5000);
    assert_eq!(ended(&mut windows, 5000).samples, 5);
}

#[test]
fn time_in_which_samples_were_lost_is_left_out() {
    let mut windows = windows();
    windows.add(&steady(0, 3), 0, 50);
    windows.add(&steady(900, 4), 17, 980);
    let reading = ended(&mut windows, 1000);
    assert_steady(&reading);
    assert_eq!((reading.samples, windows.lost()), (7, 17));
}

#[test]
fn too_little_asked_for_is_said() {
    let mut limited = windows();
    let half = steady(0, 8).into_iter().enumerate();
    let half: Vec<Batch> = half.map(|(at, b)| Batch { app_limited: at % 2 == 0, ..b }).collect();
    limited.add(&half, 0, 200);
    assert!(ended(&mut limited, 200).app_limited);
    let mut idle = windows();
    let pauses: Vec<Batch> = (0..8).map(|turn| batch(50 * turn)).collect();
    idle.add(&pauses, 0, 400);
    assert!(ended(&mut idle, 400).app_limited, "batches ran for two fifths of the time");
    let mut nothing = windows();
    let reading = ended(&mut nothing, 1000);
    assert!(reading.app_limited && reading.spreads == 0 && reading.samples == 0);
    assert_eq!(reading.ln_throughput(), None);
    // What comes after a pause is measured without it.
    nothing.add(&steady(90_000, 6), 0, 90_200);
    assert_steady(&ended(&mut nothing, 90_200));
}

#[test]
fn latencies_above_the_budget_are_counted_and_those_at_it_are_not() {
    let mut windows = windows();
    let latencies = [20, 50, 51, 90, 50, 51];
    let slow = steady(10, 6).into_iter().zip(latencies);
    let batches: Vec<Batch> =
        slow.map(|(batch, latency_ns)| Batch { latency_ns, ..batch }).collect();
    windows.add(&batches, 0, 120);
    let reading = ended(&mut windows, 120);
    assert_eq!((reading.samples, reading.over_budget), (6, 3));
    windows.add(&steady(130, 6), 0, 240);
    assert_eq!(ended(&mut windows, 240).over_budget, 0, "each window counts its own");
}

fn batches() -> impl Strategy<Value = Vec<(Batch, u64)>> {
    let times = || prop_oneof![9 => 0..3000_u64, 1 => any::<u64>()];
    let one = (5..9_u64, prop_oneof![9 => 0..64_u32, 1 => any::<u32>()], any::<bool>(), times());
    let lost = prop_oneof![9 => Just(0_u64), 1 => any::<u64>()];
    let one =
        (one, times(), lost).prop_map(|((settings, spreads, limited, latency), end, lost)| {
            let app_limited = limited;
            let batch =
                Batch { settings, spreads, app_limited, latency_ns: latency, ended_ns: end };
            (batch, lost)
        });
    prop::collection::vec(one, 0..80)
}

proptest! {
    /// Whatever comes, in whatever order: a reading holds batches of its own settings only, and
    /// no more than there were.
    #[test]
    fn readings_hold_what_was_measured_under_their_settings(
        drawn in batches(),
        steps in prop::collection::vec((0..300_u64, 0..12_u8), 1..80),
    ) {
        let (mut windows, mut now) = (windows(), 0);
        let (mut number, mut seen) = (7, Vec::new());
        let mut left = drawn.iter();
        for (step, change) in steps {
            now += step;
            if change == 0 {
                number += 1;
                seen.clear();
                windows.begin(SETTINGS, number, now);
            }
            for (batch, lost) in left.by_ref().take(3) {
                if batch.settings == number {
                    seen.push(*batch);
                }
                windows.add(&[*batch], *lost, now);
            }
            let Some(reading) = windows.end(None, now) else { continue };
            let over = seen.iter().filter(|batch| batch.latency_ns > LIMITS.budget_ns).count();
            prop_assert!(reading.samples <= seen.len() as u64);
            prop_assert!(reading.over_budget <= reading.samples);
            prop_assert!(reading.over_budget <= over as u64);
            let all: u64 = seen.iter().map(|batch| u64::from(batch.spreads)).sum();
            prop_assert!(reading.spreads <= all);
            prop_assert!(reading.throughput_per_second >= 0.0);
            prop_assert!(reading.throughput_per_second.is_finite());
            if seen.iter().all(|batch| batch.app_limited) {
                prop_assert!(reading.app_limited);
            }
            seen.clear();
        }
    }
}
