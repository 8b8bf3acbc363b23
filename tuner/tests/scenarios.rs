//! What the tuner does in situations of which each is easy to follow.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use emanate_tuner::strategy::{AGGRESSIVE, CONSERVATIVE};
use emanate_tuner::{
    Bounds, Command, Config, Controller, Effect, Objective, PolicyName, Proposal, Reading, Reason,
    Settings, Shadow, StrategyName, Verdict,
};

fn bounds() -> Bounds {
    let min = Settings { batch_size: 1, hop_limit: 1 };
    Bounds::new(min, Settings { batch_size: 256, hop_limit: 3 }).expect("in order")
}

/// A tuner on a world without noise.
struct World {
    controller: Controller,
    settings: Settings,
    window: u64,
}

impl World {
    fn new(policy: PolicyName) -> Self {
        let config = Config {
            bounds: bounds(),
            objective: Objective { budget_us: 4000.0, quality_floor: 0.95 },
            policy,
            strategy: StrategyName::Adaptive,
            seed: 1,
        };
        let settings = Settings { batch_size: 64, hop_limit: 3 };
        Self { controller: Controller::new(config), settings, window: 0 }
    }

    /// A window in which throughput is the same at every batch size, and nothing is over budget.
    fn calm(&self) -> Reading {
        Reading {
            window: self.window,
            settings: self.settings,
            spreads: 900,
            throughput_per_second: 1000.0,
            samples: 200,
            over_budget: 0,
            app_limited: false,
            shadow: None,
        }
    }

    fn tick(&mut self, reading: Reading) -> Proposal {
        self.window += 1;
        let proposal = self.controller.tick(&reading);
        self.settings = proposal.settings;
        proposal
    }

    /// Ticks `windows` times, each window changed by `change`, until `end` says so.
    fn until(
        &mut self,
        windows: usize,
        change: impl Fn(&mut Reading),
        end: impl Fn(&Proposal) -> bool,
    ) -> Option<Proposal> {
        (0..windows).find_map(|_| {
            let mut reading = self.calm();
            change(&mut reading);
            let proposal = self.tick(reading);
            end(&proposal).then_some(proposal)
        })
    }

    fn asleep(policy: PolicyName) -> Self {
        let mut world = Self::new(policy);
        world.until(200, |_| {}, |p| p.verdict == Verdict::Sleep).expect("it falls asleep");
        assert_eq!(world.settings.batch_size, 64);
        world
    }
}

#[test]
fn severe_windows_in_a_row_halve_and_one_does_not() {
    let mut world = World::asleep(PolicyName::Paired);
    let bad = |world: &World| Reading { over_budget: 190, ..world.calm() };
    for _ in 0..3 {
        let reading = bad(&world);
        assert_eq!(world.tick(reading).settings.batch_size, 64);
        for _ in 0..20 {
            let reading = world.calm();
            assert_eq!(world.tick(reading).settings.batch_size, 64);
        }
    }
    let verdicts: Vec<_> = (0..3)
        .map(|_| {
            let reading = bad(&world);
            world.tick(reading).verdict
        })
        .collect();
    assert_eq!(verdicts, [Verdict::Sleep, Verdict::Sleep, Verdict::BackOff]);
    assert_eq!(world.settings.batch_size, 32);
    assert_eq!(world.controller.last_known_good(), Some(world.settings));
    // Within the same episode two are enough.
    let next = world.until(2, |r| r.over_budget = 190, |p| p.verdict == Verdict::BackOff);
    assert_eq!(next.expect("another step down").settings.batch_size, 16);
}

#[test]
fn what_creeps_up_on_the_budget_is_left_by_a_small_step() {
    let mut world = World::asleep(PolicyName::Paired);
    let left = world.until(40, |r| r.over_budget = 3, |p| p.verdict == Verdict::BackOff);
    let batch_size = left.expect("it is left").settings.batch_size;
    assert!((50..64).contains(&batch_size), "{batch_size}");
    assert!(left.is_some_and(|p| p.reason.to_string().contains("1.50 % of the latencies")));
}

