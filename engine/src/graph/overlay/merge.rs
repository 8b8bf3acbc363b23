//! Blocks of a generation with rows over its blocks.

use std::fmt;

use super::names::NameOverlay;
use super::patched::PatchedRow;
use super::sparse::Sparse;
use crate::graph::blocks::{Blocks, ROWS_PER_BLOCK};
use crate::graph::builder::WeightColumn;
use crate::graph::edges::{Column, EdgeBlock, Edges, NO_TIME};
use crate::graph::error::DamagedBlock;
use crate::graph::generation::{Facts, Generation, RelationFacts};
use crate::graph::names::{LabelBlock, NameBlocks, Names, ORDER_PER_BLOCK};
use crate::graph::tiers::{Columns, EdgeHold};
use crate::sync::{Arc, FirstWins};
use crate::terms::{Label, NodeId};

/// Why changes could not be merged into blocks. The generation with rows over its blocks is as
/// good as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeError {
    /// A block of the graph's file cannot be read.
    Damaged(DamagedBlock),
    /// 1,024 neighbouring nodes have more than `2^32 - 1` edges in one direction, or bytes of
    /// labels; remove some.
    TooLarge,
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(block) => block.fmt(f),
            Self::TooLarge => f.write_str(
                "1024 neighbouring nodes have more than 4294967295 edges, or bytes of labels; \
                 remove some",
            ),
        }
    }
}

impl std::error::Error for MergeError {}

impl From<DamagedBlock> for MergeError {
    fn from(block: DamagedBlock) -> Self {
        Self::Damaged(block)
    }
}

/// One direction of edges while its blocks are made.
#[derive(Debug)]
struct Side {
    single: bool,
    has_relations: bool,
    rows: Vec<EdgeBlock>,
    relations: Vec<Column<u32>>,
    times: Vec<Column<f64>>,
    /// Whether any edge so far has a time.
    has_times: bool,
    /// Most edges of one node so far.
    fan_max: u64,
}

impl Side {
    fn new(edges: &Edges, facts: &Facts) -> Self {
        let mut single = edges.weights_are_single();
        edges.patches().for_each(|_, row| single &= row.has_single_weights());
        Self {
            single,
            has_relations: facts.relations[0].edges != facts.edges,
            rows: Vec::new(),
            relations: Vec::new(),
            times: Vec::new(),
            has_times: false,
            fan_max: 0,
        }
    }

    /// Makes the next block, of the rows of `nodes`.
    fn push(
        &mut self,
        edges: &Edges,
        nodes: std::ops::Range<u32>,
        mut each: impl FnMut(u32, &PatchedEdge),
    ) -> Result<(), MergeError> {
        let mut offsets = vec![0u32];
        let mut targets = Vec::new();
        let (mut relations, mut times) = (Vec::new(), Vec::new());
        let mut weights = WeightColumn::with_room(self.single, 0);
        let mut hold = EdgeHold::new();
        for node in nodes {
            let parts = edges.parts_in(NodeId::new(node), &mut hold, Columns::ALL)?;
            targets.extend_from_slice(parts.row.targets);
            for (edge, weight) in parts.edges() {
                weights.push(weight);
                if self.has_relations {
                    relations.push(edge.relation);
                }
                times.push(edge.time);
                self.has_times |= !edge.time.is_nan();
                each(node, &PatchedEdge { target: edge.other, relation: edge.relation, weight });
            }
            self.fan_max = self.fan_max.max(parts.len() as u64);
            offsets.push(u32::try_from(targets.len()).map_err(|_| MergeError::TooLarge)?);
        }
        self.rows.push(EdgeBlock {
            offsets: offsets.into_boxed_slice(),
            targets: targets.into_boxed_slice(),
            weights: weights.into(),
        });
        self.relations.push(relations.into_boxed_slice());
        // Blocks before the first edge with a time are given their columns at the end.
        self.times.push(if self.has_times { times.into_boxed_slice() } else { Box::default() });
        Ok(())
    }

    fn finish(mut self, nodes: usize) -> Edges {
        if self.has_times {
            for (rows, times) in self.rows.iter().zip(&mut self.times) {
                if times.is_empty() {
                    *times = vec![NO_TIME; rows.targets.len()].into_boxed_slice();
                }
            }
        }
        Edges::new(
            nodes,
            Blocks::in_memory(self.rows),
            self.has_relations.then(|| Blocks::in_memory(self.relations)),
            self.has_times.then(|| Blocks::in_memory(self.times)),
        )
    }
}

/// What the facts want to know of an edge.
struct PatchedEdge {
    target: u32,
    relation: u32,
    weight: f64,
}

/// Makes blocks of a generation slice by slice: the same content under the same ids, so every
/// spread gives the same bits, with nothing over the blocks.
///
/// Takes the memory of the graph once more until the old blocks are freed.
#[derive(Debug)]
pub(crate) struct Merge {
    source: Arc<Generation>,
    leaving: Side,
    /// Where the source has its in-edges.
    entering: Option<Side>,
    facts: Facts,
    fan_in: Vec<u32>,
    names: NameBlocksUnderWay,
}

