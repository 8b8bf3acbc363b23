//! Every parameter of every rule, at, inside and outside the ends of its range.

use super::*;

/// The numbers a parameter may have.
#[derive(Clone, Copy)]
enum Allowed {
    Finite,
    NonNegative,
    Positive,
    Unit,
    UnitAboveZero,
    UnitBelowOne,
}

impl Allowed {
    /// Numbers that must be taken, the ends of the range among them.
    fn good(self) -> Vec<f64> {
        let small = f64::MIN_POSITIVE;
        match self {
            Self::Finite => vec![-1e6, -0.0, 0.0, 1e-300, 1e6],
            Self::NonNegative => vec![0.0, small, 1.0, 1e6],
            Self::Positive => vec![1e-9, 1.0, 1e6],
            Self::Unit => vec![0.0, small, 0.5, 1.0],
            Self::UnitAboveZero => vec![small, 0.5, 1.0],
            Self::UnitBelowOne => vec![0.0, 0.5, 1.0 - f64::EPSILON],
        }
    }

    /// Numbers that must be refused.
    fn bad(self) -> Vec<f64> {
        let mut bad = vec![f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let below = [-f64::MIN_POSITIVE, -1.0, f64::MIN];
        let above = [1.0 + f64::EPSILON, 2.0, f64::MAX];
        match self {
            Self::Finite => {}
            Self::NonNegative => bad.extend(below),
            Self::Positive => bad.extend([&below[..], &[0.0, -0.0]].concat()),
            Self::Unit => bad.extend([below, above].concat()),
            Self::UnitAboveZero => bad.extend([&below[..], &above[..], &[0.0, -0.0]].concat()),
            Self::UnitBelowOne => bad.extend([&below[..], &above[..], &[1.0]].concat()),
        }
        bad
    }
}

/// One parameter: its name in messages, what it may be, and a request with it.
struct Parameter {
    name: &'static str,
    allowed: Allowed,
    request: fn(f64) -> Rule,
}

const fn parameter(name: &'static str, allowed: Allowed, request: fn(f64) -> Rule) -> Parameter {
    Parameter { name, allowed, request }
}

fn linear(change: impl FnOnce(&mut Linear)) -> Rule {
    let mut rule = Linear::default();
    change(&mut rule);
    Rule::Linear(rule)
}

fn retention(change: impl FnOnce(&mut Retention)) -> Rule {
    let mut rule = Retention::default();
    change(&mut rule);
    Rule::Retention(rule)
}

fn pagerank(change: impl FnOnce(&mut PageRank)) -> Rule {
    let mut rule = PageRank::default();
    change(&mut rule);
    Rule::PageRank(rule)
}

fn act_r(change: impl FnOnce(&mut ActR)) -> Rule {
    let mut rule = ActR::default();
    change(&mut rule);
    Rule::ActR(rule)
}

fn synapse(change: impl FnOnce(&mut Synapse)) -> Rule {
    let mut rule = Synapse::default();
    change(&mut rule);
    Rule::Synapse(rule)
}

use Allowed::{Finite, NonNegative, Positive, Unit, UnitAboveZero, UnitBelowOne};

const PARAMETERS: [Parameter; 30] = [
    parameter("decay", UnitAboveZero, |x| linear(|rule| rule.hop_decay = x)),
    parameter("threshold", NonNegative, |x| linear(|rule| rule.firing_threshold = x)),
    parameter("report_threshold", NonNegative, |x| linear(|rule| rule.report_threshold = x)),
    parameter("ceiling", Positive, |x| linear(|rule| rule.ceiling = Some(x))),
    parameter("inhibit", NonNegative, |x| {
        linear(|rule| rule.inhibit = Some(Inhibit { beta: x, competitors: 2 }))
    }),
    parameter("squash", Finite, |x| {
        linear(|rule| rule.squash = Some(Squash { gain: x, center: 0.5 }))
    }),
    parameter("squash", Finite, |x| {
        linear(|rule| rule.squash = Some(Squash { gain: 5.0, center: x }))
    }),
    parameter("decay", UnitAboveZero, |x| {
        linear(|rule| (rule.hop_decay, rule.precision) = (x, Precision::Single))
    }),
    parameter("threshold", NonNegative, |x| {
        linear(|rule| (rule.firing_threshold, rule.precision) = (x, Precision::Single))
    }),
    parameter("retention", Unit, |x| retention(|rule| rule.retention = x)),
    parameter("retention", Unit, |x| retention(|rule| rule.per_node = vec![("c".into(), x)])),
    parameter("decay", Unit, |x| retention(|rule| rule.time_decay = x)),
    parameter("suppress", NonNegative, |x| retention(|rule| rule.suppress = x)),
    parameter("stop_threshold", Positive, |x| retention(|rule| rule.stop_threshold = Some(x))),
    parameter("stop_threshold", Positive, |x| {
        retention(|rule| (rule.time, rule.stop_threshold) = (None, Some(x)))
    }),
    parameter("damping", UnitBelowOne, |x| pagerank(|rule| rule.damping = x)),
    parameter("tolerance", Positive, |x| {
        let method = PageRankMethod::Power { tolerance: x, iterations_max: 10 };
        pagerank(|rule| rule.method = method)
    }),
    parameter("epsilon", Positive, |x| {
        pagerank(|rule| rule.method = PageRankMethod::Push { epsilon: x })
    }),
    parameter("source_strength", Finite, |x| act_r(|rule| rule.source_strength = x)),
    parameter("source_activation", Finite, |x| act_r(|rule| rule.source_activation = x)),
    parameter("base_level", Finite, |x| act_r(|rule| rule.base_level = x)),
    parameter("latency_factor", Finite, |x| act_r(|rule| rule.latency_factor = x)),
    parameter("intercept", Finite, |x| act_r(|rule| rule.intercept = x)),
    parameter("report_threshold", Finite, |x| act_r(|rule| rule.report_threshold = Some(x))),
    parameter("decay", Unit, |x| synapse(|rule| rule.time_decay = x)),
    parameter("spread", NonNegative, |x| synapse(|rule| rule.spread = x)),
    parameter("inhibition", NonNegative, |x| synapse(|rule| rule.inhibit.beta = x)),
    parameter("gain", Finite, |x| synapse(|rule| rule.squash.gain = x)),
    parameter("center", Finite, |x| synapse(|rule| rule.squash.center = x)),
    parameter("gate", NonNegative, |x| synapse(|rule| rule.gate = x)),
];

/// Asserts that the request is refused for this parameter with this value.
fn assert_refused(request: &SpreadRequest, name: &str, value: f64) {
    let error = refused(&graph(), request);
    let SpreadError::Parameter(named) = error else { panic!("{name} {value}: {error:?}") };
    assert_eq!(named.name, name);
    assert_eq!(named.value.to_bits(), value.to_bits(), "{name}");
    let sentence = named.to_string();
    assert!(sentence.starts_with(&format!("{name} is ")), "{sentence}");
}

/// Asserts that the request gives nothing but finite numbers.
fn assert_taken(request: &SpreadRequest, name: &str, value: f64) {
    let outcome = Engine::new()
        .spread(&graph(), request)
        .unwrap_or_else(|error| panic!("{name} {value}: {error}"));
    super::extremes::assert_finite(&outcome);
}

#[test]
fn numbers_outside_the_range_are_refused() {
    for Parameter { name, allowed, request } in PARAMETERS {
        for value in allowed.bad() {
            let request = SpreadRequest::new(request(value)).seed("a", 1.0);
            assert_refused(&request, name, value);
        }
    }
}

#[test]
fn numbers_inside_the_range_are_taken() {
    for Parameter { name, allowed, request } in PARAMETERS {
        for value in allowed.good() {
            let request = SpreadRequest::new(request(value)).seed("a", 1.0);
            assert_taken(&request, name, value);
        }
    }
}

#[test]
fn filters_have_ranges_too() {
    let filtered = |edges: EdgeFilter, rule: &Rule| {
        SpreadRequest { edges, ..SpreadRequest::new(rule.clone()) }.seed("a", 1.0)
    };
    for rule in rules() {
        let with_rate = |rate| EdgeFilter { age_rate: rate, at: Some(0.0), ..Default::default() };
        for rate in NonNegative.bad() {
            assert_refused(&filtered(with_rate(rate), &rule), "age_rate", rate);
        }
        for rate in NonNegative.good() {
            assert_taken(&filtered(with_rate(rate), &rule), "age_rate", rate);
        }
        let with_time = |at| EdgeFilter { age_rate: 0.1, at: Some(at), ..Default::default() };
        for at in Finite.bad() {
            assert_refused(&filtered(with_time(at), &rule), "at", at);
        }
        for at in Finite.good() {
            assert_taken(&filtered(with_time(at), &rule), "at", at);
        }
        let with_factor = |factor| EdgeFilter {
            relations: vec![("likes".to_owned(), factor)],
            ..Default::default()
        };
        for factor in Finite.bad() {
            assert_refused(&filtered(with_factor(factor), &rule), "relation", factor);
        }
    }
}
