//! The tuner on a running engine. Time is moved by hand; no test sleeps.
#![forbid(unsafe_code)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use emanate::spread::{Hops, Linear, Rule};
use emanate::sync::{Clock, ManualClock};
use emanate::{Engine, Graph, GraphBuilder, SpreadRequest};
use emanate_tuner::driver::{Driver, DriverConfig, TunerHandle, recall_of};
use emanate_tuner::{
    Bounds, Command, Config, Objective, PolicyName, Reason, SettingName, Settings, StrategyName,
    Verdict,
};

const WINDOW: Duration = Duration::from_millis(100);

/// Goes on by a microsecond whenever it is read, so that what is measured takes time.
#[derive(Clone, Debug)]
struct Stepping {
    clock: ManualClock,
    /// Whether reading it on a driver's thread panics.
    fails: Arc<AtomicBool>,
}

impl Clock for Stepping {
    fn now_ns(&self) -> u64 {
        let named = thread::current().name() == Some("emanate-tuner");
        assert!(!(named && self.fails.load(Ordering::Relaxed)), "the clock fails, as was asked");
        self.clock.advance(Duration::from_micros(1));
        self.clock.now_ns()
    }
}

struct World {
    engine: Arc<Engine>,
    graph: Graph,
    clock: Stepping,
    driver: Driver,
    handle: TunerHandle,
}

fn config(policy: PolicyName) -> DriverConfig {
    let min = Settings { batch_size: 1, hop_limit: 1 };
    let max = Settings { batch_size: 64, hop_limit: 3 };
    let bounds = Bounds::new(min, max).expect("in order");
    let objective = Objective { budget_us: 1e9, quality_floor: 0.9 };
    let strategy = StrategyName::Aggressive;
    let mut config = DriverConfig::new(Config { bounds, objective, policy, strategy, seed: 3 });
    (config.window_min, config.window_max, config.batches_min) = (WINDOW / 2, WINDOW, 1);
    config.processors = 2;
    config
}

/// Chains that branch: each of `a0` to `a31` leads to two nodes, each of those to two more, and
/// those again to two, which are shared with nobody.
fn graph() -> Graph {
    let mut builder = GraphBuilder::new();
    for tree in 0..32 {
        for node in 1..8 {
            let name =
                |node: usize| if node == 1 { format!("a{tree}") } else { format!("{tree}.{node}") };
            builder.edge(&name(node), &name(2 * node), 0.9).expect("a weight");
            builder.edge(&name(node), &name(2 * node + 1), 0.8).expect("a weight");
        }
    }
    builder.build().expect("a graph").into()
}

fn world_with(config: &DriverConfig) -> World {
    let clock = Stepping { clock: ManualClock::new(), fails: Arc::default() };
    let engine = Arc::new(Engine::builder().threads(1).build().expect("good options"));
    let driver = Driver::new(Arc::clone(&engine), config, Arc::new(clock.clone()));
    let handle = driver.handle();
    World { engine, graph: graph(), clock, driver, handle }
}

fn world(policy: PolicyName) -> World {
    world_with(&config(policy))
}

fn request(tree: usize, hops: Hops) -> SpreadRequest {
    let rule = Rule::Linear(Linear { hops, ..Linear::default() });
    SpreadRequest::new(rule).seed(format!("a{tree}"), 1.0)
}

impl World {
    /// Runs 256 spreads and lets a window pass.
    fn window(&mut self, hops: Hops) {
        let requests: Vec<_> = (0..256).map(|turn| request(turn % 32, hops)).collect();
        for answer in self.engine.spread_many(&self.graph, &requests) {
            answer.expect("a good request");
        }
        self.clock.clock.advance(WINDOW);
        self.driver.look();
    }

    fn in_force(&self) -> Settings {
        self.handle.reading().in_force
    }
}

