//! When a kernel and the oracle count as agreeing: the accuracy the design promises.

use std::collections::HashMap;

use emanate::spread::oracle::{OracleRun, spread_traced};
use emanate::spread::{Execution, Kernel, Linear, Path, Precision, Rule};
use emanate::{Engine, Generation, NodeActivation, NodeId, Snapshot, SpreadOutcome, SpreadRequest};

use crate::compare::assert_ranked;

/// How close a number may come to a threshold, relative to it, before rounding decides.
const MARGIN: f64 = 1e-9;
/// The same in single precision.
const MARGIN_SINGLE: f64 = 1e-4;
/// Error allowed, relative to the oracle's value.
const RELATIVE: f64 = 1e-9;
/// The same in single precision.
const RELATIVE_SINGLE: f64 = 1e-4;
/// Error allowed, relative to the total activation of the seeds.
const OF_SEEDS: f64 = 1e-12;
/// The same in single precision.
const OF_SEEDS_SINGLE: f64 = 1e-7;

/// How a comparison ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both gave the same outcome.
    SameOutcome,
    /// Both refused.
    BothRefuse,
    /// A number lies so near a threshold that both ways on are right.
    Undecided,
}

/// Whether the numbers of a spread are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// They are, so one that lies within rounding of a threshold decides nothing.
    Rounds,
    /// All are sums of a few powers of two, so a number equal to a threshold is equal.
    IsExact,
}

/// An engine for each kernel that can run a hop.
#[must_use]
pub fn every_kernel() -> Vec<Engine> {
    let kernels = [Kernel::Auto, Kernel::List, Kernel::Scan, Kernel::Dense];
    let engine = |kernel| {
        let execution = Execution { kernel, ..Execution::default() };
        Engine::builder().execution(execution).build().expect("the options are good")
    };
    kernels.map(engine).into()
}

/// Nothing, or what differs.
type Compared = Result<(), String>;

/// Whether two values are equal.
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Compared {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}: {got:?} instead of {expected:?}"))
}

/// Errors a comparison allows.
struct Allowed {
    relative: f64,
    absolute: f64,
}

impl Allowed {
    fn check(&self, what: &str, got: f64, expected: f64) -> Compared {
        let allowed = self.relative * expected.abs() + self.absolute;
        if (got - expected).abs() <= allowed {
            return Ok(());
        }
        Err(format!("{what}: {got:e} instead of {expected:e}, allowed are {allowed:e}"))
    }
}

/// Compares what the engine gives with what the oracle gives.
///
/// # Errors
/// Says what differs, with the request and, unless it is large, the graph.
pub fn compare(
    engine: &Engine,
    graph: &Snapshot,
    request: &SpreadRequest,
    arithmetic: Arithmetic,
) -> Result<Verdict, String> {
    let failed = |what: String| format!("{what}\n{}", describe(graph, request));
    match (engine.spread_at(graph, request), spread_traced(graph, request)) {
        // Of several faults either may name another one first.
        (Err(_), Err(_)) => Ok(Verdict::BothRefuse),
        (Ok(got), Ok(expected)) => {
            if arithmetic == Arithmetic::Rounds && is_undecided(graph, request, &expected) {
                return Ok(Verdict::Undecided);
            }
            compare_outcomes(graph, request, &got, &expected.outcome)
                .map_err(|what| format!("{what}; margin {:e}", expected.threshold_margin))
                .map_err(failed)?;
            check_report(engine, graph, request, &got).map_err(failed)?;
            Ok(Verdict::SameOutcome)
        }
        (got, expected) => {
            let refusals = [got.map(|_| ()), expected.map(|_| ())];
            Err(failed(format!("only one refuses, engine and oracle: {refusals:?}")))
        }
    }
}

fn is_single(request: &SpreadRequest) -> bool {
    matches!(request.rule, Rule::Linear(Linear { precision: Precision::Single, .. }))
}

