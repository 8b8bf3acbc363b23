//! What does loading cost beside decompressing the file and counting its lines?
//!
//! `decompress_and_count` is the floor: no loader of the same file can do less. `load` does all
//! of that, and makes the graph. `load_plain` has the text in memory, so that it leaves the
//! decoder out; `build` starts from edges whose labels are already apart.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read};
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use emanate::Edge;
use emanate::graph::{LoadOptions, from_edges, load, load_from};
use flate2::bufread::MultiGzDecoder;

fn wordnet() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/wordnet.tsv.gz")
}

fn decoder() -> MultiGzDecoder<BufReader<File>> {
    let file = File::open(wordnet()).expect("the repository holds this file");
    MultiGzDecoder::new(BufReader::with_capacity(64 << 10, file))
}

fn count_lines(mut text: impl Read) -> usize {
    let mut buffer = vec![0; 256 << 10];
    let mut lines = 0;
    loop {
        match text.read(&mut buffer).expect("the repository's file is whole") {
            0 => return lines,
            read => lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count(),
        }
    }
}

/// The edges of `text`, a header before them.
fn edges(text: &str) -> impl Iterator<Item = Edge<'_>> {
    text.lines().skip(1).map(|line| {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        Edge {
            source: next().into(),
            target: next().into(),
            weight: next().parse().expect("every line has a weight"),
            relation: Some(next()),
            time: None,
        }
    })
}

fn bench(criterion: &mut Criterion) {
    let mut text = String::new();
    decoder().read_to_string(&mut text).expect("the repository's file is whole");
    let options = LoadOptions::default();
    let from_file = || load(wordnet(), &options).expect("the repository's file is right");
    let from_memory =
        || load_from(text.as_bytes(), "wordnet.tsv", &options).expect("the same text");
    assert_eq!(count_lines(decoder()) as u64, from_file().report.lines);
    assert_eq!(from_memory().graph.facts(), from_file().graph.facts());

    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("decompress_and_count", |b| b.iter(|| count_lines(decoder())));
    group.bench_function("load", |b| b.iter(from_file));
    group.bench_function("load_plain", |b| b.iter(from_memory));
    group.bench_function("build", |b| {
        b.iter(|| from_edges(edges(black_box(&text))).expect("the edges of the same file"));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
