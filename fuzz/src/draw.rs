//! A small graph and a request, decoded from the fuzzer's bytes.
//!
//! Every input means some case: where the bytes have ended, each choice falls on its first value.
//! A fuzzer's first inputs are short, so what most cases lack is asked for by single [`Bits`] and
//! an edge takes two bytes. The edges come last, one after another until the bytes end, so that a
//! change to one leaves all before it as they were.
//!
//! Parameters come mostly from short lists, whose values meet thresholds, ties and the ends of
//! ranges, and now and then from anywhere in a range. The ranges are narrower than the ones the
//! engine takes: beyond them rounding grows past the accuracy that is promised, and kernel and
//! oracle may differ where neither is wrong.

mod request;
mod rule;

use std::ops::RangeInclusive;

use emanate::spread::{Combine, Linear, Precision, Rule};
use emanate_tests::plans::{EdgePlan, GraphPlan, LABELS, RequestPlan};
use libfuzzer_sys::arbitrary::{Arbitrary, Result, Unstructured};

/// Times of edges lie below this, and so do most query times.
const TIMES: u16 = 1000;

/// A graph and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The graph, of at most as many nodes as there are [`LABELS`].
    pub graph: GraphPlan,
    /// The request.
    pub request: RequestPlan,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let rule = rule::any(bytes)?;
        let weights = weights(bytes, &rule)?;
        let request = request::of(bytes, rule)?;
        let graph = graph(bytes, weights)?;
        Ok(Self { graph, request })
    }
}

/// Which weights the edges have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weights {
    /// Zero and above.
    NonNegative,
    /// Below zero, too.
    Inhibitory,
    /// So large that a product of two is none.
    Huge,
}

fn weights(bytes: &mut Unstructured<'_>, rule: &Rule) -> Result<Weights> {
    let Rule::Linear(linear) = rule else {
        // An inhibitory edge is refused, by the engine and by the oracle.
        let is_refused = seldom(bytes, 32)?;
        return Ok(if is_refused { Weights::Inhibitory } else { Weights::NonNegative });
    };
    // A difference of huge numbers has an error that is huge, too, and single precision has none.
    let may_be_huge = linear.inhibit.is_none() && linear.precision == Precision::Double;
    let mut choices = vec![Weights::NonNegative];
    if may_be_huge {
        choices.push(Weights::Huge);
    }
    if linear.combine == Combine::Sum || seldom(bytes, 16)? {
        choices.extend([Weights::Inhibitory; 2]);
    }
    Ok(*bytes.choose(&choices)?)
}

/// Edges for as long as there are bytes, at most four times as many as nodes: self-loops, parallel
/// edges and nodes without edges are among them.
fn graph(bytes: &mut Unstructured<'_>, weights: Weights) -> Result<GraphPlan> {
    let nodes = LABELS.len() - bytes.int_in_range(0..=LABELS.len() - 1)?;
    let is_rich = flag(bytes)?;
    let mut edges = Vec::new();
    while !bytes.is_empty() && edges.len() < 4 * nodes {
        edges.push(edge(bytes, nodes, weights, is_rich)?);
    }
    Ok(GraphPlan { nodes, edges })
}

/// An edge, with a relation and a time where `is_rich`: one byte for its ends, one for the rest.
fn edge(
    bytes: &mut Unstructured<'_>,
    nodes: usize,
    weights: Weights,
    is_rich: bool,
) -> Result<EdgePlan> {
    let ends = usize::from(bytes.arbitrary::<u8>()?);
    let (source, target) = (ends / LABELS.len() % nodes, ends % LABELS.len() % nodes);
    let mut bits = Bits::draw(bytes)?;
    let weight = match (bits.take(2), weights) {
        (3, Weights::NonNegative) => number(bytes, &[2.0, 0.3, 0.0], 0.05..=1.5)?,
        (3, Weights::Inhibitory) => number(bytes, &[-1.0, -0.5, -2.0, 0.0], -1.5..=-0.05)?,
        (3, Weights::Huge) => 1e300,
        (at, _) => [1.0, 0.5, 0.25][usize::from(at)],
    };
    let relation = Some(bits.take(2)).filter(|_| is_rich).and_then(|number| number.checked_sub(1));
    let time = match bits.take(2) {
        0 | 1 => None,
        2 => Some(TIMES / 2),
        _ => Some(bytes.int_in_range(0..=TIMES - 1)?),
    };
    let time = time.filter(|_| is_rich);
    Ok(EdgePlan { source, target, weight, relation, time })
}

/// Whether rule `linear` runs in single precision, where differences lose their digits.
fn is_single(rule: &Rule) -> bool {
    matches!(rule, Rule::Linear(Linear { precision: Precision::Single, .. }))
}

/// True for half of the bytes.
fn flag(bytes: &mut Unstructured<'_>) -> Result<bool> {
    seldom(bytes, 2)
}

/// True for one in `of` of the bytes, and false where they have ended.
fn seldom(bytes: &mut Unstructured<'_>, of: u8) -> Result<bool> {
    Ok(bytes.int_in_range(1..=of)? == of)
}

/// What `draw` gives where `is_wanted`.
fn maybe<'a, T>(
    bytes: &mut Unstructured<'a>,
    is_wanted: bool,
    draw: impl FnOnce(&mut Unstructured<'a>) -> Result<T>,
) -> Result<Option<T>> {
    if is_wanted { draw(bytes).map(Some) } else { Ok(None) }
}

/// Small choices that share one byte.
struct Bits(u8);

impl Bits {
    fn draw(bytes: &mut Unstructured<'_>) -> Result<Self> {
        bytes.arbitrary().map(Self)
    }

    /// The number in the next `count` bits.
    const fn take(&mut self, count: u32) -> u8 {
        let taken = self.0 & ((1 << count) - 1);
        self.0 >>= count;
        taken
    }

    /// Whether the next bit is set.
    const fn is_set(&mut self) -> bool {
        self.take(1) == 1
    }

    /// Whether the next two bits are both set.
    const fn are_set(&mut self) -> bool {
        self.take(2) == 3
    }
}

/// One of `listed` or, for one choice more, a number from anywhere in `range`.
fn number(bytes: &mut Unstructured<'_>, listed: &[f64], range: RangeInclusive<f64>) -> Result<f64> {
    let at = bytes.choose_index(listed.len() + 1)?;
    if let Some(&number) = listed.get(at) {
        return Ok(number);
    }
    let part = f64::from(bytes.arbitrary::<u32>()?) / f64::from(u32::MAX);
    let (low, high) = (*range.start(), *range.end());
    // Rounding may step over the end.
    Ok((low + (high - low) * part).min(high))
}
