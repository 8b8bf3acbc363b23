//! What is measured of tiers: each has its histogram, its counts, its breaker.

use std::time::Duration;

use emanate::graph::{ColdEdges, TierOptions, open_within};
use emanate::{Engine, Graph, NodeId, SpreadRequest, Tier};

use crate::files::{File, least, rich};

/// The value of the one sample of `text` whose line begins with `name`.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("{name} is not among the metrics"));
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[test]
fn each_tier_has_its_own_histogram_and_counts() {
    let file = File::of(&rich(), ColdEdges::All);
    let options = TierOptions::within(least(&file.0, 1)).readers(1);
    let graph = Graph::from(open_within(&file.0, &options).expect("it suffices"));
    let engine = Engine::new();
    engine.look_after(&graph);
    for node in 0..60 {
        let request = SpreadRequest::linear(2).seed(NodeId::new(node * 140), 1.0);
        engine.spread(&graph, &request).expect("a good request");
    }
    let text = engine.reading().text();
    let reads = sample(&text, "emanate_tier_read_duration_seconds_count{tier=\"cold\"}");
    assert!(reads >= 20.0, "{reads} hops read cold rows");
    assert!(sample(&text, "emanate_spreads_by_tier_total{tier=\"cold\"}") >= 20.0);
    let cache = |result: &str| {
        let name = "emanate_tier_cache_requests_total";
        sample(&text, &format!("{name}{{tier=\"cold\",result=\"{result}\"}}"))
    };
    let report = graph.snapshot().tier_report().expect("it has a budget");
    let cold = report.tiers[Tier::Cold.index()];
    assert_eq!((cache("hit"), cache("miss")), (cold.hits as f64, cold.reads as f64));
    assert!(cold.reads > 20);
    let breaker = engine.gate().tier(Tier::Cold).reading();
    assert!(breaker.calls.success >= 20 && breaker.calls.failure == 0, "{breaker:?}");
    assert!(engine.maintain(Duration::from_secs(600)).moved == 0, "no room for any hot block");
}
