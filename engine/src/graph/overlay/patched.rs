//! One row that was changed after its block was made.

use std::convert::Infallible;

use super::row::{EdgeAt, RowParts, RowPiece};
use crate::graph::edges::Row;
use crate::graph::prefetch::prefetch_all;
use crate::sync::{Arc, FirstWins};

/// Most edges of a piece: what an edit copies. A row of so many pieces copies as many counts.
const PIECE_MAX: usize = if cfg!(miri) { 8 } else { 256 };

/// One row that was changed after its block was made: all its edges, in the order of every row.
#[derive(Clone, Debug)]
pub(crate) enum PatchedRow {
    /// Where there are few: nothing stands between who reads it and its edges.
    Whole(RowPiece),
    /// Where there are more than [`PIECE_MAX`].
    Long(Box<LongRow>),
}

/// A row of a hub. It is cut into pieces, so that an edit copies one of them and shares the others
/// with the generation before. Who reads it makes it whole once, and leaves that for the next
/// reader; who only writes never pays for it.
#[derive(Debug)]
pub(crate) struct LongRow {
    /// In order, none empty.
    pieces: Vec<Arc<RowPiece>>,
    len: usize,
    whole: FirstWins<RowPiece>,
}

impl PatchedRow {
    /// A copy of `parts`.
    pub(crate) fn of(parts: RowParts<'_>) -> Self {
        if parts.len() <= PIECE_MAX {
            Self::Whole(RowPiece::of(parts))
        } else {
            Self::Long(Box::new(LongRow::of(parts)))
        }
    }

    /// A row of `edges`, which ascend strictly.
    pub(crate) fn new(edges: &[(EdgeAt, f64)]) -> Self {
        let mut row = Self::of(RowParts::EMPTY);
        for (edge, weight) in edges {
            row.put(*edge, *weight);
        }
        row
    }

    /// Edges.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(piece) => piece.len(),
            Self::Long(row) => row.len,
        }
    }

    /// The row as it is read.
    #[inline]
    pub(crate) fn row(&self) -> Row<'_> {
        match self {
            Self::Whole(piece) => piece.row(),
            Self::Long(row) => row.whole().row(),
        }
    }

    /// Asks for the first step of the way to its edges.
    #[inline(always)]
    pub(crate) fn prefetch_entry(&self) {
        prefetch_all(self);
    }

    /// Asks for the second step, where there are more.
    #[inline(always)]
    pub(crate) fn prefetch_long(&self) {
        if let Self::Long(row) = self {
            prefetch_all(&**row);
        }
    }

    /// Asks for the last step before the edges themselves.
    #[inline(always)]
    pub(crate) fn prefetch_whole(&self) {
        if let Self::Long(row) = self
            && let Some(whole) = row.whole.get()
        {
            prefetch_all(whole);
        }
    }

    /// The row with its columns.
    pub(crate) fn parts(&self) -> RowParts<'_> {
        match self {
            Self::Whole(piece) => piece.parts(),
            Self::Long(row) => row.whole().parts(),
        }
    }

    pub(crate) fn has_single_weights(&self) -> bool {
        match self {
            Self::Whole(piece) => piece.has_single_weights(),
            Self::Long(row) => row.pieces.iter().all(|piece| piece.has_single_weights()),
        }
    }

    /// The weight of `edge`.
    pub(crate) fn weight(&self, edge: EdgeAt) -> Option<f64> {
        match self {
            Self::Whole(piece) => piece.parts().weight(edge),
            Self::Long(row) => row.pieces[row.piece_of(edge)].parts().weight(edge),
        }
    }

    /// Sets the weight of `edge`, which is made where it is not there. Returns the one before.
    pub(crate) fn put(&mut self, edge: EdgeAt, weight: f64) -> Option<f64> {
        match self {
            Self::Whole(piece) => {
                let before = piece.put(edge, weight);
                if piece.len() > PIECE_MAX {
                    *self = Self::of(piece.parts());
                }
                before
            }
            Self::Long(row) => row.put(edge, weight),
        }
    }

    /// Removes `edge`. Returns its weight.
    pub(crate) fn take(&mut self, edge: EdgeAt) -> Option<f64> {
        match self {
            Self::Whole(piece) => piece.take(edge),
            Self::Long(row) => {
                let weight = row.take(edge);
                if row.len <= PIECE_MAX / 2 {
                    *self = Self::of(row.whole().parts());
                }
                weight
            }
        }
    }

    /// Bytes it takes in memory, those that others share among them.
    pub(crate) fn bytes(&self) -> usize {
        let more = match self {
            Self::Whole(piece) => piece.bytes() - size_of::<RowPiece>(),
            Self::Long(row) => row.bytes(),
        };
        size_of::<Self>() + more
    }
}

impl Clone for LongRow {
    fn clone(&self) -> Self {
        let mut pieces = Vec::with_capacity(self.pieces.len() + 1);
        pieces.extend_from_slice(&self.pieces);
        Self { pieces, len: self.len, whole: FirstWins::default() }
    }
}

impl LongRow {
    /// A copy of `parts`, which are not nothing.
    fn of(parts: RowParts<'_>) -> Self {
        // Half full, so that the next edges find room.
        let (len, size) = (parts.len(), PIECE_MAX / 2);
        let starts = (0..len).step_by(size);
        let piece = |at: usize| Arc::new(RowPiece::of(parts.range(at..len.min(at + size))));
        Self { pieces: starts.map(piece).collect(), len, whole: FirstWins::default() }
    }

    #[inline]
    fn whole(&self) -> &RowPiece {
        self.whole.get().unwrap_or_else(|| self.made_whole())
    }

