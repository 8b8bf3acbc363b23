//! Whether an expression asks for what is exported: which labels its result has, or what is wrong.
//!
//! Prometheus accepts an expression over metrics that nobody exports, a rate of a gauge, a match of
//! series that have no label in common, and a label's value that never occurs; it answers with
//! nothing, and the alert never fires. All of these are errors here.

use std::collections::{BTreeMap, BTreeSet};

use emanate_dashboards::{Catalogue, Kind, Metric};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, MatrixSelector, VectorSelector, parse,
};

/// Labels of a result; `None` of a number.
pub(crate) type Labels = Option<BTreeSet<String>>;

/// Labels that a scrape adds to every series.
const TARGET: [&str; 2] = ["job", "instance"];

/// Functions over a range of what only grows.
const OF_COUNTERS: [&str; 2] = ["rate", "increase"];
/// Functions over a range of what goes up and down.
const OF_GAUGES: [&str; 6] =
    ["changes", "delta", "deriv", "avg_over_time", "max_over_time", "min_over_time"];

/// A recorded series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    /// Its labels.
    pub(crate) labels: BTreeSet<String>,
    /// Values of those that its rules set.
    pub(crate) set: BTreeMap<String, BTreeSet<String>>,
}

/// Every name that an expression may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) catalogue: Catalogue,
    pub(crate) recorded: BTreeMap<String, Recorded>,
}

/// What part of a metric a name is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Gauge,
    Counter,
    /// Sums, counts and buckets of a histogram grow, too; buckets have the label `le`.
    Bucket,
}

impl Names {
    /// The labels of what `text` gives.
    pub(crate) fn check(&self, text: &str) -> Result<Labels, String> {
        let expr = parse(text).map_err(|error| format!("{text}: {error}"))?;
        self.labels(&expr).map_err(|error| format!("{text}: {error}"))
    }

    fn labels(&self, expr: &Expr) -> Result<Labels, String> {
        match expr {
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Ok(None),
            Expr::Paren(paren) => self.labels(&paren.expr),
            Expr::Unary(unary) => self.labels(&unary.expr),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Binary(binary) => self.binary(binary),
            Expr::Call(call) => self.call(call),
            Expr::VectorSelector(selector) => {
                let (part, labels) = self.selected(selector)?;
                if part != Part::Gauge {
                    return Err(format!("{} only grows; ask for its rate", name_of(selector)));
                }
                Ok(Some(labels))
            }
            Expr::MatrixSelector(_) | Expr::Subquery(_) | Expr::Extension(_) => {
                Err("a range that no function takes".to_owned())
            }
        }
    }

    fn aggregate(&self, aggregate: &AggregateExpr) -> Result<Labels, String> {
        let inside = self.labels(&aggregate.expr)?.ok_or("a number has no labels to sum over")?;
        Ok(Some(match &aggregate.modifier {
            None => BTreeSet::new(),
            Some(LabelModifier::Include(by)) => subset(&by.labels, &inside)?,
            Some(LabelModifier::Exclude(without)) => &inside - &subset(&without.labels, &inside)?,
        }))
    }

    fn binary(&self, binary: &BinaryExpr) -> Result<Labels, String> {
        let (left, right) = (self.labels(&binary.lhs)?, self.labels(&binary.rhs)?);
        let (Some(left), Some(right)) = (left.clone(), right.clone()) else {
            return Ok(left.or(right));
        };
        let set = binary.op.is_set_operator();
        let matching = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
        match matching {
            Some(LabelModifier::Include(on)) => {
                let on = subset(&on.labels, &left)?;
                subset(on.iter(), &right)?;
                Ok(Some(if set { left } else { on }))
            }
            Some(LabelModifier::Exclude(_)) => Err("say `on`, not `ignoring`".to_owned()),
            None if left != right => Err(format!("{left:?} and {right:?} never match")),
            None => Ok(Some(left)),
        }
    }

    fn call(&self, call: &Call) -> Result<Labels, String> {
        let name = call.func.name;
        let argument = |at: usize| call.args.args.get(at).map(AsRef::as_ref);
        match (name, argument(0), argument(1)) {
            ("vector", Some(_), None) => Ok(Some(BTreeSet::new())),
            ("absent", Some(Expr::VectorSelector(selector)), None) => {
                self.selected(selector)?;
                let equal = selector.matchers.matchers.iter();
                let equal = equal.filter(|matcher| matcher.op == MatchOp::Equal);
                Ok(Some(equal.map(|matcher| matcher.name.clone()).collect()))
            }
            ("histogram_quantile", Some(Expr::NumberLiteral(quantile)), Some(of)) => {
                if !(0.0..=1.0).contains(&quantile.val) {
                    return Err(format!("{} is no quantile", quantile.val));
                }
                let of = self.buckets(of)?;
                let mut labels = of.ok_or("a quantile of a number")?;
                if !labels.remove("le") {
                    return Err("a quantile needs the label `le`".to_owned());
                }
                Ok(Some(labels))
            }
            (_, Some(Expr::MatrixSelector(range)), None) => self.over_range(name, range),
            _ => Err(format!("`{name}` is not used in this way here")),
        }
    }

    /// What a quantile is taken of: a sum of rates of buckets.
    fn buckets(&self, expr: &Expr) -> Result<Labels, String> {
        let Expr::Aggregate(aggregate) = expr else {
            return Err("take a quantile of `sum by (le, ..) (rate(.._bucket[..]))`".to_owned());
        };
        let bucket = match aggregate.expr.as_ref() {
            Expr::Call(call) if call.func.name == "rate" => match call.args.first().as_deref() {
                Some(Expr::MatrixSelector(range)) => self.selected(&range.vs)?.0 == Part::Bucket,
                _ => false,
            },
            _ => false,
        };
        if !bucket {
            return Err("a quantile of what are no rates of buckets".to_owned());
        }
        self.aggregate(aggregate)
    }

