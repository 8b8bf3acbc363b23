//! What holds whatever the windows say.
#![forbid(unsafe_code)]

use emanate_tuner::{
    Bounds, Command, Config, Controller, Objective, PolicyName, Proposal, Reading, Settings,
    Shadow, StrategyName, Verdict, objective,
};
use proptest::prelude::*;

/// A window as drawn; the settings it was made under are worked out while running.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    step: i64,
    /// Whether it was made under the settings in force, or under these.
    other: Option<Settings>,
    spreads: u64,
    throughput: f64,
    samples: u64,
    over: u64,
    app_limited: bool,
    shadow: Option<Shadow>,
}

fn hostile_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 1.0..1e6_f64,
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, f64::MAX, f64::MIN_POSITIVE,
        ]),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (any::<u32>(), 0..9_u32)
        .prop_map(|(b, hop_limit)| Settings { batch_size: b >> (b % 32), hop_limit })
}

fn shadow() -> impl Strategy<Value = Option<Shadow>> {
    let recall = prop_oneof![4 => 0.8..1.0_f64, 1 => hostile_number()];
    prop::option::of(
        (0..9_u32, 0..100_u64, recall).prop_map(|(hop_limit, spreads, recall)| Shadow {
            hop_limit,
            spreads,
            recall,
        }),
    )
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let over = prop_oneof![6 => Just(0_u64), 3 => 0..8_u64, 1 => any::<u64>()];
    let other = prop_oneof![9 => Just(None), 1 => settings().prop_map(Some)];
    let step = prop_oneof![9 => Just(1_i64), 1 => -3..4_i64];
    let samples = prop_oneof![1 => Just(0_u64), 8 => 1..2_000_u64, 1 => any::<u64>()];
    (step, other, 0..9_u64, hostile_number(), samples, over, any::<bool>(), shadow()).prop_map(
        |(step, other, spreads, throughput, samples, over, limited, shadow)| Drawn {
            step,
            other,
            spreads,
            throughput,
            samples,
            over,
            app_limited: limited && spreads < 3,
            shadow,
        },
    )
}

fn configs() -> impl Strategy<Value = Config> {
    let policies = prop::sample::select(PolicyName::ALL.to_vec());
    let policies = prop_oneof![3 => Just(PolicyName::Paired), 2 => policies];
    let strategies = prop::sample::select(StrategyName::ALL.to_vec());
    (policies, strategies, any::<u64>(), 1..64_u32, 0..512_u32, 0..4_u32, 0..4_u32).prop_map(
        |(policy, strategy, seed, min_batch, more, min_hops, more_hops)| {
            let min = Settings { batch_size: min_batch, hop_limit: min_hops };
            let max = Settings { batch_size: min_batch + more, hop_limit: min_hops + more_hops };
            let bounds = Bounds::new(min, max).expect("in order");
            let objective = Objective { budget_us: 4000.0, quality_floor: 0.95 };
            Config { bounds, objective, policy, strategy, seed }
        },
    )
}

/// The reading of a drawn window, where `in_force` is what the tuner asked for last.
fn reading(drawn: &Drawn, window: u64, in_force: Settings) -> Reading {
    let settings = drawn.other.unwrap_or(in_force);
    let shadow = drawn.shadow.map(|shadow| match shadow.spreads % 3 {
        0 => shadow,
        _ => Shadow { hop_limit: settings.hop_limit, ..shadow },
    });
    Reading {
        window,
        settings,
        spreads: drawn.spreads,
        throughput_per_second: drawn.throughput,
        samples: drawn.samples,
        over_budget: drawn.over,
        app_limited: drawn.app_limited,
        shadow,
    }
}

/// One tick as it was seen from outside.
struct Seen {
    reading: Reading,
    before: Settings,
    last_good: Option<Settings>,
    proposal: Proposal,
    dwell: u32,
}

fn play(controller: &mut Controller, windows: &[Drawn], mut see: impl FnMut(&Controller, Seen)) {
    let mut in_force = controller.config().bounds.min();
    let mut window = 1_000_u64;
    for drawn in windows {
        window = window.saturating_add_signed(drawn.step);
        let reading = reading(drawn, window, in_force);
        // It begins at what it finds, or inside the bounds where that is outside.
        let found = controller.config().bounds.clamp(reading.settings);
        let before = controller.settings().unwrap_or(found);
        let (last_good, dwell) = (controller.last_known_good(), controller.strategy().dwell);
        let proposal = controller.tick(&reading);
        in_force = proposal.settings;
        see(controller, Seen { reading, before, last_good, proposal, dwell });
    }
}

