//! The effective graph: the edges a spread sees, and how strong it sees them.

use super::request::{Direction, EdgeFilter, NodeFilter};
use super::unread::{Shut, Unread};
use crate::graph::{
    Columns, DamagedBlock, EdgeHold, Edges, Generation, Row, RowParts, WeightSlice,
};
use crate::terms::{NodeId, RelationId, Tier};

/// Where rows are made that do not lie in the graph as the spread sees them.
#[derive(Debug, Default)]
pub(crate) struct RowBuffer {
    made: MadeRow,
    /// What a row is borrowed from where blocks come and go: of the first direction, the second.
    holds: [EdgeHold; 2],
}

/// A row that was made.
#[derive(Debug, Default)]
struct MadeRow {
    targets: Vec<u32>,
    weights: Vec<f64>,
}

impl RowBuffer {
    /// Lets go of what rows were borrowed from.
    pub(crate) fn clear(&mut self) {
        self.holds.iter_mut().for_each(EdgeHold::clear);
    }
}

impl MadeRow {
    /// The row that was made last.
    fn row(&self) -> Row<'_> {
        Row { targets: &self.targets, weights: WeightSlice::Double(&self.weights) }
    }

    fn push(&mut self, (target, weight): (u32, f64)) {
        self.targets.push(target);
        self.weights.push(weight);
    }
}

/// A factor of a relation the spread does not see.
const UNSEEN: f64 = f64::NAN;

/// The effective graph of one spread.
pub(crate) struct View<'a> {
    graph: &'a Generation,
    /// The edges turned as the spread follows them; the second for `both` alone.
    rows: &'a Edges,
    more_rows: Option<&'a Edges>,
    /// By raw relation id; empty where all edges are seen as they are.
    factors: &'a [f64],
    age_rate: f64,
    at: f64,
    nodes: Option<&'a dyn NodeFilter>,
    /// Whether rows are seen as they lie in the graph.
    plain: bool,
    weight_bound: f64,
    has_negative: bool,
    /// Rows that could not be read, and are empty for this spread.
    unread: &'a Unread,
}

/// Fills `factors` with one factor per raw relation id; leaves it empty without a filter.
///
/// # Errors
/// The first name the graph does not have.
pub(crate) fn relation_factors<'r>(
    graph: &Generation,
    filter: &'r EdgeFilter,
    factors: &mut Vec<f64>,
) -> Result<(), &'r str> {
    factors.clear();
    if filter.relations.is_empty() {
        return Ok(());
    }
    factors.resize(graph.relation_names().len() + 1, UNSEEN);
    for (name, factor) in &filter.relations {
        let id = graph.relation(name).ok_or(name.as_str())?;
        factors[id.get() as usize] = *factor;
    }
    Ok(())
}

impl<'a> View<'a> {
    /// The graph through `filter`, whose relations are already in `factors`.
    ///
    /// # Errors
    /// [`DamagedBlock`] where in-edges had to be made and could not be.
    pub(crate) fn new(
        graph: &'a Generation,
        filter: &EdgeFilter,
        factors: &'a [f64],
        nodes: Option<&'a dyn NodeFilter>,
        unread: &'a Unread,
    ) -> Result<Self, DamagedBlock> {
        let (rows, more_rows) = match filter.direction {
            Direction::Out => (&graph.out_edges, None),
            Direction::In => (graph.in_edges()?, None),
            Direction::Both => (&graph.out_edges, Some(graph.in_edges()?)),
        };
        let facts = graph.facts();
        let ages = filter.age_rate > 0.0 && facts.has_times;
        let factor_bound = factors.iter().copied().filter(|f| !f.is_nan()).map(f64::abs);
        let factor_bound = if factors.is_empty() { 1.0 } else { factor_bound.fold(0.0, f64::max) };
        let has_negative = facts.relations.iter().enumerate().any(|(raw, relation)| match factors
            .get(raw)
            .copied()
            .unwrap_or(if factors.is_empty() { 1.0 } else { UNSEEN })
        {
            factor if factor > 0.0 => relation.negative > 0,
            factor if factor < 0.0 => relation.positive > 0,
            _ => false,
        });
        Ok(Self {
            graph,
            rows,
            more_rows,
            factors,
            age_rate: if ages { filter.age_rate } else { 0.0 },
            at: filter.at.unwrap_or(0.0),
            nodes,
            plain: more_rows.is_none() && factors.is_empty() && !ages && nodes.is_none(),
            weight_bound: facts.weight_max.abs().max(facts.weight_min.abs()) * factor_bound,
            has_negative,
            unread,
        })
    }

