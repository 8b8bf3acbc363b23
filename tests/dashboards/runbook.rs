//! The runbook: a page for each alert, with queries that work.

use crate::files::{alerts, names, names_in, read};

const FOLDER: &str = "docs/runbook";

/// What every page has, in this order.
const HEADINGS: [&str; 4] = ["## Meaning", "## Impact", "## First look", "## What to do"];

#[test]
fn every_alert_has_a_page_and_every_page_an_alert() {
    let mut expected: Vec<String> =
        alerts().iter().map(|alert| format!("{}.md", alert.name)).collect();
    expected.push("README.md".to_owned());
    expected.sort();
    assert_eq!(names_in(FOLDER, ".md"), expected);
    let index = read(&format!("{FOLDER}/README.md"));
    for alert in alerts() {
        let (name, severity) = (&alert.name, &alert.labels["severity"]);
        let row = format!("| [{name}]({name}.md) | {severity} |");
        assert!(index.contains(&row), "the index has no row {row}");
    }
}

#[test]
fn every_page_says_what_it_means_and_what_to_do() {
    for alert in alerts() {
        let page = read(&format!("{FOLDER}/{}.md", alert.name));
        assert!(page.starts_with(&format!("# {}\n", alert.name)), "{}", alert.name);
        let mut rest = page.as_str();
        for heading in HEADINGS {
            let found = rest.split_once(&format!("\n{heading}\n"));
            let (_, after) = found.unwrap_or_else(|| panic!("{} lacks {heading}", alert.name));
            let text = after.split("\n## ").next().unwrap_or_default();
            assert!(text.trim().len() > 40, "{}: {heading} says nothing", alert.name);
            rest = after;
        }
    }
}

/// Every query of the runbook: what stands between fences that say so.
pub(crate) fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for name in names_in(FOLDER, ".md") {
        let page = read(&format!("{FOLDER}/{name}"));
        for block in page.split("```promql\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            queries.push((name.clone(), block.trim().to_owned()));
        }
    }
    queries
}

#[test]
fn every_query_asks_for_what_is_exported() {
    let (names, queries) = (names(), queries());
    let errors: Vec<String> = queries
        .iter()
        .filter_map(|(page, query)| Some(format!("{page}: {}", names.check(query).err()?)))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    // The watchdog and the absent target have nothing to ask for.
    for alert in alerts().iter().filter(|alert| alert.name != "EmanateWatchdog") {
        let page = format!("{}.md", alert.name);
        assert!(queries.iter().any(|(at, _)| *at == page), "{page} has no query");
    }
}

/// A link to a file leads to one.
#[test]
fn every_link_leads_somewhere() {
    for name in names_in(FOLDER, ".md") {
        let page = read(&format!("{FOLDER}/{name}"));
        for link in page.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap_or_default();
            if !link.is_empty() && !link.contains("://") {
                read(&format!("{FOLDER}/{link}"));
            }
        }
    }
}