fn violates(reading: &Reading) -> bool {
    reading.exceedance().is_some_and(|(over, samples)| objective::severe(over, samples))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn bounds_and_dwell_hold_and_nothing_goes_up_under_violation(
        config in configs(),
        windows in prop::collection::vec(drawn(), 1..400),
    ) {
        let mut controller = Controller::new(config);
        let mut changed: Option<usize> = None;
        let mut at = 0;
        play(&mut controller, &windows, |controller, seen| {
            let Seen { reading, before, proposal, dwell, .. } = seen;
            let (min, max) = (config.bounds.min(), config.bounds.max());
            let now = proposal.settings;
            assert!((min.batch_size..=max.batch_size).contains(&now.batch_size), "{now:?}");
            assert!((min.hop_limit..=max.hop_limit).contains(&now.hop_limit), "{now:?}");
            assert_eq!(controller.settings(), Some(now));
            // What others set is taken over, not decided.
            let adopted = now == reading.settings && before != reading.settings;
            let up = now.batch_size > before.batch_size && !adopted;
            assert!(!(up && violates(&reading)), "{before:?} {proposal:?}");
            let young = changed.is_some_and(|changed| at < changed + dwell as usize);
            assert!(!(up && young), "up after {:?} ticks: {proposal:?}", changed.map(|c| at - c));
            if now != before {
                changed = Some(at);
            }
            at += 1;
        });
    }

    #[test]
    fn a_rollback_reaches_the_last_known_good(
        config in configs(),
        windows in prop::collection::vec(drawn(), 1..400),
    ) {
        let mut controller = Controller::new(config);
        play(&mut controller, &windows, |_, seen| {
            if seen.proposal.verdict == Verdict::Rollback {
                assert_eq!(Some(seen.proposal.settings), seen.last_good);
            }
        });
    }

    #[test]
    fn a_freeze_is_final_until_released(
        config in configs(),
        windows in prop::collection::vec(drawn(), 1..200),
    ) {
        let mut controller = Controller::new(config);
        let (before, after) = windows.split_at(windows.len() / 2);
        play(&mut controller, before, |_, _| {});
        controller.obey(Command::Freeze);
        let frozen = controller.settings();
        play(&mut controller, after, |controller, seen| {
            if frozen.is_some() {
                assert_eq!(seen.proposal.verdict, Verdict::Freeze);
                assert_eq!(controller.settings(), frozen);
            }
        });
        controller.obey(Command::Release);
        assert!(controller.frozen().is_none());
    }

    #[test]
    fn the_recorded_inputs_give_the_same_decisions(
        config in configs(),
        windows in prop::collection::vec(drawn(), 1..300),
        pin in prop::option::of(1..600_u32),
    ) {
        let mut controller = Controller::new(config);
        let (before, after) = windows.split_at(windows.len() / 2);
        play(&mut controller, before, |_, _| {});
        controller.obey(Command::PinBatchSize(pin));
        play(&mut controller, after, |_, _| {});
        // NaN differs from itself, so the text is compared; it shows every digit.
        let kept: Vec<_> = controller.audit().decisions().copied().collect();
        assert_eq!(format!("{:?}", controller.audit().replay()), format!("{kept:?}"));
    }

    #[test]
    fn a_pin_holds(
        config in configs(),
        windows in prop::collection::vec(drawn(), 1..200),
        (batch_size, hop_limit) in (any::<u32>(), any::<u32>()),
    ) {
        let mut controller = Controller::new(config);
        controller.obey(Command::PinBatchSize(Some(batch_size)));
        controller.obey(Command::PinHopLimit(Some(hop_limit)));
        let pinned = config.bounds.clamp(Settings { batch_size, hop_limit });
        play(&mut controller, &windows, |_, seen| assert_eq!(seen.proposal.settings, pinned));
    }

    #[test]
    fn a_window_without_demand_never_grows_the_batch(
        config in configs(),
        windows in prop::collection::vec(drawn(), 1..200),
    ) {
        let idle: Vec<_> =
            windows.iter().map(|w| Drawn { app_limited: true, other: None, ..*w }).collect();
        let mut controller = Controller::new(config);
        play(&mut controller, &idle, |_, seen| {
            assert!(seen.proposal.settings.batch_size <= seen.before.batch_size);
        });
    }
}
