//! The ledger of one spread: the activation of every node it reached.

use super::real::Real;

/// Activations, and who was reached in which hop.
#[derive(Debug)]
pub(crate) struct Ledger<S> {
    /// Untouched for a node that was not reached.
    activations: Vec<S>,
    /// In the order they were reached in.
    reached: Vec<u32>,
    /// `reached[ends[h - 1]..ends[h]]` were reached in hop `h`.
    ends: Vec<usize>,
}

impl<S> Default for Ledger<S> {
    fn default() -> Self {
        Self { activations: Vec::new(), reached: Vec::new(), ends: Vec::new() }
    }
}

impl<S: Real> Ledger<S> {
    /// Makes room for `nodes` nodes. Must be empty when it is called.
    pub(crate) fn prepare(&mut self, nodes: usize) {
        if self.activations.len() < nodes {
            self.activations.resize(nodes, S::UNTOUCHED);
            self.reached.reserve(nodes);
        }
    }

    /// Bytes that this many nodes take.
    pub(crate) const fn bytes(nodes: usize) -> usize {
        nodes * (size_of::<S>() + size_of::<u32>())
    }

    /// The activation of `node`; `+0` where it was not reached.
    #[inline(always)]
    pub(crate) fn activation(&self, node: u32) -> S {
        self.activations[node as usize] + S::ZERO
    }

    #[inline(always)]
    pub(crate) fn is_reached(&self, node: u32) -> bool {
        self.activations.get(node as usize).is_some_and(|cell| !cell.is_untouched())
    }

    /// Sets the activation of a node, reached or not; `activation` is at least `+0`.
    ///
    /// Returns whether the node is reached only now.
    #[inline(always)]
    pub(crate) fn set(&mut self, node: u32, activation: S) -> bool {
        let cell = &mut self.activations[node as usize];
        let new = cell.is_untouched();
        *cell = activation;
        if new {
            self.reached.push(node);
        }
        new
    }

    /// Ends a hop: whoever is reached from now on is reached in the next one.
    pub(crate) fn end_hop(&mut self) {
        self.ends.push(self.reached.len());
    }

    /// Number of nodes reached.
    pub(crate) fn reached_count(&self) -> usize {
        self.reached.len()
    }

    /// Every node reached, with its activation and the hop it was reached in.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, S, u32)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let hops = starts.zip(self.ends.iter().copied()).zip(0u32..);
        hops.flat_map(move |((start, end), hop)| {
            self.reached[start..end].iter().map(move |&node| (node, self.activation(node), hop))
        })
    }

    /// Sum of all activations, added in ascending order of nodes, and the number above 0.
    ///
    /// Sorts a copy of the reached nodes into `order`.
    pub(crate) fn total(&self, order: &mut Vec<u32>) -> (f64, u64) {
        order.clear();
        order.extend_from_slice(&self.reached);
        order.sort_unstable();
        let mut sum = (0.0, 0);
        for &node in &*order {
            let activation = self.activation(node).wide();
            sum.0 += activation;
            sum.1 += u64::from(activation > 0.0);
        }
        sum
    }

    /// Forgets the spread; costs what it reached.
    pub(crate) fn clear(&mut self) {
        for &node in &self.reached {
            self.activations[node as usize] = S::UNTOUCHED;
        }
        self.reached.clear();
        self.ends.clear();
    }
}
