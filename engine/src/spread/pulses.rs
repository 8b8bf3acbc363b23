//! Push: contributions added into one cell per target.
//!
//! Sources are taken in ascending order by the caller, so every cell is summed in that order; which
//! cells were touched is noted in a list, each once, as long as no contribution is negative.
//!
//! Source of the technique: a sentinel in the cell instead of a stamp beside it halves the state;
//! resetting what was touched makes a small spread independent of the graph's size.

use std::marker::PhantomData;

use super::kernel::{Compiled, InstructionSet, Join, add_each};
use super::marks::Marks;
use super::real::Real;
use super::watch::Watch;
use crate::graph::{Row, WeightSlice};
use crate::terms::StopReason;

/// Edges of one row added between two tests for room and time.
const EDGES_PER_CHUNK: usize = 1 << 12;

/// Cells looked at together where all are: one for each bit of a word.
pub(crate) const CELLS_PER_LOOK: usize = u64::BITS as usize;

/// How the touched cells of a hop are found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// By a list, which costs a store an edge.
    List,
    /// By looking at every cell, which pays where many are touched.
    Scan,
}

/// One cell per node, and which of them were touched.
#[derive(Debug)]
pub(crate) struct Pulses<S> {
    cells: Vec<S>,
    /// Cells that belong to the graph of this spread.
    nodes: usize,
    /// Room for every node once and one chunk more; the first `touched_len` count.
    touched: Vec<u32>,
    touched_len: usize,
    /// Nodes taken from a full list of touched ones; empty as a rule.
    spilled: bool,
    /// Whether touched cells are found by looking at all of them.
    scanned: bool,
    /// No cell from here on is touched, where all are looked at. Nodes that no edge leads to have
    /// the highest numbers as a rule.
    scan_end: usize,
    marks: Marks,
}

impl<S: Real> Default for Pulses<S> {
    fn default() -> Self {
        Self {
            cells: Vec::new(),
            nodes: 0,
            touched: Vec::new(),
            touched_len: 0,
            spilled: false,
            scanned: false,
            scan_end: 0,
            marks: Marks::default(),
        }
    }
}

impl<S: Real> Pulses<S> {
    /// Makes room for `nodes` nodes. Must be empty when it is called.
    pub(crate) fn prepare(&mut self, nodes: usize) {
        let cells = nodes.next_multiple_of(CELLS_PER_LOOK);
        if self.cells.len() < cells {
            self.cells.resize(cells, S::UNTOUCHED);
        }
        if self.touched.len() < nodes + EDGES_PER_CHUNK {
            self.touched.resize(nodes + EDGES_PER_CHUNK, 0);
        }
        self.nodes = nodes;
        self.marks.prepare(nodes);
    }

    /// Bytes that this many nodes take.
    pub(crate) const fn bytes(nodes: usize) -> usize {
        nodes.next_multiple_of(CELLS_PER_LOOK) * size_of::<S>()
            + (nodes + EDGES_PER_CHUNK) * size_of::<u32>()
            + Marks::bytes(nodes)
    }

    /// Adds `factor * weight` to the cell of every target of `row`.
    ///
    /// # Errors
    /// The reason for which the spread must end. The caller then calls [`Pulses::clear`].
    #[inline(always)]
    pub(crate) fn add_row<J: Join<S>>(
        &mut self,
        row: Row<'_>,
        factor: S,
        watch: &mut Watch<'_>,
    ) -> Result<(), StopReason> {
        match row.weights {
            WeightSlice::Single(weights) => {
                self.add::<J, f32>(row.targets, weights, S::of_single, factor, watch)
            }
            WeightSlice::Double(weights) => {
                self.add::<J, f64>(row.targets, weights, S::of, factor, watch)
            }
        }
    }

    #[inline(always)]
    fn add<J: Join<S>, W: Copy>(
        &mut self,
        targets: &[u32],
        weights: &[W],
        widen: impl Fn(W) -> S,
        factor: S,
        watch: &mut Watch<'_>,
    ) -> Result<(), StopReason> {
        let chunks = targets.chunks(EDGES_PER_CHUNK).zip(weights.chunks(EDGES_PER_CHUNK));
        for (targets, weights) in chunks {
            watch.spend(targets.len())?;
            let cells = &mut self.cells[..];
            if self.scanned {
                let last = targets.iter().fold(0, |last, target| last.max(*target));
                self.scan_end = self.scan_end.max(last as usize + 1);
                add_each::<S, J, W>(targets, weights, &widen, factor, 0, cells);
                continue;
            }
            if self.touched_len + targets.len() > self.touched.len() {
                self.spill();
            }
            let cells = &mut self.cells[..];
            let touched = &mut self.touched[..];
            let mut len = self.touched_len;
            for (&target, &weight) in targets.iter().zip(weights) {
                let cell = &mut cells[target as usize];
                let old = *cell;
                // Written always, kept only where the cell was untouched: no branch to mispredict.
                touched[len] = target;
                len += usize::from(old.is_untouched());
                *cell = J::join(old, factor * widen(weight));
            }
            self.touched_len = len;
        }
        Ok(())
    }

