//! The strongest nodes, in the order they are reported in.

use std::cmp::Ordering;

use crate::graph::{DamagedBlock, Generation};
use crate::spread::NodeActivation;

/// Entries kept at least before the weakest are dropped.
const ROOM_MIN: usize = 256;

/// Keeps the strongest of the nodes offered to it: activation descending, then label ascending.
///
/// Costs a comparison a node and now and then a selection among twice as many as are kept.
#[derive(Debug, Default)]
pub(crate) struct Ranking {
    entries: Vec<NodeActivation>,
    most: usize,
    /// Nothing weaker can be among the strongest any more.
    floor: f64,
    damage: Option<DamagedBlock>,
}

impl Ranking {
    /// Starts with nothing, to keep `most` entries; all of them for `None`.
    pub(crate) fn start(&mut self, most: Option<usize>) {
        self.entries.clear();
        self.most = most.unwrap_or(usize::MAX);
        self.floor = f64::NEG_INFINITY;
        self.damage = None;
    }

    /// Considers one node.
    #[inline]
    pub(crate) fn offer(&mut self, graph: &Generation, entry: NodeActivation) {
        if entry.activation < self.floor {
            return;
        }
        self.entries.push(entry);
        if self.entries.len() >= self.most.saturating_mul(2).max(ROOM_MIN) {
            self.cut(graph);
        }
    }

    /// No weaker activation is considered any more.
    pub(crate) fn floor(&self) -> f64 {
        self.floor
    }

    #[cold]
    fn cut(&mut self, graph: &Generation) {
        if self.entries.len() <= self.most {
            return;
        }
        if let Some(last) = self.most.checked_sub(1) {
            let Self { entries, damage, .. } = self;
            entries.select_nth_unstable_by(last, |a, b| order(graph, a, b, damage));
            self.floor = entries[last].activation;
        }
        self.entries.truncate(self.most);
    }

    /// The strongest, in order.
    ///
    /// # Errors
    /// [`DamagedBlock`] where labels had to be compared and could not be read.
    pub(crate) fn finish(
        &mut self,
        graph: &Generation,
    ) -> Result<&mut Vec<NodeActivation>, DamagedBlock> {
        self.cut(graph);
        let Self { entries, damage, .. } = self;
        entries.sort_unstable_by(|a, b| order(graph, a, b, damage));
        match self.damage.take() {
            Some(damage) => Err(damage),
            None => Ok(&mut self.entries),
        }
    }
}

/// The order of a report. Equal activations are ordered by label; where labels cannot be read,
/// by number, and the damage is noted.
fn order(
    graph: &Generation,
    a: &NodeActivation,
    b: &NodeActivation,
    damage: &mut Option<DamagedBlock>,
) -> Ordering {
    b.activation.total_cmp(&a.activation).then_with(|| {
        if a.node == b.node {
            return Ordering::Equal;
        }
        match (graph.label(a.node), graph.label(b.node)) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Err(block), _) | (_, Err(block)) => {
                *damage = Some(block);
                a.node.cmp(&b.node)
            }
        }
    })
}