#[test]
fn at_the_least_batch_size_violations_are_borne() {
    let mut world = World::new(PolicyName::Paired);
    world.until(60, |r| r.over_budget = 200, |_| false);
    assert_eq!(world.settings.batch_size, 1);
    let said = world.until(9, |r| r.over_budget = 200, |p| p.verdict == Verdict::Hold);
    assert!(matches!(said.expect("it holds").reason, Reason::OverBudgetAtLeast { .. }));
}

fn proportional(reading: &mut Reading) {
    reading.throughput_per_second = 10.0 * f64::from(reading.settings.batch_size);
}

#[test]
fn growth_is_found_and_kept_and_lost_throughput_taken_back() {
    let mut world = World::new(PolicyName::Paired);
    let grown = world.until(100, proportional, |p| p.verdict == Verdict::Accept);
    assert_eq!(grown.expect("it grows").settings.batch_size, 256);
    let back =
        world.until(20, |r| r.throughput_per_second = 300.0, |p| p.verdict == Verdict::Rollback);
    let back = back.expect("the loss is seen");
    assert_eq!(back.settings.batch_size, 64);
    assert!(back.measured.is_some_and(|effect| effect.gain < -0.5), "{back:?}");
}

#[test]
fn without_demand_nothing_is_tried() {
    let mut world = World::new(PolicyName::Paired);
    let moved = world.until(
        300,
        |r| {
            proportional(r);
            r.app_limited = true;
        },
        |p| p.settings.batch_size != 64,
    );
    assert_eq!(moved, None);
}

fn hops(reading: &mut Reading) {
    let hop_limit = reading.settings.hop_limit;
    let recall = [0.0, 0.8, 0.99, 1.0][hop_limit as usize];
    reading.shadow = Some(Shadow { hop_limit, spreads: 40, recall });
    reading.throughput_per_second = 3000.0 / f64::from(hop_limit);
}

#[test]
fn hops_are_given_up_down_to_the_floor_and_back_at_once() {
    let mut world = World::new(PolicyName::Paired);
    let taken = world.until(200, hops, |p| p.verdict == Verdict::Accept).expect("a rung is taken");
    assert_eq!(taken.settings.hop_limit, 2);
    assert!(taken.reason.to_string().contains("hop limit 2 keeps the floor with recall 0.9900"));
    let left = world.until(100, hops, |p| matches!(p.reason, Reason::HopsMiss { .. }));
    assert_eq!(left.expect("the next rung misses").settings.hop_limit, 2);
    let fallen = world.until(
        3,
        |r| {
            hops(r);
            r.shadow = r.shadow.map(|shadow| Shadow { recall: 0.7, ..shadow });
        },
        |p| p.verdict == Verdict::BackOff,
    );
    assert_eq!(fallen.expect("recall fell").settings.hop_limit, 3);
}

#[test]
fn a_rung_compared_without_being_in_force_is_not_tried_below_the_floor() {
    let mut world = World::new(PolicyName::Paired);
    let tried = world.until(
        300,
        |r| r.shadow = Some(Shadow { hop_limit: 2, spreads: 40, recall: 0.9 }),
        |p| p.settings.hop_limit != 3,
    );
    assert_eq!(tried, None);
}

#[test]
fn a_hop_that_gains_nothing_is_not_given_up() {
    let mut world = World::new(PolicyName::Paired);
    let level = |r: &mut Reading| {
        hops(r);
        r.throughput_per_second = 1000.0;
    };
    let left = world.until(200, level, |p| matches!(p.reason, Reason::HopsGainNothing { .. }));
    assert_eq!(left.expect("it gains nothing").settings.hop_limit, 3);
}

#[test]
fn a_shift_of_the_workload_brings_full_hops_back() {
    let mut world = World::new(PolicyName::Paired);
    world.until(200, hops, |p| p.verdict == Verdict::Accept).expect("a rung is taken");
    world.until(40, hops, |_| false);
    assert_eq!(world.settings.hop_limit, 2);
    let shifted = world.until(
        60,
        |r| {
            hops(r);
            r.throughput_per_second *= 0.5;
        },
        |p| matches!(p.reason, Reason::Shifted { .. }),
    );
    assert_eq!(shifted.expect("it is seen").settings.hop_limit, 3);
}