/// Blocks of names that were made so far.
#[derive(Debug)]
enum NameBlocksUnderWay {
    /// None of the names was given by a change: the blocks are good as they are.
    Kept,
    Labels(Vec<LabelBlock>),
    Keys(Vec<Box<[u64]>>),
    WideKeys(Vec<Box<[u128]>>),
}

impl Merge {
    /// Begins with `source`.
    pub(crate) fn new(source: Arc<Generation>) -> Self {
        let facts = Facts {
            edges: 0,
            self_loops: 0,
            fan_out_max: 0,
            fan_in_max: 0,
            weight_min: 0.0,
            weight_max: 0.0,
            has_times: false,
            relations: vec![RelationFacts::default(); source.facts.relations.len()],
            ..source.facts
        };
        let names = match &source.names.by_node {
            _ if !source.names.overlay.has_given() => NameBlocksUnderWay::Kept,
            NameBlocks::Labels(_) => NameBlocksUnderWay::Labels(Vec::new()),
            NameBlocks::Keys(_) => NameBlocksUnderWay::Keys(Vec::new()),
            NameBlocks::WideKeys(_) => NameBlocksUnderWay::WideKeys(Vec::new()),
        };
        Self {
            leaving: Side::new(&source.out_edges, &source.facts),
            entering: source.in_edges_made().map(|edges| Side::new(edges, &source.facts)),
            facts,
            fan_in: vec![0; source.node_count()],
            names,
            source,
        }
    }

    /// The generation it makes blocks of.
    pub(crate) const fn source(&self) -> &Arc<Generation> {
        &self.source
    }

    /// Makes the blocks of the next [`ROWS_PER_BLOCK`] nodes. `true` once there are no more.
    pub(crate) fn step(&mut self) -> Result<bool, MergeError> {
        let Self { source, leaving, entering, facts, fan_in, names } = self;
        let first = leaving.rows.len() * ROWS_PER_BLOCK;
        let end = source.node_count().min(first + ROWS_PER_BLOCK);
        if first >= end {
            return Ok(true);
        }
        let id = |at: usize| u32::try_from(at).expect("a graph has fewer than 2^32 nodes");
        let nodes = id(first)..id(end);
        names.push(source, nodes.clone())?;
        if let Some(side) = entering {
            let edges = source.in_edges_made().expect("they were there before");
            side.push(edges, nodes.clone(), |_, _| ())?;
        }
        leaving.push(&source.out_edges, nodes, |node, edge| {
            let fan_in = &mut fan_in[edge.target as usize];
            *fan_in = fan_in.saturating_add(1);
            let first = facts.edges == 0;
            let min = if first { edge.weight } else { facts.weight_min.min(edge.weight) };
            let max = if first { edge.weight } else { facts.weight_max.max(edge.weight) };
            (facts.weight_min, facts.weight_max) = (min, max);
            facts.edges += 1;
            facts.self_loops += u64::from(edge.target == node);
            facts.relations[edge.relation as usize].add(edge.weight);
        })?;
        Ok(false)
    }

    /// The generation, once [`Merge::step`] has said that there is nothing more to do. Sorts what
    /// changes have named into the order of names.
    pub(crate) fn finish(self) -> Result<Generation, MergeError> {
        let Self { source, leaving, entering, mut facts, fan_in, names } = self;
        let crowded = |nodes: &[u32]| {
            nodes.iter().map(|fan| u64::from(*fan)).sum::<u64>() > u64::from(u32::MAX)
        };
        if fan_in.chunks(ROWS_PER_BLOCK).any(crowded) {
            return Err(MergeError::TooLarge);
        }
        facts.fan_out_max = leaving.fan_max;
        facts.fan_in_max = u64::from(fan_in.iter().copied().max().unwrap_or(0));
        facts.has_times = leaving.has_times;
        facts.single_weights = leaving.single;
        let nodes = source.node_count();
        let in_edges = entering.map(|side| side.finish(nodes));
        let held = &source.names;
        let index = match held.overlay.is_empty() {
            true => Arc::clone(&held.index),
            false => Arc::default(),
        };
        let Order { blocks: order, len: ordered } = order(held)?;
        Ok(Generation {
            number: source.number,
            facts,
            relation_names: Arc::clone(&source.relation_names),
            names: Names {
                by_node: names.finish(&held.by_node),
                order,
                ordered,
                count: nodes,
                overlay: NameOverlay::of_removed(held.overlay.removed()),
                index,
            },
            out_edges: leaving.finish(nodes),
            block_in_edges: Arc::new(in_edges.map_or_else(FirstWins::default, FirstWins::full)),
            overlaid_in_edges: FirstWins::default(),
            file: None,
            tiers: None,
        })
    }
}

