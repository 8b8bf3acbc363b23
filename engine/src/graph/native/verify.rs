//! Reading every block, and comparing the sections with each other.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::content::Stored;
use super::error::VerifyError;
use super::layout::Section;
use crate::graph::blocks::{Blocks, Passing, ROWS_PER_BLOCK, ROWS_PER_BLOCK_BITS};
use crate::graph::edges::{EdgeBlock, Edges, NO_TIME, Weights};
use crate::graph::error::{Damage, DamagedBlock};
use crate::graph::generation::{Facts, Generation, RelationFacts};
use crate::graph::names::{NameBlocks, Names};
use crate::sync::Arc;
use crate::terms::Label;

/// How much [`verify`] read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Blocks checked.
    pub blocks: u64,
    /// Bytes of them that were read from the file; 0 where the graph was built in memory.
    pub bytes: u64,
}

/// Reads every block of `graph`, also those already in memory, and compares the sections: in-edges
/// are the out-edges turned round; rows ascend strictly by target, relation and time; the order
/// holds every node once, ascending by name; the facts are true.
///
/// Changes that are not merged yet are merged for it first, which takes the memory of the graph.
///
/// Together with opening it reads every byte of the file. Keeps nothing in memory; needs, while it
/// runs, the memory of the names and 8 bytes per block. Costs one pass over the edges in each
/// direction. In-edges are compared by sums of a 64-bit hash per edge: a difference goes unseen
/// with probability `2^-64`.
///
/// # Errors
/// [`VerifyError`] with every damaged block. Sections are compared only where all their blocks
/// could be read.
pub fn verify(graph: &Generation) -> Result<VerifyReport, VerifyError> {
    let path = graph.file.as_ref().map(|file| Arc::clone(&file.path));
    let path = path.unwrap_or_else(|| Path::new("graph in memory").into());
    if graph.is_overlaid() {
        let merged = graph.merged().map_err(|error| VerifyError::of_merge(&path, error))?;
        return verify(&merged);
    }
    let mut verifier = Verifier { path, report: VerifyReport::default(), damaged: Vec::new() };
    verifier.names(&graph.names);
    verifier.graph_edges(graph);
    if verifier.damaged.is_empty() {
        Ok(verifier.report)
    } else {
        Err(VerifyError { damaged: verifier.damaged })
    }
}

struct Verifier {
    path: Arc<Path>,
    report: VerifyReport,
    damaged: Vec<DamagedBlock>,
}

/// What the edges themselves say, to be compared with what is claimed of them.
struct Tally {
    facts: Facts,
    /// Per block of targets, the sum of the hashes of its edges, less that of its in-edges.
    sums: Vec<u64>,
}

/// One edge, whichever direction it was read in.
struct SeenEdge {
    source: u32,
    target: u32,
    relation: u32,
    time: f64,
    weight: f64,
}

impl SeenEdge {
    fn hash(&self) -> u64 {
        let time = if self.time.is_nan() { NO_TIME } else { self.time };
        let mut bytes = [0; 28];
        bytes[..4].copy_from_slice(&self.source.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.target.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.relation.to_le_bytes());
        bytes[12..20].copy_from_slice(&time.to_bits().to_le_bytes());
        bytes[20..].copy_from_slice(&self.weight.to_bits().to_le_bytes());
        xxh3_64(&bytes)
    }
}

/// The blocks of the three sections of one direction that belong together.
struct EdgeBlocks<'a> {
    rows: Passing<'a, EdgeBlock>,
    relations: Option<Passing<'a, Box<[u32]>>>,
    times: Option<Passing<'a, Box<[f64]>>>,
}

