//! De Deyne's Katz walks: `K = sum over k of alpha^k Q^k`, as rule `linear` with share by weight.

use emanate::spread::{Hops, Linear, Rule, Share};
use emanate::{Engine, Graph, SpreadRequest};
use emanate_tests::compare::{assert_close_relative, by_label};
use emanate_tests::{Tally, shared};

/// Relative to the value.
const TOLERANCE: f64 = 1e-9;

/// Hops after which the rest of the series is below the last bits of its sum, `0.75^150 = 2e-19`.
const HOPS: u32 = 150;

/// The rule that computes the first `hops` terms of a Katz series.
pub(crate) fn katz(alpha: f64, hops: u32) -> Rule {
    Rule::Linear(Linear {
        hops: Hops::Limit(hops),
        hop_decay: alpha,
        firing_threshold: 0.0,
        share: Share::Weight,
        ..Linear::default()
    })
}

#[test]
fn katz_rows() {
    let mut tally = Tally::new("rows of Katz walks");
    let Some(file) = shared::find("reference/katz_usf_rows.json", &mut tally) else { return };
    let Some(graph) = shared::graph("usf_ppmi_l1", &mut tally) else { return };
    let (engine, graph) = (Engine::new(), Graph::from(graph));
    let file = shared::json(&file);
    for row in file["rows"].as_array().expect("rows") {
        let word = row["word"].as_str().expect("a word");
        let alpha = row["alpha"].as_f64().expect("a number");
        let request = SpreadRequest::new(katz(alpha, HOPS)).seed(word, 1.0);
        let outcome = engine.spread(&graph, &request).expect("a good request");
        let activations = by_label(&graph.snapshot(), &outcome);
        let what = format!("{word} by {alpha}");
        let sum: f64 = outcome.activations.iter().map(|a| a.activation).sum();
        let expected = shared::number(row["row_sum"].as_str().expect("a sum"));
        assert_close_relative(&what, sum, expected, TOLERANCE);
        for (rank, entry) in row["top100"].as_array().expect("a list").iter().enumerate() {
            let [label, value] = [0, 1].map(|field| entry[field].as_str().expect("a string"));
            let expected = shared::number(value);
            let what = format!("{what}: {label}");
            assert_close_relative(&what, activations[label], expected, TOLERANCE);
            let ranked = outcome.activations[rank].activation;
            assert_close_relative(&what, ranked, expected, TOLERANCE);
        }
        tally.ran();
    }
    assert_eq!(tally.ran_count(), 12);
}