    /// Chooses how the cells that the next hop touches are found. Must be empty when it is called.
    pub(crate) fn find_by(&mut self, finding: Finding) {
        self.scanned = finding == Finding::Scan;
        self.scan_end = 0;
    }

    /// The cell of every node; any of them may be touched.
    pub(crate) fn all_cells(&mut self) -> &mut [S] {
        self.scan_end = self.nodes;
        &mut self.cells[..self.nodes]
    }

    /// The cells of all nodes, side by side; those that belong to none are untouched.
    pub(crate) fn looks(&mut self) -> &mut [Cells<S>] {
        self.cells[..self.nodes.next_multiple_of(CELLS_PER_LOOK)].as_chunks_mut().0
    }

    /// How touched cells are found in this hop.
    pub(crate) fn finding(&self) -> Finding {
        if self.scanned { Finding::Scan } else { Finding::List }
    }

    /// Adds `contribution` to the cell of every target; targets that follow each other and are
    /// equal count once.
    ///
    /// # Errors
    /// As [`Pulses::add_row`].
    pub(crate) fn add_each<J: Join<S>>(
        &mut self,
        targets: &[u32],
        contribution: S,
        watch: &mut Watch<'_>,
    ) -> Result<(), StopReason> {
        watch.spend(targets.len())?;
        for equal in targets.chunk_by(|a, b| a == b) {
            let cell = &mut self.cells[equal[0] as usize];
            *cell = J::join(*cell, contribution);
            self.touch(equal[0]);
        }
        Ok(())
    }

    /// Marks `node` as touched although nothing was added to it.
    pub(crate) fn touch(&mut self, node: u32) {
        self.marks.insert(node);
        self.spilled = true;
    }

    /// Empties a full list into the marks. A node is listed again and again only while its cell
    /// stays `-0`, which takes negative weights.
    #[cold]
    fn spill(&mut self) {
        for &node in &self.touched[..self.touched_len] {
            self.marks.insert(node);
        }
        self.touched_len = 0;
        self.spilled = true;
        if std::mem::take(&mut self.scanned) {
            for (node, cell) in (0u32..).zip(&self.cells[..self.nodes]) {
                if !cell.is_untouched() {
                    self.marks.insert(node);
                }
            }
        }
    }

    /// Whether the list of touched nodes is complete and holds none twice, given that no
    /// contribution was negative.
    pub(crate) fn is_listed(&self) -> bool {
        !self.spilled && !self.scanned
    }

    /// Number of touched nodes, where [`Pulses::is_listed`].
    pub(crate) fn listed_len(&self) -> usize {
        self.touched_len
    }

    /// Takes the cell of every touched node, in the order they were touched in. `visit` says
    /// whether the node fires: its pulse is then kept for [`Pulses::take_firing`].
    ///
    /// The list must be complete and without repetition.
    #[inline]
    pub(crate) fn take_listed<J: Join<S>>(&mut self, mut visit: impl FnMut(u32, S) -> bool) {
        debug_assert!(self.is_listed());
        for &node in &self.touched[..self.touched_len] {
            let cell = &mut self.cells[node as usize];
            let pulse = J::pulse(*cell);
            if visit(node, pulse) {
                *cell = pulse;
                self.marks.insert(node);
            } else {
                *cell = S::UNTOUCHED;
            }
        }
        self.touched_len = 0;
    }

    /// Hands over the nodes that [`Pulses::take_listed`] kept, ascending, with their pulses.
    #[inline]
    pub(crate) fn take_firing(&mut self, mut visit: impl FnMut(u32, S)) {
        let cells = &mut self.cells;
        self.marks.drain(|node| {
            let cell = &mut cells[node as usize];
            visit(node, *cell);
            *cell = S::UNTOUCHED;
        });
    }

    /// Takes every touched cell by looking at all, ascending.
    #[inline]
    pub(crate) fn take_scanned<J: Join<S>, V: Visit<S>>(
        &mut self,
        instructions: InstructionSet,
        visitor: &mut V,
    ) {
        debug_assert!(self.scanned && !self.spilled);
        let end = self.scan_end.next_multiple_of(CELLS_PER_LOOK);
        let (looks, _) = self.cells[..end].as_chunks_mut();
        instructions.run(TakeScanned { looks, visitor, join: PhantomData::<J> });
        self.scanned = false;
    }

    /// Calls `visit` with every touched node once, ascending, and its pulse; keeps the cells.
    pub(crate) fn for_each<J: Join<S>>(&mut self, mut visit: impl FnMut(u32, S)) {
        self.spill();
        let cells = &self.cells;
        self.marks.for_each(|node| visit(node, pulse_of::<S, J>(cells[node as usize])));
    }