    #[cold]
    fn made_whole(&self) -> &RowPiece {
        let together = || {
            let mut whole = RowPiece::with_room(self.len);
            self.pieces.iter().for_each(|piece| whole.extend(piece.parts()));
            Ok::<_, Infallible>(whole)
        };
        match self.whole.get_or_try(together) {
            Ok(whole) => whole,
            Err(never) => match never {},
        }
    }

    /// The piece in which `edge` stands or would stand.
    fn piece_of(&self, edge: EdgeAt) -> usize {
        let ends_before = |piece: &Arc<RowPiece>| {
            let parts = piece.parts();
            parts.at(parts.len() - 1).cmp_place(edge).is_lt()
        };
        // After the end of all, the last piece grows.
        self.pieces.partition_point(ends_before).min(self.pieces.len() - 1)
    }

    fn put(&mut self, edge: EdgeAt, weight: f64) -> Option<f64> {
        self.whole = FirstWins::default();
        let at = self.piece_of(edge);
        let piece = Arc::make_mut(&mut self.pieces[at]);
        let before = piece.put(edge, weight);
        if piece.len() > PIECE_MAX {
            // Edges that come in their order fill pieces; others leave room on both sides.
            let is_last = piece.parts().at(PIECE_MAX).is(edge);
            let middle = if is_last { PIECE_MAX } else { PIECE_MAX / 2 };
            let [low, high] = [0..middle, middle..piece.len()];
            let high = Arc::new(RowPiece::of(piece.parts().range(high)));
            *piece = RowPiece::of(piece.parts().range(low));
            self.pieces.insert(at + 1, high);
        }
        self.len += usize::from(before.is_none());
        before
    }

    fn take(&mut self, edge: EdgeAt) -> Option<f64> {
        let at = self.piece_of(edge);
        let weight = self.pieces[at].parts().weight(edge)?;
        self.whole = FirstWins::default();
        let piece = Arc::make_mut(&mut self.pieces[at]);
        piece.take(edge);
        if piece.len() == 0 {
            self.pieces.remove(at);
        }
        self.len -= 1;
        Some(weight)
    }

    fn bytes(&self) -> usize {
        let whole = self.whole.get().map_or(0, RowPiece::bytes);
        let pieces = self.pieces.iter().map(|piece| size_of::<Arc<RowPiece>>() + piece.bytes());
        size_of::<Self>() + whole + pieces.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE_MAX, PatchedRow};
    use crate::graph::overlay::EdgeAt;

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
        let parts = row.parts();
        assert!(parts.relations.is_empty() && parts.times.is_empty() && row.has_single_weights());
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
        let copy = PatchedRow::of(row.parts());
        assert!(copy.parts().times.is_empty(), "a column of nothing is not copied");
        assert_eq!(row.parts().weight(at(5, 0, none)), Some(1.0));
        assert_eq!(row.parts().weight(at(5, 1, none)), None);
    }

    #[test]
    fn a_long_row_is_one_in_pieces_and_its_copies_stay_as_they_were() {
        let count = 20 * PIECE_MAX as u32;
        let mut row = PatchedRow::new(&[]);
        let mut model = std::collections::BTreeMap::new();
        let mut kept = Vec::new();
        for turn in 0..6 * count {
            // A walk over all places, each several times, in no order.
            let place = turn.wrapping_mul(2_654_435_761) % count;
            let at = at(place / 2, place % 2, if place.is_multiple_of(3) { f64::NAN } else { 7.0 });
            let weight = f64::from(turn) * if turn % 5 == 0 { 0.1 } else { 0.5 };
            if turn % 3 == 2 {
                assert_eq!(row.take(at), model.remove(&place), "turn {turn}");
            } else {
                assert_eq!(row.put(at, weight), model.insert(place, weight), "turn {turn}");
            }
            assert_eq!((row.len(), row.weight(at)), (model.len(), model.get(&place).copied()));
            if turn % count == count - 1 {
                kept.push((row.clone(), model.clone()));
            }
        }
        let PatchedRow::Long(long) = &row else { panic!("it has {} edges", row.len()) };
        assert!(long.pieces.len() > 4);
        assert!(long.pieces.iter().all(|piece| (1..=PIECE_MAX).contains(&piece.len())));
        for (row, model) in kept {
            let weights: Vec<f64> = content(&row).iter().map(|edge| edge.3).collect();
            assert_eq!(weights, model.values().copied().collect::<Vec<_>>());
            assert_eq!(content(&PatchedRow::of(row.parts())), content(&row));
            let edges: Vec<_> = row.parts().edges().collect();
            assert_eq!(content(&PatchedRow::new(&edges)), content(&row));
        }
    }

    #[test]
    fn a_row_is_long_only_while_it_has_many_edges() {
        let mut row = PatchedRow::new(&[]);
        let is_long = |row: &PatchedRow| matches!(row, PatchedRow::Long(_));
        for other in 0..=PIECE_MAX as u32 {
            assert!(!is_long(&row), "{other}");
            row.put(at(other, 0, f64::NAN), 1.0);
        }
        assert!(is_long(&row) && row.bytes() > 2 * PIECE_MAX * 4);
        while is_long(&row) {
            let last = row.len() as u32 - 1;
            assert_eq!(row.take(at(last, 0, f64::NAN)), Some(1.0));
        }
        assert_eq!(row.len(), PIECE_MAX / 2);
        assert!(row.parts().edges().map(|(edge, _)| edge.other).eq(0..PIECE_MAX as u32 / 2));
    }
}
