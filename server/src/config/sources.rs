//! Where values come from, and which wins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::check;
use super::error::{ConfigErrors, Mistake, Origin};
use super::given::{Given, Setting};
use super::keys::{ConfigKey, KEYS};
use super::model::Config;
use crate::suggest;

/// What every variable of the environment that configures begins with.
const PREFIX: &str = "EMANATE_";

/// Variables that a cluster sets for a service called `emanate`, which configure nothing.
fn is_of_the_cluster(variable: &str) -> bool {
    variable == "EMANATE_PORT"
        || variable.starts_with("EMANATE_PORT_")
        || variable.starts_with("EMANATE_SERVICE_")
}

/// Everything a configuration is read from. Can be read again: only the file may have changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// The file; `None` for defaults.
    pub(crate) file: Option<PathBuf>,
    /// The variables that configure, by name.
    variables: BTreeMap<String, String>,
    /// `KEY=VALUE`, the last wins.
    flags: Vec<String>,
}

impl Sources {
    /// The file, the environment of this process, and flags as `KEY=VALUE`.
    pub(crate) fn new(
        file: Option<PathBuf>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        flags: Vec<String>,
    ) -> Self {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        };
        let variables = environment.into_iter().filter_map(text);
        let variables = variables
            .filter(|(name, _)| name.starts_with(PREFIX) && !is_of_the_cluster(name))
            .collect();
        Self { file, variables, flags }
    }

    /// Reads the configuration and checks it.
    ///
    /// # Errors
    /// [`ConfigErrors`], with every mistake.
    pub(crate) fn read(&self) -> Result<Config, ConfigErrors> {
        let mut reading = Reading::default();
        if let Some(file) = &self.file {
            reading.file(file);
        }
        for (name, value) in &self.variables {
            reading.variable(name, value);
        }
        for flag in &self.flags {
            reading.flag(flag);
        }
        check::ranges(&reading.config, &mut reading.errors);
        check::whole(&reading.config, &mut reading.errors);
        if reading.errors.0.is_empty() { Ok(reading.config) } else { Err(reading.errors) }
    }
}

/// Whether keys stand in the section of this name.
fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.parts().0 == name)
}

/// A configuration in the making.
#[derive(Default)]
struct Reading {
    config: Config,
    errors: ConfigErrors,
}

impl Reading {
    fn file(&mut self, file: &Path) {
        let origin = Origin::File(file.to_path_buf());
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return self.errors.push(&origin, Mistake::Unreadable(error.kind())),
        };
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                let error: toml::de::Error = error;
                let at = error.span().map_or(0, |span| span.start.min(text.len()));
                let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                let what = error.message().lines().collect::<Vec<_>>().join(", ");
                return self.errors.push(&origin, Mistake::Syntax { line, what });
            }
        };
        for (section, value) in &table {
            match value {
                Value::Table(entries) => self.section(&origin, section, entries),
                _ => self.unknown(&origin, section),
            }
        }
    }

    /// What stands in a section, and in those inside it.
    fn section(&mut self, origin: &Origin, section: &str, entries: &Table) {
        if entries.is_empty() && section != "graphs" && !is_section(section) {
            self.unknown(origin, section);
        }
        for (name, value) in entries {
            let path = format!("{section}.{name}");
            match value {
                Value::Table(inside) if is_section(&path) => self.section(origin, &path, inside),
                _ => self.set(origin, &path, Given::Toml(value)),
            }
        }
    }

    fn variable(&mut self, name: &str, value: &str) {
        let origin = Origin::Variable(name.to_owned());
        if let Some(graph) = name.strip_prefix("EMANATE_GRAPHS_") {
            self.graph(&origin, &graph.to_lowercase(), Given::Text(value));
            return;
        }
        match KEYS.iter().find(|key| key.variable() == name) {
            Some(key) => self.set_key(&origin, key, Given::Text(value)),
            None => {
                let names: Vec<String> = KEYS.iter().map(ConfigKey::variable).collect();
                let meant = suggest::among(names.iter().map(String::as_str), name);
                self.errors.push(&origin, Mistake::Unknown { key: name.to_owned(), meant });
            }
        }
    }

    fn flag(&mut self, argument: &str) {
        match argument.split_once('=') {
            Some((key, value)) => self.set(&Origin::Flag, key.trim(), Given::Text(value)),
            None => {
                let mistake = Mistake::NoValue { argument: argument.to_owned() };
                self.errors.push(&Origin::Flag, mistake);
            }
        }
    }

    fn set(&mut self, origin: &Origin, path: &str, given: Given<'_>) {
        if let Some(name) = path.strip_prefix("graphs.") {
            return self.graph(origin, name, given);
        }
        match KEYS.iter().find(|key| key.path == path) {
            Some(key) => self.set_key(origin, key, given),
            None => self.unknown(origin, path),
        }
    }

    fn set_key(&mut self, origin: &Origin, key: &ConfigKey, given: Given<'_>) {
        if !(key.read)(&mut self.config, given) {
            let mistake = Mistake::Kind { key: key.path.to_owned(), takes: key.takes };
            self.errors.push(origin, mistake);
        }
    }

    fn graph(&mut self, origin: &Origin, name: &str, given: Given<'_>) {
        type File = Option<PathBuf>;
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if name.is_empty() || !name.chars().all(letters) {
            self.errors.push(origin, Mistake::GraphName { name: name.to_owned() });
        } else if let Some(Some(file)) = File::read(given) {
            self.config.graphs.insert(name.to_owned(), file);
        } else {
            let takes = "the path of an edge list or a native file";
            self.errors.push(origin, Mistake::Kind { key: format!("graphs.{name}"), takes });
        }
    }

    fn unknown(&mut self, origin: &Origin, key: &str) {
        let meant = suggest::among(KEYS.iter().map(|key| key.path), key);
        self.errors.push(origin, Mistake::Unknown { key: key.to_owned(), meant });
    }
}