fn is_undecided(graph: &Generation, request: &SpreadRequest, expected: &OracleRun) -> bool {
    if is_single(request) {
        // Cancelling leaves single precision without digits, so only sums of one sign compare.
        let cancels = graph.facts().weight_min < 0.0;
        return cancels || expected.threshold_margin <= MARGIN_SINGLE;
    }
    expected.threshold_margin <= MARGIN
}

fn compare_outcomes(
    graph: &Generation,
    request: &SpreadRequest,
    got: &SpreadOutcome,
    expected: &SpreadOutcome,
) -> Compared {
    let seeds: f64 = request.seeds.iter().map(|seed| seed.activation).sum();
    let allowed = if is_single(request) {
        Allowed { relative: RELATIVE_SINGLE, absolute: OF_SEEDS_SINGLE * seeds }
    } else {
        Allowed { relative: RELATIVE, absolute: OF_SEEDS * seeds }
    };
    equal("stop reason", &got.stop_reason, &expected.stop_reason)?;
    let counts = |outcome: &SpreadOutcome| {
        let s = &outcome.stats;
        let hops = [s.hops, s.hop_limit];
        (hops, s.nodes_reached, s.edges_traversed, s.revisits, s.seeds_skipped)
    };
    let what = "hops and limit, nodes reached, edges, revisits, seeds skipped";
    equal(what, &counts(got), &counts(expected))?;
    assert_ranked(graph, got);
    compare_activations(graph, &allowed, got, expected)?;
    equal("number of steps", &got.steps.len(), &expected.steps.len())?;
    for (got, expected) in got.steps.iter().zip(&expected.steps) {
        equal("step and active", &(got.t, got.active), &(expected.t, expected.active))?;
        let nodes = graph.node_count() as f64;
        let allowed = Allowed { absolute: allowed.absolute * nodes, ..allowed };
        allowed.check(&format!("total at {}", got.t), got.total, expected.total)?;
    }
    equal("residual", &got.residual.is_some(), &expected.residual.is_some())?;
    if let (Some(got), Some(expected)) = (got.residual, expected.residual) {
        allowed.check("residual", got, expected)?;
    }
    equal("degraded", &got.degraded, &expected.degraded)?;
    match request.rule {
        Rule::Linear(_) => compare_paths(graph, &allowed, got, expected),
        _ => check_paths(graph, request, got),
    }
}

fn compare_activations(
    graph: &Generation,
    allowed: &Allowed,
    got: &SpreadOutcome,
    expected: &SpreadOutcome,
) -> Compared {
    let by_node = |outcome: &SpreadOutcome| -> HashMap<NodeId, NodeActivation> {
        outcome.activations.iter().map(|a| (a.node, *a)).collect()
    };
    let (got, expected) = (by_node(got), by_node(expected));
    for (node, expected) in &expected {
        let label = graph.label(*node).expect("in memory");
        let Some(got) = got.get(node) else {
            // A sum that cancels to 0 in one order and not in the other.
            allowed.check(&format!("{label} is missing"), 0.0, expected.activation)?;
            continue;
        };
        allowed.check(&label.to_string(), got.activation, expected.activation)?;
        equal(&format!("hop of {label}"), &got.hop, &expected.hop)?;
        equal("latency", &got.latency_s.is_some(), &expected.latency_s.is_some())?;
        if let (Some(got), Some(expected)) = (got.latency_s, expected.latency_s) {
            allowed.check(&format!("latency of {label}"), got, expected)?;
        }
    }
    for (node, got) in got.iter().filter(|(node, _)| !expected.contains_key(node)) {
        let label = graph.label(*node).expect("in memory");
        allowed.check(&format!("{label} is one too many"), got.activation, 0.0)?;
    }
    Ok(())
}