#[test]
fn settings_that_others_set_are_taken_over() {
    let mut world = World::asleep(PolicyName::Paired);
    let other = Settings { batch_size: 100, hop_limit: 3 };
    for at in 1..=12 {
        let reading = Reading { settings: other, ..world.calm() };
        let proposal = world.tick(reading);
        let expected = if at < 12 { 64 } else { 100 };
        assert_eq!(proposal.settings.batch_size, expected, "{at}");
    }
    let reading = world.calm();
    assert_eq!(world.tick(reading).settings, other);
}

#[test]
fn late_readings_judge_nothing_until_the_numbers_begin_anew() {
    let mut world = World::asleep(PolicyName::Paired);
    let late: Vec<bool> = (0..9)
        .map(|_| {
            let reading = Reading { window: 3, over_budget: 150, ..world.calm() };
            world.tick(reading).reason == Reason::Late
        })
        .collect();
    assert_eq!(late, [true, true, true, true, true, true, true, false, true]);
}

#[test]
fn an_operator_is_obeyed() {
    let mut world = World::asleep(PolicyName::Paired);
    world.controller.obey(Command::PinBatchSize(Some(5)));
    world.settings = world.controller.settings().expect("it has begun");
    assert_eq!(world.settings, Settings { batch_size: 5, hop_limit: 3 });
    assert_eq!(world.until(50, proportional, |p| p.settings.batch_size != 5), None);
    world.controller.obey(Command::PinBatchSize(None));
    world.until(200, proportional, |p| p.verdict == Verdict::Accept).expect("it grows again");
    let override_to = Settings { batch_size: 9, hop_limit: 2 };
    world.controller.obey(Command::Override(override_to));
    assert_eq!(world.controller.settings(), Some(override_to));
    world.controller.obey(Command::Freeze);
    assert_eq!(world.controller.frozen(), Some(Reason::FrozenByOperator));
    world.settings = override_to;
    let reading = world.calm();
    assert_eq!(world.tick(reading).verdict, Verdict::Freeze);
    world.controller.obey(Command::Release);
    let reading = world.calm();
    assert_ne!(world.tick(reading).verdict, Verdict::Freeze);
}

#[test]
fn the_audit_says_what_was_decided() {
    let mut world = World::new(PolicyName::Paired);
    world.until(100, proportional, |p| p.verdict == Verdict::Accept).expect("it grows");
    let audit = world.controller.audit();
    let last = audit.decisions().last().expect("it is kept");
    assert_eq!((last.before.batch_size, last.proposal.settings.batch_size), (256, 256));
    assert_eq!((last.tick, last.reading.window + 1), (world.window, world.window));
    assert_eq!((audit.count(Verdict::Accept), audit.count(Verdict::Freeze)), (1, 0));
    assert_eq!(Verdict::ALL.map(|v| audit.count(v)).iter().sum::<u64>(), world.window);
    assert_eq!(audit.replay().last(), Some(last));
    for _ in 0..5_000 {
        let reading = world.calm();
        world.tick(reading);
    }
    let audit = world.controller.audit();
    let replayed = audit.replay();
    let newest: Vec<_> = audit.decisions().rev().take(replayed.len()).rev().copied().collect();
    assert_eq!(replayed, newest);
}

#[test]
fn formulas_move_every_window() {
    for policy in [PolicyName::Aimd, PolicyName::Gradient] {
        let mut world = World::new(policy);
        let grown = world.until(9, proportional, |p| p.settings.batch_size > 64);
        assert_eq!(grown.expect("it grows").verdict, Verdict::Accept);
        let before = world.settings.batch_size;
        let cut = world.until(1, |r| r.over_budget = 5, |p| p.verdict == Verdict::BackOff);
        assert!(cut.expect("it is cut").settings.batch_size < before);
    }
}

#[test]
fn adaptive_chooses_by_how_steady_the_workload_is() {
    let adaptive = StrategyName::Adaptive;
    assert_eq!(adaptive.chosen(0.1, 0), AGGRESSIVE);
    assert_eq!(adaptive.chosen(0.5, 0), CONSERVATIVE);
    assert_eq!(adaptive.chosen(0.1, 3), CONSERVATIVE);
    assert_eq!(StrategyName::Aggressive.chosen(0.5, 9), AGGRESSIVE);
    assert_eq!(StrategyName::Conservative.chosen(0.0, 0), CONSERVATIVE);
    let ten_percent = 1.1_f64.ln();
    assert!((CONSERVATIVE.gain_min - ten_percent).abs() < 1e-12);
}

