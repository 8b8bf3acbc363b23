//! One row that was changed after its block was made.

use super::row::{EdgeAt, RowParts, RowPiece};
use crate::graph::edges::Row;
use crate::sync::{Arc, FirstWins};

/// Most edges of a piece: what an edit copies. A row of so many pieces copies as many counts.
const PIECE_MAX: usize = 256;

/// One row that was changed after its block was made: all its edges, in the order of every row.
///
/// Rows of hubs are cut into pieces, so that an edit copies one of them and shares the others with
/// the generation before. Who reads such a row makes it whole once, and leaves that for the next
/// reader; who only writes never pays for it.
#[derive(Debug, Default)]
pub(crate) struct PatchedRow {
    /// In order, none empty.
    pieces: Vec<Arc<RowPiece>>,
    len: usize,
    whole: FirstWins<RowPiece>,
}

impl Clone for PatchedRow {
    fn clone(&self) -> Self {
        let mut pieces = Vec::with_capacity(self.pieces.len() + 1);
        pieces.extend_from_slice(&self.pieces);
        Self { pieces, len: self.len, whole: FirstWins::default() }
    }
}

impl PatchedRow {
    /// A copy of `parts`.
    pub(crate) fn of(parts: RowParts<'_>) -> Self {
        let len = parts.len();
        // Half full, so that the next edges find room.
        let size = if len <= PIECE_MAX { PIECE_MAX } else { PIECE_MAX / 2 };
        let starts = (0..len).step_by(size);
        let piece = |at: usize| Arc::new(RowPiece::of(parts.range(at..len.min(at + size))));
        Self { pieces: starts.map(piece).collect(), len, whole: FirstWins::default() }
    }

    /// A row of `edges`, which ascend strictly.
    pub(crate) fn new(edges: &[(EdgeAt, f64)]) -> Self {
        let mut row = Self::default();
        edges.iter().for_each(|(edge, weight)| {
            row.put(*edge, *weight);
        });
        row
    }

    /// Edges.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The row as it is read.
    #[inline]
    pub(crate) fn row(&self) -> Row<'_> {
        self.contiguous().map_or(RowParts::EMPTY.row, RowPiece::row)
    }

    /// The row with its columns.
    pub(crate) fn parts(&self) -> RowParts<'_> {
        self.contiguous().map_or(RowParts::EMPTY, RowPiece::parts)
    }

    /// All edges as one piece; `None` where there are none.
    #[inline]
    fn contiguous(&self) -> Option<&RowPiece> {
        match &*self.pieces {
            [] => None,
            [piece] => Some(piece),
            pieces => Some(self.whole.get().unwrap_or_else(|| self.made_whole(pieces))),
        }
    }

    #[cold]
    fn made_whole(&self, pieces: &[Arc<RowPiece>]) -> &RowPiece {
        let together = || {
            let mut whole = RowPiece::with_room(self.len);
            pieces.iter().for_each(|piece| whole.extend(piece.parts()));
            Ok::<_, std::convert::Infallible>(whole)
        };
        match self.whole.get_or_try(together) {
            Ok(whole) => whole,
            Err(never) => match never {},
        }
    }

    pub(crate) fn has_single_weights(&self) -> bool {
        self.pieces.iter().all(|piece| piece.has_single_weights())
    }

    /// The piece in which `edge` stands or would stand; 0 where there is none at all.
    fn piece_of(&self, edge: EdgeAt) -> usize {
        let ends_before = |piece: &Arc<RowPiece>| {
            let parts = piece.parts();
            parts.at(parts.len() - 1).cmp_place(edge).is_lt()
        };
        // After the end of all, the last piece grows.
        self.pieces.partition_point(ends_before).min(self.pieces.len().saturating_sub(1))
    }

    /// The weight of `edge`.
    pub(crate) fn weight(&self, edge: EdgeAt) -> Option<f64> {
        self.pieces.get(self.piece_of(edge))?.parts().weight(edge)
    }

    /// Sets the weight of `edge`, which is made where it is not there. Returns the one before.
    pub(crate) fn put(&mut self, edge: EdgeAt, weight: f64) -> Option<f64> {
        self.whole = FirstWins::default();
        if self.pieces.is_empty() {
            let mut piece = RowPiece::of(RowParts::EMPTY);
            piece.put(edge, weight);
            self.pieces.push(Arc::new(piece));
            self.len = 1;
            return None;
        }
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

    /// Removes `edge`. Returns its weight.
    pub(crate) fn take(&mut self, edge: EdgeAt) -> Option<f64> {
        let at = self.piece_of(edge);
        let weight = self.pieces.get(at)?.parts().weight(edge)?;
        self.whole = FirstWins::default();
        let piece = Arc::make_mut(&mut self.pieces[at]);
        piece.take(edge);
        if piece.len() == 0 {
            self.pieces.remove(at);
        }
        self.len -= 1;
        Some(weight)
    }

    /// Bytes it takes in memory, those that others share among them.
    pub(crate) fn bytes(&self) -> usize {
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
        let mut row = PatchedRow::default();
        let mut model = std::collections::BTreeMap::new();
        let mut kept = Vec::new();
        for turn in 0..6 * count {
            // A walk over all places, each several times, in no order.
            let place = turn.wrapping_mul(2_654_435_761) % count;
            let at = at(place / 2, place % 2, if place % 3 == 0 { f64::NAN } else { 7.0 });
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
        assert!(row.pieces.len() > 4 && row.pieces.iter().all(|p| p.len() <= PIECE_MAX));
        assert!(row.pieces.iter().all(|piece| piece.len() > 0));
        for (row, model) in kept {
            let weights: Vec<f64> = content(&row).iter().map(|edge| edge.3).collect();
            assert_eq!(weights, model.values().copied().collect::<Vec<_>>());
            assert_eq!(content(&PatchedRow::of(row.parts())), content(&row));
            let edges: Vec<_> = row.parts().edges().collect();
            assert_eq!(content(&PatchedRow::new(&edges)), content(&row));
        }
    }
}