#[test]
fn what_the_tuner_asks_for_is_in_force_and_its_history_replays() {
    let mut world = world(PolicyName::Paired);
    assert_eq!(world.in_force(), Settings { batch_size: 32, hop_limit: 3 });
    let mut numbers = vec![world.engine.settings().number()];
    for _ in 0..150 {
        world.window(Hops::Limit(2));
        let reading = world.handle.reading();
        assert_eq!(reading.in_force, reading.settings);
        numbers.push(world.engine.settings().number());
    }
    assert!(numbers.is_sorted() && numbers.last() > numbers.first(), "nothing was tried");
    let reading = world.handle.reading();
    assert!(reading.windows >= 100 && !reading.is_driven, "{reading:?}");
    assert!(reading.decisions(SettingName::BatchSize, Verdict::Probe) > 0);
    let all = SettingName::ALL.iter().flat_map(|s| Verdict::ALL.iter().map(move |v| (*s, *v)));
    let all: u64 = all.map(|(setting, verdict)| reading.decisions(setting, verdict)).sum();
    assert_eq!(all, reading.windows);

    let controller = world.handle.controller();
    let kept: Vec<_> = controller.audit().decisions().copied().collect();
    assert!(!kept.is_empty());
    assert_eq!(controller.audit().replay(), kept);
    let newest = world.handle.decisions(3);
    assert!(newest.iter().eq(kept.iter().rev().take(3)));
}

#[test]
fn a_driver_that_hangs_leaves_the_settings_and_shows_its_age() {
    let mut world = world(PolicyName::Paired);
    for _ in 0..20 {
        world.window(Hops::Auto);
    }
    let before = world.in_force();
    world.clock.clock.advance(Duration::from_secs(60));
    let reading = world.handle.reading();
    assert!(reading.age >= Duration::from_secs(60), "{:?}", reading.age);
    assert!(reading.window_age >= reading.age);
    assert_eq!((reading.in_force, reading.settings), (before, before));
    // An operator needs no driver.
    let asked = Settings { batch_size: 7, hop_limit: 2 };
    assert_eq!(world.handle.obey(Command::Override(asked)), asked);
    assert_eq!(world.in_force(), asked);
    world.driver.look();
    assert!(world.handle.reading().age < Duration::from_millis(1));
}

#[test]
fn pins_and_freezes_hold_until_they_are_released() {
    let mut world = world(PolicyName::Paired);
    world.handle.obey(Command::Freeze);
    for _ in 0..30 {
        world.window(Hops::Auto);
        assert_eq!(world.in_force(), Settings { batch_size: 32, hop_limit: 3 });
    }
    let reading = world.handle.reading();
    assert_eq!(reading.frozen, Some(Reason::FrozenByOperator));
    assert_eq!(reading.decisions(SettingName::BatchSize, Verdict::Freeze), reading.windows);
    world.handle.obey(Command::Release);
    assert_eq!(world.handle.obey(Command::PinBatchSize(Some(9))).batch_size, 9);
    for _ in 0..30 {
        world.window(Hops::Auto);
        assert_eq!(world.in_force().batch_size, 9);
    }
    assert_eq!(world.handle.reading().frozen, None);
    assert_eq!(world.handle.freeze(SettingName::HopLimit).hop_limit, world.in_force().hop_limit);
    world.handle.release(SettingName::BatchSize);
    let mut seen = Vec::new();
    for _ in 0..60 {
        world.window(Hops::Auto);
        seen.push(world.in_force().batch_size);
    }
    assert!(seen.iter().any(|batch_size| *batch_size != 9), "it is steered again: {seen:?}");
}

