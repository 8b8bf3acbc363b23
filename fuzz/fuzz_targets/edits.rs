//! A graph that is edited while it is spread on: an outcome that began before an edit is the same
//! afterwards, and a graph with edits over its blocks gives what the oracle gives, and the same
//! bits as one in which they are merged.
#![no_main]

use emanate::change::{ApplyOptions, Change, ChangeSet, EdgeEnd, EdgeKey, RowEdge};
use emanate::graph::verify;
use emanate::{Engine, Graph, SpreadRequest};
use emanate_fuzz::draw::Case;
use emanate_tests::agreement::{Arithmetic, compare};
use emanate_tests::compare::{Scope, assert_same_bits};
use emanate_tests::plans::LABELS;
use libfuzzer_sys::arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;

/// Sets applied one after the other, at most.
const SETS_MAX: usize = 4;
/// Edits of one set, at most.
const EDITS_MAX: usize = 12;
/// Weights that edits give; those that are no single-precision numbers among them.
const WEIGHTS: [f64; 8] = [0.5, 0.25, 1.0, 0.1, 0.0, -0.5, 2.0, 1.0 / 3.0];

/// A graph, a request, and edits.
#[derive(Debug)]
struct Edited {
    sets: Vec<(ChangeSet, bool)>,
    case: Case,
}

impl<'a> Arbitrary<'a> for Edited {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let count = bytes.int_in_range(1..=SETS_MAX)?;
        let sets = (0..count).map(|_| Ok((set(bytes)?, bytes.arbitrary()?)));
        Ok(Self { sets: sets.collect::<Result<_>>()?, case: Case::arbitrary(bytes)? })
    }
}

fn set(bytes: &mut Unstructured<'_>) -> Result<ChangeSet> {
    let count = bytes.int_in_range(0..=EDITS_MAX)?;
    (0..count).map(|_| change(bytes)).collect()
}

/// One of a few names, one of which no graph has at first.
fn name(bytes: &mut Unstructured<'_>) -> Result<&'static str> {
    Ok(*bytes.choose(&[LABELS[0], LABELS[1], LABELS[2], LABELS[3], LABELS[5], "new"])?)
}

fn weight(bytes: &mut Unstructured<'_>) -> Result<f64> {
    Ok(*bytes.choose(&WEIGHTS)?)
}

fn relation_and_time(bytes: &mut Unstructured<'_>) -> Result<(Option<Box<str>>, Option<f64>)> {
    let bits: u8 = bytes.arbitrary()?;
    let relation = [None, None, None, Some("r0"), Some("r1"), Some("new")];
    let time = [None, None, None, Some(0.0), Some(1.0)];
    let relation = relation[usize::from(bits & 15) % relation.len()];
    Ok((relation.map(Box::from), time[usize::from(bits >> 4) % time.len()]))
}

fn edge(bytes: &mut Unstructured<'_>) -> Result<EdgeKey> {
    let (source, target) = (name(bytes)?.into(), name(bytes)?.into());
    let (relation, time) = relation_and_time(bytes)?;
    Ok(EdgeKey { source, target, relation, time })
}

fn row_edge(bytes: &mut Unstructured<'_>) -> Result<RowEdge> {
    let (target, weight) = (name(bytes)?.into(), weight(bytes)?);
    let (relation, time) = relation_and_time(bytes)?;
    Ok(RowEdge { target, weight, relation, time })
}

fn change(bytes: &mut Unstructured<'_>) -> Result<Change> {
    Ok(match bytes.int_in_range(0..=12u8)? {
        0 | 1 => Change::UpsertEdge { edge: edge(bytes)?, weight: weight(bytes)? },
        2 => Change::AddNode { node: name(bytes)?.into() },
        3 => Change::UpsertNode { node: name(bytes)?.into() },
        4 => Change::RenameNode { node: name(bytes)?.into(), name: name(bytes)?.into() },
        5 => Change::RemoveNode { node: name(bytes)?.into() },
        6 => Change::AddEdge { edge: edge(bytes)?, weight: weight(bytes)? },
        7 => Change::SetWeight { edge: edge(bytes)?, weight: weight(bytes)? },
        8 => Change::RemoveEdge { edge: edge(bytes)? },
        9 => {
            let end = if bytes.arbitrary()? { EdgeEnd::Source } else { EdgeEnd::Target };
            Change::MoveEdge { edge: edge(bytes)?, end, to: name(bytes)?.into() }
        }
        10 => Change::AddWeight { edge: edge(bytes)?, amount: weight(bytes)? },
        11 => Change::Oja {
            edge: edge(bytes)?,
            source_activation: weight(bytes)?,
            target_activation: weight(bytes)?,
            rate: 0.25,
        },
        _ => {
            let count = bytes.int_in_range(0..=3usize)?;
            let edges = (0..count).map(|_| row_edge(bytes)).collect::<Result<_>>()?;
            Change::RebuildRow { node: name(bytes)?.into(), edges }
        }
    })
}

/// Spreads on the graph as it is, compares, and on one with everything merged.
fn check(engine: &Engine, graph: &Graph, request: &SpreadRequest) {
    let now = graph.snapshot();
    if let Err(difference) = compare(engine, &now, request, Arithmetic::Rounds) {
        panic!("{difference}");
    }
    let merged = now.merged().expect("a small graph can be merged");
    verify(&merged).expect("a merged graph is a good one");
    let merged = Graph::from(merged).snapshot();
    match (engine.spread_at(&now, request), engine.spread_at(&merged, request)) {
        (Ok(over), Ok(merged)) => assert_same_bits(&over, &merged, Scope::Whole),
        (over, merged) => assert_eq!(over.map(|_| ()), merged.map(|_| ())),
    }
}

fuzz_target!(|edited: Edited| {
    let engine = Engine::new();
    let graph = Graph::from(edited.case.graph.generation());
    let request = edited.case.request.request(edited.case.graph.nodes);
    for (set, merges) in &edited.sets {
        let before = graph.snapshot();
        let expected = engine.spread_at(&before, &request);
        let mut bytes = Vec::new();
        set.encode(&mut bytes);
        assert_eq!(ChangeSet::decode(&bytes).as_ref(), Ok(set));
        let mut options = ApplyOptions::best_effort();
        options.failures_max = EDITS_MAX;
        engine.apply(&graph, set, &options).expect("what can be applied is");
        match (&expected, engine.spread_at(&before, &request)) {
            (Ok(expected), Ok(again)) => assert_same_bits(&again, expected, Scope::Whole),
            (expected, again) => assert_eq!(expected.as_ref().err(), again.err().as_ref()),
        }
        check(&engine, &graph, &request);
        if *merges {
            engine.merge(&graph).expect("a small graph can be merged");
            check(&engine, &graph, &request);
        }
    }
});