    /// The graph itself.
    pub(crate) const fn graph(&self) -> &'a Generation {
        self.graph
    }

    /// The edges as the spread sees them, where it sees them as they lie in the graph, all of them,
    /// and none leaves memory. Kernels look at such rows as often as they like; rows that come and
    /// go are looked at once a hop, by [`View::row`].
    pub(crate) fn plain_edges(&self) -> Option<&'a Edges> {
        let stay = self.plain && self.unread.is_none() && !self.rows.comes_and_goes();
        stay.then_some(self.rows)
    }

    /// Says that the rows of `nodes`, ascending, come next: those that must be read are asked for.
    #[inline]
    pub(crate) fn plan_reads(&self, nodes: &[u32], buffer: &mut RowBuffer) {
        if self.rows.comes_and_goes() {
            let [first, second] = &mut buffer.holds;
            self.rows.plan_reads(nodes, first);
            if let Some(more_rows) = self.more_rows {
                more_rows.plan_reads(nodes, second);
            }
        }
    }

    /// Rows that could not be read.
    pub(crate) const fn unread(&self) -> &Unread {
        self.unread
    }

    /// No effective weight is further from 0 than this.
    pub(crate) const fn weight_bound(&self) -> f64 {
        self.weight_bound
    }

    /// Whether an effective weight may be below 0.
    pub(crate) const fn has_negative(&self) -> bool {
        self.has_negative
    }

    /// The effective out-edges of `node`, ascending by target. Reading them as they lie costs
    /// nothing; filtered, aged or two-way ones are made in `buffer`. Edges that cannot be read are
    /// noted, and there are none for the rest of the spread.
    #[inline(always)]
    pub(crate) fn row<'r>(&'r self, node: u32, buffer: &'r mut RowBuffer) -> Row<'r> {
        if self.plain && self.unread.is_none() {
            match self.rows.row_in(NodeId::new(node), &mut buffer.holds[0]) {
                Ok(row) => row,
                Err(_) => self.no_row(node),
            }
        } else {
            self.row_slowly(node, buffer)
        }
    }

    #[inline(never)]
    fn row_slowly<'r>(&'r self, node: u32, buffer: &'r mut RowBuffer) -> Row<'r> {
        if !self.unread.is_none() && self.is_unread(node, &mut buffer.holds) {
            return Row::EMPTY;
        }
        if self.plain {
            let row = self.rows.row_in(NodeId::new(node), &mut buffer.holds[0]);
            return row.unwrap_or_else(|_| self.no_row(node));
        }
        match self.make_row(node, buffer) {
            Ok(()) => buffer.made.row(),
            Err(_) => self.no_row(node),
        }
    }

    #[cold]
    fn no_row(&self, node: u32) -> Row<'static> {
        self.unread.note(node);
        Row::EMPTY
    }

    /// The number of effective out-edges of `node`.
    pub(crate) fn fan(&self, node: u32, buffer: &mut RowBuffer) -> u64 {
        self.row(node, buffer).len() as u64
    }

    /// Whether the row of `node` was not read, or must not be.
    #[cold]
    fn is_unread(&self, node: u32, [first, second]: &mut [EdgeHold; 2]) -> bool {
        if self.unread.contains(node) || self.unread.remembers(node) {
            return true;
        }
        if self.unread.is_hot_alone() {
            let (id, columns) = (NodeId::new(node), self.columns());
            let is_hot = self.rows.is_hot_in(id, first, columns)
                && self.more_rows.is_none_or(|edges| edges.is_hot_in(id, second, columns));
            if !is_hot {
                self.unread.note(node);
            }
            return !is_hot;
        }
        let shut = self.unread.shut();
        let is_shut = shut != Shut::default() && {
            // A row of two directions needs both, and the slower one decides.
            let second = self.more_rows.map_or(Tier::Hot, |edges| edges.tier(node));
            shut.is(self.rows.tier(node).max(second))
        };
        if is_shut {
            self.unread.note(node);
        }
        is_shut
    }

    /// Which columns weights depend on.
    const fn columns(&self) -> Columns {
        Columns { relations: !self.factors.is_empty(), times: self.age_rate > 0.0 }
    }

    fn make_row(&self, node: u32, buffer: &mut RowBuffer) -> Result<(), DamagedBlock> {
        let RowBuffer { made, holds: [first_hold, second_hold] } = buffer;
        made.targets.clear();
        made.weights.clear();
        let mut first = self.edges(self.rows, node, first_hold)?.peekable();
        if let Some(more_rows) = self.more_rows {
            // A self-loop is seen once, as an out-edge.
            let second = self.edges(more_rows, node, second_hold)?;
            let mut second = second.filter(|(target, _)| *target != node).peekable();
            loop {
                let from_first = match (first.peek(), second.peek()) {
                    (Some(a), Some(b)) => a.0 <= b.0,
                    (a, _) => a.is_some(),
                };
                let next = if from_first { first.next() } else { second.next() };
                let Some(edge) = next else { break };
                made.push(edge);
            }
        } else {
            first.for_each(|edge| made.push(edge));
        }
        Ok(())
    }

    /// The seen edges of one row: `weight * factor * exp(-age_rate * age)`.
    fn edges<'e>(
        &'e self,
        edges: &'e Edges,
        node: u32,
        hold: &'e mut EdgeHold,
    ) -> Result<impl Iterator<Item = (u32, f64)> + 'e, DamagedBlock> {
        let node = NodeId::new(node);
        let RowParts { row, relations, times } = edges.parts_in(node, hold, self.columns())?;
        Ok(row.targets.iter().enumerate().filter_map(move |(position, &target)| {
            if self.nodes.is_some_and(|nodes| !nodes.contains(NodeId::new(target))) {
                return None;
            }
            let mut weight = row.weights.at(position);
            if !self.factors.is_empty() {
                let raw = relations.get(position).copied().unwrap_or(RelationId::NONE.get());
                let factor = self.factors[raw as usize];
                if factor.is_nan() {
                    return None;
                }
                weight *= factor;
            }
            if let Some(time) = times.get(position) {
                let age = self.at - time;
                // No time compares as no age.
                if age > 0.0 {
                    weight *= libm::exp(-self.age_rate * age);
                }
            }
            // Turns -0 into +0, so that a weight of 0 never counts as negative.
            Some((target, weight + 0.0))
        }))
    }
}
