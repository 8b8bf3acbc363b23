//! No scratch.

use std::thread;
use std::time::Duration;

use emanate::gate::BreakerState;
use emanate::health::checks::CanaryOptions;
use emanate::health::{CheckJob, CheckKind, CheckPolicy, HealthStatus, Registry};
use emanate::observe::{Ending, ErrorClass};
use emanate::sync::fault::SCRATCH;
use emanate::{SpreadError, StopReason};
use emanate_tests::waiting::wait;
use std::sync::Arc;

use crate::site::{Site, request, set};

#[test]
fn without_scratch_spreads_are_shed_and_no_breaker_minds() {
    let site = Site::new("exhausted_pool");
    let graph = site.graph();
    set(SCRATCH, "return");
    let soon = request(1).within(Duration::from_millis(5));
    let mut submitted = Vec::new();
    for _ in 0..8 {
        // What is submitted stands in the queue for as long as nobody has scratch for it.
        submitted.push(site.engine.submit(&graph, soon.clone()));
        let answers = [
            site.engine.spread(&graph, &soon),
            site.engine.spread_many(&graph, std::slice::from_ref(&soon)).remove(0),
        ];
        for answer in answers {
            let Err(SpreadError::Shed { retry_in }) = answer else { panic!("{answer:?}") };
            assert!(retry_in > Duration::ZERO);
        }
        site.pass(Duration::from_secs(1));
    }
    let shed = site.engine.reading().spreads_of(Ending::Error(ErrorClass::Shed));
    assert_eq!(shed, 16);
    let reading = site.spreads().reading();
    assert_eq!((reading.state, reading.calls.failure), (BreakerState::Closed, 0));
    set(SCRATCH, "off");
    let outcome = site.engine.spread(&graph, &request(1)).expect("there is scratch again");
    site.assert_right(&request(1), &outcome);
    for late in submitted {
        let outcome = wait(late).expect("lateness is no error");
        assert_eq!((outcome.stop_reason, outcome.stats.hops), (StopReason::Deadline, 0));
    }
    site.assert_whole();
    site.assert_no_lease_ended();
}

#[test]
fn whoever_waited_for_scratch_gets_it_when_there_is_some() {
    let site = Site::new("exhausted_pool_waiters");
    let graph = site.graph();
    set(SCRATCH, "return");
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3)
            .map(|node| {
                let (site, graph) = (&site, &graph);
                scope.spawn(move || (node, site.engine.spread(graph, &request(node))))
            })
            .collect();
        set(SCRATCH, "off");
        // A lease that ends wakes those who wait; under the fault, none had begun.
        site.engine.spread(&graph, &request(9)).expect("there is scratch again");
        for waited in waiting {
            let (node, answer) = waited.join().expect("no panic");
            site.assert_right(&request(node), &answer.expect("it waited for its turn"));
        }
    });
    site.assert_whole();
    site.assert_no_lease_ended();
}

#[test]
fn an_engine_without_scratch_is_reported_in_time() {
    let site = Site::new("exhausted_pool_health");
    let registry = Registry::new(Arc::new(site.clock.clone()));
    let graph = site.graph();
    let options = CanaryOptions { budget: Duration::from_secs(2), ..CanaryOptions::default() };
    let canary = site.engine.canary_check(&graph, options);
    registry.register("canary", CheckKind::Ready, CheckPolicy::default(), canary).expect("good");
    registry.tick(CheckJob::run);
    assert_eq!(registry.reading().ready, HealthStatus::Pass);
    // The canary waits as long as it may, which is real time; so it may not wait long.
    registry.remove("canary");
    let options = CanaryOptions { budget: Duration::from_millis(20), ..options };
    let canary = site.engine.canary_check(&graph, options);
    registry.register("canary", CheckKind::Ready, CheckPolicy::default(), canary).expect("good");
    set(SCRATCH, "return");
    let broke = site.clock.now();
    while registry.reading().ready != HealthStatus::Fail {
        registry.tick(CheckJob::run);
        site.pass(Duration::from_secs(1));
        assert!(site.clock.now() - broke <= Duration::from_secs(30));
    }
    let reading = registry.reading();
    let why = reading.check("canary").and_then(|canary| canary.reason.clone());
    assert!(why.expect("it failed").as_str().contains("no room"));
    set(SCRATCH, "off");
    site.assert_whole();
    site.assert_no_lease_ended();
}
