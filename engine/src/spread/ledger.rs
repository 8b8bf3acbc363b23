//! The ledger of one spread: the activation of every node it reached.

use super::marks::places;
use super::real::Real;

/// Activations, and who was reached in which hop.
///
/// Who was reached is known from one bit a node, so that a spread looks at the activations only of
/// nodes that have one, and need not clean them up.
#[derive(Debug)]
pub(crate) struct Ledger<S> {
    /// Meaningless for a node that was not reached.
    activations: Vec<S>,
    /// A bit for each node that was reached.
    seen: Vec<u64>,
    /// In the order they were reached in.
    reached: Vec<u32>,
    /// `reached[ends[h - 1]..ends[h]]` were reached in hop `h`.
    ends: Vec<usize>,
}

const WORD_BITS: usize = u64::BITS as usize;

impl<S> Default for Ledger<S> {
    fn default() -> Self {
        Self { activations: Vec::new(), seen: Vec::new(), reached: Vec::new(), ends: Vec::new() }
    }
}

impl<S: Real> Ledger<S> {
    /// Makes room for `nodes` nodes. Must be empty when it is called.
    pub(crate) fn prepare(&mut self, nodes: usize) {
        if self.activations.len() < nodes {
            self.activations.resize(nodes.next_multiple_of(WORD_BITS), S::ZERO);
            self.seen.resize(nodes.div_ceil(WORD_BITS), 0);
            self.reached.reserve(nodes);
        }
    }

    /// Bytes that this many nodes take.
    pub(crate) const fn bytes(nodes: usize) -> usize {
        let words = nodes.div_ceil(WORD_BITS);
        nodes * size_of::<u32>() + words * (WORD_BITS * size_of::<S>() + size_of::<u64>())
    }

    /// The activation of `node`; `+0` where it was not reached.
    #[inline(always)]
    pub(crate) fn activation(&self, node: u32) -> S {
        if self.is_reached(node) { self.activations[node as usize] } else { S::ZERO }
    }

    /// The activations of the 64 nodes from `first` on, a multiple of 64; `+0` for those that were
    /// not reached.
    #[inline(always)]
    pub(crate) fn activations(&self, first: u32) -> [S; WORD_BITS] {
        let seen = self.reached_bits(first);
        let mut activations = self.activations.as_chunks().0[first as usize / WORD_BITS];
        for (place, activation) in activations.iter_mut().enumerate() {
            *activation = if seen >> place & 1 == 1 { *activation } else { S::ZERO };
        }
        activations
    }

    #[inline(always)]
    pub(crate) fn is_reached(&self, node: u32) -> bool {
        let word = self.seen.get(node as usize / WORD_BITS);
        word.is_some_and(|word| word >> (node as usize % WORD_BITS) & 1 == 1)
    }

    /// Who was reached of the 64 nodes from `first` on, a multiple of 64; a bit for each.
    #[inline(always)]
    pub(crate) fn reached_bits(&self, first: u32) -> u64 {
        self.seen.get(first as usize / WORD_BITS).copied().unwrap_or(0)
    }

    /// Sets the activation of a node, reached or not; `activation` is at least `+0`.
    ///
    /// Returns whether the node is reached only now.
    #[inline(always)]
    pub(crate) fn set(&mut self, node: u32, activation: S) -> bool {
        self.activations[node as usize] = activation;
        let word = &mut self.seen[node as usize / WORD_BITS];
        let bit = 1 << (node as usize % WORD_BITS);
        let new = *word & bit == 0;
        if new {
            *word |= bit;
            self.reached.push(node);
        }
        new
    }

    /// Sets the activations of those nodes of the 64 from `first` on that have a bit in `changed`,
    /// each to what `change` makes of its place and the activation before, `+0` where it was not
    /// reached.
    #[inline(always)]
    pub(crate) fn set_each(&mut self, first: u32, changed: u64, change: impl Fn(usize, S) -> S) {
        let word = first as usize / WORD_BITS;
        let seen = &mut self.seen[word];
        let activations = &mut self.activations.as_chunks_mut::<WORD_BITS>().0[word];
        // All are computed and some kept, which is less work than to go from bit to bit.
        for (place, activation) in activations.iter_mut().enumerate() {
            let before = if *seen >> place & 1 == 1 { *activation } else { S::ZERO };
            let after = change(place, before);
            *activation = if changed >> place & 1 == 1 { after } else { *activation };
        }
        for place in places(changed & !*seen) {
            self.reached.push(first + place);
        }
        *seen |= changed;
    }

    /// Ends a hop: whoever is reached from now on is reached in the next one.
    pub(crate) fn end_hop(&mut self) {
        self.ends.push(self.reached.len());
    }

    /// Number of nodes reached.
    pub(crate) fn reached_count(&self) -> usize {
        self.reached.len()
    }

    /// The hops, each with the nodes reached in it.
    pub(crate) fn by_hop(&self) -> impl Iterator<Item = (u32, &[u32])> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let hops = starts.zip(self.ends.iter().copied()).zip(0u32..);
        hops.map(|((start, end), hop)| (hop, &self.reached[start..end]))
    }

    /// The activation of a node that was reached; that of another has no meaning.
    #[inline(always)]
    pub(crate) fn held(&self, node: u32) -> S {
        self.activations[node as usize]
    }

    /// Every node reached, with its activation and the hop it was reached in.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, S, u32)> {
        self.by_hop().flat_map(move |(hop, nodes)| {
            nodes.iter().map(move |&node| (node, self.held(node), hop))
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

    /// Every node reached, in the order they were reached in.
    pub(crate) fn reached(&self) -> &[u32] {
        &self.reached
    }

    /// Forgets the spread; costs what it reached.
    pub(crate) fn clear(&mut self) {
        for &node in &self.reached {
            self.seen[node as usize / WORD_BITS] = 0;
        }
        self.reached.clear();
        self.ends.clear();
    }
}
