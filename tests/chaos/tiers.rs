//! A tier of storage that fails, fails now and then, or is slow.

use std::num::NonZeroU8;
use std::sync::atomic::Ordering;
use std::time::Duration;

use emanate::StopReason;
use emanate::gate::{BreakerState, TransitionReason};
use emanate_bench::SplitMix64;
use emanate_tests::compare::{Scope, assert_same_bits};

use crate::site::{ROWS, Site, count, request, set};

#[test]
fn a_tier_that_fails_is_skipped_and_heals_within_its_open_wait() {
    let site = Site::new("failing_tier");
    let graph = site.graph();
    set(ROWS, "return");
    for node in 0..3 {
        assert_eq!(site.tier().state(), BreakerState::Closed);
        let outcome = site.engine.spread(&graph, &request(node)).expect("it goes on without");
        assert_eq!(outcome.degraded.count, 1, "the seed's row, and so all others");
        site.assert_right(&request(node), &outcome);
        site.pass(Duration::from_secs(1));
    }
    assert_eq!(site.tier().state(), BreakerState::Open);
    // The file is well again, but nobody asks it before the wait is over.
    let reads = count(ROWS);
    let healed = site.clock.now();
    let recovered = loop {
        let open_remaining = site.tier().reading().open_remaining;
        let outcome = site.engine.spread(&graph, &request(5)).expect("it goes on without");
        site.assert_right(&request(5), &outcome);
        if outcome.degraded.count == 0 {
            assert_same_bits(&outcome, &site.healthy(&request(5)), Scope::Whole);
            break site.clock.now() - healed;
        }
        assert_eq!(reads.load(Ordering::Relaxed), 0, "a tier that is open is left alone");
        assert!(open_remaining > Duration::ZERO);
        site.pass(Duration::from_secs(1).min(open_remaining));
    };
    assert!(reads.load(Ordering::Relaxed) > 0);
    assert!(recovered <= Duration::from_secs(30), "{recovered:?}");
    let reading = site.tier().reading();
    assert_eq!(reading.transitions_by_reason(TransitionReason::ConsecutiveFailures), 1);
    assert_eq!(reading.transitions_by_reason(TransitionReason::ProbesSucceeded), 1);
    assert_eq!(site.spreads().reading().calls.failure, 0, "a tier's fault is not the spread's");
    site.assert_whole();
}

#[test]
fn a_probe_that_fails_opens_the_tier_for_longer() {
    let site = Site::new("failing_probe");
    let graph = site.graph();
    set(ROWS, "return");
    let mut waits = Vec::new();
    for node in 0..3 {
        site.engine.spread(&graph, &request(node)).expect("it goes on without");
    }
    for _ in 0..4 {
        assert_eq!(site.tier().state(), BreakerState::Open);
        waits.push(site.tier().reading().open_remaining);
        site.pass(site.tier().reading().open_remaining);
        let outcome = site.engine.spread(&graph, &request(9)).expect("it goes on without");
        site.assert_right(&request(9), &outcome);
    }
    // Chance takes off at most a fifth, and each wait is twice the one before.
    assert!(waits.windows(2).all(|pair| pair[1] > pair[0].mul_f64(1.5)), "{waits:?}");
    set(ROWS, "off");
    site.pass(site.tier().reading().open_remaining);
    let outcome = site.engine.spread(&graph, &request(9)).expect("a good file");
    assert_eq!(outcome.degraded.count, 0);
    site.assert_right(&request(9), &outcome);
    site.assert_whole();
}

