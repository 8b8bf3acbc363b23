//! What the engine says of its batches and its requests, for whoever tunes it.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use emanate::spread::{Hops, Linear, Rule};
use emanate::{Engine, Graph, LIVE_REQUESTS_MAX, Sample, Settings, SpreadRequest};
use emanate_bench::{EdgeList, RMat};
use emanate_tests::waiting::{until, wait};

fn graph() -> Graph {
    let list = EdgeList::rmat(3, RMat { scale: 10, edges: 8000 }).with_weights(3, 0.1, 0.5);
    list.to_generation().expect("a good graph").into()
}

fn request() -> SpreadRequest {
    SpreadRequest::linear(2).seed(emanate::NodeId::new(5), 1.0)
}

fn taken(engine: &Engine) -> Vec<Sample> {
    let mut samples = Vec::new();
    assert_eq!(engine.take_samples(|sample| samples.push(sample)), 0);
    samples
}

fn engine(batch_size: usize) -> Engine {
    let mut settings = Settings::default();
    settings.batch_size = NonZeroUsize::new(batch_size).expect("not 0");
    let engine = Engine::builder().settings(settings).threads(2).build().expect("good options");
    assert!(taken(&engine).is_empty());
    engine
}

#[test]
fn every_spread_is_in_one_sample_whatever_way_it_came() {
    let (engine, graph) = (engine(8), graph());
    engine.spread(&graph, &request()).expect("a good request");
    let samples = taken(&engine);
    assert_eq!(samples.len(), 1);
    assert_eq!((samples[0].spreads, samples[0].failed, samples[0].hops), (1, 0, 2));
    assert!(samples[0].app_limited && samples[0].latency > Duration::ZERO);

    let mut requests = vec![request(); 19];
    requests[4] = SpreadRequest::linear(2);
    engine.spread_many(&graph, &requests);
    let samples = taken(&engine);
    assert_eq!(samples.iter().map(|sample| sample.spreads).sum::<u32>(), 19);
    assert!(samples.iter().all(|sample| sample.spreads <= 8), "{samples:?}");
    let (last, rest) = samples.split_last().expect("there are samples");
    assert!(last.app_limited && rest.iter().all(|sample| !sample.app_limited));
    assert_eq!(samples.iter().map(|sample| sample.failed).sum::<u32>(), 1);

    for _ in 0..20 {
        wait(engine.submit(&graph, request())).expect("a good request");
    }
    // A worker ends its batch after it has answered.
    let seen = AtomicU32::new(0);
    until(|| {
        engine.take_samples(|sample| {
            seen.fetch_add(sample.spreads, Ordering::Relaxed);
        });
        seen.load(Ordering::Relaxed) == 20
    });
}

#[test]
fn a_sample_names_the_settings_it_ran_under() {
    let (engine, graph) = (engine(4), graph());
    for number in 0..3 {
        engine.spread(&graph, &request()).expect("a good request");
        assert_eq!(taken(&engine)[0].settings, number);
        engine.set(Settings::default());
        assert_eq!(engine.settings().number(), number + 1);
    }
}

#[test]
fn live_requests_are_copied_whatever_way_they_came() {
    let (engine, graph) = (engine(8), graph());
    let auto = |top: usize| {
        let rule = Rule::Linear(Linear { hops: Hops::Auto, ..Linear::default() });
        SpreadRequest::new(rule).seed(emanate::NodeId::new(5), 1.0).top(top)
    };
    let taken = |wanted| {
        let mut taken = Vec::new();
        engine.take_requests(wanted, 1, |snapshot, request| {
            assert_eq!(snapshot.node_count(), graph.snapshot().node_count());
            taken.push(request.top.expect("each has a top"));
        });
        taken
    };
    engine.spread(&graph, &auto(1)).expect("a good request");
    assert!(taken(LIVE_REQUESTS_MAX).is_empty(), "nobody had asked");
    engine.spread(&graph, &auto(2)).expect("a good request");
    engine.spread(&graph, &request()).expect("a good request");
    engine.spread_many(&graph, &[auto(3), request(), auto(4)]);
    wait(engine.submit(&graph, auto(5))).expect("a good request");
    assert_eq!(taken(0), [2, 3, 4, 5]);
    engine.spread(&graph, &auto(6)).expect("a good request");
    assert!(taken(0).is_empty(), "nobody wants more");
}