    /// Takes every touched node once, ascending, with its pulse.
    pub(crate) fn take_sorted<J: Join<S>>(&mut self, mut visit: impl FnMut(u32, S)) {
        self.spill();
        let cells = &mut self.cells;
        self.marks.drain(|node| {
            let cell = &mut cells[node as usize];
            visit(node, pulse_of::<S, J>(*cell));
            *cell = S::UNTOUCHED;
        });
        self.spilled = false;
    }

    /// Forgets everything that was added.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.scanned) {
            self.cells[..self.nodes].fill(S::UNTOUCHED);
        }
        for &node in &self.touched[..self.touched_len] {
            self.cells[node as usize] = S::UNTOUCHED;
        }
        self.touched_len = 0;
        let cells = &mut self.cells;
        self.marks.drain(|node| cells[node as usize] = S::UNTOUCHED);
        self.spilled = false;
    }
}

/// Cells side by side.
pub(crate) type Cells<S> = [S; CELLS_PER_LOOK];

/// What is done with cells that [`Pulses::take_scanned`] looks at.
pub(crate) trait Visit<S> {
    /// Takes `cells`, one of which was touched at least; the first one's node is `first`, and
    /// `above_zero` has a bit for each whose pulse is. Bits cost no branch that a processor could
    /// guess wrong, which is what a test of every cell spends most of its time on.
    fn visit(&mut self, first: u32, cells: &Cells<S>, above_zero: u64);
}

struct TakeScanned<'a, S, J, V> {
    looks: &'a mut [Cells<S>],
    visitor: &'a mut V,
    join: PhantomData<J>,
}

impl<S: Real, J: Join<S>, V: Visit<S>> Compiled for TakeScanned<'_, S, J, V> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (first, cells) in (0u32..).step_by(CELLS_PER_LOOK).zip(self.looks) {
            let touched = bits_of(cells, |cell| !cell.is_untouched());
            if touched == 0 {
                continue;
            }
            let above_zero = touched & bits_of(cells, |cell| J::pulse(cell) > S::ZERO);
            self.visitor.visit(first, cells, above_zero);
            *cells = [S::UNTOUCHED; CELLS_PER_LOOK];
        }
    }
}

/// A bit for each of `cells`, the first lowest: what `test` says of it.
#[inline(always)]
pub(crate) fn bits_of<S: Copy>(cells: &Cells<S>, test: impl Fn(S) -> bool) -> u64 {
    let mut bits = 0;
    for (place, cell) in cells.iter().enumerate() {
        bits |= u64::from(test(*cell)) << place;
    }
    bits
}

/// The pulse of a cell that may have been touched without changing.
#[inline]
fn pulse_of<S: Real, J: Join<S>>(cell: S) -> S {
    if cell.is_untouched() { S::ZERO } else { J::pulse(cell) }
}

#[cfg(test)]
mod tests {
    use super::{EDGES_PER_CHUNK, Marks, Pulses};
    use crate::graph::{Row, WeightSlice};
    use crate::spread::conditions::Conditions;
    use crate::spread::kernel::Sum;
    use crate::spread::request::Bounds;
    use crate::spread::watch::Watch;

    fn prepared(nodes: usize) -> Pulses<f64> {
        let mut pulses = Pulses::default();
        pulses.prepare(nodes);
        pulses
    }

    #[test]
    fn the_bytes_said_are_the_bytes_taken() {
        for nodes in [1, 5000] {
            let pulses = prepared(nodes);
            let taken = size_of_val(&*pulses.cells) + size_of_val(&*pulses.touched);
            assert_eq!(Pulses::<f64>::bytes(nodes), taken + Marks::bytes(nodes), "{nodes} nodes");
        }
    }

    #[test]
    fn a_full_list_spills_into_the_marks_and_loses_nothing() {
        let mut pulses = prepared(3);
        let bounds = Bounds::default();
        let mut watch = Watch::start(&bounds, &Conditions::alone());
        // A negative weight too small to leave a trace: the cell stays -0 and is listed each time.
        let targets = vec![1u32; 2 * EDGES_PER_CHUNK];
        let weights = vec![-5e-324; targets.len()];
        let row = Row { targets: &targets, weights: WeightSlice::Double(&weights) };
        pulses.add_row::<Sum>(row, 0.1, &mut watch).unwrap();
        assert!(!pulses.is_listed());
        let row = Row { targets: &[0, 2], weights: WeightSlice::Double(&[2.0, 4.0]) };
        pulses.add_row::<Sum>(row, 0.5, &mut watch).unwrap();
        let mut seen = Vec::new();
        pulses.take_sorted::<Sum>(|node, pulse| seen.push((node, pulse)));
        assert_eq!(seen, [(0, 1.0), (1, 0.0), (2, 2.0)]);
        assert!(pulses.is_listed());
        pulses.take_sorted::<Sum>(|node, _| panic!("{node} is left"));
    }
}
