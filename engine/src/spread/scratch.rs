//! The memory a spread works in, used again by the next one.

use super::lanes::Lanes;
use super::ledger::Ledger;
use super::marks::Marks;
use super::params::{Linear, Precision, Rule};
use super::plan::SeedAt;
use super::pulses::{CELLS_PER_LOOK, Pulses};
use super::real::Real;
use super::run::Lists;

/// The nodes that fire in a hop, ascending, with their pulses.
#[derive(Debug)]
pub(crate) struct Frontier<S> {
    pub(crate) nodes: Vec<u32>,
    pub(crate) pulses: Vec<S>,
}

impl<S> Default for Frontier<S> {
    fn default() -> Self {
        Self { nodes: Vec::new(), pulses: Vec::new() }
    }
}

impl<S> Frontier<S> {
    #[inline(always)]
    pub(crate) fn push(&mut self, node: u32, pulse: S) {
        self.nodes.push(node);
        self.pulses.push(pulse);
    }

    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.pulses.clear();
    }
}

/// State of one width.
#[derive(Debug)]
pub(crate) struct State<S> {
    pub(crate) ledger: Ledger<S>,
    pub(crate) pulses: Pulses<S>,
    pub(crate) frontier: Frontier<S>,
    /// The state after a step, before it is known to be good.
    pub(crate) next: Frontier<S>,
    /// A second number per node, `-0` where it has none: row sums, residuals.
    pub(crate) second: Vec<S>,
    /// Whether nodes that were not reached have a second number too.
    pub(crate) second_of_all: bool,
    /// What each node hands on in a dense hop, 0 for those that do not fire.
    pub(crate) factors: Vec<S>,
}

impl<S: Real> Default for State<S> {
    fn default() -> Self {
        Self {
            ledger: Ledger::default(),
            pulses: Pulses::default(),
            frontier: Frontier::default(),
            next: Frontier::default(),
            second: Vec::new(),
            second_of_all: false,
            factors: Vec::new(),
        }
    }
}

impl<S: Real> State<S> {
    fn prepare(&mut self, nodes: usize, needs_second: bool) {
        self.ledger.prepare(nodes);
        self.pulses.prepare(nodes);
        let cells = nodes.next_multiple_of(CELLS_PER_LOOK);
        if needs_second && self.second.len() < cells {
            self.second.resize(cells, S::UNTOUCHED);
        }
    }

    const fn bytes(nodes: usize, needs_second: bool) -> usize {
        let cells = nodes.next_multiple_of(CELLS_PER_LOOK);
        let second = if needs_second { cells * size_of::<S>() } else { 0 };
        let frontiers = 2 * nodes * (size_of::<S>() + size_of::<u32>());
        Ledger::<S>::bytes(nodes) + Pulses::<S>::bytes(nodes) + frontiers + second
    }

    /// Empties it; costs what the spread touched.
    fn clear(&mut self) {
        if std::mem::take(&mut self.second_of_all) {
            self.second.fill(S::UNTOUCHED);
        }
        for &node in self.ledger.reached() {
            if let Some(cell) = self.second.get_mut(node as usize) {
                *cell = S::UNTOUCHED;
            }
        }
        self.ledger.clear();
        self.pulses.clear();
        self.frontier.clear();
        self.next.clear();
    }
}

/// The memory a spread works in. Empty between spreads; grows to the largest graph it served.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) double: State<f64>,
    pub(crate) single: State<f32>,
    pub(crate) seeds: Vec<SeedAt>,
    pub(crate) factors: Vec<f64>,
    pub(crate) lists: Lists,
    pub(crate) lanes: Lanes,
}

/// Whether a rule keeps a second number per node.
const fn needs_second(rule: &Rule) -> bool {
    match rule {
        Rule::Retention(_) | Rule::PageRank(_) => true,
        Rule::Linear(_) | Rule::ActR(_) | Rule::Synapse(_) => false,
    }
}

const fn is_single(rule: &Rule) -> bool {
    matches!(rule, Rule::Linear(Linear { precision: Precision::Single, .. }))
}

impl Scratch {
    /// Makes room for a spread by `rule` on a graph of `nodes` nodes.
    pub(crate) fn prepare(&mut self, nodes: usize, rule: &Rule) {
        if is_single(rule) {
            self.single.prepare(nodes, false);
        } else {
            self.double.prepare(nodes, needs_second(rule));
        }
        self.lists.fired.prepare(nodes);
    }

    /// Bytes that a spread by `rule` uses on a graph of `nodes` nodes, paths not counted.
    pub(crate) const fn bytes(nodes: usize, rule: &Rule) -> usize {
        let state = if is_single(rule) {
            State::<f32>::bytes(nodes, false)
        } else {
            State::<f64>::bytes(nodes, needs_second(rule))
        };
        let factors = match rule {
            Rule::Linear(_) if is_single(rule) => nodes * size_of::<f32>(),
            Rule::Linear(_) => nodes * size_of::<f64>(),
            Rule::PageRank(_) => nodes.next_multiple_of(CELLS_PER_LOOK) * size_of::<f64>(),
            _ => 0,
        };
        state + factors + Marks::bytes(nodes)
    }

    /// Empties it after a spread; costs what the spread touched.
    pub(crate) fn clear(&mut self) {
        self.double.clear();
        self.single.clear();
        self.lists.fired.clear();
        self.lists.trace.clear();
        self.lists.entries.clear();
        // An idle scratch holds nothing of a graph.
        self.lists.buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;
    use crate::spread::{ActR, Linear, PageRank, Precision, Retention, Rule, Synapse};

    #[test]
    fn the_bytes_are_those_of_every_list_at_its_longest() {
        // 12 bytes a node in the ledger, 12 in the pulses and 24 in two frontiers; 16,384 for a
        // chunk of touched nodes; 16 words of who was reached and twice 17 of marks. Activations
        // and cells fill up the last of 16 times 64, with 24 more of each.
        let double = 48 * 1000 + 24 * 2 * 8 + 16_384 + (16 + 2 * 17) * 8;
        let single = 32 * 1000 + 24 * 2 * 4 + 16_384 + (16 + 2 * 17) * 8;
        let linear = |precision| Rule::Linear(Linear { precision, ..Linear::default() });
        for (rule, bytes) in [
            (linear(Precision::Double), double + 8 * 1000),
            (linear(Precision::Single), single + 4 * 1000),
            (Rule::ActR(ActR::default()), double),
            (Rule::Synapse(Synapse::default()), double),
            (Rule::Retention(Retention::default()), double + 8 * 1024),
            (Rule::PageRank(PageRank::default()), double + 2 * 8 * 1024),
        ] {
            assert_eq!(Scratch::bytes(1000, &rule), bytes, "{rule:?}");
        }
    }
}
