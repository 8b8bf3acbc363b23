//! A whole engine under many schedules: its queue, its scratches, its breakers and its workers,
//! with real spreads. Too large for a checker that tries everything.

use super::{Engine, Graph};
use crate::graph::GraphBuilder;
use crate::spread::SpreadRequest;
use crate::sync::checker::{block_on, both, check, spawn};
use crate::sync::{Arc, AtomicU64, Ordering};

fn request() -> SpreadRequest {
    SpreadRequest::linear(1).seed("a", 1.0)
}

/// An engine of one worker, one scratch and three places in its queue, and a graph of one edge.
fn smallest() -> (Arc<Engine>, Graph) {
    let mut builder = GraphBuilder::new();
    builder.edge("a", "b", 0.5).unwrap();
    let engine = Engine::builder().threads(1).scratch_slots(1).queue_slots(3).without_metrics();
    (Arc::new(engine.build().unwrap()), Graph::from(builder.build().unwrap()))
}

/// Whoever submits is answered, though all share one scratch, though one has to stand before the
/// door, and though others go away before their answer is there.
#[test]
fn every_submitted_spread_is_answered() {
    check(1000, || {
        let (engine, graph) = smallest();
        let submitting = || {
            let (engine, graph) = (Arc::clone(&engine), graph.clone());
            move || {
                let dropped = engine.submit(&graph, request());
                let answered = engine.submit(&graph, request());
                drop(dropped);
                block_on(answered).map(|outcome| outcome.activations.len())
            }
        };
        let (one, other) = both(submitting(), submitting());
        assert_eq!((one, other), (Ok(2), Ok(2)));
    });
}

/// Every member of a batch is run once, by its caller or by a worker.
#[test]
fn every_member_of_a_batch_is_run_once() {
    check(1000, || {
        let asking = spawn(0, || {
            let (_, graph) = smallest();
            let engine = Engine::builder().threads(2).scratch_slots(2).without_metrics();
            let engine = engine.build().unwrap();
            // Each spread looks equally often whether it sees a node.
            let looks = Arc::new(AtomicU64::new(0));
            let looked = Arc::clone(&looks);
            let request =
                request().only(move |_| looked.fetch_add(1, Ordering::Relaxed) < u64::MAX);
            engine.spread(&graph, &request).unwrap();
            let looks_of_one = looks.swap(0, Ordering::Relaxed);
            let answers = engine.spread_many(&graph, &[request.clone(), request.clone(), request]);
            assert!(answers.iter().all(Result::is_ok));
            let looks = looks.load(Ordering::Relaxed);
            assert_eq!(looks, 3 * looks_of_one, "not each member was run once");
        });
        asking.join().unwrap();
    });
}
