//! Dashboards: equal to what the generator writes, and each panel as a person wants it.

use std::collections::BTreeSet;

use emanate_dashboards::{Board, all};
use serde_json::Value;

use crate::expr::{Names, ranges};
use crate::files::{names, names_in, read};

const FOLDER: &str = "dashboards/grafana/dashboards";

/// Units of Grafana that the panels use.
const UNITS: [&str; 7] = ["s", "bytes", "Bps", "ops", "percentunit", "short", "dateTimeFromNow"];

#[test]
fn files_are_what_the_generator_writes() {
    let boards = all();
    let written: Vec<String> = boards.iter().map(Board::file_name).collect();
    for board in &boards {
        let file = board.file_name();
        let same = read(&format!("{FOLDER}/{file}")) == board.text();
        assert!(same, "{file} differs; run `cargo run -p emanate-dashboards`");
    }
    let written: BTreeSet<String> = written.into_iter().collect();
    assert_eq!(written, names_in(FOLDER, "").into_iter().collect());
}

/// The checked-in files, as Grafana reads them.
fn files() -> Vec<(String, Value)> {
    let files = names_in(FOLDER, ".json").into_iter();
    let parsed = files.map(|name| {
        let value = serde_json::from_str(&read(&format!("{FOLDER}/{name}")));
        (name, value.expect("it is JSON"))
    });
    parsed.collect()
}

/// Every panel that is no title of a row, after its file's name.
fn panels() -> Vec<(String, Value)> {
    let mut panels = Vec::new();
    for (name, board) in files() {
        for panel in board["panels"].as_array().expect("panels") {
            if panel["type"] != "row" {
                panels.push((format!("{name}: {}", panel["title"]), panel.clone()));
            }
        }
    }
    assert!(panels.len() > 60, "only {} panels", panels.len());
    panels
}

/// An expression with Grafana's variables filled in.
fn filled(expr: &str) -> String {
    expr.replace("$__rate_interval", "1m").replace("$job", ".+").replace("$instance", ".+")
}

fn target_faults(names: &Names, expr: &str, legend: &str) -> Vec<String> {
    let mut faults = Vec::new();
    match names.check(&filled(expr)) {
        Err(error) => faults.push(error),
        Ok(labels) => {
            let mut labels = labels.unwrap_or_default();
            if expr.contains("_bucket") {
                labels.insert("le".to_owned());
            }
            for part in legend.split("{{").skip(1) {
                let label = part.split("}}").next().unwrap_or_default();
                if !labels.contains(label) {
                    faults.push(format!("the legend names `{label}`, which {expr} has not"));
                }
            }
            let shown = legend.contains("{{");
            if legend.is_empty() || (!labels.is_empty() && !shown && !expr.contains("_bucket")) {
                faults.push(format!("the legend {legend:?} does not tell the series of {expr}"));
            }
        }
    }
    for range in ranges(expr) {
        if range != "$__rate_interval" {
            faults.push(format!("{expr} looks back over {range}, not $__rate_interval"));
        }
    }
    if !expr.contains("job=~\"$job\"") {
        faults.push(format!("{expr} does not follow the choice of jobs"));
    }
    let by_job = ["job_slo:", "job:"].iter().any(|level| expr.starts_with(level));
    if !by_job && !expr.contains("instance=~\"$instance\"") {
        faults.push(format!("{expr} does not follow the choice of instances"));
    }
    faults
}

/// The rules of Grafana's dashboard linter that can be told without Grafana, and those that only
/// who knows the metrics can tell.
#[test]
fn every_panel_asks_for_what_is_exported() {
    let names = names();
    let mut faults = Vec::new();
    let mut targets = 0;
    for (at, panel) in panels() {
        for target in panel["targets"].as_array().expect("targets") {
            let text = |key: &str| target[key].as_str().unwrap_or_default().to_owned();
            let found = target_faults(&names, &text("expr"), &text("legendFormat"));
            faults.extend(found.into_iter().map(|fault| format!("{at}: {fault}")));
            targets += 1;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(targets > 80, "only {targets} expressions");
}

#[test]
fn faults_of_panels_are_found() {
    let names = names();
    let faults = |expr: &str, legend: &str| target_faults(&names, expr, legend).join("; ");
    let good = "sum by (tier) (rate(emanate_spreads_by_tier_total{job=~\"$job\",\
                instance=~\"$instance\"}[$__rate_interval]))";
    assert_eq!(faults(good, "{{tier}}"), "");
    assert!(faults(good, "{{outcome}}").contains("names `outcome`"));
    assert!(faults(good, "spreads").contains("does not tell"));
    assert!(faults(&good.replace("$__rate_interval", "5m"), "{{tier}}").contains("over 5m"));
    let unselected = good.replace("job=~\"$job\",", "");
    assert!(faults(&unselected, "{{tier}}").contains("choice of jobs"));
    let unselected = good.replace(",instance=~\"$instance\"", "");
    assert!(faults(&unselected, "{{tier}}").contains("choice of instances"));
    assert!(faults(&good.replace("tier_total", "level_total"), "").contains("nothing exports"));
}

#[test]
fn every_panel_has_title_description_unit_and_source() {
    for (at, panel) in panels() {
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()), "{at}");
        assert!(panel["description"].as_str().is_some_and(|text| text.len() > 20), "{at}");
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str();
        assert!(unit.is_some_and(|unit| UNITS.contains(&unit)), "{at}: {unit:?}");
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{at} asks for nothing");
        let sources = targets.iter().map(|target| &target["datasource"]["uid"]);
        for source in sources.chain([&panel["datasource"]["uid"]]) {
            assert_eq!(source, "${datasource}", "{at}");
        }
        let heatmap = panel["type"] == "heatmap";
        assert!(targets.iter().all(|target| (target["format"] == "heatmap") == heatmap), "{at}");
    }
}

#[test]
fn every_board_has_its_variables_and_a_name_of_its_own() {
    let mut uids = BTreeSet::new();
    for (name, board) in files() {
        let variables = board["templating"]["list"].as_array().expect("variables");
        let known: Vec<&str> = variables.iter().filter_map(|v| v["name"].as_str()).collect();
        assert_eq!(known, ["datasource", "job", "instance"], "{name}");
        assert!(uids.insert(board["uid"].to_string()), "{name} has another's uid");
        assert!(board["uid"].as_str().is_some_and(|uid| uid.len() <= 40), "{name}");
        assert!(board["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
}

/// Panels that overlap are pushed around by Grafana, so that files would differ from what is seen.
#[test]
fn panels_lie_side_by_side() {
    for (name, board) in files() {
        let mut taken = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in board["panels"].as_array().expect("panels") {
            assert!(ids.insert(panel["id"].as_u64()), "{name}: two panels have one id");
            let at = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
            assert!(at("x") + at("w") <= 24, "{name}: {} is too wide", panel["title"]);
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(taken.insert((x, y)), "{name}: {} overlaps", panel["title"]);
                }
            }
        }
    }
}
