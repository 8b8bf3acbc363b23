//! The graphs that an engine looks after.

use super::live::Live;
use super::turn::Turn;
use crate::sync::{Arc, Weak};

/// The graphs that an engine looks after, for as long as anybody else has them.
#[derive(Debug)]
pub(crate) struct Kept(Turn<Graphs>);

#[derive(Debug, Default)]
struct Graphs {
    graphs: Vec<Weak<Live>>,
    /// Where the next round begins, so that a short one does not always serve the same.
    next: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self(Turn::new(Graphs::default()))
    }
}

impl Kept {
    /// Looks after `graph` from now on.
    pub(crate) fn add(&self, graph: &Arc<Live>) {
        // Held for the time of a copy of the list at most.
        let held = self.0.wait(None, usize::MAX);
        held.expect("without an end or a bound").graphs.push(Arc::downgrade(graph));
    }

    /// Those that are still there, beginning with another one each time.
    pub(crate) fn graphs(&self) -> Vec<Arc<Live>> {
        let mut held = self.0.wait(None, usize::MAX).expect("without an end or a bound");
        held.graphs.retain(|graph| graph.strong_count() > 0);
        let mut graphs: Vec<_> = held.graphs.iter().filter_map(Weak::upgrade).collect();
        if !graphs.is_empty() {
            let first = held.next % graphs.len();
            graphs.rotate_left(first);
            held.next = first + 1;
        }
        graphs
    }
}
