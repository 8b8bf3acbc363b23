//! One row that was changed after its block was made.

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

    /// Every edge and its weight, in order.
    pub(crate) fn edges(self) -> impl Iterator<Item = (EdgeAt, f64)> + use<'a> {
        (0..self.len()).map(move |position| (self.at(position), self.row.weights.at(position)))
    }
}

/// One row that was changed after its block was made: all its edges, in the order of every row.
#[derive(Debug)]
pub(crate) struct PatchedRow {
    targets: Vec<u32>,
    weights: WeightColumn,
    /// Empty while no edge of the row has a relation.
    relations: Vec<u32>,
    /// Empty while no edge of the row has a time.
    times: Vec<f64>,
}

/// Room for a few more edges than there are: a row is copied because it is about to grow.
fn copied<T: Copy>(values: &[T]) -> Vec<T> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut copy = Vec::with_capacity(values.len() + values.len() / 16 + 2);
    copy.extend_from_slice(values);
    copy
}

impl Clone for PatchedRow {
    fn clone(&self) -> Self {
        Self::of(self.parts())
    }
}

impl PatchedRow {
    /// A copy of `parts`.
    pub(crate) fn of(parts: RowParts<'_>) -> Self {
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

    /// A row of `edges`, which ascend strictly.
    pub(crate) fn new(edges: &[(EdgeAt, f64)]) -> Self {
        let mut row = Self::of(RowParts::EMPTY);
        for (edge, weight) in edges {
            row.insert(row.targets.len(), *edge, *weight);
        }
        row
    }

    /// The row as it is read.
    #[inline]
    pub(crate) fn row(&self) -> Row<'_> {
        let weights = match &self.weights {
            WeightColumn::Single(weights) => WeightSlice::Single(weights),
            WeightColumn::Double(weights) => WeightSlice::Double(weights),
        };
        Row { targets: &self.targets, weights }
    }

    pub(crate) fn parts(&self) -> RowParts<'_> {
        RowParts { row: self.row(), relations: &self.relations, times: &self.times }
    }

    pub(crate) const fn has_single_weights(&self) -> bool {
        matches!(self.weights, WeightColumn::Single(_))
    }

    /// Sets the weight of `edge`, which is made where it is not there. Returns the one before.
    pub(crate) fn put(&mut self, edge: EdgeAt, weight: f64) -> Option<f64> {
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
    pub(crate) fn take(&mut self, edge: EdgeAt) -> Option<f64> {
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
    pub(crate) fn bytes(&self) -> usize {
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

#[cfg(test)]
mod tests {
    use super::{EdgeAt, PatchedRow};

    fn at(other: u32, relation: u32, time: f64) -> EdgeAt {
        EdgeAt { other, relation, time }
    }

    /// What the row holds, with no time as -1.
    fn content(row: &PatchedRow) -> Vec<(u32, u32, f64, f64)> {
        let time = |time: f64| if time.is_nan() { -1.0 } else { time };
        row.parts().edges().map(|(e, w)| (e.other, e.relation, time(e.time), w)).collect()
    }

    #[test]
    fn edges_stand_in_the_order_of_a_row() {
        let mut row = PatchedRow::new(&[]);
        let none = f64::NAN;
        assert_eq!(row.put(at(5, 0, none), 1.0), None);
        assert!(row.relations.is_empty() && row.times.is_empty() && row.has_single_weights());
        assert_eq!(row.put(at(3, 2, none), 2.0), None);
        assert_eq!(row.put(at(3, 1, none), 3.0), None);
        assert_eq!(row.put(at(3, 1, 4.0), 4.0), None);
        assert_eq!(row.put(at(3, 1, -4.0), 5.0), None);
        assert_eq!(row.put(at(3, 1, none), 0.1), Some(3.0));
        assert!(!row.has_single_weights(), "0.1 is no single-precision number");
        let expected = [
            (3, 1, -1.0, 0.1),
            (3, 1, -4.0, 5.0),
            (3, 1, 4.0, 4.0),
            (3, 2, -1.0, 2.0),
            (5, 0, -1.0, 1.0),
        ];
        assert_eq!(content(&row), expected);
        assert_eq!(content(&row.clone()), expected);
        assert_eq!(row.take(at(3, 1, 5.0)), None);
        assert_eq!(row.take(at(3, 1, 4.0)), Some(4.0));
        assert_eq!(row.take(at(3, 1, -4.0)), Some(5.0));
        assert_eq!(content(&row), [expected[0], expected[3], expected[4]]);
        assert!(row.clone().times.is_empty(), "a column of nothing is not copied");
        assert_eq!(row.parts().weight(at(5, 0, none)), Some(1.0));
        assert_eq!(row.parts().weight(at(5, 1, none)), None);
    }
}
