//! From a request to an outcome: check, run the rule, rank, explain.

use super::conditions::Conditions;
use super::error::SpreadError;
use super::outcome::SpreadOutcome;
use super::params::{Linear, PageRankMethod, Precision, Rule};
use super::paths;
use super::plan;
use super::request::SpreadRequest;
use super::rules::{act_r, linear, pagerank, push, retention, synapse};
use super::run::{Halt, Run};
use super::scratch::{Scratch, State};
use super::stopwatch::Stopwatch;
use super::unread::Unread;
use super::view::{View, relation_factors};
use super::watch::Watch;
use crate::graph::Generation;
use crate::terms::StopReason;

/// Attempts at a spread that reads rows which come and go, before one that reads none.
const READING_ATTEMPTS_MAX: u32 = 4;

/// Runs one spread. `scratch` must be empty, and is empty again unless this panics.
pub(crate) fn spread(
    graph: &Generation,
    request: &SpreadRequest,
    conditions: &Conditions<'_>,
    scratch: &mut Scratch,
    outcome: &mut SpreadOutcome,
) -> Result<(), SpreadError> {
    outcome.clear();
    scratch.lists.hop_times.clear();
    let result = checked(graph, request, scratch)
        .and_then(|()| attempts(graph, request, conditions, scratch, outcome));
    scratch.clear();
    outcome.stats.generation = graph.number();
    if result.is_err() {
        outcome.clear();
    }
    result
}

fn checked(
    graph: &Generation,
    request: &SpreadRequest,
    scratch: &mut Scratch,
) -> Result<(), SpreadError> {
    plan::check_rule(&request.rule)?;
    plan::check_filter(&request.edges)?;
    relation_factors(graph, &request.edges, &mut scratch.factors)
        .map_err(|name| SpreadError::UnknownRelation { name: name.to_owned() })
}

/// Runs the spread, and again from the start where a row that comes and goes could not be read:
/// it may have been read in an earlier hop. Rows that are known to be unreadable are not asked for
/// again, so as a rule the second attempt is the last; the last there may be reads nothing.
fn attempts(
    graph: &Generation,
    request: &SpreadRequest,
    conditions: &Conditions<'_>,
    scratch: &mut Scratch,
    outcome: &mut SpreadOutcome,
) -> Result<(), SpreadError> {
    let mut unread = Unread::new(conditions.shut);
    for attempt in 1.. {
        seeded(graph, request, conditions, &unread, scratch, outcome)?;
        if !graph.comes_and_goes() || unread.is_hot_alone() {
            break;
        }
        let Some(again) = unread.again() else { break };
        unread = if attempt < READING_ATTEMPTS_MAX { again } else { again.hot_alone() };
        scratch.clear();
        scratch.lists.hop_times.clear();
        outcome.clear();
    }
    Ok(())
}

fn seeded(
    graph: &Generation,
    request: &SpreadRequest,
    conditions: &Conditions<'_>,
    unread: &Unread,
    scratch: &mut Scratch,
    outcome: &mut SpreadOutcome,
) -> Result<(), SpreadError> {
    outcome.stats.seeds_skipped =
        plan::resolve_seeds(graph, request, &mut scratch.seeds, &mut scratch.lists.order)?;
    if matches!(request.rule, Rule::PageRank(_)) {
        pagerank::scale_seeds(&mut scratch.seeds);
    }
    scratch.prepare(graph.node_count(), &request.rule);
    let scratch_bytes = Scratch::bytes(graph.node_count(), &request.rule);
    let Scratch { double, single, seeds, factors, lists, .. } = scratch;
    let view = View::new(graph, &request.edges, factors, request.nodes.as_deref(), unread)?;
    if view.has_negative() && !plan::takes_negative(&request.rule) {
        return Err(SpreadError::NegativeWeight { rule: request.rule.name() });
    }
    let SpreadOutcome { activations, stats, steps, .. } = outcome;
    let mut run = Run {
        view: &view,
        request,
        seeds,
        watch: Watch::start(&request.bounds, conditions),
        lists,
        stats,
        steps,
        scratch_bytes,
        hop_limit_auto: conditions.hop_limit_auto,
        execution: conditions.execution,
        team: conditions.team,
        stopwatch: Stopwatch::start(conditions.hop_clock),
    };
    let mut ended = by_rule(&mut run, double, single)?;
    let mut paths = Vec::new();
    activations.extend_from_slice(run.lists.ranking.finish(graph)?);
    if matches!(&request.rule, Rule::PageRank(p) if matches!(p.method, PageRankMethod::Push { .. }))
    {
        push::distances(&mut run, activations)?;
    }
    if request.explain {
        let reached = |node| match &request.rule {
            // Linear keeps a trace of what fired, and act-r's one hop starts at its seeds.
            Rule::Linear(_) | Rule::ActR(_) => true,
            Rule::Retention(_) | Rule::PageRank(_) | Rule::Synapse(_) => {
                double.ledger.is_reached(node)
            }
        };
        match paths::explain(&mut run, activations, reached) {
            Ok(found) => paths = found,
            Err(Halt::Fail(error)) => return Err(error),
            Err(Halt::Stop(reason)) => {
                paths = vec![None; activations.len()];
                ended.reason = reason;
            }
        }
    }
    view.unread().report(&mut outcome.degraded);
    outcome.paths = paths;
    outcome.stop_reason = ended.reason;
    outcome.residual = ended.residual;
    Ok(())
}

/// How a rule ended.
struct Ended {
    reason: StopReason,
    residual: Option<f64>,
}

/// Runs the rule and offers what it reached to the report.
fn by_rule(
    run: &mut Run<'_>,
    double: &mut State<f64>,
    single: &mut State<f32>,
) -> Result<Ended, SpreadError> {
    let mut residual = None;
    let request = run.request;
    let reason = match &request.rule {
        Rule::Linear(params @ Linear { precision: Precision::Double, .. }) => {
            linear::run(run, double, params)?
        }
        Rule::Linear(params) => linear::run(run, single, params)?,
        Rule::Retention(params) => {
            let reason = retention::run(run, double, params)?;
            run.start_ranking();
            retention::report(run, double);
            reason
        }
        Rule::PageRank(params) => {
            let (reason, rest) = pagerank::run(run, double, params)?;
            run.start_ranking();
            pagerank::report(run, double);
            residual = rest;
            reason
        }
        Rule::ActR(params) => {
            let reason = act_r::run(run, double, params)?;
            run.start_ranking();
            act_r::report(run, params);
            reason
        }
        Rule::Synapse(params) => {
            let reason = synapse::run(run, double, params)?;
            run.start_ranking();
            synapse::report(run, double, params);
            reason
        }
    };
    Ok(Ended { reason, residual })
}