impl NameBlocksUnderWay {
    fn push(&mut self, graph: &Generation, nodes: std::ops::Range<u32>) -> Result<(), MergeError> {
        let mut names = nodes.map(|node| graph.label(NodeId::new(node)));
        match self {
            Self::Kept => {}
            Self::Labels(blocks) => {
                let mut text = String::new();
                let mut offsets = vec![0u32];
                for name in names {
                    text.push_str(name?.as_text().unwrap_or_default());
                    offsets.push(u32::try_from(text.len()).map_err(|_| MergeError::TooLarge)?);
                }
                let offsets = offsets.into_boxed_slice();
                blocks.push(LabelBlock { offsets, text: text.into_boxed_str() });
            }
            Self::Keys(blocks) => {
                let keys = names.try_fold(Vec::new(), |mut keys, name| {
                    name.map(|name| {
                        keys.extend(if let Label::Key(key) = name { Some(key) } else { None });
                        keys
                    })
                });
                blocks.push(keys?.into_boxed_slice());
            }
            Self::WideKeys(blocks) => {
                let keys = names.try_fold(Vec::new(), |mut keys, name| {
                    name.map(|name| {
                        keys.extend(if let Label::WideKey(key) = name { Some(key) } else { None });
                        keys
                    })
                });
                blocks.push(keys?.into_boxed_slice());
            }
        }
        Ok(())
    }

    fn finish(self, held: &NameBlocks) -> NameBlocks {
        match self {
            Self::Kept => held.clone(),
            Self::Labels(blocks) => NameBlocks::Labels(Blocks::in_memory(blocks)),
            Self::Keys(blocks) => NameBlocks::Keys(Blocks::in_memory(blocks)),
            Self::WideKeys(blocks) => NameBlocks::WideKeys(Blocks::in_memory(blocks)),
        }
    }
}

/// Nodes in ascending order of their names.
struct Order {
    blocks: Blocks<Box<[u32]>>,
    len: usize,
}

/// The nodes that are there in ascending order of their names. Costs a search for every name that
/// a change has given, and a copy of the order.
fn order(names: &Names) -> Result<Order, DamagedBlock> {
    if names.overlay.is_empty() {
        return Ok(Order { blocks: names.order.clone(), len: names.ordered });
    }
    let mut order: Vec<u32> = Vec::with_capacity(names.ordered);
    let mut rank = 0;
    let mut up_to = |order: &mut Vec<u32>, end: usize| -> Result<(), DamagedBlock> {
        for rank in std::mem::replace(&mut rank, end)..end {
            let node = names.at_rank(rank)?.get();
            if names.overlay.leaves(node) {
                order.push(node);
            }
        }
        Ok(())
    };
    for (node, name) in names.overlay.given() {
        up_to(&mut order, names.search(name)?.0)?;
        order.push(node);
    }
    up_to(&mut order, names.ordered)?;
    let blocks = Blocks::in_memory(order.chunks(ORDER_PER_BLOCK).map(Box::from));
    Ok(Order { blocks, len: order.len() })
}

/// `current` over the blocks of `merged`, which has the content of `source`, from which `current`
/// was made by changes: the rows and names that changed since stand over the new blocks.
pub(crate) fn rebased(
    current: &Generation,
    source: &Generation,
    merged: Generation,
) -> Result<Generation, DamagedBlock> {
    if current.number == source.number {
        return Ok(Generation { number: current.number, ..merged });
    }
    let made = [merged.block_in_edges.get(), source.in_edges_made(), current.in_edges_made()];
    let overlaid_in_edges = match made {
        [Some(merged), Some(source), Some(current)] => {
            FirstWins::full(merged.overlaid_by(since(current, source)?))
        }
        _ => FirstWins::default(),
    };
    Ok(Generation {
        number: current.number,
        facts: current.facts.clone(),
        relation_names: Arc::clone(&current.relation_names),
        names: Names {
            overlay: current.names.overlay.since(&source.names.overlay),
            count: current.names.count,
            ..merged.names
        },
        out_edges: merged.out_edges.overlaid_by(since(&current.out_edges, &source.out_edges)?),
        block_in_edges: merged.block_in_edges,
        overlaid_in_edges,
        file: merged.file,
        tiers: merged.tiers,
    })
}

/// The rows of `current` that are not those of `source`.
fn since(current: &Edges, source: &Edges) -> Result<Sparse<PatchedRow>, DamagedBlock> {
    let mut rows = Sparse::default();
    current.patches().for_each_since(source.patches(), |node, row| {
        rows.insert(node, Arc::clone(row));
    });
    // In-edges that were made anew in between may have no row where the source has one.
    let mut gone = Vec::new();
    source.patches().for_each(|node, _| {
        if current.patches().get(node).is_none() {
            gone.push(node);
        }
    });
    let mut hold = EdgeHold::new();
    for node in gone {
        let row = PatchedRow::of(current.parts_in(NodeId::new(node), &mut hold, Columns::ALL)?);
        rows.insert(node, Arc::new(row));
    }
    Ok(rows)
}
