//! Edges in one direction, as compressed sparse rows.

use super::blocks::{Blocks, ROWS_PER_BLOCK, ROWS_PER_BLOCK_BITS};
use super::dense::DenseCell;
use super::error::DamagedBlock;
use super::overlay::{EdgeAt, PatchedRow, RowParts, Sparse};
use super::prefetch::prefetch;
use super::tiers::{Columns, EdgeHold, HeldBlocks};
use crate::sync::Arc;
use crate::terms::{NodeId, Tier};

/// Weights of a run of edges, in the narrower of the two types that holds every weight exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightSlice<'a> {
    /// Every weight of the graph is a single-precision number.
    Single(&'a [f32]),
    /// Some weight of the graph is not.
    Double(&'a [f64]),
}

impl WeightSlice<'_> {
    /// The weight at `position`, exactly.
    ///
    /// # Panics
    /// Where there is none.
    #[inline]
    #[must_use]
    pub fn at(self, position: usize) -> f64 {
        match self {
            Self::Single(weights) => f64::from(weights[position]),
            Self::Double(weights) => weights[position],
        }
    }
}

impl WeightSlice<'_> {
    /// The weights at the positions in `range`.
    pub(crate) fn range(self, range: std::ops::Range<usize>) -> Self {
        match self {
            Self::Single(weights) => Self::Single(&weights[range]),
            Self::Double(weights) => Self::Double(&weights[range]),
        }
    }
}

/// The edges of one node, ascending by the id of the other end, then relation, then time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// The other ends.
    pub targets: &'a [u32],
    /// Their weights, one each.
    pub weights: WeightSlice<'a>,
}

impl Row<'_> {
    /// No edges.
    pub(crate) const EMPTY: Self = Self { targets: &[], weights: WeightSlice::Single(&[]) };

    /// Number of edges.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Asks for its first edges.
    #[inline(always)]
    pub(super) fn prefetch(self) {
        prefetch(self.targets, 0);
        match self.weights {
            WeightSlice::Single(weights) => prefetch(weights, 0),
            WeightSlice::Double(weights) => prefetch(weights, 0),
        }
    }
}

/// Weights of one block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Weights {
    Single(Box<[f32]>),
    Double(Box<[f64]>),
}

/// The rows of [`ROWS_PER_BLOCK`] neighbouring nodes; the last block may have fewer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EdgeBlock {
    /// `offsets[i]..offsets[i + 1]` are the edges of the block's row `i`.
    pub(crate) offsets: Box<[u32]>,
    pub(crate) targets: Box<[u32]>,
    pub(crate) weights: Weights,
}

impl EdgeBlock {
    /// Positions of the edges of `row`.
    #[inline]
    pub(crate) fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }

    #[inline(always)]
    fn row(&self, row: usize) -> Row<'_> {
        let range = self.range(row);
        let weights = match &self.weights {
            Weights::Single(weights) => WeightSlice::Single(&weights[range.clone()]),
            Weights::Double(weights) => WeightSlice::Double(&weights[range.clone()]),
        };
        Row { targets: &self.targets[range], weights }
    }
}

/// One value per edge of a block, parallel to its targets.
pub(crate) type Column<T> = Box<[T]>;

/// A time of an edge that has none.
pub(crate) const NO_TIME: f64 = f64::NAN;

/// All edges of a graph in one direction. A clone shares them.
#[derive(Clone, Debug)]
pub(crate) struct Edges {
    pub(crate) rows: Blocks<EdgeBlock>,
    /// Raw relation ids, where any edge has a relation.
    pub(crate) relations: Option<Blocks<Column<u32>>>,
    /// Times in seconds, [`NO_TIME`] for none, where any edge has a time.
    pub(crate) times: Option<Blocks<Column<f64>>>,
    /// The same edges for hops in which most nodes fire; of the blocks alone.
    pub(crate) dense: Arc<DenseCell>,
    /// Nodes that have a row in the blocks.
    nodes: usize,
    /// Whether any row is not the one in the blocks.
    overlaid: bool,
    /// Rows that stand for those in the blocks, whole.
    patches: Sparse<PatchedRow>,
}

impl Edges {
    /// Edges of `nodes` nodes in blocks of rows, with their columns.
    pub(crate) fn new(
        nodes: usize,
        rows: Blocks<EdgeBlock>,
        relations: Option<Blocks<Column<u32>>>,
        times: Option<Blocks<Column<f64>>>,
    ) -> Self {
        Self {
            rows,
            relations,
            times,
            dense: Arc::default(),
            nodes,
            overlaid: false,
            patches: Sparse::default(),
        }
    }

