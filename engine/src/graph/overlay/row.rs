//! Edges of one row, wherever they lie.

use crate::graph::builder::WeightColumn;
use crate::graph::edges::{NO_TIME, Row, WeightSlice};
use crate::graph::order::ascending;

/// What tells the edges of one row apart: the other end, the relation, the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EdgeAt {
    pub(crate) other: u32,
    /// Raw relation id.
    pub(crate) relation: u32,
    /// NaN for none.
    pub(crate) time: f64,
}

impl EdgeAt {
    fn order(self) -> (u32, u32, u64) {
        (self.other, self.relation, ascending(self.time))
    }

    /// Which of two edges comes first in a row.
    pub(crate) fn cmp_place(self, other: Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }

    /// Whether both name one edge.
    pub(crate) fn is(self, other: Self) -> bool {
        self.order() == other.order()
    }
}

/// One row with its columns, wherever it lies. A column that is empty is one of nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowParts<'a> {
    pub(crate) row: Row<'a>,
    pub(crate) relations: &'a [u32],
    pub(crate) times: &'a [f64],
}

impl<'a> RowParts<'a> {
    /// A row without edges.
    pub(crate) const EMPTY: Self = Self {
        row: Row { targets: &[], weights: WeightSlice::Single(&[]) },
        relations: &[],
        times: &[],
    };

    pub(crate) fn len(&self) -> usize {
        self.row.targets.len()
    }

    /// The edge at `position`.
    pub(crate) fn at(&self, position: usize) -> EdgeAt {
        EdgeAt {
            other: self.row.targets[position],
            relation: self.relations.get(position).copied().unwrap_or(0),
            time: self.times.get(position).copied().unwrap_or(NO_TIME),
        }
    }

    /// Where `edge` stands, or would stand.
    pub(crate) fn find(&self, edge: EdgeAt) -> Result<usize, usize> {
        let wanted = edge.order();
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.at(middle).order().cmp(&wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// The weight of `edge`.
    pub(crate) fn weight(&self, edge: EdgeAt) -> Option<f64> {
        self.find(edge).ok().map(|position| self.row.weights.at(position))
    }

    /// Those at the positions in `range`.
    pub(crate) fn range(&self, range: std::ops::Range<usize>) -> Self {
        let column = |len: usize| if len == 0 { 0..0 } else { range.clone() };
        Self {
            row: Row {
                targets: &self.row.targets[range.clone()],
                weights: self.row.weights.range(range.clone()),
            },
            relations: &self.relations[column(self.relations.len())],
            times: &self.times[column(self.times.len())],
        }
    }

    /// Every edge and its weight, in order.
    pub(crate) fn edges(self) -> impl Iterator<Item = (EdgeAt, f64)> + use<'a> {
        (0..self.len()).map(move |position| (self.at(position), self.row.weights.at(position)))
    }
}

/// Edges of one row that follow each other, to be changed.
#[derive(Debug)]
pub(crate) struct RowPiece {
    targets: Vec<u32>,
    weights: WeightColumn,
    /// Empty while no edge of the row has a relation.
    relations: Vec<u32>,
    /// Empty while no edge of the row has a time.
    times: Vec<f64>,
}

/// Room for a few more edges than there are: a piece is copied because it is about to grow.
fn copied<T: Copy>(values: &[T]) -> Vec<T> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut copy = Vec::with_capacity(values.len() + values.len() / 16 + 2);
    copy.extend_from_slice(values);
    copy
}

impl Clone for RowPiece {
    fn clone(&self) -> Self {
        Self::of(self.parts())
    }
}

impl RowPiece {
    /// A copy of `parts`.
    pub(super) fn of(parts: RowParts<'_>) -> Self {
        Self {
            targets: copied(parts.row.targets),
            weights: match parts.row.weights {
                WeightSlice::Single(weights) => WeightColumn::Single(copied(weights)),
                WeightSlice::Double(weights) => WeightColumn::Double(copied(weights)),
            },
            // A column of the graph that says nothing of this row is not kept with it.
            relations: match parts.relations.iter().any(|relation| *relation != 0) {
                true => copied(parts.relations),
                false => Vec::new(),
            },
            times: match parts.times.iter().any(|time| !time.is_nan()) {
                true => copied(parts.times),
                false => Vec::new(),
            },
        }
    }

    /// Nothing, with room for `len` edges without relations and times, of narrow weights.
    pub(super) fn with_room(len: usize) -> Self {
        Self {
            targets: Vec::with_capacity(len),
            weights: WeightColumn::with_room(true, len),
            relations: Vec::new(),
            times: Vec::new(),
        }
    }

    /// Adds `parts`, all of whose edges come after those that are there.
    pub(super) fn extend(&mut self, parts: RowParts<'_>) {
        let (before, after) = (self.len(), self.len() + parts.len());
        if !parts.relations.is_empty() || !self.relations.is_empty() {
            self.relations.resize(before, 0);
            self.relations.extend_from_slice(parts.relations);
            self.relations.resize(after, 0);
        }
        if !parts.times.is_empty() || !self.times.is_empty() {
            self.times.resize(before, NO_TIME);
            self.times.extend_from_slice(parts.times);
            self.times.resize(after, NO_TIME);
        }
        self.targets.extend_from_slice(parts.row.targets);
        self.weights.extend(parts.row.weights);
    }

    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// The row as it is read.
    #[inline]
    pub(super) fn row(&self) -> Row<'_> {
        let weights = match &self.weights {
            WeightColumn::Single(weights) => WeightSlice::Single(weights),
            WeightColumn::Double(weights) => WeightSlice::Double(weights),
        };
        Row { targets: &self.targets, weights }
    }

    pub(super) fn parts(&self) -> RowParts<'_> {
        RowParts { row: self.row(), relations: &self.relations, times: &self.times }
    }

    pub(super) const fn has_single_weights(&self) -> bool {
        self.weights.is_single()
    }

    /// Sets the weight of `edge`, which is made where it is not there. Returns the one before.
    pub(super) fn put(&mut self, edge: EdgeAt, weight: f64) -> Option<f64> {
        match self.parts().find(edge) {
            Ok(position) => {
                let before = self.weights.at(position);
                self.weights.set(position, weight);
                Some(before)
            }
            Err(position) => {
                self.insert(position, edge, weight);
                None
            }
        }
    }

    /// Removes `edge`. Returns its weight.
    pub(super) fn take(&mut self, edge: EdgeAt) -> Option<f64> {
        let position = self.parts().find(edge).ok()?;
        self.targets.remove(position);
        if !self.relations.is_empty() {
            self.relations.remove(position);
        }
        if !self.times.is_empty() {
            self.times.remove(position);
        }
        Some(self.weights.remove(position))
    }

    fn insert(&mut self, position: usize, edge: EdgeAt, weight: f64) {
        let len = self.targets.len();
        if edge.relation != 0 || !self.relations.is_empty() {
            self.relations.resize(len, 0);
            self.relations.insert(position, edge.relation);
        }
        if !edge.time.is_nan() || !self.times.is_empty() {
            self.times.resize(len, NO_TIME);
            self.times.insert(position, edge.time);
        }
        self.targets.insert(position, edge.other);
        self.weights.insert(position, weight);
    }

    /// Bytes it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let weights = match &self.weights {
            WeightColumn::Single(weights) => weights.capacity() * size_of::<f32>(),
            WeightColumn::Double(weights) => weights.capacity() * size_of::<f64>(),
        };
        size_of::<Self>()
            + (self.targets.capacity() + self.relations.capacity()) * size_of::<u32>()
            + self.times.capacity() * size_of::<f64>()
            + weights
    }
}
