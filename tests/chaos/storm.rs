//! All faults at once, while threads spread, settings change and somebody scrapes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use emanate::gate::BreakerState;
use emanate::health::checks::CanaryOptions;
use emanate::health::{CheckJob, CheckKind, CheckPolicy, HealthStatus, Registry};
use emanate::sync::fault::{SCRATCH, SPREAD};
use emanate::{Graph, SpreadError, SpreadOutcome, SpreadRequest};
use emanate_bench::SplitMix64;
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::waiting::wait;

use crate::site::{NODES, ROWS, Site, request, set};

/// Spreads of each thread.
const SPREADS: u32 = 60;

/// What came of the spreads.
#[derive(Debug, Default)]
struct Came {
    whole: AtomicU64,
    degraded: AtomicU64,
    refused: AtomicU64,
}

impl Came {
    fn note(
        &self,
        site: &Site,
        request: &SpreadRequest,
        answer: Result<SpreadOutcome, SpreadError>,
    ) {
        let count = match answer {
            Ok(outcome) => {
                site.assert_right(request, &outcome);
                if outcome.degraded.count == 0 { &self.whole } else { &self.degraded }
            }
            Err(
                SpreadError::Panicked | SpreadError::Shed { .. } | SpreadError::BreakerOpen { .. },
            ) => &self.refused,
            Err(error) => panic!("{error:?} is no answer to any of these faults"),
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

fn spread_on(site: &Site, came: &Came, seed: u64) {
    let mut random = SplitMix64::new(seed);
    let mut graph: Graph = site.graph();
    for turn in 0..SPREADS {
        if turn % 5 == 0 {
            graph = site.graph();
        }
        let mut request = request(random.below(NODES));
        request.bounds.budget = Some(Duration::from_secs(20));
        match turn % 3 {
            0 => came.note(site, &request, wait(site.engine.submit(&graph, request.clone()))),
            1 => {
                let requests = vec![request; 2];
                let answers = site.engine.spread_many(&graph, &requests);
                requests.iter().zip(answers).for_each(|(r, answer)| came.note(site, r, answer));
            }
            _ => {
                let direct = AssertUnwindSafe(|| site.engine.spread(&graph, &request));
                let answer = catch_unwind(direct).unwrap_or(Err(SpreadError::Panicked));
                came.note(site, &request, answer);
            }
        }
    }
}

/// One step of the weather: other faults, other settings, some time.
fn change(site: &Site, random: &mut SplitMix64) {
    let pick = |actions: &[&'static str], random: &mut SplitMix64| {
        actions[random.below(u32::try_from(actions.len()).expect("few")) as usize]
    };
    set(ROWS, pick(&["off", "off", "30%return", "return", "sleep(1)"], random));
    set(SPREAD, pick(&["off", "off", "10%panic", "sleep(1)"], random));
    set(SCRATCH, pick(&["off", "off", "20%return"], random));
    let mut settings = site.engine.settings().as_ref().clone();
    settings.hop_limit = 1 + random.below(4);
    site.engine.set(settings);
    let mut tier = site.tier().settings().as_ref().clone();
    tier.minimum_calls = u64::from(1 + random.below(20));
    site.tier().set(tier);
    site.pass(Duration::from_secs(u64::from(random.below(15))));
}

#[test]
fn a_storm_leaves_right_answers_and_a_whole_engine() {
    let site = Site::with("storm", |builder| builder.scratch_slots(3));
    let registry = Registry::new(Arc::new(site.clock.clone()));
    let options = CanaryOptions { budget: Duration::from_secs(20), ..CanaryOptions::default() };
    let kept = site.graph();
    let checks = CheckPolicy::default();
    let canary = site.engine.canary_check(&kept, options);
    registry.register("canary", CheckKind::Live, checks, canary).expect("good");
    let open_max = Duration::from_secs(20);
    let breakers = site.engine.breakers_check(open_max);
    registry.register("breakers", CheckKind::Ready, checks, breakers).expect("good");
    registry.register("pool", CheckKind::Ready, checks, site.engine.pool_check()).expect("good");
    let (came, over) = (Came::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        let spreading: Vec<_> = (0..3)
            .map(|seed| {
                let (site, came) = (&site, &came);
                scope.spawn(move || spread_on(site, came, seed))
            })
            .collect();
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                assert!(site.engine.reading().text().contains("emanate_breaker_state"));
                let _ = registry.reading();
                thread::yield_now();
            }
        });
        let mut random = SplitMix64::new(3);
        while !spreading.iter().all(thread::ScopedJoinHandle::is_finished) {
            change(&site, &mut random);
            // Under a fault that finds no scratch where there is some, nobody may be left whose
            // lease ends and wakes those who wait.
            let _ = catch_unwind(AssertUnwindSafe(|| site.engine.spread(&kept, &request(2))));
            registry.tick(CheckJob::on_thread);
        }
        over.store(true, Ordering::Release);
    });
    let Came { whole, degraded, refused } = came;
    let came = [whole, degraded, refused].map(AtomicU64::into_inner);
    assert_eq!(came.iter().sum::<u64>(), 3 * u64::from(SPREADS / 3 * 4), "every one was answered");
    assert!(came.iter().all(|&count| count > 0), "{came:?}");
    recover(&site, &registry);
}

/// The faults end: within two of the longest open waits all breakers are closed, every answer is
/// the whole one, and health says so.
fn recover(site: &Site, registry: &Registry) {
    for point in [ROWS, SPREAD, SCRATCH] {
        set(point, "off");
    }
    let ended = site.clock.now();
    let closed = || site.engine.gate().breakers().all(|b| b.state() == BreakerState::Closed);
    while !closed() {
        let _ = site.engine.spread(&site.graph(), &request(1));
        site.pass(Duration::from_secs(10));
        assert!(site.clock.now() - ended <= Duration::from_mins(20), "it does not recover");
    }
    for node in 0..5 {
        let outcome = site.engine.spread(&site.graph(), &request(node)).expect("all is well");
        assert_same_bits(&outcome, &site.healthy(&request(node)), Scope::Whole);
    }
    let works = || {
        let reading = registry.reading();
        reading.live == HealthStatus::Pass && reading.ready == HealthStatus::Pass
    };
    for _ in 0..10 {
        registry.tick(CheckJob::run);
        site.pass(Duration::from_secs(5));
    }
    assert!(works(), "{:?}", registry.reading());
    site.assert_whole();
}
