//! What the check of expressions has to find, or it finds nothing.

use crate::expr::Names;
use crate::files::{names, rules};

#[track_caller]
fn wrong(text: &str, because: &str) {
    match Names::default().check(text) {
        Ok(labels) => panic!("{text} passes with labels {labels:?}"),
        Err(error) => assert!(error.contains(because), "{error}"),
    }
}

/// Faults that a published set of rules for another spreading engine had. `promtool check rules`
/// finds none of them.
#[test]
fn a_metric_that_nobody_exports_is_found() {
    wrong(
        "histogram_quantile(0.95, \
         sum by (le) (rate(engram_spreading_latency_hot_seconds_bucket[5m])))",
        "nothing exports engram_spreading_latency_hot_seconds_bucket",
    );
}

#[test]
fn buckets_of_what_is_no_histogram_are_found() {
    wrong("sum by (le) (rate(emanate_queue_depth_bucket[5m]))", "nothing exports");
    wrong("rate(emanate_spreads_total_count[5m])", "nothing exports");
    wrong("emanate_hops", "is a histogram");
}

#[test]
fn a_state_written_as_a_number_is_found() {
    wrong(r#"emanate_breaker_state{state="1"} == 1"#, "`state` is never \"1\"");
    wrong(r#"emanate_breaker_state{state=~"open|halfopen"}"#, "never \"halfopen\"");
    wrong(r#"emanate_spreads_total{outcome!="error"}"#, "never \"error\"");
}

#[test]
fn a_quantile_over_all_times_is_found() {
    let bucket = "emanate_spread_response_seconds_bucket";
    wrong(&format!("histogram_quantile(0.95, {bucket})"), "take a quantile of");
    wrong(&format!("histogram_quantile(0.95, sum by (le) ({bucket}))"), "no rates of buckets");
    wrong(
        &format!("histogram_quantile(0.95, sum by (job) (rate({bucket}[5m])))"),
        "needs the label `le`",
    );
    wrong(&format!("histogram_quantile(95, sum by (le) (rate({bucket}[5m])))"), "no quantile");
    wrong(
        "histogram_quantile(0.9, sum by (le) (rate(emanate_hops_count[5m])))",
        "no rates of buckets",
    );
}

#[test]
fn a_bound_that_is_no_bucket_is_found() {
    let bucket = "emanate_spread_response_seconds_bucket";
    wrong(&format!(r#"sum(rate({bucket}{{le="0.015"}}[5m]))"#), "never \"0.015\"");
    wrong(&format!(r#"sum(rate({bucket}{{le="0.010"}}[5m]))"#), "never \"0.010\"");
    let exact = format!(r#"sum(rate({bucket}{{le="0.01"}}[5m]))"#);
    assert!(Names::default().check(&exact).is_ok());
}

#[test]
fn counters_and_gauges_are_told_apart() {
    wrong("emanate_spreads_total > 5", "only grows");
    wrong("rate(emanate_queue_depth[5m])", "goes up and down");
    wrong("changes(emanate_spreads_total[5m])", "says nothing");
    wrong("avg_over_time(emanate_hops_sum[5m])", "says nothing");
    wrong("irate(emanate_spreads_total[5m])", "not used here");
}

#[test]
fn labels_that_are_not_there_are_found() {
    wrong(r#"emanate_queue_depth{tier="hot"}"#, "no label `tier`");
    wrong("sum by (tier) (rate(emanate_spreads_total[5m]))", "no label `tier`");
    wrong(
        "sum by (tier) (rate(emanate_spreads_by_tier_total[5m])) / \
         sum by (job) (rate(emanate_spreads_total[5m]))",
        "never match",
    );
    wrong("emanate_scratch_in_use / on (tier) emanate_scratch_capacity", "no label `tier`");
    wrong("emanate_scratch_in_use / emanate_breaker_state", "never match");
    wrong("sum(emanate_queue_depth) by", "");
}

/// Each rule with any one of its names changed.
#[test]
fn no_rule_survives_a_wrong_name() {
    let names = names();
    let mut changed = 0;
    for rule in rules() {
        for word in rule.expr.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
            let metric = ["emanate_", "process_", "job"].iter().any(|at| word.starts_with(at));
            if !metric || word == "job" {
                continue;
            }
            let wrong = rule.expr.replace(word, &format!("{word}x"));
            assert!(names.check(&wrong).is_err(), "{} passes as {wrong}", rule.name);
            changed += 1;
        }
    }
    assert!(changed > 60, "only {changed} names were changed");
}
