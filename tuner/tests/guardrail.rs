//! How far settings over budget are left, what is taken back, and what the formulas give.
#![forbid(unsafe_code)]

use emanate_tuner::{
    Bounds, Command, Config, Controller, Objective, PolicyName, Proposal, Reading, Reason,
    Settings, StrategyName, Verdict,
};

/// A tuner between 1 and 256, at 64 first, that always finds in force what it asked for.
struct World {
    controller: Controller,
    batch_size: u32,
    window: u64,
}

impl World {
    fn new(policy: PolicyName) -> Self {
        let settings = |batch_size| Settings { batch_size, hop_limit: 3 };
        let config = Config {
            bounds: Bounds::new(settings(1), settings(256)).expect("in order"),
            objective: Objective { budget_us: 4000.0, quality_floor: 0.95 },
            policy,
            strategy: StrategyName::Aggressive,
            seed: 1,
        };
        Self { controller: Controller::new(config), batch_size: 64, window: 0 }
    }

    /// A window with so much throughput and so many of 200 latencies over budget.
    fn tick(&mut self, throughput_per_second: f64, over_budget: u64) -> Proposal {
        self.window += 1;
        let proposal = self.controller.tick(&Reading {
            window: self.window,
            settings: Settings { batch_size: self.batch_size, hop_limit: 3 },
            spreads: 900,
            throughput_per_second,
            samples: 200,
            over_budget,
            app_limited: false,
            shadow: None,
        });
        self.batch_size = proposal.settings.batch_size;
        proposal
    }

    /// The first answer of that kind within 300 windows with so many over budget, in which
    /// throughput is `rate` of the batch size.
    fn until(&mut self, verdict: Verdict, over_budget: u64, rate: impl Fn(u32) -> f64) -> Proposal {
        let ticks = (0..300).map(|_| self.tick(rate(self.batch_size), over_budget));
        let mut answers = ticks.filter(|proposal| proposal.verdict == verdict);
        answers.next().unwrap_or_else(|| panic!("no {verdict:?}"))
    }
}

fn flat(_: u32) -> f64 {
    1000.0
}

fn rising(batch_size: u32) -> f64 {
    10.0 * f64::from(batch_size)
}

#[test]
fn what_creeps_again_soon_is_left_by_twice_the_step() {
    // Normal quantiles: 0.9965 at 2.697, 0.985 at 2.170; exp(-0.22 * 0.527) = 0.891.
    let mut world = World::new(PolicyName::Paired);
    world.until(Verdict::Sleep, 0, flat);
    assert_eq!(world.until(Verdict::BackOff, 3, flat).settings.batch_size, 57);
    let mut later = World { controller: world.controller.clone(), ..world };
    assert_eq!(world.until(Verdict::BackOff, 3, flat).settings.batch_size, 45);
    for _ in 0..200 {
        later.tick(1000.0, 0);
    }
    assert_eq!(later.batch_size, 57);
    assert_eq!(later.until(Verdict::BackOff, 3, flat).settings.batch_size, 51);
}

#[test]
fn the_step_down_is_sized_by_the_share_over_budget() {
    // 0.9 at 1.282, 0.7 at 0.524; exp(-0.22 * 1.415) = 0.732, exp(-0.22 * 2.173) = 0.620.
    for (over_budget, expected) in [(20, 47), (60, 40), (200, 32)] {
        let mut world = World::new(PolicyName::Paired);
        world.until(Verdict::Sleep, 0, flat);
        let left = world.until(Verdict::BackOff, over_budget, flat);
        assert_eq!(left.settings.batch_size, expected, "{left:?}");
        let share = over_budget as f64 / 200.0;
        let said =
            matches!(left.reason, Reason::OverBudget { share: s } if (s - share).abs() < 1e-9);
        assert!(said, "{left:?}");
    }
}

