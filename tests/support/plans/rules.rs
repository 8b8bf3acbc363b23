//! Random parameters of every rule, within their ranges.

use emanate::Key;
use emanate::spread::{
    ActR, Combine, Firing, Hops, Inhibit, Linear, PageRank, PageRankMethod, Precision, Retention,
    Rule, Share, Squash, Synapse,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::graph::LABELS;

/// The rules, where a test runs for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// Rule `linear`.
    Linear,
    /// Rule `retention`.
    Retention,
    /// Rule `pagerank`.
    PageRank,
    /// Rule `act-r`.
    ActR,
    /// Rule `synapse`.
    Synapse,
}

fn zero_or(range: std::ops::Range<f64>) -> impl Strategy<Value = f64> + Clone {
    prop_oneof![1 => Just(0.0), 2 => range]
}

fn inhibit() -> impl Strategy<Value = Inhibit> {
    (zero_or(0.01..0.5), 0..6u32).prop_map(|(beta, competitors)| Inhibit { beta, competitors })
}

fn squash() -> impl Strategy<Value = Squash> {
    (-1.0..8.0f64, -0.5..1.5f64).prop_map(|(gain, center)| Squash { gain, center })
}

fn share() -> impl Strategy<Value = Share> {
    prop::sample::select(vec![Share::None, Share::Weight, Share::Sqrt, Share::Log])
}

prop_compose! {
    /// Rule `linear` where more activation in is never less out: `sum`, `repeat`, no ceiling, no
    /// report threshold, no stage after the last hop.
    pub fn monotone_linear()(
        hops in 0..6u32,
        hop_decay in prop_oneof![1 => Just(1.0), 3 => 0.2..1.0f64],
        firing_threshold in zero_or(1e-4..0.3),
        share in share(),
        fan_out_limit in option::weighted(0.2, 1..8u64),
    ) -> Linear {
        Linear {
            hops: Hops::Limit(hops),
            hop_decay,
            firing_threshold,
            share,
            fan_out_limit,
            ..Linear::default()
        }
    }
}

prop_compose! {
    /// Rule `linear` with anything it can have.
    pub fn linear()(
        base in monotone_linear(),
        report_threshold in zero_or(0.01..0.5),
        combine in prop::sample::select(vec![
            Combine::Sum, Combine::Sum, Combine::Max, Combine::NoisyOr,
        ]),
        firing in prop::sample::select(vec![Firing::Repeat, Firing::Once]),
        ceiling in option::weighted(0.3, 0.4..3.0f64),
        inhibit in option::weighted(0.3, inhibit()),
        squash in option::weighted(0.3, squash()),
        precision in prop::sample::select(vec![
            Precision::Double, Precision::Double, Precision::Double, Precision::Single,
        ]),
    ) -> Linear {
        Linear { report_threshold, combine, firing, ceiling, inhibit, squash, precision, ..base }
    }
}

prop_compose! {
    /// Rule `retention` with anything it can have.
    pub fn retention()(
        retention in prop_oneof![1 => Just(0.0), 1 => Just(1.0), 4 => 0.0..1.0f64],
        own in vec((0..LABELS.len(), 0.0..=1.0f64), 0..4),
        time in 0..12u32,
        time_decay in zero_or(0.01..1.0),
        suppress in zero_or(0.001..0.2),
        stop_threshold in option::weighted(0.3, 0.01..1.0f64),
    ) -> Retention {
        let per_node = own.into_iter().map(|(node, own)| (Key::from(LABELS[node]), own)).collect();
        let time = Some(time);
        Retention { retention, per_node, time, time_decay, suppress, stop_threshold }
    }
}

prop_compose! {
    /// Rule `pagerank` by either method.
    pub fn pagerank()(
        damping in prop_oneof![1 => Just(0.0), 4 => 0.05..0.95f64],
        method in prop_oneof![
            (1e-12..1e-2f64, 0..60u32).prop_map(|(tolerance, iterations_max)| {
                PageRankMethod::Power { tolerance, iterations_max }
            }),
            prop::sample::select(vec![0.3, 0.03, 1e-3, 1e-5])
                .prop_map(|epsilon| PageRankMethod::Push { epsilon: epsilon * 1.07 }),
        ],
    ) -> PageRank {
        PageRank { damping, method }
    }
}

prop_compose! {
    /// Rule `act-r`.
    pub fn act_r()(
        source_strength in 0.5..3.0f64,
        source_activation in 0.1..2.0f64,
        base_level in -1.0..1.0f64,
        latency_factor in 0.1..1.0f64,
        intercept in 0.0..1.0f64,
        report_threshold in option::weighted(0.3, -0.5..1.0f64),
    ) -> ActR {
        ActR {
            source_strength,
            source_activation,
            base_level,
            latency_factor,
            intercept,
            report_threshold,
        }
    }
}

prop_compose! {
    /// Rule `synapse`.
    pub fn synapse()(
        steps in 0..5u32,
        time_decay in 0.0..=1.0f64,
        spread in zero_or(0.1..1.5),
        inhibit in inhibit(),
        squash in squash(),
        gate in zero_or(0.01..0.4),
    ) -> Synapse {
        Synapse { steps, time_decay, spread, inhibit, squash, gate }
    }
}

/// Any parameters of one rule.
pub fn rule_of(kind: RuleKind) -> BoxedStrategy<Rule> {
    match kind {
        RuleKind::Linear => linear().prop_map(Rule::Linear).boxed(),
        RuleKind::Retention => retention().prop_map(Rule::Retention).boxed(),
        RuleKind::PageRank => pagerank().prop_map(Rule::PageRank).boxed(),
        RuleKind::ActR => act_r().prop_map(Rule::ActR).boxed(),
        RuleKind::Synapse => synapse().prop_map(Rule::Synapse).boxed(),
    }
}

/// Any parameters of any rule.
pub fn any_rule() -> BoxedStrategy<Rule> {
    prop_oneof![
        3 => rule_of(RuleKind::Linear),
        1 => rule_of(RuleKind::Retention),
        1 => rule_of(RuleKind::PageRank),
        1 => rule_of(RuleKind::ActR),
        1 => rule_of(RuleKind::Synapse),
    ]
    .boxed()
}