#[test]
fn settings_of_somebody_else_stand_and_are_taken_over() {
    let mut world = world(PolicyName::Paired);
    for _ in 0..5 {
        world.window(Hops::Limit(1));
    }
    let mut other = (*world.engine.settings()).clone();
    other.batch_size = NonZeroUsize::new(5).expect("not 0");
    other.pause_max = Duration::from_micros(77);
    world.engine.set(other);
    for _ in 0..10 {
        world.window(Hops::Limit(1));
        assert_eq!(world.in_force().batch_size, 5);
    }
    assert_ne!(world.handle.reading().settings.batch_size, 5);
    for _ in 0..10 {
        world.window(Hops::Limit(1));
    }
    let moved = world.handle.decisions(usize::MAX).into_iter();
    let mut moved = moved.filter(|decision| decision.proposal.reason == Reason::MovedByOthers);
    assert_eq!(moved.next().expect("it goes on from there").proposal.settings.batch_size, 5);
    assert_eq!(world.engine.settings().pause_max, Duration::from_micros(77), "not the tuner's");
}

#[test]
fn what_is_outside_the_bounds_is_moved_inside_at_once() {
    let mut narrow = config(PolicyName::Off);
    let one = Settings { batch_size: 4, hop_limit: 2 };
    narrow.tuner.bounds = Bounds::new(one, one).expect("in order");
    let world = world_with(&narrow);
    assert_eq!(world.in_force(), one);
}

/// Recall at `hops` of every request, judged with the engine itself.
fn offline(world: &World, hops: u32) -> f64 {
    let spread = |tree, hops| {
        let request = request(tree, Hops::Limit(hops)).top(20);
        world.engine.spread(&world.graph, &request).expect("a good request").activations
    };
    let recalls = (0..32).map(|tree| recall_of(&spread(tree, hops), &spread(tree, 3), 20));
    recalls.sum::<f64>() / 32.0
}

#[test]
fn shadow_spreads_see_the_recall_of_live_requests_within_their_share() {
    let mut world = world(PolicyName::Off);
    let (expected, begun) = (offline(&world, 2), world.clock.clock.now_ns());
    assert!(expected > 0.3 && expected < 0.9, "{expected}");
    let mut seen = 0;
    for _ in 0..20 {
        world.window(Hops::Auto);
        let Some(shadow) = world.handle.reading().shadow else { continue };
        assert_eq!(shadow.hop_limit, 2, "at full depth, the hop limit below is judged");
        assert!((shadow.recall - expected).abs() < 1e-9, "{shadow:?}, {expected}");
        seen += 1;
    }
    let reading = world.handle.reading();
    assert!(seen > 10 && reading.shadows > 100, "{seen}, {reading:?}");
    assert_eq!(reading.recall, Some(1.0), "full depth is in force");
    let passed = world.clock.clock.now_ns() - begun;
    assert!(reading.shadow_time.as_nanos() as f64 <= 0.02 * 2.0 * passed as f64 + 20_000.0);
}

#[test]
fn shadow_spreads_never_exceed_their_share_and_need_consent() {
    let mut slow = config(PolicyName::Off);
    (slow.processors, slow.shadow_share) = (1, 5e-5);
    let mut world = world_with(&slow);
    for _ in 0..40 {
        world.window(Hops::Auto);
    }
    let reading = world.handle.reading();
    // 5 microseconds a window; a comparison takes one or two.
    assert!((20..=210).contains(&reading.shadows), "{reading:?}");
    assert!(reading.shadow_time <= Duration::from_micros(5 * 41 + 5), "{reading:?}");

    let mut fixed = self::world(PolicyName::Off);
    for _ in 0..10 {
        fixed.window(Hops::Limit(3));
    }
    assert_eq!(fixed.handle.reading().shadows, 0, "nobody left the hop limit to the engine");
}

