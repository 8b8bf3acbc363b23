//! The files of `dashboards`, as the tests read them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

use crate::expr::{Names, Recorded};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package of the tests is a folder of the repository").to_owned()
}

/// A file below the root.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of YAML below the root.
pub(crate) fn yaml(path: &str) -> Yaml {
    let mut documents =
        YamlLoader::load_from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(documents.len(), 1, "{path} is one document");
    documents.remove(0)
}

/// The names of the files in a folder below the root that end so, sorted.
pub(crate) fn names_in(folder: &str, end: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(end)).collect();
    names.sort();
    assert!(!names.is_empty(), "{folder} holds no {end}");
    names
}

/// The pairs of a mapping, whose keys and values are texts.
pub(crate) fn pairs(yaml: &Yaml) -> BTreeMap<String, String> {
    let pairs = yaml.as_hash().into_iter().flatten();
    let text = |yaml: &Yaml| yaml.as_str().map(str::to_owned);
    pairs.filter_map(|(key, value)| Some((text(key)?, text(value)?))).collect()
}

/// One rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The alert, or what is recorded.
    pub(crate) name: String,
    pub(crate) alert: bool,
    pub(crate) expr: String,
    /// How long it holds before it fires, as written.
    pub(crate) hold: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Every rule, in the order of files.
pub(crate) fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for file in names_in("dashboards/prometheus/rules", ".yml") {
        let yaml = yaml(&format!("dashboards/prometheus/rules/{file}"));
        for group in yaml["groups"].as_vec().expect("groups") {
            for rule in group["rules"].as_vec().expect("rules") {
                let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
                let alert = !rule["alert"].is_badvalue();
                rules.push(Rule {
                    name: text(if alert { "alert" } else { "record" }),
                    alert,
                    expr: text("expr"),
                    hold: text("for"),
                    labels: pairs(&rule["labels"]),
                    annotations: pairs(&rule["annotations"]),
                });
            }
        }
    }
    rules
}

/// Every alert.
pub(crate) fn alerts() -> Vec<Rule> {
    rules().into_iter().filter(|rule| rule.alert).collect()
}

/// The metrics and what the rules record of them.
///
/// # Panics
/// If a recording rule is wrong.
pub(crate) fn names() -> Names {
    let mut names = Names::default();
    for rule in rules().iter().filter(|rule| !rule.alert) {
        let labels = names.check(&rule.expr).unwrap_or_else(|error| panic!("{error}"));
        let mut labels = labels.expect("series are recorded, not numbers");
        labels.extend(rule.labels.keys().cloned());
        let recorded: &mut Recorded = names.recorded.entry(rule.name.clone()).or_default();
        let first = recorded.labels.is_empty();
        assert!(first || recorded.labels == labels, "{} has two sets of labels", rule.name);
        recorded.labels = labels;
        for (label, value) in &rule.labels {
            let values: &mut BTreeSet<String> = recorded.set.entry(label.clone()).or_default();
            values.insert(value.clone());
        }
    }
    names
}
