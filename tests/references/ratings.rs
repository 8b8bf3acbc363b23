//! How similar people find two words, against how similar their walks are (1).
//!
//! Over the USF norms of free association, cue to cue: `P` is the strengths, `Q` the positive
//! pointwise mutual information of `P`, rows scaled to sum 1, and
//! `K = sum over k of alpha^k Q^k`. Two words are as similar as the cosine of their rows of `P`, of
//! `Q`, or of `PPMI(K)` without its diagonal, where
//! `PPMI(M)_ij = max(0, log2(M_ij * n / sum over i of M_ij))`. Published is Pearson's correlation
//! of each with seven sets of human ratings.
//!
//! (1) De Deyne, Navarro, Perfors, Storms. Structure at every scale: A semantic network account of
//! the similarities between unrelated concepts. Journal of Experimental Psychology: General, 2016.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use emanate::{
    Engine, Generation, Graph, GraphBuilder, NodeId, SpreadOutcome, SpreadRequest, spread::Rule,
};
use emanate_tests::compare::{assert_close, pearson};
use emanate_tests::{Tally, shared};

use super::katz::katz;

/// What the published walks keep in each step.
const ALPHA: f64 = 0.4;

/// Hops after which less than a ten-thousandth of the series is left: below what is compared.
const HOPS: u32 = 10;

/// Threads that spread.
const THREADS: usize = 2;

/// The published correlations are compared to this.
const TOLERANCE: f64 = 0.001;

/// Two words and how similar people find them.
struct Rating {
    words: [String; 2],
    rating: f64,
}

/// Ratings by set, of the pairs whose words are both in `graph`.
fn ratings(file: &Path, graph: &Generation) -> BTreeMap<String, Vec<Rating>> {
    let mut sets: BTreeMap<String, Vec<Rating>> = BTreeMap::new();
    for line in shared::text(file).lines().skip(1) {
        let fields: Vec<&str> = line.split(',').map(|field| field.trim_matches('"')).collect();
        let words = [fields[1], fields[2]];
        if words.iter().all(|word| graph.find(*word).expect("in memory").is_some()) {
            let words = words.map(str::to_owned);
            let rating = Rating { words, rating: shared::number(fields[3]) };
            sets.entry(fields[0].to_owned()).or_default().push(rating);
        }
    }
    sets
}

/// The edges of `graph` whose ends both have out-edges.
fn cue_to_cue(graph: &Generation) -> Generation {
    let ids = || (0..graph.node_count()).map(|v| NodeId::new(u32::try_from(v).expect("an id")));
    let row = |node| graph.out_row(node).expect("in memory");
    let mut builder = GraphBuilder::new();
    for source in ids() {
        let edges = row(source);
        for (position, target) in edges.targets.iter().enumerate() {
            let target = NodeId::new(*target);
            if !row(target).is_empty() {
                let [source, target] = [source, target].map(|v| graph.label(v).expect("in memory"));
                builder.edge(source, target, edges.weights.at(position)).expect("a good edge");
            }
        }
    }
    builder.build().expect("a good graph")
}

/// Rows of a matrix by word, each with a value for every node.
type Rows = BTreeMap<String, Vec<f32>>;