fn compare_paths(
    graph: &Generation,
    allowed: &Allowed,
    got: &SpreadOutcome,
    expected: &SpreadOutcome,
) -> Compared {
    let by_node = |outcome: &SpreadOutcome| -> HashMap<NodeId, Option<Path>> {
        let nodes = outcome.activations.iter().map(|a| a.node);
        nodes.zip(outcome.paths.iter().cloned()).collect()
    };
    equal("number of paths", &got.paths.len(), &expected.paths.len())?;
    let (got, expected) = (by_node(got), by_node(expected));
    for (node, expected) in &expected {
        let label = graph.label(*node).expect("in memory");
        match (got.get(node), expected) {
            (Some(Some(got)), Some(expected)) => {
                allowed.check(&format!("path to {label}"), got.strength, expected.strength)?;
                if got.strength.to_bits() == expected.strength.to_bits() {
                    equal(&format!("path to {label}"), &got.nodes, &expected.nodes)?;
                }
            }
            (Some(None), None) | (None, _) => {}
            (got, expected) => {
                return Err(format!("path to {label}: {got:?} instead of {expected:?}"));
            }
        }
    }
    Ok(())
}

/// Whether every path leads from a seed to its node. The oracle has paths of rule `linear` alone.
fn check_paths(graph: &Generation, request: &SpreadRequest, got: &SpreadOutcome) -> Compared {
    let is_seed = |node: &NodeId| {
        let found = |key| graph.find_key(key).expect("in memory") == Some(*node);
        request.seeds.iter().any(|seed| found(&seed.node))
    };
    for (activation, path) in got.activations.iter().zip(&got.paths) {
        if let Some(path) = path {
            equal("end of path", &path.nodes.last(), &Some(&activation.node))?;
            equal("path starts at a seed", &path.nodes.first().is_some_and(is_seed), &true)?;
        }
    }
    Ok(())
}

/// Whether `top` cuts the ranking and changes nothing else, and excluding the seeds takes nothing
/// but them.
fn check_report(
    engine: &Engine,
    graph: &Snapshot,
    request: &SpreadRequest,
    whole: &SpreadOutcome,
) -> Compared {
    let spread = |request: &SpreadRequest| {
        engine.spread_at(graph, request).map_err(|error| format!("first accepted, then {error}"))
    };
    let most = whole.activations.len() / 2;
    let cut = spread(&request.clone().top(most))?;
    let is_cut = |cut: &[NodeActivation], whole: &[NodeActivation]| whole.get(..most) == Some(cut);
    equal("top cuts", &is_cut(&cut.activations, &whole.activations), &true)?;
    equal("top cuts paths", &cut.paths, &whole.paths[..most.min(whole.paths.len())].to_vec())?;

    if request.exclude_seeds {
        let with_seeds = spread(&SpreadRequest { exclude_seeds: false, ..request.clone() })?;
        let is_seed = |a: &&NodeActivation| {
            let found = |key| graph.find_key(key).expect("in memory") == Some(a.node);
            request.seeds.iter().any(|seed| found(&seed.node))
        };
        let others = with_seeds.activations.iter().filter(|a| !is_seed(a));
        equal("excluding takes the seeds alone", &others.eq(&whole.activations), &true)?;
    }
    Ok(())
}

/// What a person needs to see a failure again.
fn describe(graph: &Generation, request: &SpreadRequest) -> String {
    let mut text = format!("{request:?}\nedges {:?}, {:?}\n", request.edges, request.bounds);
    let shown = if graph.node_count() > 16 { 0 } else { graph.node_count() };
    for node in (0..shown).filter_map(|v| u32::try_from(v).ok()) {
        let node = NodeId::new(node);
        let row = graph.out_row(node).expect("in memory");
        let label = graph.label(node).expect("in memory");
        let relations = graph.out_relations(node).expect("in memory");
        let times = graph.out_times(node).expect("in memory");
        let weights: Vec<f64> = (0..row.len()).map(|edge| row.weights.at(edge)).collect();
        let ends = row.targets;
        text += &format!("{node:?} {label}: to {ends:?}, {weights:?}, {relations:?}, {times:?}\n");
    }
    text
}
