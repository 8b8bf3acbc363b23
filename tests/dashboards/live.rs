//! Dashboards and rules against a real Prometheus, which scrapes figures under load.
//!
//! ```sh
//! dashboards/live
//! ```
//!
//! What is scraped are the engine's own figures, of spreads that an engine really runs; the parts
//! of them that other subsystems fill in, and the service's figures, stand at values of a healthy
//! service, until faults are put into them. Everything else is the real thing: the text, the
//! scrape, the rules that are checked in, each with its time made short, and the expressions of the
//! panels.
//!
//! `a_running_service_exports_all` starts the command line's service and names what it lacks.

#[path = "live/figures.rs"]
mod figures;
#[path = "live/prometheus.rs"]
mod prometheus;
#[path = "live/service.rs"]
mod service;
#[path = "live/web.rs"]
mod web;

use std::collections::BTreeSet;

use emanate_dashboards::{Catalogue, Kind, all};

use crate::expr::operands;
use crate::files::rules;
use figures::{Fault, Figures};
use prometheus::Prometheus;

/// Says that a test was not made, in a way that is counted.
fn skipped(what: &str, why: &str) {
    println!("SKIPPED: dashboards {what}: {why}");
}

/// Every expression of rules, panels and runbook that gives data while all is well, after where it
/// stands.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for rule in rules() {
        let of_alert = |expr| (format!("rule {}", rule.name), expr);
        queries.extend(operands(&rule.expr).into_iter().map(of_alert));
    }
    for board in all() {
        for panel in board.panels() {
            for target in &panel.targets {
                let expr = target.expr.replace("$__rate_interval", "1m");
                let expr = expr.replace("$job", ".+").replace("$instance", ".+");
                queries.push((format!("panel {} / {}", board.name, panel.title), expr));
            }
        }
    }
    queries
}

/// The panels' and rules' expressions that give nothing.
fn without_data(prometheus: &Prometheus) -> Vec<String> {
    let empty = queries().into_iter().filter(|(_, expr)| prometheus.query(expr).is_empty());
    empty.map(|(at, expr)| format!("{at}: {expr}")).collect()
}

#[test]
fn every_query_gives_data_and_faults_raise_their_alerts() {
    let figures = Figures::serve();
    let Some(prometheus) = Prometheus::start(figures.address()) else {
        return skipped("every_query", "prometheus is not installed");
    };
    // A second scrape makes rates, a third the rules that stand on rules.
    prometheus.until(
        "every query gives data",
        |prometheus| without_data(prometheus).is_empty(),
        || without_data(&prometheus).join("\n"),
    );
    assert!(queries().len() > 150, "only {} queries", queries().len());
    let healthy: BTreeSet<String> = ["EmanateWatchdog".to_owned()].into();
    assert_eq!(prometheus.firing(), healthy, "alerts fire though all is well");

    for fault in Fault::ALL {
        figures.put(fault);
        let alert = fault.alert();
        prometheus.until(
            alert,
            |prometheus| prometheus.firing().contains(alert),
            || format!("firing are only {:?}", prometheus.firing()),
        );
    }
    let expected: BTreeSet<&str> =
        Fault::ALL.map(Fault::alert).into_iter().chain(["EmanateWatchdog"]).collect();
    let firing = prometheus.firing();
    let unasked: Vec<&String> =
        firing.iter().filter(|alert| !expected.contains(alert.as_str())).collect();
    // Slow and failing spreads use budgets up as well, at every pace.
    assert!(unasked.iter().all(|alert| alert.starts_with("EmanateBudget")), "{unasked:?}");

    figures.stop();
    prometheus.until(
        "EmanateDown",
        |prometheus| prometheus.firing().contains("EmanateDown"),
        || format!("firing are only {:?}", prometheus.firing()),
    );
}

/// What the catalogue says about a metric, against what `text` exports.
fn faults_of(text: &str, catalogue: &Catalogue) -> Vec<String> {
    let mut faults = Vec::new();
    for metric in catalogue.iter().filter(|metric| !Catalogue::is_scraped(metric.name)) {
        let kind = format!("# TYPE {} {}", metric.name, metric.kind.name());
        if !text.lines().any(|line| line == kind) {
            faults.push(format!("{} {} is not exported", metric.kind.name(), metric.name));
            continue;
        }
        let part = if metric.kind == Kind::Histogram { "_bucket{" } else { "{" };
        let series = format!("{}{part}", metric.name);
        for label in &metric.labels {
            let named = text.lines().filter(|line| line.starts_with(&series));
            if !named.clone().any(|line| line.contains(&format!("{}=\"", label.name))) {
                faults.push(format!("{} has no label `{}`", metric.name, label.name));
            }
        }
    }
    faults
}

#[test]
fn a_metric_that_is_missing_is_named() {
    let catalogue = Catalogue::default();
    let figures = Figures::serve();
    let text = web::get(figures.address(), "/metrics").expect("it answers");
    assert_eq!(faults_of(&text, &catalogue), Vec::<String>::new());
    let without = text.replace("# TYPE emanate_hops histogram", "# TYPE emanate_hops summary");
    assert_eq!(faults_of(&without, &catalogue), ["histogram emanate_hops is not exported"]);
    let without = text.replace("tier=", "level=");
    assert!(faults_of(&without, &catalogue).len() >= 3);
}

/// The service itself: whatever a dashboard or a rule names is among its figures, and every query
/// gives data.
#[test]
fn a_running_service_exports_all() {
    let Some(service) = service::Service::start() else {
        return skipped("a_running_service", "no `emanate serve` was built beside this test");
    };
    service.load();
    let text = web::get(service.address(), "/metrics").expect("it answers");
    let faults = faults_of(&text, &Catalogue::default());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let Some(prometheus) = Prometheus::start(service.address()) else {
        return skipped("a_running_service", "prometheus is not installed");
    };
    prometheus.until(
        "every query gives data",
        |prometheus| {
            service.load();
            without_data(prometheus).is_empty()
        },
        || without_data(&prometheus).join("\n"),
    );
}