fn cosine(left: &[f32], right: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

/// Rows of the words of `P`, scaled: what one hop brings.
#[expect(clippy::cast_possible_truncation, reason = "three decimals are compared in the end")]
fn one_hop_rows(engine: &Engine, graph: &Graph, words: &BTreeSet<String>) -> Rows {
    let snapshot = graph.snapshot();
    let row = |word: &String| {
        let request = SpreadRequest::new(katz(1.0, 1)).seed(word.as_str(), 1.0);
        let outcome = engine.spread_at(&snapshot, &request).expect("a good request");
        let seed = snapshot.find(word.as_str()).expect("in memory").expect("a word of both graphs");
        let mut row = vec![0.0; snapshot.node_count()];
        for reached in &outcome.activations {
            let own = if reached.node == seed { 1.0 } else { 0.0 };
            row[reached.node.index()] = (reached.activation - own) as f32;
        }
        (word.clone(), row)
    };
    words.iter().map(row).collect()
}

/// Sums of the columns of `K`, and the rows of some words.
struct Walks {
    column_sums: Vec<f64>,
    rows: Rows,
}

/// Spreads from the nodes whose number leaves `part` when divided by [`THREADS`].
#[expect(clippy::cast_possible_truncation, reason = "three decimals are compared in the end")]
fn walk_part(engine: &Engine, graph: &Graph, words: &BTreeSet<String>, part: usize) -> Walks {
    let snapshot = graph.snapshot();
    let count = snapshot.node_count();
    let mut walks = Walks { column_sums: vec![0.0; count], rows: Rows::new() };
    let mut outcome = SpreadOutcome::new();
    let rule: Rule = katz(ALPHA, HOPS);
    for node in (part..count).step_by(THREADS) {
        let node = NodeId::new(u32::try_from(node).expect("an id"));
        let request = SpreadRequest::new(rule.clone()).seed(node, 1.0);
        engine.spread_into(&snapshot, &request, &mut outcome).expect("a good request");
        for reached in &outcome.activations {
            walks.column_sums[reached.node.index()] += reached.activation;
        }
        let label = snapshot.label(node).expect("in memory").to_string();
        if words.contains(&label) {
            let mut row = vec![0.0; count];
            for reached in outcome.activations.iter().filter(|reached| reached.node != node) {
                row[reached.node.index()] = reached.activation as f32;
            }
            walks.rows.insert(label, row);
        }
    }
    walks
}

/// Rows of the words of `PPMI(K)`, without the diagonal.
#[expect(clippy::cast_possible_truncation, reason = "three decimals are compared in the end")]
fn walk_rows(engine: &Engine, graph: &Graph, words: &BTreeSet<String>) -> Rows {
    let parts: Vec<Walks> = thread::scope(|scope| {
        let spread = |part| scope.spawn(move || walk_part(engine, graph, words, part));
        let threads: Vec<_> = (0..THREADS).map(spread).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let count = graph.snapshot().node_count();
    let sum = |column: usize| parts.iter().map(|part| part.column_sums[column]).sum::<f64>();
    let scale: Vec<f64> = (0..count).map(|column| count as f64 / sum(column)).collect();
    let mut rows: Rows = parts.into_iter().flat_map(|part| part.rows).collect();
    for row in rows.values_mut() {
        for (value, scale) in row.iter_mut().zip(&scale) {
            *value = (f64::from(*value) * scale).log2().max(0.0) as f32;
        }
    }
    rows
}

#[test]
fn similarity_of_words_by_walks() {
    let mut tally = Tally::new("correlations with human ratings");
    let published = shared::find("reference/katz_vs_human_ratings.json", &mut tally);
    let people = shared::find("data/qa/human_similarity_ratings.csv.gz", &mut tally);
    let (Some(published), Some(people)) = (published, people) else { return };
    let Some(norms) = shared::graph("usf_r1_workshop", &mut tally) else { return };
    let Some(information) = shared::graph("usf_ppmi_l1", &mut tally) else { return };
    let published = shared::json(&published);

    let sets = ratings(&people, &information);
    let words: BTreeSet<String> =
        sets.values().flatten().flat_map(|rating| rating.words.clone()).collect();
    let engine = Engine::new();
    let strengths = Graph::from(cue_to_cue(&norms));
    assert_eq!(strengths.snapshot().edge_count(), information.edge_count());
    let information = Graph::from(information);
    let columns = [
        one_hop_rows(&engine, &strengths, &words),
        one_hop_rows(&engine, &information, &words),
        walk_rows(&engine, &information, &words),
    ];

    let recomputed = &published["recomputed_all"]["USF_alpha0.4"]["r"];
    let published = &published["published_pearson_r(columns strength, ppmi, rw)"];
    for (set, expected) in published.as_object().expect("correlations by set") {
        let ratings = &sets[set];
        assert_eq!(Some(ratings.len() as u64), recomputed[set]["n_pairs"].as_u64(), "{set}");
        let people: Vec<f64> = ratings.iter().map(|rating| rating.rating).collect();
        for (column, rows) in columns.iter().enumerate() {
            let similarity = |rating: &Rating| {
                let [left, right] = rating.words.each_ref().map(|word| rows[word].as_slice());
                cosine(left, right)
            };
            let similarities: Vec<f64> = ratings.iter().map(similarity).collect();
            let expected = expected[column].as_f64().expect("a number");
            let what = format!("{set}, column {column}");
            assert_close(&what, pearson(&similarities, &people), expected, TOLERANCE);
            tally.ran();
        }
    }
    assert_eq!(tally.ran_count(), 21);
}