#[test]
fn a_tier_that_fails_now_and_then_never_gives_a_wrong_answer() {
    let site = Site::new("flaky_tier");
    let mut random = SplitMix64::new(11);
    let (mut whole, mut degraded, mut graph) = (0, 0, site.graph());
    for turn in 0..120 {
        if turn % 6 == 0 {
            graph = site.graph();
        }
        // Some reads of one spread fail, and others do not.
        let actions = ["off", "return", "1*off->1*return->off", "1*return->off"];
        set(ROWS, actions[random.below(4) as usize]);
        let request = request(random.below(crate::site::NODES));
        let outcome = site.engine.spread(&graph, &request).expect("it goes on without");
        site.assert_right(&request, &outcome);
        if outcome.degraded.count == 0 {
            whole += 1
        } else {
            degraded += 1
        }
        site.pass(Duration::from_secs(u64::from(random.below(20))));
    }
    assert!(whole > 10 && degraded > 10, "{whole} whole, {degraded} degraded");
    assert!(site.tier().reading().transitions(BreakerState::Closed, BreakerState::Open) > 0);
    set(ROWS, "off");
    site.pass(Duration::from_hours(1));
    let outcome = site.engine.spread(&site.graph(), &request(3)).expect("a good file");
    assert_same_bits(&outcome, &site.healthy(&request(3)), Scope::Whole);
    site.assert_whole();
}

#[test]
fn a_tier_that_is_slow_is_right_until_it_is_skipped() {
    let site = Site::new("slow_tier");
    let mut settings = site.tier().settings().as_ref().clone();
    settings.slow_limit = Duration::from_millis(200);
    settings.minimum_calls = 4;
    site.tier().set(settings);
    let graph = site.graph();
    set(ROWS, "sleep(250)");
    for node in 0..4 {
        assert_eq!(site.tier().state(), BreakerState::Closed);
        // Each begins with nothing read, in one block.
        let fresh = site.graph();
        let mut one_hop = request(node);
        one_hop.bounds.edges_max = Some(20);
        let outcome = site.engine.spread(&fresh, &one_hop).expect("slow, but well");
        assert_eq!(outcome.degraded.count, 0);
        site.assert_right(&one_hop, &outcome);
        site.pass(Duration::from_secs(1));
    }
    assert_eq!(site.tier().state(), BreakerState::Open);
    let reading = site.tier().reading();
    assert_eq!(reading.transitions_by_reason(TransitionReason::SlowRate), 1);
    let outcome = site.engine.spread(&graph, &request(8)).expect("it goes on without");
    assert_eq!(outcome.degraded.count, 1);
    site.assert_right(&request(8), &outcome);
    set(ROWS, "off");
    // On a machine with much else to do, a good read may be slow for once.
    let healed = (0..5).any(|_| {
        site.pass(site.tier().reading().open_remaining);
        let outcome = site.engine.spread(&site.graph(), &request(8)).expect("a good file");
        site.assert_right(&request(8), &outcome);
        site.tier().state() == BreakerState::Closed
    });
    assert!(healed);
    site.assert_whole();
}

#[test]
fn a_deadline_that_a_slow_tier_makes_it_miss_leaves_whole_hops() {
    let site = Site::new("slow_tier_deadline");
    let mut spreads = site.spreads().settings().as_ref().clone();
    spreads.slow_rate = emanate::gate::Rate::new(0.5).ok();
    spreads.minimum_calls = 3;
    spreads.success_threshold = NonZeroU8::MIN;
    site.spreads().set(spreads);
    set(ROWS, "sleep(150)");
    for node in 0..3 {
        // The first hop reads a block, which takes longer than there is.
        let late = request(node * 997).within(Duration::from_millis(100));
        let outcome = site.engine.spread(&site.graph(), &late).expect("lateness is no error");
        assert_eq!(outcome.stop_reason, StopReason::Deadline, "{node}: {:?}", outcome.stats);
        let mut same = request(node * 997);
        if let emanate::spread::Rule::Linear(linear) = &mut same.rule {
            linear.hops = emanate::spread::Hops::Limit(outcome.stats.hops);
        }
        set(ROWS, "off");
        let whole = site.healthy(&same);
        set(ROWS, "sleep(150)");
        assert_eq!(outcome.activations, whole.activations);
        assert_eq!(outcome.stats.edges_traversed, whole.stats.edges_traversed);
    }
    assert_eq!(site.spreads().state(), BreakerState::Open, "missed deadlines are slow");
    set(ROWS, "off");
    site.pass(site.spreads().reading().open_remaining);
    let outcome = site.engine.spread(&site.graph(), &request(1)).expect("a probe");
    site.assert_right(&request(1), &outcome);
    site.assert_whole();
}
