//! A configuration as a file that can be used again, with every key explained.

use std::fmt::Write;

use super::keys::{ConfigKey, KEYS, When};
use super::model::Config;

/// Columns of a comment.
const COLUMNS: usize = 92;

/// The configuration as TOML: above each key what it means, its variable and its default.
pub(super) fn print(config: &Config) -> String {
    let defaults = Config::default();
    let mut text = String::new();
    let mut section = "";
    for key in &KEYS {
        let (own, name) = key.parts();
        if own != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}[{own}]");
            section = own;
        }
        for line in comment(key, &defaults) {
            let _ = writeln!(text, "# {line}");
        }
        let shown = (key.show)(config);
        if !key.secret {
            let _ = writeln!(text, "{name} = {shown}");
        } else {
            let given = shown.as_str().map(|text| usize::from(!text.is_empty()));
            let count = given.or(shown.as_array().map(Vec::len)).unwrap_or(0);
            let _ = writeln!(text, "# {name} = [..]  # {count} given, not shown");
        }
    }
    text.push_str(
        "\n[graphs]\n# Files of graphs by name: edge lists or native files. Routes without a \
         name mean `default`.\n# Environment: EMANATE_GRAPHS_NAME. At the next start.\n",
    );
    for (name, file) in &config.graphs {
        let file = toml::Value::from(file.display().to_string());
        let _ = writeln!(text, "{name} = {file}");
    }
    text
}

/// What is said above a key.
fn comment(key: &ConfigKey, defaults: &Config) -> Vec<String> {
    let when = match key.when {
        When::Reload => "At once",
        When::Restart => "At the next start",
    };
    let default = (key.show)(defaults);
    let mut sentence = format!("{} Takes {}", key.help, key.takes);
    if let Some((_, range)) = key.range {
        let _ = write!(sentence, ", {range}");
    }
    let _ = write!(sentence, ". {when}. Environment: {}. Default: {default}.", key.variable());
    wrapped(&sentence)
}

fn wrapped(sentence: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in sentence.split(' ') {
        let line = lines.last_mut().expect("never empty");
        if line.len() + word.len() >= COLUMNS && !line.is_empty() {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
