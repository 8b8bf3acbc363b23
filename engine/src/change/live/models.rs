//! Publishing and reclaiming generations under every schedule: real graphs, real change sets.

use std::time::Instant;

use super::Live;
use crate::change::apply::{Means, apply};
use crate::change::{ApplyOptions, ChangeSet};
use crate::graph::{Generation, GraphBuilder};
use crate::sync::Arc;
use crate::sync::checker::{both, check, spawn};

/// A graph of one edge, in generation 1.
fn live() -> Arc<Live> {
    // On a thread of its own, whose stack is large enough.
    let made = spawn(0, || {
        let mut builder = GraphBuilder::new();
        builder.edge("a", "b", 0.5).unwrap();
        Arc::new(Live::new(builder.build().unwrap(), None))
    });
    made.join().unwrap()
}

/// Adds one edge from `a` to `target`.
fn add(live: &Live, target: &str) {
    let mut set = ChangeSet::default();
    set.upsert_edge(("a", target), 0.25);
    let means = Means { workers: None, admits: &|_, _| Ok(()) };
    apply(live, &set, &ApplyOptions::default(), means).unwrap();
}

/// Each set that was applied has added one edge and made one generation of it.
fn is_whole(generation: &Generation) {
    assert_eq!(generation.edge_count(), generation.number(), "not the edges of its generation");
}

/// Of two sets at once, each is made over what the other published, and none is lost.
#[test]
fn no_set_is_lost() {
    check(40, || {
        let live = live();
        let (one, other) = (Arc::clone(&live), Arc::clone(&live));
        both(move || add(&one, "c"), move || add(&other, "d"));
        let last = live.load();
        assert_eq!(last.edge_count(), 3, "a set was lost");
        is_whole(&last);
    });
}

/// A reader sees whole generations and never an older one after a newer one. However it races with
/// who publishes and who frees, it is not the one who frees: what it gives back was a count.
#[test]
fn a_reader_sees_whole_generations_and_frees_none() {
    check(20, || {
        let live = live();
        let (writer, reader) = (Arc::clone(&live), Arc::clone(&live));
        let writing = move || {
            add(&writer, "c");
            writer.maintain(Instant::now(), 0);
        };
        let reading = move || {
            let first = reader.load();
            // The first is held while the second is loaded, and the second is given back last.
            let second = reader.load();
            assert!(first.number() <= second.number(), "an older generation");
            for snapshot in [first, second] {
                is_whole(&snapshot);
                let kept = Arc::downgrade(&snapshot);
                drop(snapshot);
                assert!(kept.strong_count() > 0, "a reader freed a generation");
            }
        };
        both(writing, reading);
        assert_eq!(live.maintain(Instant::now(), 0).retired, 0, "nobody reads any more");
    });
}

/// A merge that ends beside a set keeps what the set did, whichever is first.
#[test]
fn a_merge_keeps_what_is_applied_beside_it() {
    check(80, || {
        let live = live();
        let before = Arc::clone(&live);
        spawn(0, move || add(&before, "c")).join().unwrap();
        let (writer, merger) = (Arc::clone(&live), Arc::clone(&live));
        both(move || add(&writer, "d"), move || merger.merge().unwrap());
        let last = live.load();
        assert_eq!(last.edge_count(), 3, "a set was lost");
        is_whole(&last);
    });
}
