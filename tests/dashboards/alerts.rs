//! Rules, their tests, and the routes of alerts.

use std::collections::{BTreeMap, BTreeSet};

use crate::expr::ranges;
use crate::files::{Rule, alerts, names, names_in, pairs, rules, yaml};

const RULES: &str = "dashboards/prometheus/rules";
const TESTS: &str = "dashboards/prometheus/tests";
const ROUTING: &str = "dashboards/alertmanager/alertmanager.yml";
const ROUTES: &str = "dashboards/alertmanager/routes.txt";

#[test]
fn every_rule_asks_for_what_is_exported() {
    let names = names();
    let errors: Vec<String> =
        rules().iter().filter_map(|rule| names.check(&rule.expr).err()).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// `level:metric:operation`: the level is the labels that are left, and the operation ends with the
/// range it looks back over.
#[test]
fn recorded_series_say_what_they_are() {
    let names = names();
    for rule in rules().iter().filter(|rule| !rule.alert) {
        let parts: Vec<&str> = rule.name.split(':').collect();
        let [level, metric, operation] = parts[..] else { panic!("{} has no level", rule.name) };
        let level: BTreeSet<String> = level.split('_').map(str::to_owned).collect();
        assert_eq!(level, names.recorded[&rule.name].labels, "{}", rule.name);
        assert!(metric.starts_with("emanate_"), "{}", rule.name);
        let ranges = ranges(&rule.expr);
        assert!(!ranges.is_empty(), "{} looks at no range", rule.name);
        for range in ranges {
            assert!(operation.ends_with(&range), "{} looks back over {range}", rule.name);
        }
    }
}

fn alert<'a>(alerts: &'a [Rule], name: &str) -> &'a Rule {
    let found = alerts.iter().find(|alert| alert.name == name);
    found.unwrap_or_else(|| panic!("there is no alert {name}"))
}

/// The three that were promised first, to the letter.
#[test]
fn the_first_three_alerts_are_as_promised() {
    let alerts = alerts();
    for (name, recorded, limit, hold, severity) in [
        ("EmanateSpreadsSlow", "response_seconds:p95_rate2m", "> 0.01", "2m", "warning"),
        ("EmanateSpreadsFail", "spreads_failed:rate1m", "> 0.1", "1m", "critical"),
        ("EmanateBreakerOpen", "breaker_state{state=~\"open|", "> 0", "30s", "critical"),
    ] {
        let alert = alert(&alerts, name);
        assert!(alert.expr.contains(recorded), "{}", alert.expr);
        assert!(alert.expr.trim_end().ends_with(limit), "{}", alert.expr);
        assert_eq!((alert.hold.as_str(), alert.labels["severity"].as_str()), (hold, severity));
    }
}

#[test]
fn every_alert_says_how_bad_what_and_where_to_read() {
    let (alerts, names) = (alerts(), names());
    let unique: BTreeSet<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    assert_eq!(unique.len(), alerts.len(), "two alerts have one name");
    for alert in &alerts {
        let name = &alert.name;
        assert!(name.starts_with("Emanate"), "{name}");
        let severities = ["critical", "warning", "none"];
        assert!(severities.contains(&alert.labels["severity"].as_str()), "{name}");
        assert!(alert.labels.len() == 1, "{name} sets labels beside its severity");
        let link = format!("{{{{ $externalLabels.runbooks }}}}/{name}.md");
        assert_eq!(alert.annotations["runbook_url"], link, "{name}");
        let labels = names.check(&alert.expr).expect("it was checked").expect("labels");
        for kind in ["summary", "description"] {
            let text = alert.annotations.get(kind);
            let text = text.unwrap_or_else(|| panic!("{name} has no {kind}"));
            assert!(!text.is_empty() && text.len() < 120, "{name}: {text}");
            for part in text.split("$labels.").skip(1) {
                let label = part.split([' ', '}']).next().expect("split gives one part");
                assert!(labels.contains(label), "{name}: {kind} names the label {label}");
            }
        }
    }
}

/// How often the tests expect each alert to fire and not to fire.
fn expected() -> BTreeMap<String, (usize, usize)> {
    let mut expected: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for file in names_in(TESTS, ".yml") {
        let yaml = yaml(&format!("{TESTS}/{file}"));
        for test in yaml["tests"].as_vec().expect("tests") {
            for case in test["alert_rule_test"].as_vec().expect("cases") {
                let name = case["alertname"].as_str().expect("a name").to_owned();
                let counts = expected.entry(name).or_default();
                let fires = case["exp_alerts"].as_vec().is_some_and(|alerts| !alerts.is_empty());
                *(if fires { &mut counts.0 } else { &mut counts.1 }) += 1;
            }
        }
    }
    expected
}

/// `dashboards/check` runs the tests; here it is seen that none is missing.
#[test]
fn every_alert_is_tested_firing_and_not_firing() {
    let alerts = alerts();
    let expected = expected();
    for name in expected.keys() {
        alert(&alerts, name);
    }
    // The watchdog fires always; that is what it is for.
    for alert in alerts.iter().filter(|alert| alert.name != "EmanateWatchdog") {
        let (fires, rests) = expected.get(&alert.name).copied().unwrap_or_default();
        assert!(fires > 0, "no test expects {} to fire", alert.name);
        assert!(rests > 0, "no test expects {} not to fire", alert.name);
    }
    assert!(expected["EmanateWatchdog"].0 > 0);
}