#[test]
fn a_leap_over_budget_is_left_by_a_step_and_a_small_move_is_taken_back() {
    let mut world = World::new(PolicyName::Paired);
    assert_eq!(world.until(Verdict::Accept, 0, rising).settings.batch_size, 256);
    let left = world.until(Verdict::BackOff, 150, rising);
    assert_eq!(left.settings.batch_size, 128);

    let mut world = World::new(PolicyName::Paired);
    world.until(Verdict::Accept, 0, rising);
    world.until(Verdict::Rollback, 0, |_| 200.0);
    assert_eq!(world.batch_size, 64);
    let moved = world.until(Verdict::Accept, 0, rising);
    assert_eq!(moved.settings.batch_size, 128);
    let back = world.until(Verdict::Rollback, 150, rising);
    assert_eq!(back.settings.batch_size, 64);
}

#[test]
fn what_was_left_is_not_tried_again_for_a_while() {
    let mut world = World::new(PolicyName::Paired);
    for _ in 0..100 {
        let over_budget = if world.batch_size > 64 { 200 } else { 0 };
        world.tick(rising(world.batch_size), over_budget);
    }
    assert_eq!(world.until(Verdict::BackOff, 200, rising).settings.batch_size, 32);
    let mut most = 0;
    for _ in 0..120 {
        most = most.max(world.tick(rising(world.batch_size), 0).settings.batch_size);
    }
    assert!((40..64).contains(&most), "{most}");
}

#[test]
fn the_fourth_rollback_freezes_and_a_release_forgets_them() {
    let mut world = World::new(PolicyName::Paired);
    let mut factor = 1.0;
    let mut lose = |world: &mut World, verdict: Verdict| {
        let good = world.batch_size;
        world.until(Verdict::Accept, 0, |b| factor * rising(b));
        factor *= 0.1;
        let back = world.until(verdict, 0, |_| factor);
        assert!(back.settings.batch_size <= good, "{back:?}");
        back
    };
    for _ in 0..3 {
        lose(&mut world, Verdict::Rollback);
        assert_eq!(world.controller.frozen(), None);
    }
    let frozen = lose(&mut world, Verdict::Freeze);
    assert_eq!(frozen.reason, Reason::FrozenByRollbacks { rollbacks: 4 });
    assert_eq!(world.controller.last_known_good(), Some(frozen.settings));
    for _ in 0..50 {
        let still = Proposal { measured: None, ..frozen };
        assert_eq!(world.tick(1e6, 200), still);
    }
    world.controller.obey(Command::Release);
    lose(&mut world, Verdict::Rollback);
    assert_eq!(world.controller.frozen(), None);
}

#[test]
fn the_formulas_give_what_they_say() {
    let mut aimd = World::new(PolicyName::Aimd);
    // A hundred-and-twenty-eighth of the range is 1.99; a tenth of 68 is 6.8.
    let course = [(0, 66), (0, 66), (2, 68), (2, 68), (3, 61)];
    for (over_budget, expected) in course {
        // Every other window growth waits for the dwell; one in a hundred over budget is allowed.
        assert_eq!(aimd.tick(1000.0, over_budget).settings.batch_size, expected);
    }
    let idle = aimd.tick(0.0, 0);
    assert_eq!((idle.settings.batch_size, idle.reason), (61, Reason::AppLimited));

    // 0.8 * 64 + 0.2 (64 + 8); then 0.2 (48 + 8) at half the speed, 0.2 (32 + 8) at a fifth.
    for (slower, expected) in [(1.4, 64), (2.0, 62), (5.0, 59)] {
        let mut gradient = World::new(PolicyName::Gradient);
        assert_eq!(gradient.tick(6400.0, 0).settings.batch_size, 66);
        let again = Settings { batch_size: 64, hop_limit: 3 };
        gradient.controller.obey(Command::Override(again));
        gradient.batch_size = 64;
        let next = gradient.tick(6400.0 / slower, 0).settings.batch_size;
        assert_eq!(next, expected, "{slower} times as slow; growth waits for the dwell");
    }
}

#[test]
fn a_throughput_next_to_nothing_does_not_stay_with_a_formula() {
    let mut gradient = World::new(PolicyName::Gradient);
    gradient.tick(6400.0, 0);
    let hold = gradient.tick(f64::MIN_POSITIVE, 0);
    assert_eq!((hold.verdict, hold.settings.batch_size), (Verdict::Hold, 66));
    for _ in 0..3 {
        gradient.tick(6600.0, 0);
    }
    assert!(gradient.batch_size > 66);
}