#[test]
fn a_hop_limit_that_misses_the_floor_is_left_within_windows() {
    let mut world = world(PolicyName::Paired);
    for _ in 0..4 {
        world.window(Hops::Auto);
    }
    world.handle.obey(Command::Override(Settings { batch_size: 32, hop_limit: 1 }));
    let (mut windows, mut judged) = (0, 0);
    let expected = offline(&world, 1);
    while world.in_force().hop_limit < 3 {
        world.window(Hops::Auto);
        windows += 1;
        let shadow = world.handle.reading().shadow.filter(|shadow| shadow.hop_limit == 1);
        if let Some(shadow) = shadow {
            assert!((shadow.recall - expected).abs() < 1e-9, "{shadow:?}, {expected}");
            judged += 1;
        }
        assert!(windows < 8, "still limited: {:?}", world.handle.reading());
    }
    assert!(judged > 0, "the hop limit in force was not judged");
    let fell = world.handle.decisions(usize::MAX).into_iter();
    let fell = fell.filter(|d| matches!(d.proposal.reason, Reason::RecallFell { .. }));
    for decision in fell {
        assert_eq!(decision.setting(), SettingName::HopLimit);
        assert_eq!(decision.proposal.settings.hop_limit, 3, "full depth at once: {decision:?}");
    }
    let reading = world.handle.reading();
    assert_eq!(reading.decisions(SettingName::HopLimit, Verdict::BackOff), 1);
    let last_good = world.handle.controller().last_known_good().expect("it has begun");
    assert_eq!(last_good.hop_limit, 3, "a rollback would miss the floor again");
    for _ in 0..30 {
        world.window(Hops::Auto);
        assert_eq!(world.in_force().hop_limit, 3, "recall below is known to miss the floor");
    }
}

#[test]
fn a_thread_drives_until_it_is_stopped_or_dies() {
    for dies in [false, true] {
        let mut quick = config(PolicyName::Paired);
        (quick.window_min, quick.look_every) = (Duration::ZERO, Duration::ZERO);
        let world = world_with(&quick);
        let (handle, clock) = (world.handle.clone(), world.clock.clone());
        let thread = world.driver.start().expect("a thread");
        let requests: Vec<_> = (0..64).map(|turn| request(turn % 32, Hops::Auto)).collect();
        while handle.reading().windows < 5 {
            world.engine.spread_many(&world.graph, &requests);
            clock.clock.advance(WINDOW);
        }
        assert!(handle.reading().is_driven);
        if dies {
            clock.fails.store(true, Ordering::Relaxed);
            while handle.reading().is_driven {
                thread::yield_now();
            }
        }
        thread.stop();
        let reading = handle.reading();
        assert!(!reading.is_driven);
        assert_eq!(reading.in_force, reading.settings, "what it set last stays in force");
        let asked = Settings { batch_size: 3, hop_limit: 3 };
        handle.obey(Command::Override(asked));
        assert_eq!(handle.reading().in_force, asked);
    }
}

#[test]
fn a_driver_that_is_dropped_wants_no_more_requests() {
    let mut world = world(PolicyName::Off);
    for _ in 0..4 {
        world.window(Hops::Auto);
    }
    assert!(world.handle.reading().shadows > 0, "it wanted some");
    let World { engine, graph, driver, .. } = world;
    drop(driver);
    let requests: Vec<_> = (0..256).map(|turn| request(turn % 32, Hops::Auto)).collect();
    for answer in engine.spread_many(&graph, &requests) {
        answer.expect("a good request");
    }
    let mut kept = 0;
    engine.take_requests(0, 1, |_, _| kept += 1);
    assert_eq!(kept, 0, "each would hold its graph");
}

#[cfg(feature = "tokio")]
#[test]
fn a_task_drives_until_it_is_dropped() {
    let mut quick = config(PolicyName::Paired);
    (quick.window_min, quick.look_every) = (Duration::ZERO, Duration::ZERO);
    let world = world_with(&quick);
    let (handle, clock) = (world.handle.clone(), world.clock.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let task = tokio::spawn(emanate_tuner::driver::drive(world.driver));
        while handle.reading().windows < 5 {
            clock.clock.advance(WINDOW);
            tokio::task::yield_now().await;
        }
        assert!(handle.reading().is_driven && !task.is_finished());
        task.abort();
        assert!(task.await.expect_err("it was ended").is_cancelled());
    });
    assert!(!handle.reading().is_driven);
}