/// promtool takes what a test names for what exists, so names in tests are checked, too.
#[test]
fn tests_are_fed_with_what_is_exported() {
    let names = names();
    for file in names_in(TESTS, ".yml") {
        let yaml = yaml(&format!("{TESTS}/{file}"));
        for test in yaml["tests"].as_vec().expect("tests") {
            for series in test["input_series"].as_vec().expect("series") {
                let series = series["series"].as_str().expect("a series");
                let plain = names.check(series);
                let growing = names.check(&format!("rate({series}[1m])"));
                assert!(plain.is_ok() || growing.is_ok(), "{file}: {plain:?} {growing:?}");
            }
        }
    }
}

/// The alert names, or the severity, that a list of matchers selects.
fn matched(matchers: &yaml_rust2::Yaml) -> (Vec<String>, Option<String>) {
    let (mut names, mut severity) = (Vec::new(), None);
    for matcher in matchers.as_vec().expect("matchers") {
        let text = matcher.as_str().expect("a matcher");
        let (label, value) = text.split_once('=').expect("a matcher has a sign");
        let value = value.trim_matches(['~', '"']);
        match label {
            "alertname" => names.extend(value.split('|').map(str::to_owned)),
            "severity" => severity = Some(value.to_owned()),
            other => panic!("{other} is not matched here"),
        }
    }
    (names, severity)
}

#[test]
fn an_alert_silences_only_others_about_the_same() {
    let (alerts, known) = (alerts(), names());
    let routing = yaml(ROUTING);
    let labels = |name: &str| {
        let rule = alert(&alerts, name);
        known.check(&rule.expr).expect("it was checked").expect("labels")
    };
    for rule in routing["inhibit_rules"].as_vec().expect("rules") {
        let equal: Vec<&str> =
            rule["equal"].as_vec().expect("labels").iter().filter_map(|l| l.as_str()).collect();
        let (sources, _) = matched(&rule["source_matchers"]);
        let (targets, severity) = matched(&rule["target_matchers"]);
        assert!(!targets.is_empty() || severity.as_deref() == Some("warning"));
        for name in sources.iter().chain(&targets) {
            let labels = labels(name);
            // A label that both lack is equal, and everything would be silenced.
            let missing = equal.iter().find(|label| !labels.contains(**label));
            assert_eq!(missing, None, "{name} of an inhibition has no such label");
        }
        for source in &sources {
            assert!(!targets.contains(source), "{source} silences itself");
            let page = alert(&alerts, source).labels["severity"] == "critical";
            let tickets =
                targets.iter().all(|t| alert(&alerts, t).labels["severity"] != "critical");
            assert!(page || tickets, "{source}, a ticket, silences a page");
        }
    }
}

/// Every receiver is reached by a case of `dashboards/check`, and each kind of alert is one.
#[test]
fn routes_are_tested_for_every_receiver_and_severity() {
    let alerts = alerts();
    let cases = crate::files::read(ROUTES);
    let cases: Vec<(&str, BTreeMap<&str, &str>)> = cases
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (receiver, labels) = line.split_once(' ').expect("a receiver and labels");
            (receiver, labels.split(' ').filter_map(|label| label.split_once('=')).collect())
        })
        .collect();
    let routing = yaml(ROUTING);
    for receiver in routing["receivers"].as_vec().expect("receivers") {
        let name = receiver["name"].as_str().expect("a name");
        assert!(cases.iter().any(|(to, _)| *to == name), "no case leads to {name}");
    }
    for (receiver, labels) in &cases {
        let Some(rule) = alerts.iter().find(|alert| alert.name == labels["alertname"]) else {
            continue;
        };
        assert_eq!(labels["severity"], rule.labels["severity"], "{}", rule.name);
        let severe = match rule.labels["severity"].as_str() {
            "critical" => "pages",
            "warning" => "tickets",
            _ => "watchdog",
        };
        assert_eq!(*receiver, severe, "{}", rule.name);
    }
    let route = pairs(&routing["route"]);
    assert_eq!(route["receiver"], "tickets", "what nobody thought of is a ticket");
}

/// A rule file that Prometheus does not load would never fire.
#[test]
fn every_rule_file_is_loaded() {
    let config = yaml("dashboards/prometheus/prometheus.yml");
    assert_eq!(config["rule_files"][0].as_str(), Some("rules/*.yml"));
    assert!(names_in(RULES, "").iter().all(|name| name.ends_with(".yml")));
    let job = config["scrape_configs"][0]["job_name"].as_str().expect("a job");
    for rule in rules().iter().filter(|rule| rule.expr.contains("job=")) {
        assert!(rule.expr.contains(&format!("job=\"{job}\"")), "{}", rule.name);
    }
    assert!(config["global"]["external_labels"]["runbooks"].as_str().is_some());
}
