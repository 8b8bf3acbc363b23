//! Random requests.

use std::sync::Arc;

use emanate::spread::{
    Bounds, Combine, Direction, EdgeFilter, Linear, NodeFilter, Rule, UnknownSeeds,
};
use emanate::{Key, NodeId, Seed, SpreadRequest};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::graph::LABELS;

/// Nodes a request does not see: those whose id leaves `rest` when divided by `modulus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// At least 2.
    pub modulus: u32,
    /// Below `modulus`.
    pub rest: u32,
}

/// A request as plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestPlan {
    /// Position in [`LABELS`], activation, time. Positions past the graph's nodes wrap around.
    pub seeds: Vec<(usize, f64, u32)>,
    /// A seed that no graph has comes along.
    pub has_unknown_seed: bool,
    /// What to do with seeds the spread does not see.
    pub unknown_seeds: UnknownSeeds,
    /// How activation moves.
    pub rule: Rule,
    /// Number of a relation, and its factor.
    pub relations: Vec<(u8, f64)>,
    /// Which way.
    pub direction: Direction,
    /// Age rate and query time.
    pub age: Option<(f64, f64)>,
    /// Nodes the spread does not see.
    pub hidden: Option<Hidden>,
    /// Most edges.
    pub edges_max: Option<u64>,
    /// Most nodes.
    pub nodes_max: Option<u64>,
    /// Whether seeds are left out.
    pub exclude_seeds: bool,
    /// Whether paths are asked for.
    pub explain: bool,
    /// Whether the state after every hop is asked for.
    pub by_step: bool,
}

impl RequestPlan {
    /// A request for `rule` and nothing special.
    #[must_use]
    pub const fn plain(seeds: Vec<(usize, f64, u32)>, rule: Rule) -> Self {
        Self {
            seeds,
            has_unknown_seed: false,
            unknown_seeds: UnknownSeeds::Refuse,
            rule,
            relations: Vec::new(),
            direction: Direction::Out,
            age: None,
            hidden: None,
            edges_max: None,
            nodes_max: None,
            exclude_seeds: false,
            explain: false,
            by_step: true,
        }
    }

    /// The request, for a graph of `nodes` nodes called as in [`LABELS`].
    #[must_use]
    pub fn request(&self, nodes: usize) -> SpreadRequest {
        self.request_named(nodes, |node| LABELS[node].to_owned())
    }

    /// The request, for a graph of `count` nodes called `name(node)`. Positions past them wrap.
    #[must_use]
    ///
    /// # Panics
    /// Where a retention is of a node that is not in [`LABELS`].
    pub fn request_named(&self, count: usize, name: impl Fn(usize) -> String) -> SpreadRequest {
        let mut seeds: Vec<Seed> = Vec::new();
        for (node, activation, time) in &self.seeds {
            let node = name(node % count).into();
            seeds.push(Seed { node, activation: *activation, time: *time });
        }
        if self.has_unknown_seed {
            seeds.push(Seed { node: "nobody".into(), activation: 1.0, time: 0 });
        }
        let nodes = self.hidden.map(|Hidden { modulus, rest }| {
            Arc::new(move |node: NodeId| node.get() % modulus != rest) as Arc<dyn NodeFilter>
        });
        let relation = |(number, factor): &(u8, f64)| (format!("r{number}"), *factor);
        let mut rule = self.rule.clone();
        if let Rule::Retention(retention) = &mut rule {
            for (node, _) in &mut retention.per_node {
                let position = LABELS.iter().position(|label| *node == Key::from(*label));
                *node = name(position.expect("a plan names nodes by LABELS") % count).into();
            }
        }
        SpreadRequest {
            seeds,
            rule,
            edges: EdgeFilter {
                relations: self.relations.iter().map(relation).collect(),
                direction: self.direction,
                age_rate: self.age.map_or(0.0, |(rate, _)| rate),
                at: self.age.map(|(_, at)| at),
            },
            nodes,
            bounds: Bounds {
                edges_max: self.edges_max,
                nodes_max: self.nodes_max,
                ..Bounds::default()
            },
            top: None,
            exclude_seeds: self.exclude_seeds,
            unknown_seeds: self.unknown_seeds,
            explain: self.explain,
            by_step: self.by_step,
            ..SpreadRequest::default()
        }
    }
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Out, Direction::Out, Direction::In, Direction::Both])
}

/// One to four seeds, some at the same node, with times where the rule has them.
fn seeds(is_timed: bool, largest: f64) -> impl Strategy<Value = Vec<(usize, f64, u32)>> {
    let activation = prop_oneof![1 => Just(largest), 2 => 0.05..largest];
    let time = prop_oneof![2 => Just(0u32), 1 => 0..6u32];
    vec((0..LABELS.len(), activation, time), 1..=4).prop_map(move |mut seeds| {
        if !is_timed {
            seeds.iter_mut().for_each(|seed| seed.2 = 0);
        }
        seeds
    })
}

prop_compose! {
    fn filters()(
        relations in prop_oneof![
            5 => Just(Vec::new()),
            1 => vec((0..3u8, prop_oneof![3 => 0.2..1.5f64, 1 => Just(0.0)]), 1..3),
        ],
        direction in direction(),
        age in option::weighted(0.3, (0.0..0.005f64, 0.0..1200.0f64)),
        hidden in option::weighted(0.2, (2..5u32, 0..5u32)),
    ) -> (Vec<(u8, f64)>, Direction, Option<(f64, f64)>, Option<Hidden>) {
        let hidden = hidden.map(|(modulus, rest)| Hidden { modulus, rest: rest % modulus });
        (relations, direction, age, hidden)
    }
}

/// Requests for `rule` with any seeds, filters, bounds on edges and nodes, and extras.
pub fn requests(rule: impl Strategy<Value = Rule>) -> impl Strategy<Value = RequestPlan> {
    let with_seeds = rule.prop_flat_map(|rule| {
        let is_timed = matches!(rule, Rule::Retention(_));
        let is_noisy = matches!(rule, Rule::Linear(Linear { combine: Combine::NoisyOr, .. }));
        // Four seeds at one node may then still add up to more than 1, but seldom do.
        let largest = if is_noisy { 0.4 } else { 1.0 };
        (Just(rule), seeds(is_timed, largest))
    });
    let bounds = (option::weighted(0.15, 0..60u64), option::weighted(0.2, 1..16u64));
    let extras = (prop::bool::weighted(0.3), any::<bool>(), any::<bool>());
    let unknown = (
        prop::bool::weighted(0.05),
        prop::sample::select(vec![UnknownSeeds::Skip, UnknownSeeds::Skip, UnknownSeeds::Refuse]),
    );
    (with_seeds, filters(), bounds, extras, unknown).prop_map(
        |((rule, seeds), filters, bounds, extras, unknown)| {
            let (relations, direction, age, hidden) = filters;
            let (has_unknown_seed, unknown_seeds) = unknown;
            let (edges_max, nodes_max) = bounds;
            let (exclude_seeds, explain, by_step) = extras;
            RequestPlan {
                seeds,
                has_unknown_seed,
                unknown_seeds,
                rule,
                relations,
                direction,
                age,
                hidden,
                edges_max,
                nodes_max,
                exclude_seeds,
                explain,
                by_step,
            }
        },
    )
}
