//! Random histories of a graph, as plain data.

use emanate::change::{
    ApplyOptions, Change, ChangeSet, Chunk, Commit, EdgeEnd, EdgeKey, RowEdge, Validation,
};
use emanate_tests::plans::{
    GraphPlan, LABELS, RequestPlan, RuleKind, Weights, graphs, requests, rule_of,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// One step of a history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A change set.
    Apply(ChangeSet, Options),
    /// All changes so far go into the blocks.
    Merge,
    /// Maintenance has its turn.
    Maintain,
    /// The graph is written as a file, and opened in its place.
    Reopen,
    /// A spread that needs in-edges, which makes them.
    TurnRound,
}

/// What of the options a history chooses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) commit: Commit,
    pub(crate) stop_on_first_error: bool,
    pub(crate) failures_max: usize,
    pub(crate) chunk: Chunk,
    pub(crate) direct_below: usize,
    pub(crate) validation: Validation,
}

impl Options {
    pub(crate) fn apply(self) -> ApplyOptions {
        let mut options = ApplyOptions::default();
        options.commit = self.commit;
        options.stop_on_first_error = self.stop_on_first_error;
        options.failures_max = self.failures_max;
        options.chunk = self.chunk;
        options.direct_below = self.direct_below;
        options.validation = self.validation;
        options
    }
}

/// A graph, what happens to it, and what is asked of it after each step.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) graph: GraphPlan,
    pub(crate) steps: Vec<Step>,
    pub(crate) requests: Vec<RequestPlan>,
}

/// Names that no graph has at first.
const NEW: [&str; 5] = ["new", "a", "~", "éé", "dog2"];

/// Mostly one of a few, so that edits often meet what others have made.
fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        9 => prop::sample::select(LABELS[..4].to_vec()),
        2 => prop::sample::select(LABELS.to_vec()),
        2 => prop::sample::select(NEW.to_vec()),
    ]
}

/// A name that is given, seldom an empty one.
fn given() -> impl Strategy<Value = &'static str> {
    prop_oneof![30 => name(), 1 => Just("")]
}

fn weight() -> impl Strategy<Value = f64> {
    let round = prop::sample::select(vec![0.0, 0.25, 0.5, 1.0, 2.0]);
    prop_oneof![12 => round, 12 => 0.05..1.5f64, 4 => -1.0..0.0f64, 1 => Just(f64::NAN)]
}

/// Relations that some graphs have, and one that none has at first and that comes first by name.
fn relation() -> impl Strategy<Value = Option<Box<str>>> {
    let names = prop::sample::select(vec!["r0", "r1", "r2", "new"]);
    option::weighted(0.2, names.prop_map(Box::from))
}

fn time() -> impl Strategy<Value = Option<f64>> {
    option::weighted(0.15, prop::sample::select(vec![0.0, -0.0, 1.0, 500.5]))
}

prop_compose! {
    fn edge()(
        source in name(), target in name(), relation in relation(), time in time(),
    ) -> EdgeKey {
        EdgeKey { source: source.into(), target: target.into(), relation, time }
    }
}

prop_compose! {
    fn row_edge()(
        target in name(), weight in weight(), relation in relation(), time in time(),
    ) -> RowEdge {
        RowEdge { target: target.into(), weight, relation, time }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let end = prop::sample::select(vec![EdgeEnd::Source, EdgeEnd::Target]);
    prop_oneof![
        1 => given().prop_map(|node| Change::AddNode { node: node.into() }),
        1 => given().prop_map(|node| Change::UpsertNode { node: node.into() }),
        1 => (name(), given()).prop_map(|(node, name)| {
            Change::RenameNode { node: node.into(), name: name.into() }
        }),
        1 => name().prop_map(|node| Change::RemoveNode { node: node.into() }),
        3 => (edge(), weight()).prop_map(|(edge, weight)| Change::AddEdge { edge, weight }),
        2 => (edge(), weight()).prop_map(|(edge, weight)| Change::SetWeight { edge, weight }),
        6 => (edge(), weight()).prop_map(|(edge, weight)| Change::UpsertEdge { edge, weight }),
        2 => edge().prop_map(|edge| Change::RemoveEdge { edge }),
        2 => (edge(), end, name()).prop_map(|(edge, end, to)| {
            Change::MoveEdge { edge, end, to: to.into() }
        }),
        2 => (edge(), weight()).prop_map(|(edge, amount)| Change::AddWeight { edge, amount }),
        2 => (edge(), 0.0..1.0f64, 0.0..1.0f64, 0.0..0.5f64).prop_map(|(edge, x, y, rate)| {
            Change::Oja { edge, source_activation: x, target_activation: y, rate }
        }),
        1 => (name(), vec(row_edge(), 0..5)).prop_map(|(node, edges)| {
            Change::RebuildRow { node: node.into(), edges }
        }),
    ]
}

prop_compose! {
    fn options()(
        is_atomic in prop::bool::weighted(0.3),
        stop_on_first_error in prop::bool::weighted(0.15),
        failures_max in prop_oneof![1 => 0..6usize, 3 => Just(100usize)],
        chunk in prop_oneof![
            1 => Just(Chunk::One),
            1 => (1..5usize).prop_map(|size| Chunk::Fixed(size.try_into().unwrap())),
            1 => Just(ApplyOptions::default().chunk),
        ],
        direct_below in prop_oneof![Just(0usize), Just(10)],
        is_parallel in any::<bool>(),
    ) -> Options {
        let commit = if is_atomic { Commit::Atomic } else { Commit::BestEffort };
        let validation = if is_parallel { Validation::Parallel } else { Validation::Sequential };
        Options { commit, stop_on_first_error, failures_max, chunk, direct_below, validation }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let set = vec(change(), 0..14).prop_map(ChangeSet::from_iter);
    prop_oneof![
        8 => (set, options()).prop_map(|(set, options)| Step::Apply(set, options)),
        1 => Just(Step::Merge),
        1 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => Just(Step::TurnRound),
    ]
}

fn any_request() -> impl Strategy<Value = RequestPlan> {
    let kinds = [
        RuleKind::Linear,
        RuleKind::Retention,
        RuleKind::PageRank,
        RuleKind::ActR,
        RuleKind::Synapse,
    ];
    prop_oneof![
        2 => requests(rule_of(RuleKind::Linear)),
        1 => prop::sample::select(kinds.to_vec()).prop_flat_map(|kind| requests(rule_of(kind))),
    ]
}

prop_compose! {
    /// Histories of small graphs.
    pub(crate) fn histories()(
        graph in prop_oneof![graphs(Weights::NonNegative), graphs(Weights::Inhibitory)],
        steps in vec(step(), 1..8),
        requests in vec(any_request(), 1..4),
    ) -> History {
        History { graph, steps, requests }
    }
}