#[test]
fn names_are_those_of_the_command_line() {
    let policies = PolicyName::ALL.map(PolicyName::name);
    assert_eq!(policies, ["paired", "gradient", "aimd", "off", "shadow"]);
    let strategies = StrategyName::ALL.map(StrategyName::name);
    assert_eq!(strategies, ["conservative", "aggressive", "adaptive"]);
    let verdicts = Verdict::ALL.map(Verdict::name);
    let expected = ["hold", "probe", "accept", "reject", "back_off", "rollback", "freeze", "sleep"];
    assert_eq!(verdicts, expected);
}

#[test]
fn every_reason_is_a_sentence_of_its_own() {
    let effect = Effect { gain: 0.1, error: 0.05 };
    let settings = Settings { batch_size: 7, hop_limit: 2 };
    let (hop_limit, recall, share, batch_size) = (2, 0.97, 0.015, 64);
    let reasons = [
        Reason::Off,
        Reason::FrozenByOperator,
        Reason::FrozenByRollbacks { rollbacks: 4 },
        Reason::Late,
        Reason::OtherSettings,
        Reason::MovedByOthers,
        Reason::Gathering,
        Reason::AppLimited,
        Reason::Surveying { batch_size },
        Reason::Surveyed { batch_size },
        Reason::Comparing { from: 64, to: 91 },
        Reason::Better { effect },
        Reason::NoGain { effect },
        Reason::Undecided { pairs: 16 },
        Reason::ProbeOverBudget { batch_size, share },
        Reason::OverBudget { share },
        Reason::OverBudgetAtLeast { share },
        Reason::LostThroughput { effect },
        Reason::NothingPromises,
        Reason::Asleep { ticks: 9 },
        Reason::TryingHops { hop_limit },
        Reason::HopsSuffice { hop_limit, recall },
        Reason::HopsMiss { hop_limit, recall },
        Reason::HopsGainNothing { hop_limit },
        Reason::RecallFell { recall },
        Reason::Shifted { change: -0.5 },
        Reason::ByFormula { factor: 0.9 },
        Reason::Advice { settings },
    ];
    let said: BTreeSet<String> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), reasons.len());
    assert!(said.iter().all(|sentence| sentence.contains(' ')));
    assert!(!said.contains("the settings stay"), "{said:?}");
    assert!(said.contains("it gains 10.5 % (5.1 to 16.2)"), "{said:?}");
    assert!(said.contains("the workload shifted: throughput changed by -39.3 %"), "{said:?}");
}

#[test]
fn a_formula_holds_at_the_greatest_batch_size() {
    let mut world = World::new(PolicyName::Aimd);
    world.until(400, proportional, |_| false);
    assert_eq!(world.settings.batch_size, 256);
    let mut reading = world.calm();
    proportional(&mut reading);
    assert_eq!(world.tick(reading).verdict, Verdict::Hold);
}

#[test]
fn twenty_shadow_spreads_of_one_window_are_enough_to_go_back() {
    let mut world = World::new(PolicyName::Paired);
    world.until(200, hops, |p| p.verdict == Verdict::Accept).expect("a rung is taken");
    let seen = |spreads: u64, world: &World| {
        let mut reading = world.calm();
        hops(&mut reading);
        let shadow = Shadow { hop_limit: 2, spreads, recall: 0.5 };
        Reading { shadow: Some(shadow), ..reading }
    };
    let mut fewer = World::new(PolicyName::Paired);
    fewer.until(200, hops, |p| p.verdict == Verdict::Accept).expect("a rung is taken");
    let reading = seen(19, &fewer);
    assert_eq!(fewer.tick(reading).settings.hop_limit, 2);
    let reading = seen(20, &world);
    assert_eq!(world.tick(reading).settings.hop_limit, 3);
}

/// Two hops give ten times the throughput of full depth, and larger batches give more.
fn costly_hops(reading: &mut Reading) {
    let Settings { batch_size, hop_limit } = reading.settings;
    let each = if hop_limit == 3 { 1.0 } else { 10.0 };
    reading.throughput_per_second = each * f64::from(batch_size);
    reading.shadow = Some(Shadow { hop_limit, spreads: 40, recall: 0.99 });
}