    fn over_range(&self, function: &str, range: &MatrixSelector) -> Result<Labels, String> {
        let (part, labels) = self.selected(&range.vs)?;
        let name = name_of(&range.vs);
        let growing = part != Part::Gauge;
        if OF_COUNTERS.contains(&function) && !growing {
            return Err(format!("{name} goes up and down; it has no {function}"));
        }
        if OF_GAUGES.contains(&function) && growing {
            return Err(format!("{name} only grows; `{function}` of it says nothing"));
        }
        if !OF_COUNTERS.contains(&function) && !OF_GAUGES.contains(&function) {
            return Err(format!("`{function}` is not used here"));
        }
        Ok(Some(labels))
    }

    /// What a selector selects, and its labels.
    fn selected(&self, selector: &VectorSelector) -> Result<(Part, BTreeSet<String>), String> {
        let name = name_of(selector);
        let matchers = &selector.matchers.matchers;
        if let Some(recorded) = self.recorded.get(name) {
            for matcher in matchers {
                subset([&matcher.name], &recorded.labels)?;
                if let Some(values) = recorded.set.get(&matcher.name) {
                    let values: Vec<&str> = values.iter().map(String::as_str).collect();
                    occurs(matcher, &values)?;
                }
            }
            return Ok((Part::Gauge, recorded.labels.clone()));
        }
        let (metric, part) = self.metric(name)?;
        let mut labels: BTreeSet<String> = TARGET.map(str::to_owned).into();
        labels.extend(metric.labels.iter().map(|label| label.name.to_owned()));
        let mut bounds: Vec<String> = Vec::new();
        if part == Part::Bucket {
            labels.insert("le".to_owned());
            bounds = metric.bounds.iter().map(ToString::to_string).collect();
            bounds.push("+Inf".to_owned());
        }
        for matcher in matchers {
            subset([&matcher.name], &labels)?;
            let listed = metric.labels.iter().find(|label| label.name == matcher.name);
            if let Some(listed) = listed.filter(|label| !label.values.is_empty()) {
                occurs(matcher, listed.values)?;
            } else if matcher.name == "le" {
                let bounds: Vec<&str> = bounds.iter().map(String::as_str).collect();
                occurs(matcher, &bounds)?;
            }
        }
        Ok((part, labels))
    }

    fn metric(&self, name: &str) -> Result<(&Metric, Part), String> {
        if let Some(metric) = self.catalogue.get(name) {
            return match metric.kind {
                Kind::Gauge => Ok((metric, Part::Gauge)),
                Kind::Counter => Ok((metric, Part::Counter)),
                Kind::Histogram => Err(format!("{name} is a histogram; it has no value itself")),
            };
        }
        let parts = [("_bucket", Part::Bucket), ("_sum", Part::Counter), ("_count", Part::Counter)];
        for (suffix, part) in parts {
            let family = name.strip_suffix(suffix).and_then(|name| self.catalogue.get(name));
            if let Some(metric) = family.filter(|metric| metric.kind == Kind::Histogram) {
                return Ok((metric, part));
            }
        }
        Err(format!("nothing exports {name}"))
    }
}

fn name_of(selector: &VectorSelector) -> &str {
    selector.name.as_deref().unwrap_or("a selector without a name")
}

/// `some` as a set, all of which has to be in `all`.
fn subset<'a>(
    some: impl IntoIterator<Item = &'a String>,
    all: &BTreeSet<String>,
) -> Result<BTreeSet<String>, String> {
    let some: BTreeSet<String> = some.into_iter().cloned().collect();
    match some.difference(all).next() {
        None => Ok(some),
        Some(label) => Err(format!("there is no label `{label}` in {all:?}")),
    }
}

/// Whether what a matcher names occurs among a label's values.
fn occurs(matcher: &Matcher, values: &[&str]) -> Result<(), String> {
    let (name, value) = (&matcher.name, &matcher.value);
    let alternatives: Vec<&str> = match matcher.op {
        MatchOp::Equal | MatchOp::NotEqual => vec![value],
        MatchOp::Re(_) | MatchOp::NotRe(_) => value.split('|').collect(),
    };
    let unknown = alternatives.into_iter().find(|alternative| {
        let plain = alternative.chars().all(|c| c.is_alphanumeric() || "_+.-".contains(c));
        plain && !values.contains(alternative)
    });
    match unknown {
        None => Ok(()),
        Some(unknown) => Err(format!("`{name}` is never {unknown:?}, but one of {values:?}")),
    }
}

/// The ranges that an expression looks back over.
pub(crate) fn ranges(text: &str) -> Vec<String> {
    let parts = text.split('[').skip(1);
    parts.filter_map(|part| part.split_once(']').map(|(range, _)| range.to_owned())).collect()
}

/// The operands of an expression that give data while all is well: the sides of comparisons
/// apart, and what `absent` looks for.
pub(crate) fn operands(text: &str) -> Vec<String> {
    fn collect(expr: &Expr, found: &mut Vec<String>) {
        match expr {
            Expr::Paren(paren) => collect(&paren.expr, found),
            Expr::Binary(binary)
                if binary.op.is_comparison_operator() || binary.op.is_set_operator() =>
            {
                collect(&binary.lhs, found);
                collect(&binary.rhs, found);
            }
            Expr::Call(call) if call.func.name == "absent" => {
                found.extend(call.args.first().map(|of| of.to_string()));
            }
            Expr::NumberLiteral(_) => {}
            other => found.push(other.to_string()),
        }
    }
    let mut found = Vec::new();
    collect(&parse(text).expect("it was checked"), &mut found);
    found
}
