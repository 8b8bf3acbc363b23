//! The rules a service begins with: what callers notice first.

use std::time::Duration;

use super::condition::{Bound, Condition, Side};
use super::measure::Measure;
use super::rule::{Rule, Selector, Severity};

/// Slow spreads, failing spreads, open breakers.
pub(crate) fn rules() -> Vec<Rule> {
    vec![slow(), failing(), open()]
}

fn above(limit: f64) -> Condition {
    Condition::Threshold(Bound { side: Side::Above, limit, clear: limit })
}

fn rule(name: &str, metric: &str, condition: Condition) -> Rule {
    Rule {
        name: name.to_owned(),
        selector: Selector {
            metric: metric.to_owned(),
            labels: Default::default(),
            except: Default::default(),
            by: Vec::new(),
        },
        measure: Measure::Value,
        window: Duration::from_secs(60),
        condition,
        hold: Duration::ZERO,
        keep: Duration::ZERO,
        cooldown: None,
        severity: Severity::Critical,
        escalation: None,
        channels: None,
        summary: String::new(),
        enabled: true,
    }
}

fn slow() -> Rule {
    Rule {
        measure: Measure::Quantile(0.95),
        window: Duration::from_secs(120),
        hold: Duration::from_secs(120),
        severity: Severity::Warning,
        summary: "5 of 100 spreads take over 10 ms".to_owned(),
        ..rule("EmanateSpreadsSlow", "emanate_spread_response_seconds", above(0.01))
    }
}

fn values(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn failing() -> Rule {
    let mut rule = rule("EmanateSpreadsFail", "emanate_spreads_total", above(0.1));
    let outcomes = values(&["storage", "panicked"]);
    rule.selector.labels.insert("outcome".to_owned(), outcomes);
    Rule {
        measure: Measure::Rate,
        hold: Duration::from_secs(60),
        summary: "spreads end by an unreadable file or a panic".to_owned(),
        ..rule
    }
}

fn open() -> Rule {
    let mut rule = rule("EmanateBreakerOpen", "emanate_breaker_state", above(0.0));
    // A breaker that fails its probes goes open, half open, open: either keeps work away.
    rule.selector.labels.insert("state".to_owned(), values(&["open", "half_open"]));
    rule.selector.by = values(&["breaker"]);
    Rule {
        hold: Duration::from_secs(30),
        summary: "the breaker has not let ordinary work in for 30 seconds".to_owned(),
        ..rule
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::rules;

    #[test]
    fn they_are_rules_that_anybody_could_write() {
        for rule in rules() {
            assert_eq!(read::rule(read::shown(&rule), None), Ok(rule));
        }
    }
}