#[test]
fn full_hops_are_not_judged_by_the_throughput_of_fewer() {
    let mut world = World::new(PolicyName::Paired);
    world.settings.hop_limit = 2;
    let grown = world.until(100, costly_hops, |p| p.verdict == Verdict::Accept);
    assert_eq!(grown.expect("it grows").settings, Settings { batch_size: 256, hop_limit: 2 });
    let recall_falls = |r: &mut Reading| {
        costly_hops(r);
        r.shadow = r.shadow.map(|shadow| Shadow { recall: 0.7, ..shadow });
    };
    let fallen = world.until(3, recall_falls, |p| p.verdict == Verdict::BackOff);
    let full = Settings { batch_size: 256, hop_limit: 3 };
    assert_eq!(fallen.expect("recall fell").settings, full);
    // Less throughput than before the batch size grew, but at another hop limit.
    let back = world.until(60, costly_hops, |p| p.settings.batch_size < 256);
    assert_eq!((back, world.controller.audit().count(Verdict::Rollback)), (None, 0));
}

#[test]
fn a_smaller_batch_that_loses_throughput_is_taken_back_too() {
    let mut world = World::new(PolicyName::Paired);
    let inverse =
        |r: &mut Reading| r.throughput_per_second = 1e4 / f64::from(r.settings.batch_size);
    let shrunk = world.until(100, inverse, |p| p.verdict == Verdict::Accept);
    assert_eq!(shrunk.expect("it shrinks").settings.batch_size, 32);
    let lost = |r: &mut Reading| r.throughput_per_second = 50.0;
    let back = world.until(20, lost, |p| p.verdict == Verdict::Rollback);
    assert_eq!(back.expect("the loss is seen").settings.batch_size, 64);
}

#[test]
fn full_hops_come_back_with_the_batch_size_they_had() {
    let mut world = World::asleep(PolicyName::Paired);
    let fewer = Settings { batch_size: 200, hop_limit: 2 };
    world.controller.obey(Command::Override(fewer));
    world.settings = fewer;
    let low = |r: &mut Reading| {
        r.shadow = Some(Shadow { hop_limit: r.settings.hop_limit, spreads: 40, recall: 0.7 });
    };
    let back = world.until(3, low, |p| p.verdict == Verdict::BackOff).expect("recall is low");
    assert_eq!(back.settings, Settings { batch_size: 64, hop_limit: 3 });
}

#[test]
fn a_curve_seen_to_be_flat_is_not_probed() {
    let mut world = World::new(PolicyName::Paired);
    let probed = world.until(
        200,
        |_| {},
        |p| p.verdict == Verdict::Sleep || matches!(p.reason, Reason::Comparing { .. }),
    );
    assert_eq!(probed.expect("it falls asleep").verdict, Verdict::Sleep);
}

#[test]
fn a_trial_of_fewer_hops_ends_with_violations_and_overrides_and_rests() {
    let tries = |p: &Proposal| matches!(p.reason, Reason::TryingHops { .. });
    let full = Settings { batch_size: 64, hop_limit: 3 };
    let mut world = World::new(PolicyName::Paired);
    world.until(200, hops, tries).expect("a rung is tried");
    let severe = |r: &mut Reading| {
        hops(r);
        r.over_budget = 190;
    };
    let left = world.until(1, severe, |p| p.verdict == Verdict::Reject);
    assert_eq!(left.expect("it is left").settings, full);
    assert_eq!(world.until(5, hops, tries), None);
    world.until(20, hops, tries).expect("it is tried again");
    world.controller.obey(Command::Override(full));
    world.settings = full;
    assert_eq!(world.until(5, hops, |p| p.settings.hop_limit != 3), None);
}

#[test]
fn a_shift_is_one_shift_for_who_only_advises_too() {
    for policy in [PolicyName::Paired, PolicyName::Shadow] {
        let mut world = World::new(policy);
        world.until(60, |_| {}, |_| false);
        let halved = |r: &mut Reading| r.throughput_per_second = 500.0;
        let shifted = |p: &Proposal| matches!(p.reason, Reason::Shifted { .. });
        world.until(20, halved, shifted).expect("it is seen");
        assert_eq!(world.until(100, halved, shifted), None, "{policy:?}");
    }
}