    /// Whether any row is not the one in the blocks: they alone do not tell the edges then.
    pub(crate) const fn is_overlaid(&self) -> bool {
        self.overlaid
    }

    /// Rows that stand for those in the blocks.
    pub(crate) const fn patches(&self) -> &Sparse<PatchedRow> {
        &self.patches
    }

    /// Nodes that have a row in the blocks; those above it have one among the patches, or none.
    pub(crate) const fn block_nodes(&self) -> usize {
        self.nodes
    }

    /// The same blocks without what stands over them.
    pub(crate) fn blocks_alone(&self) -> Self {
        Self { overlaid: false, patches: Sparse::default(), ..self.clone() }
    }

    /// The same blocks under other patches.
    pub(crate) fn overlaid_by(&self, patches: Sparse<PatchedRow>) -> Self {
        Self { overlaid: true, patches, ..self.clone() }
    }

    /// Notes that there are nodes without a row in the blocks.
    pub(crate) const fn overlay(&mut self) {
        self.overlaid = true;
    }

    /// The row of `node`, to be changed.
    pub(crate) fn edit(&mut self, node: u32) -> Result<&mut PatchedRow, DamagedBlock> {
        if self.patches.get(node).is_none() {
            let mut hold = EdgeHold::new();
            let row = PatchedRow::of(self.parts_in(NodeId::new(node), &mut hold, Columns::ALL)?);
            self.patches.insert(node, Arc::new(row));
        }
        self.overlaid = true;
        Ok(self.patches.get_mut(node).expect("inserted where it was not there"))
    }

    /// Replaces the row of `node`.
    pub(crate) fn replace(&mut self, node: u32, row: PatchedRow) {
        self.overlaid = true;
        self.patches.insert(node, Arc::new(row));
    }

