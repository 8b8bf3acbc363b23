//! What the rules share whose whole state moves at every step.

use crate::graph::{Row, WeightSlice};
use crate::spread::kernel::Sum;
use crate::spread::ledger::Ledger;
use crate::spread::plan::SeedAt;
use crate::spread::run::{Halt, Run};
use crate::spread::scratch::{Frontier, State};
use crate::terms::StopReason;

/// The sum of a row's weights, in the order of the row.
pub(super) fn row_sum(row: Row<'_>) -> f64 {
    match row.weights {
        WeightSlice::Single(weights) => {
            weights.iter().fold(0.0, |sum, weight| sum + f64::from(*weight))
        }
        WeightSlice::Double(weights) => weights.iter().fold(0.0, |sum, weight| sum + weight),
    }
}

/// Sums outside this range are taken over scaled weights: `x / sum` could overflow although
/// `x * (w / sum)` cannot, or the sum itself has.
const PLAIN_SUMS: std::ops::Range<f64> = 1e-280..f64::INFINITY;

/// Weights of a row whose sum is extreme, all multiplied by one power of two.
pub(super) struct ScaledWeights(Vec<f64>);

/// Whether a row of this sum is followed as it is.
pub(super) fn has_plain_sum(sum: f64) -> bool {
    PLAIN_SUMS.contains(&sum) || sum <= 0.0
}

impl ScaledWeights {
    /// Nothing where `sum`, the sum of `row`, can be divided by as it is.
    #[inline]
    pub(super) fn of(row: Row<'_>, sum: f64) -> Option<Self> {
        if has_plain_sum(sum) { None } else { Some(Self::made(row, sum)) }
    }

    #[cold]
    fn made(row: Row<'_>, sum: f64) -> Self {
        // Far enough down for 2^32 of the greatest weights, far enough up for the smallest one.
        let scale = if sum < 1.0 { f64::from_bits(2023 << 52) } else { f64::from_bits(923 << 52) };
        Self((0..row.len()).map(|position| row.weights.at(position) * scale).collect())
    }

    /// The row with these weights.
    pub(super) fn row<'r>(&'r self, row: Row<'r>) -> Row<'r> {
        Row { targets: row.targets, weights: WeightSlice::Double(&self.0) }
    }
}

/// The row without the edges from `node` to itself, as the parts before and after them.
pub(super) fn without_loop(row: Row<'_>, node: u32) -> [Row<'_>; 2] {
    let start = row.targets.partition_point(|target| *target < node);
    let end = row.targets.partition_point(|target| *target <= node);
    let part = |range: std::ops::Range<usize>| Row {
        targets: &row.targets[range.clone()],
        weights: match row.weights {
            WeightSlice::Single(weights) => WeightSlice::Single(&weights[range]),
            WeightSlice::Double(weights) => WeightSlice::Double(&weights[range]),
        },
    };
    [part(0..start), part(end..row.len())]
}

/// Looks up what seeds give to nodes that come in ascending order.
pub(super) struct Given<'a> {
    seeds: std::iter::Peekable<std::slice::Iter<'a, SeedAt>>,
}

impl<'a> Given<'a> {
    /// `seeds` are ascending by node.
    pub(super) fn by(seeds: &'a [SeedAt]) -> Self {
        Self { seeds: seeds.iter().peekable() }
    }

    /// Whether a seed that was not come to yet is before `node`.
    pub(super) fn any_before(&mut self, node: u32) -> bool {
        self.seeds.peek().is_some_and(|seed| seed.node < node)
    }

    /// The activation of the seed at `node`; 0 where there is none.
    pub(super) fn to(&mut self, node: u32) -> f64 {
        while self.seeds.next_if(|seed| seed.node < node).is_some() {}
        self.seeds.next_if(|seed| seed.node == node).map_or(0.0, |seed| seed.activation)
    }
}

/// Of the `new` nodes that `next` would reach, marks the strongest as kept where there are more
/// than allowed; see [`Run::is_dropped`]. Returns whether there are.
pub(super) fn keep_new(
    run: &mut Run<'_>,
    ledger: &Ledger<f64>,
    next: &Frontier<f64>,
    new: usize,
) -> Result<bool, Halt> {
    let room = run.nodes_left(ledger.reached_count());
    if new <= room {
        return Ok(false);
    }
    run.lists.entries.clear();
    for (&node, &strength) in next.nodes.iter().zip(&next.pulses) {
        if strength > 0.0 && !ledger.is_reached(node) {
            run.note_new(node, strength);
        }
    }
    run.keep_strongest(room)?;
    Ok(true)
}

/// Ends a step: gives every touched node and every node of the frontier the activation
/// `value(node, held, received)`, and makes the frontier of those above 0.
///
/// Nothing changes unless every value is finite. Returns whether more nodes would have been
/// reached than allowed; the strongest were kept.
pub(super) fn settle(
    run: &mut Run<'_>,
    state: &mut State<f64>,
    mut value: impl FnMut(u32, f64, f64) -> f64,
) -> Result<bool, Halt> {
    let State { ledger, pulses, frontier, next, .. } = state;
    frontier.nodes.iter().for_each(|&node| pulses.touch(node));
    next.clear();
    let (mut finite, mut revisits, mut new) = (true, 0, 0);
    pulses.take_sorted::<Sum>(|node, received| {
        let activation = value(node, ledger.activation(node), received);
        let reached = ledger.is_reached(node);
        finite &= activation.is_finite();
        revisits += u64::from(received > 0.0 && reached);
        new += usize::from(activation > 0.0 && !reached);
        next.push(node, activation);
    });
    if !finite {
        return Err(StopReason::Overflow.into());
    }
    let full = keep_new(run, ledger, next, new)?;
    frontier.clear();
    for (&node, &activation) in next.nodes.iter().zip(&next.pulses) {
        let reached = ledger.is_reached(node);
        if !reached && (activation <= 0.0 || full && run.is_dropped(node)) {
            continue;
        }
        ledger.set(node, activation + 0.0);
        if activation > 0.0 {
            frontier.push(node, activation);
        }
    }
    run.stats.revisits += revisits;
    run.stats.nodes_reached = ledger.reached_count() as u64;
    Ok(full)
}

#[cfg(test)]
mod tests {
    use super::{Row, ScaledWeights, WeightSlice, row_sum};

    #[test]
    fn extreme_sums_are_scaled_and_others_are_not() {
        for weights in [[1.5e308, 1.5e308], [1e-310, 3e-310], [5e-324, 5e-324]] {
            let row = Row { targets: &[0, 1], weights: WeightSlice::Double(&weights) };
            let scaled = ScaledWeights::of(row, row_sum(row)).expect("the sum is extreme");
            let row = scaled.row(row);
            let fraction = row.weights.at(1) / row_sum(row);
            let expected = (weights[1] / 2.0) / (weights[0] / 2.0 + weights[1] / 2.0);
            if weights[0] > 1e-320 {
                assert!((fraction - expected).abs() < 1e-12, "{fraction} {expected}");
            } else {
                assert_eq!(fraction, 0.5);
            }
        }
        for weights in [[1.0, 2.0], [0.0, 0.0], [1e-270, 1e300]] {
            let row = Row { targets: &[0, 1], weights: WeightSlice::Double(&weights) };
            assert!(ScaledWeights::of(row, row_sum(row)).is_none(), "{weights:?}");
        }
    }
}
