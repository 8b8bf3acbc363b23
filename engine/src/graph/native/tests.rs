//! Tests of the native file: graphs to write, files in memory, and what is common to all.

mod content;
mod damage;
mod hostile;
mod round_trip;
mod verify;
mod write;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::file::ReadAt;
use super::open::open_reader;
use crate::graph::{DamagedBlock, Edge, Generation, GraphBuilder, OpenError, write};
use crate::sync::{Arc, AtomicU64, Ordering};
use crate::terms::{Label, NodeId};

/// A directory of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("emanate-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A file in memory that counts what is read of it.
#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    reads: AtomicU64,
    bytes_read: AtomicU64,
}

impl Held {
    fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { bytes, reads: AtomicU64::new(0), bytes_read: AtomicU64::new(0) })
    }
}

impl ReadAt for Held {
    fn length(&self) -> io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        // Relaxed: a count that is read after the reads, by the thread that made them.
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let offset = usize::try_from(offset).unwrap();
        let held = self.bytes.get(offset..).and_then(|rest| rest.get(..bytes.len()));
        bytes.copy_from_slice(held.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

fn open_bytes(bytes: Vec<u8>) -> Result<Generation, OpenError> {
    open_reader(Held::new(bytes), Path::new("held").into())
}

/// The bytes `graph` has as a file.
fn bytes_of(graph: &Generation, test: &str) -> Vec<u8> {
    let folder = Folder::new(test);
    let file = folder.file("graph.emg");
    write(graph, &file).unwrap();
    std::fs::read(file).unwrap()
}

/// A small graph with everything: relations, times, parallel edges, loops, an isolated node.
fn small_labelled() -> Generation {
    let mut builder = GraphBuilder::new();
    let edges = [
        ("dog", "cat", 0.5, Some("chases"), None),
        ("dog", "cat", 0.25, Some("chases"), Some(-3.5)),
        ("dog", "cat", -1.0, Some("fears"), Some(7.0)),
        ("dog", "cat", 2.0, None, Some(7.0)),
        ("cat", "Mäuse, viele", 0.1, None, None),
        ("cat", "cat", 1.0, Some("chases"), None),
        ("Mäuse, viele", "dog", 0.0, None, Some(1e9)),
    ];
    for (source, target, weight, relation, time) in edges {
        let (source, target) = (Label::Text(source), Label::Text(target));
        builder.add(&Edge { source, target, weight, relation, time }).unwrap();
    }
    builder.node("nan").unwrap();
    builder.build().unwrap()
}

/// A small graph of plain edges between wide keys, with weights of single precision.
fn small_wide() -> Generation {
    let mut builder = GraphBuilder::with_wide_keys();
    let key = |number: u128| number << 100 | number;
    for (source, target, weight) in [(1, 2, 0.5), (2, 3, -0.25), (3, 1, 4.0), (3, 3, 1.0)] {
        builder.edge(key(source), key(target), weight).unwrap();
    }
    builder.node(key(9)).unwrap();
    builder.build().unwrap()
}

/// The next of a fixed series of numbers without visible order (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut x = *state;
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A graph of `u64` keys with plain edges of single precision.
fn plain(nodes: u64, edges: u64) -> Generation {
    let mut builder = GraphBuilder::with_keys();
    let mut state = nodes;
    for node in 0..nodes {
        builder.node(node * 3).unwrap();
    }
    for _ in 0..edges {
        let (source, target) = (next(&mut state) % nodes, next(&mut state) % nodes);
        let weight = f64::from(u8::try_from(next(&mut state) % 200).unwrap()) / 8.0 - 5.0;
        builder.edge(source * 3, target * 3, weight).unwrap();
    }
    builder.build().unwrap()
}

/// A graph of labels with relations, times and weights of double precision.
fn rich(nodes: u64, edges: u64) -> Generation {
    let mut builder = GraphBuilder::new();
    let mut state = nodes;
    for node in 0..nodes {
        builder.node(&format!("node {node}")).unwrap();
    }
    for _ in 0..edges {
        let source = format!("node {}", next(&mut state) % nodes);
        let target = format!("node {}", next(&mut state) % nodes % 2000);
        let kind = next(&mut state);
        let relation = ["", "is a", "part of", "near"][(kind % 4) as usize];
        let time = (kind >> 8).is_multiple_of(3).then(|| f64::from((kind >> 16) as u16));
        let (source, target) = (Label::Text(&source), Label::Text(&target));
        let weight = 0.1 + f64::from((kind >> 40) as u16);
        builder.add(&Edge { source, target, weight, relation: Some(relation), time }).unwrap();
    }
    builder.build().unwrap()
}

/// Bytes in memory of everything but the facts.
fn blocks_resident(graph: &Generation) -> u64 {
    graph.sections()[1..].iter().map(|section| section.resident_bytes).sum()
}

fn nodes_of(graph: &Generation) -> impl Iterator<Item = NodeId> + use<> {
    (0..u32::try_from(graph.node_count()).unwrap()).map(NodeId::new)
}

/// All that a graph says about one node: what it says of another must be this or an error.
#[derive(Debug, PartialEq)]
struct Seen {
    name: String,
    /// Target, weight's bits, relation, time's bits.
    out: Vec<(u32, u64, u32, u64)>,
    into: Vec<(u32, u64, u32, u64)>,
}

fn seen(graph: &Generation, node: NodeId) -> Result<Seen, DamagedBlock> {
    let edges = |edges: &crate::graph::edges::Edges| {
        let (row, relations, times) =
            (edges.row(node)?, edges.relations(node)?, edges.times(node)?);
        Ok((0..row.len())
            .map(|position| {
                let time = times.get(position).copied().unwrap_or(f64::NAN);
                (
                    row.targets[position],
                    row.weights.at(position).to_bits(),
                    relations.get(position).copied().unwrap_or(0),
                    if time.is_nan() { f64::NAN.to_bits() } else { time.to_bits() },
                )
            })
            .collect())
    };
    Ok(Seen {
        name: format!("{:?}", graph.label(node)?),
        out: edges(&graph.out_edges)?,
        into: edges(graph.in_edges()?)?,
    })
}

/// Asserts that both graphs say the same.
fn assert_same(opened: &Generation, original: &Generation) {
    assert_eq!(opened.facts(), original.facts());
    assert_eq!(opened.node_count(), original.node_count());
    assert!(opened.relation_names().eq(original.relation_names()));
    assert_eq!(opened.has_labels(), original.has_labels());
    for node in nodes_of(original) {
        let expected = seen(original, node).unwrap();
        assert_eq!(seen(opened, node).unwrap(), expected);
        let key = original.label(node).unwrap().to_key();
        assert_eq!(opened.find_key(&key), Ok(Some(node)));
        let rank = node.index();
        assert_eq!(opened.names.at_rank(rank), original.names.at_rank(rank));
    }
}

/// Asserts that whatever `opened` says without an error is what `original` says.
fn assert_same_or_damaged(opened: &Generation, original: &Generation, why: &dyn Fn() -> String) {
    assert_eq!(opened.facts(), original.facts(), "{}", why());
    assert!(opened.relation_names().eq(original.relation_names()), "{}", why());
    assert_eq!(opened.node_count(), original.node_count(), "{}", why());
    for node in nodes_of(original) {
        if let Ok(said) = seen(opened, node) {
            assert_eq!(said, seen(original, node).unwrap(), "{}", why());
        }
        let key = original.label(node).unwrap().to_key();
        if let Ok(found) = opened.find_key(&key) {
            assert_eq!(found, Some(node), "{}", why());
        }
    }
}