impl EdgeBlocks<'_> {
    /// Calls `each` with the number of every edge's row and the edge, as if an out-edge.
    fn for_each(&self, block: usize, mut each: impl FnMut(usize, SeenEdge)) {
        for row in 0..self.rows.offsets.len() - 1 {
            let source = u32::try_from(block * ROWS_PER_BLOCK + row).expect("a node's number");
            for position in self.rows.range(row) {
                each(
                    row,
                    SeenEdge {
                        source,
                        target: self.rows.targets[position],
                        relation: self.relations.as_ref().map_or(0, |column| column[position]),
                        time: self.times.as_ref().map_or(NO_TIME, |column| column[position]),
                        weight: match &self.rows.weights {
                            Weights::Single(weights) => f64::from(weights[position]),
                            Weights::Double(weights) => weights[position],
                        },
                    },
                );
            }
        }
    }

    /// Whether every row ascends strictly by target, relation and time, none before any.
    fn ascends(&self, block: usize) -> bool {
        let mut ascends = true;
        let mut before = None;
        self.for_each(block, |row, edge| {
            let time = if edge.time.is_nan() { f64::NEG_INFINITY } else { edge.time };
            let now = (row, edge.target, edge.relation, time);
            ascends &= before.is_none_or(|before| before < now);
            before = Some(now);
        });
        ascends
    }
}

impl Verifier {
    fn damage(&mut self, section: Section, block: usize) {
        self.damaged.push(DamagedBlock {
            file: Arc::clone(&self.path),
            section: section.name(),
            block: block as u64,
            damage: Damage::Content,
        });
    }

    /// The block, read from the file where there is one; notes the damage where it cannot be.
    fn block<'a, T: Stored>(
        &mut self,
        blocks: &'a Blocks<T>,
        position: usize,
    ) -> Option<Passing<'a, T>> {
        self.report.blocks += 1;
        self.report.bytes += blocks.file().map_or(0, |section| section.block_bytes(position));
        blocks.reread(position).map_err(|damage| self.damaged.push(damage)).ok()
    }

    /// All blocks at once; `None` where one is damaged, after all were read.
    fn all_blocks<'a, T: Stored>(&mut self, blocks: &'a Blocks<T>) -> Option<Vec<Passing<'a, T>>> {
        let read: Vec<_> = (0..blocks.len()).map(|position| self.block(blocks, position)).collect();
        read.into_iter().collect()
    }

    fn names(&mut self, names: &Names) {
        match &names.by_node {
            NameBlocks::Labels(blocks) => {
                let held = self.all_blocks(blocks);
                self.order(names, held, |block, row| Label::Text(block.label(row)));
            }
            NameBlocks::Keys(blocks) => {
                let held = self.all_blocks(blocks);
                self.order(names, held, |block, row| Label::Key(block[row]));
            }
            NameBlocks::WideKeys(blocks) => {
                let held = self.all_blocks(blocks);
                self.order(names, held, |block, row| Label::WideKey(block[row]));
            }
        }
    }

    /// The order has as many entries as there are nodes left, as opening checked. Where their names
    /// ascend strictly none comes twice, so every node that was not removed is there once.
    fn order<T>(
        &mut self,
        names: &Names,
        held: Option<Vec<Passing<'_, T>>>,
        name: for<'n> fn(&'n T, usize) -> Label<'n>,
    ) {
        let mut before = None;
        for position in 0..names.order.len() {
            let (Some(block), Some(held)) = (self.block(&names.order, position), &held) else {
                before = None;
                continue;
            };
            let mut ascends = true;
            for node in block.iter().map(|node| *node as usize) {
                let block = &held[node >> ROWS_PER_BLOCK_BITS];
                let now = name(block, node & (ROWS_PER_BLOCK - 1));
                ascends &= before.is_none_or(|before| before < now);
                let node = u32::try_from(node).expect("read from 32 bits");
                ascends &= !names.overlay.is_removed(node);
                before = Some(now);
            }
            if !ascends {
                self.damage(Section::Order, position);
            }
        }
    }

    fn graph_edges(&mut self, graph: &Generation) {
        let blocks = graph.out_edges.rows.len();
        let mut tally = Tally { facts: nothing_seen(graph), sums: vec![0; blocks] };
        let damaged_before = self.damaged.len();
        self.edges(Section::OutRows, &graph.out_edges, |block, edges| {
            tally.out_edges(block, edges);
        });
        match graph.in_edges() {
            Ok(edges) => self.edges(Section::InRows, edges, |block, edges| {
                tally.in_edges(block, edges);
            }),
            Err(block) => self.damaged.push(block),
        }
        if self.damaged.len() > damaged_before {
            return;
        }
        for (block, sum) in tally.sums.iter().enumerate() {
            if *sum != 0 {
                self.damage(Section::InRows, block);
            }
        }
        if tally.facts != graph.facts {
            self.damage(Section::Facts, 0);
        }
    }

    /// Reads the edges of one direction and hands those on that keep the rules.
    fn edges(
        &mut self,
        section: Section,
        edges: &Edges,
        mut each: impl FnMut(usize, &EdgeBlocks<'_>),
    ) {
        for position in 0..edges.rows.len() {
            let rows = self.block(&edges.rows, position);
            let relations = edges.relations.as_ref().map(|column| self.block(column, position));
            let times = edges.times.as_ref().map(|column| self.block(column, position));
            // A column that is there and damaged is `Some(None)`.
            if let (Some(rows), None | Some(Some(_)), None | Some(Some(_))) =
                (rows, &relations, &times)
            {
                let (relations, times) = (relations.flatten(), times.flatten());
                let blocks = EdgeBlocks { rows, relations, times };
                if blocks.ascends(position) {
                    each(position, &blocks);
                } else {
                    self.damage(section, position);
                }
            }
        }
    }
}