    /// The row of `node` where it is not the one in the blocks.
    #[inline(always)]
    fn over(&self, node: NodeId) -> Option<Row<'_>> {
        match self.patches.get(node.get()) {
            Some(row) => Some(row.row()),
            None if node.index() >= self.nodes => Some(RowParts::EMPTY.row),
            None => None,
        }
    }

    /// The row of `node` with its columns.
    pub(crate) fn parts(&self, node: NodeId) -> Result<RowParts<'_>, DamagedBlock> {
        match self.patches.get(node.get()) {
            Some(row) => Ok(row.parts()),
            None => self.block_parts(node),
        }
    }

    /// The weight of an edge that leaves `node`, or enters it where these are in-edges.
    pub(crate) fn weight(&self, node: NodeId, edge: EdgeAt) -> Result<Option<f64>, DamagedBlock> {
        match self.patches.get(node.get()) {
            Some(row) => Ok(row.weight(edge)),
            None => {
                let mut hold = EdgeHold::new();
                Ok(self.block_parts_in(node, &mut hold, Columns::ALL)?.weight(edge))
            }
        }
    }

    /// The row of `node` in the blocks, whatever stands over it.
    pub(crate) fn block_parts(&self, node: NodeId) -> Result<RowParts<'_>, DamagedBlock> {
        self.block_columns(node, Columns::ALL)
    }

    fn block_columns(&self, node: NodeId, columns: Columns) -> Result<RowParts<'_>, DamagedBlock> {
        if node.index() >= self.nodes {
            return Ok(RowParts::EMPTY);
        }
        let block = self.rows.get(node.index() >> ROWS_PER_BLOCK_BITS)?;
        let relations = self.relations.as_ref().filter(|_| columns.relations);
        let times = self.times.as_ref().filter(|_| columns.times);
        Ok(RowParts {
            row: block.row(node.index() & (ROWS_PER_BLOCK - 1)),
            relations: self.column(relations, node)?,
            times: self.column(times, node)?,
        })
    }

    /// Whether weights are kept in single precision. A file says so without being read.
    pub(crate) fn weights_are_single(&self) -> bool {
        if let Some(file) = self.rows.file() {
            return file.width() == size_of::<f32>() as u32;
        }
        (0..self.rows.len())
            .find_map(|position| self.rows.held(position))
            .is_none_or(|block| matches!(block.weights, Weights::Single(_)))
    }

    /// From where the row of `node` would be read now; hot where it is in memory.
    pub(crate) fn tier(&self, node: u32) -> Tier {
        if self.overlaid && self.over(NodeId::new(node)).is_some() {
            return Tier::Hot;
        }
        self.rows.tier(node as usize >> ROWS_PER_BLOCK_BITS)
    }

    /// Whether the row of `node` is in memory for good.
    pub(crate) fn is_held(&self, node: u32) -> bool {
        (self.overlaid && self.over(NodeId::new(node)).is_some())
            || self.rows.held(node as usize >> ROWS_PER_BLOCK_BITS).is_some()
    }

    /// Asks for where the row of `node` begins and ends.
    #[inline(always)]
    pub(crate) fn prefetch_range(&self, node: u32) {
        if let Some(block) = self.rows.held(node as usize >> ROWS_PER_BLOCK_BITS) {
            prefetch(&block.offsets, node as usize & (ROWS_PER_BLOCK - 1));
        }
        if self.overlaid
            && let Some(row) = self.patches.get(node)
        {
            prefetch(std::slice::from_ref(row), 0);
        }
    }

    /// Asks for the first edges of the row of `node`.
    #[inline(always)]
    pub(crate) fn prefetch_row(&self, node: u32) {
        if self.overlaid
            && let Some(row) = self.over(NodeId::new(node))
        {
            return row.prefetch();
        }
        self.prefetch_block_row(node);
    }

    /// The same of the row in the blocks, whatever stands over it.
    #[inline(always)]
    pub(crate) fn prefetch_block_row(&self, node: u32) {
        if let Some(block) = self.rows.held(node as usize >> ROWS_PER_BLOCK_BITS) {
            let start = block.offsets[node as usize & (ROWS_PER_BLOCK - 1)] as usize;
            prefetch(&block.targets, start);
            match &block.weights {
                Weights::Single(weights) => prefetch(weights, start),
                Weights::Double(weights) => prefetch(weights, start),
            }
        }
    }

    /// The row of `node`.
    #[inline(always)]
    pub(crate) fn row(&self, node: NodeId) -> Result<Row<'_>, DamagedBlock> {
        if self.overlaid
            && let Some(row) = self.over(node)
        {
            return Ok(row);
        }
        self.block_row(node)
    }

    /// The row of `node` in the blocks, where it has one, whatever stands over it.
    #[inline(always)]
    pub(crate) fn block_row(&self, node: NodeId) -> Result<Row<'_>, DamagedBlock> {
        let block = self.rows.get(node.index() >> ROWS_PER_BLOCK_BITS)?;
        Ok(block.row(node.index() & (ROWS_PER_BLOCK - 1)))
    }

    /// The row of `node`, out of its block, which `hold` holds where it may leave memory.
    #[inline(always)]
    pub(crate) fn row_in<'r>(
        &'r self,
        node: NodeId,
        hold: &'r mut EdgeHold,
    ) -> Result<Row<'r>, DamagedBlock> {
        if self.overlaid
            && let Some(row) = self.over(node)
        {
            return Ok(row);
        }
        let position = node.index() >> ROWS_PER_BLOCK_BITS;
        let block = match self.rows.held(position) {
            Some(block) => block,
            None => self.block_in(position, hold)?,
        };
        Ok(block.row(node.index() & (ROWS_PER_BLOCK - 1)))
    }

    /// A block of rows that is not among those kept for good.
    #[inline(never)]
    fn block_in<'r>(
        &'r self,
        position: usize,
        hold: &'r mut EdgeHold,
    ) -> Result<&'r EdgeBlock, DamagedBlock> {
        match self.rows.shelved() {
            Some(shelved) => hold.of(&shelved.tiers).rows(shelved.shelf, position),
            None => self.rows.get(position),
        }
    }

    /// The row of `node` with those of its columns that are wanted, out of blocks that `hold`
    /// holds where they may leave memory.
    pub(crate) fn parts_in<'r>(
        &'r self,
        node: NodeId,
        hold: &'r mut EdgeHold,
        columns: Columns,
    ) -> Result<RowParts<'r>, DamagedBlock> {
        if self.overlaid
            && let Some(row) = self.patches.get(node.get())
        {
            return Ok(row.parts());
        }
        self.block_parts_in(node, hold, columns)
    }

    /// The same of the row in the blocks, whatever stands over it.
    pub(crate) fn block_parts_in<'r>(
        &'r self,
        node: NodeId,
        hold: &'r mut EdgeHold,
        columns: Columns,
    ) -> Result<RowParts<'r>, DamagedBlock> {
        let Some(shelved) = self.rows.shelved() else { return self.block_columns(node, columns) };
        if node.index() >= self.nodes {
            return Ok(RowParts::EMPTY);
        }
        let relations = self.relations.as_ref().filter(|_| columns.relations);
        let times = self.times.as_ref().filter(|_| columns.times);
        let position = node.index() >> ROWS_PER_BLOCK_BITS;
        let (rows, relations, times): HeldBlocks<'r, EdgeBlock, Column<u32>, Column<f64>> =
            hold.of(&shelved.tiers).all(
                shelved,
                relations.and_then(Blocks::shelved),
                times.and_then(Blocks::shelved),
                position,
            )?;
        let row = node.index() & (ROWS_PER_BLOCK - 1);
        let range = rows.range(row);
        Ok(RowParts {
            row: rows.row(row),
            relations: relations.map_or(&[], |column| &column[range.clone()]),
            times: times.map_or(&[], |column| &column[range]),
        })
    }

    /// Whether the row of `node` and those of its columns that are wanted are in memory, and stay
    /// there while `hold` is not cleared.
    pub(crate) fn is_hot_in(&self, node: NodeId, hold: &mut EdgeHold, columns: Columns) -> bool {
        if self.overlaid && self.over(node).is_some() {
            return true;
        }
        let position = node.index() >> ROWS_PER_BLOCK_BITS;
        let relations = self.relations.as_ref().filter(|_| columns.relations);
        let times = self.times.as_ref().filter(|_| columns.times);
        let columns = [relations.and_then(Blocks::shelved), times.and_then(Blocks::shelved)];
        match self.rows.shelved() {
            None => self.rows.held(position).is_some(),
            Some(rows) => {
                let in_hand = hold.of(&rows.tiers);
                let mut shelved = columns.into_iter().flatten().chain([rows]);
                shelved.all(|shelved| in_hand.is_hot(shelved.shelf, position))
            }
        }
    }

    /// Says that the rows of `nodes`, ascending, will be followed: the blocks that are not in
    /// memory are asked for. Of a graph without a memory budget nothing is.
    pub(crate) fn plan_reads(&self, nodes: &[u32], hold: &mut EdgeHold) {
        let Some(shelved) = self.rows.shelved() else { return };
        let block = |node: &u32| *node as usize >> ROWS_PER_BLOCK_BITS;
        let blocks = nodes.chunk_by(|a, b| block(a) == block(b)).map(|run| block(&run[0]));
        let blocks = blocks.filter(|position| *position < self.rows.len());
        hold.of(&shelved.tiers).plan(shelved.shelf, blocks);
    }

    /// Whether rows come and go within a budget.
    pub(crate) const fn comes_and_goes(&self) -> bool {
        self.rows.shelved().is_some()
    }

    /// Says where the host wants the blocks that the row of `node` lies in.
    pub(crate) fn pin(&self, node: NodeId, tier: Option<Tier>) {
        let position = node.index() >> ROWS_PER_BLOCK_BITS;
        let relations = self.relations.as_ref().and_then(Blocks::shelved);
        let times = self.times.as_ref().and_then(Blocks::shelved);
        for shelved in [self.rows.shelved(), relations, times].into_iter().flatten() {
            if position < self.rows.len() {
                shelved.tiers.pin(shelved.shelf, position, tier);
            }
        }
    }

    /// Raw relation ids of the row of `node`; empty where no edge of the graph, or none of a row
    /// that was changed, has a relation.
    pub(crate) fn relations(&self, node: NodeId) -> Result<&[u32], DamagedBlock> {
        if self.overlaid {
            return Ok(self.parts(node)?.relations);
        }
        self.column(self.relations.as_ref(), node)
    }

    /// Times of the row of `node`; empty where no edge of the graph, or none of a row that was
    /// changed, has a time.
    pub(crate) fn times(&self, node: NodeId) -> Result<&[f64], DamagedBlock> {
        if self.overlaid {
            return Ok(self.parts(node)?.times);
        }
        self.column(self.times.as_ref(), node)
    }

    fn column<'a, T>(
        &'a self,
        column: Option<&'a Blocks<Column<T>>>,
        node: NodeId,
    ) -> Result<&'a [T], DamagedBlock>
    where
        Column<T>: super::native::Stored,
    {
        let Some(column) = column else { return Ok(&[]) };
        let position = node.index() >> ROWS_PER_BLOCK_BITS;
        let range = self.rows.get(position)?.range(node.index() & (ROWS_PER_BLOCK - 1));
        Ok(&column.get(position)?[range])
    }
}
