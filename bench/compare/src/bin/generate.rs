//! Writes a graph for the comparison: `generate NAME FOLDER [edges]`.
//!
//! `NAME` is `rmat` and a scale, or `wordnet`. An R-MAT graph has 16 edges a node before duplicates
//! and loops are left out, its nodes in random order, weights from 0.1 to 1 that are then divided
//! by their row's sum. With `edges`, the edges in random order come too, as numbers
//! (`edges.bin`: u32 source, u32 target, f32 weight) and as text (`edges.txt`, the same three).

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use emanate::NodeId;
use emanate::graph::{LoadOptions, load};
use emanate_bench::{EdgeList, RMat, SplitMix64};
use emanate_compare::{GraphFile, write_column};

const SEED: u64 = 42;
const EDGES_PER_NODE: usize = 16;
const QUERIES: usize = 1000;

/// Numbers `0..count` in random order (Fisher and Yates).
fn shuffled(random: &mut SplitMix64, count: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count).collect();
    for last in (1..count).rev() {
        numbers.swap(last as usize, random.below(last + 1) as usize);
    }
    numbers
}

/// Edges of an R-MAT graph, ascending, each once, as `source << 32 | target`.
fn rmat_ends(random: &mut SplitMix64, scale: u32) -> Vec<u64> {
    let list = EdgeList::rmat(SEED, RMat { scale, edges: EDGES_PER_NODE << scale });
    let order = shuffled(random, list.node_count);
    let place = |node: u32| u64::from(order[node as usize]);
    let edges = list.edges.iter().filter(|edge| edge.source != edge.target);
    let mut ends: Vec<u64> =
        edges.map(|edge| place(edge.source) << 32 | place(edge.target)).collect();
    drop(list);
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// The rows of ascending `ends`, with weights divided by their row's sum.
fn rows(node_count: usize, ends: &[u64], weights: &[f64]) -> GraphFile {
    let mut offsets = vec![0u64; node_count + 1];
    for end in ends {
        offsets[(end >> 32) as usize + 1] += 1;
    }
    for node in 0..node_count {
        offsets[node + 1] += offsets[node];
    }
    let mut normalised = Vec::with_capacity(weights.len());
    for row in offsets.windows(2) {
        let row = &weights[row[0] as usize..row[1] as usize];
        let sum: f64 = row.iter().sum();
        normalised.extend(row.iter().map(|weight| (weight / sum) as f32));
    }
    let targets = ends.iter().map(|end| *end as u32).collect();
    GraphFile { offsets, targets, weights: normalised, seeds: Vec::new() }
}

fn rmat(scale: u32) -> GraphFile {
    let mut random = SplitMix64::new(SEED ^ u64::from(scale));
    let ends = rmat_ends(&mut random, scale);
    let weights: Vec<f64> = ends.iter().map(|_| random.between(0.1, 1.0)).collect();
    rows(1 << scale, &ends, &weights)
}

/// WordNet, with Emanate's own numbering and the relations between two nodes added up.
fn wordnet() -> Result<GraphFile, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/wordnet.tsv.gz");
    let graph = load(path, &LoadOptions::default())?.graph;
    let mut edges = Vec::new();
    for node in 0..u32::try_from(graph.node_count())? {
        let row = graph.out_row(NodeId::new(node))?;
        let targets = row.targets.iter().enumerate();
        edges.extend(
            targets.map(|(at, target)| {
                (u64::from(node) << 32 | u64::from(*target), row.weights.at(at))
            }),
        );
    }
    edges.sort_by_key(|edge| edge.0);
    edges.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0.0 };
        same
    });
    let (ends, weights): (Vec<u64>, Vec<f64>) = edges.into_iter().unzip();
    Ok(rows(graph.node_count(), &ends, &weights))
}

/// Random nodes with out-edges.
fn seeds(graph: &GraphFile) -> Vec<u32> {
    let mut random = SplitMix64::new(SEED + 1);
    let count = u32::try_from(graph.node_count()).expect("node numbers are u32");
    let draws = std::iter::repeat_with(|| random.below(count));
    let has_edges = |node: &u32| {
        let node = *node as usize;
        graph.offsets[node] < graph.offsets[node + 1]
    };
    draws.filter(has_edges).take(QUERIES).collect()
}

/// The edges in random order, as numbers and as text.
fn write_edges(graph: &GraphFile, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut edges: Vec<(u32, u32, f32)> = graph.edges().collect();
    let mut random = SplitMix64::new(SEED + 2);
    for last in (1..edges.len()).rev() {
        edges.swap(last, random.below(u32::try_from(last + 1)?) as usize);
    }
    let fields = edges.iter().flat_map(|(source, target, weight)| {
        [source.to_le_bytes(), target.to_le_bytes(), weight.to_le_bytes()]
    });
    write_column(&folder.join("edges.bin"), fields)?;
    let mut text = BufWriter::with_capacity(1 << 20, File::create(folder.join("edges.txt"))?);
    for (source, target, weight) in &edges {
        writeln!(text, "{source}\t{target}\t{weight}")?;
    }
    text.flush()?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, folder, with_edges) = match &arguments[..] {
        [name, folder] => (name, folder, false),
        [name, folder, edges] if edges == "edges" => (name, folder, true),
        _ => return Err("usage: generate NAME FOLDER [edges]".into()),
    };
    let mut graph = match name.strip_prefix("rmat") {
        Some(scale) => rmat(scale.parse()?),
        None if name == "wordnet" => wordnet()?,
        None => return Err(format!("there is no graph {name}").into()),
    };
    graph.seeds = seeds(&graph);
    let folder = Path::new(folder);
    graph.write(folder)?;
    if with_edges {
        write_edges(&graph, folder)?;
    }
    println!("{name}: {} nodes, {} edges", graph.node_count(), graph.targets.len());
    Ok(())
}