/// Facts of a graph of which no edge was seen yet.
fn nothing_seen(graph: &Generation) -> Facts {
    Facts {
        nodes: graph.node_count() as u64,
        removed_nodes: graph.names.overlay.removed_count() as u64,
        edges: 0,
        self_loops: 0,
        fan_out_max: 0,
        fan_in_max: 0,
        weight_min: 0.0,
        weight_max: 0.0,
        // Opening compared it with the width of the weights; edges say no more.
        single_weights: graph.facts.single_weights,
        has_times: false,
        relations: vec![RelationFacts::default(); graph.relation_names.len() + 1],
    }
}

impl Tally {
    fn out_edges(&mut self, block: usize, edges: &EdgeBlocks<'_>) {
        let Self { facts, sums } = self;
        facts.fan_out_max = facts.fan_out_max.max(fan_max(&edges.rows));
        edges.for_each(block, |_, edge| {
            let first = facts.edges == 0;
            facts.edges += 1;
            facts.self_loops += u64::from(edge.source == edge.target);
            facts.weight_min = if first { edge.weight } else { facts.weight_min.min(edge.weight) };
            facts.weight_max = if first { edge.weight } else { facts.weight_max.max(edge.weight) };
            facts.has_times |= !edge.time.is_nan();
            facts.relations[edge.relation as usize].add(edge.weight);
            let sum = &mut sums[edge.target as usize >> ROWS_PER_BLOCK_BITS];
            *sum = sum.wrapping_add(edge.hash());
        });
    }

    fn in_edges(&mut self, block: usize, edges: &EdgeBlocks<'_>) {
        self.facts.fan_in_max = self.facts.fan_in_max.max(fan_max(&edges.rows));
        let sum = &mut self.sums[block];
        edges.for_each(block, |_, edge| {
            let turned = SeenEdge { source: edge.target, target: edge.source, ..edge };
            *sum = sum.wrapping_sub(turned.hash());
        });
    }
}

/// Most edges of one row.
fn fan_max(rows: &EdgeBlock) -> u64 {
    rows.offsets.windows(2).map(|ends| u64::from(ends[1] - ends[0])).max().unwrap_or(0)
}
