//! Checks that are made over HTTP: kept in a file, run by the registry beside the service's own.

mod definition;
mod look;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use emanate::health::{
    CheckKind, CheckReading, HealthReading, HealthStatus, RegisterError, Registry,
};
use emanate::terms::NameError;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::health;
use super::locked::Locked;
use super::problem::Problem;
use super::results::Results;
use super::service::{App, Service};
use super::state_file::StateFile;
use crate::alerts::{MetricKind, RuleError};
use crate::output::text::cut;
use definition::{Definition, DefinitionError, Looks};

pub(crate) use definition::KINDS as CHECK_KINDS;

/// What the file is called.
const FILE: &str = "checks.json";
/// The number of its form.
const FORMAT: u64 = 1;

#[derive(Debug, Default)]
struct Held {
    definitions: BTreeMap<String, Definition>,
    file: Arc<StateFile>,
}

/// All checks that were made over HTTP, and what every check found.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    held: Locked<Held>,
    pub(crate) results: Results,
}

impl Checks {
    /// Goes on where the last process ended.
    pub(crate) fn open(&self, service: &App, registry: &Registry) {
        let restore =
            |value: Value| self.restored(&value).ok_or_else(|| "it is damaged".to_owned());
        let (file, definitions) = StateFile::open(service.first.state_directory(), FILE, restore);
        let definitions = definitions.unwrap_or_default();
        for definition in definitions.values() {
            if let Err(error) = register(service, registry, definition) {
                tracing::error!(check = definition.name, %error, "a check is not run");
            }
        }
        self.held.with(|held| *held = Held { definitions, file: Arc::new(file) });
    }

    /// The definitions of what [`Checks::keep`] wrote, once the results are restored; `None` where
    /// that is something else.
    fn restored(&self, kept: &Value) -> Option<BTreeMap<String, Definition>> {
        if kept.get("format")?.as_u64()? != FORMAT {
            return None;
        }
        let read = |check: &Value| {
            let definition = Definition::read(check.clone(), None).ok()?;
            Some((definition.name.clone(), definition))
        };
        let definitions =
            kept.get("checks")?.as_array()?.iter().map(read).collect::<Option<_>>()?;
        // What is looked at matters more than what was found.
        if kept.get("results").and_then(|results| self.results.restore(results)).is_none() {
            tracing::error!("what checks found cannot be read; it is put together anew");
        }
        Some(definitions)
    }

    /// Whether what is changed outlives the process.
    pub(crate) fn is_kept(&self) -> bool {
        self.held.with(|held| held.file.path().is_some())
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// What the file system gives.
    pub(crate) fn keep(&self) -> std::io::Result<()> {
        let file = self.held.with(|held| Arc::clone(&held.file));
        file.write(|| {
            self.held.with(|held| {
                json!({
                    "format": FORMAT,
                    "checks":
                        held.definitions.values().map(Definition::shown).collect::<Vec<_>>(),
                    "results": self.results.kept(),
                })
            })
        })
    }

    /// The check that `reading` is of, with what it looks at where it was made over HTTP.
    fn shown(&self, reading: &CheckReading) -> Value {
        let made =
            self.held.with(|held| held.definitions.get(&*reading.name).map(Definition::shown));
        let mut shown = json!({"name": &*reading.name, "made": made.is_some()});
        shown["definition"] = made.unwrap_or_default();
        shown["standing"] = health::shown_check(reading);
        shown
    }

    /// Takes a check that was made and not yet run for one that passes, so that making one does not
    /// take the service out for a moment.
    pub(crate) fn settle_new(&self, reading: &mut HealthReading) {
        if reading.ready != HealthStatus::Unknown {
            return;
        }
        let known = self.held.with(|held| {
            let is_new = |check: &CheckReading| {
                check.status == HealthStatus::Unknown && held.definitions.contains_key(&*check.name)
            };
            let ready = reading.checks.iter().filter(|check| check.kind == CheckKind::Ready);
            ready.filter(|check| !is_new(check)).map(|check| check.status).max()
        });
        reading.ready = known.unwrap_or(HealthStatus::Pass);
    }
}

fn register(
    service: &App,
    registry: &Registry,
    definition: &Definition,
) -> Result<(), RegisterError> {
    let check = look::check(definition.clone(), Arc::downgrade(service), Handle::current());
    registry.register(&definition.name, definition.kind(), definition.policy(), check)
}

/// All checks, the service's own first.
///
/// # Errors
/// 503 while graphs are being read.
pub(crate) fn all(service: &Service) -> Result<Value, Problem> {
    let reading = service.served()?.health.reading();
    let checks: Vec<Value> =
        reading.checks.iter().map(|check| service.checks.shown(check)).collect();
    Ok(json!({"checks": checks, "kept": service.checks.is_kept()}))
}

/// One check with the newest `most` of what it found, the latest first.
///
/// # Errors
/// 404 where there is none, 503 while graphs are being read.
pub(crate) fn one(service: &Service, name: &str, most: usize) -> Result<Value, Problem> {
    let reading = service.served()?.health.reading();
    let check = reading.check(name).ok_or_else(|| none(name))?;
    let mut shown = service.checks.shown(check);
    shown["results"] = json!(service.checks.results.shown(name, most));
    Ok(shown)
}

fn none(name: &str) -> Problem {
    Problem::not_found(format!("there is no check {:?}; see /v1/checks", cut(name)))
}

fn own(name: &str) -> Problem {
    let detail = format!(
        "the check {:?} is the service's own; see the section [health] of the configuration",
        cut(name)
    );
    Problem::new(StatusCode::CONFLICT, detail)
}

/// Makes a check.
///
/// # Errors
/// 409 where there is one of its name, 422 where it cannot be, 503 while graphs are being read.
pub(crate) fn make(service: &App, value: Value) -> Result<Value, Problem> {
    let registry = &service.served()?.health;
    let definition = Definition::read(value, None)?;
    fits(service, &definition)?;
    let most = service.live().config.checks.most;
    service.checks.held.with(|held| {
        if held.definitions.len() >= most && !held.definitions.contains_key(&definition.name) {
            return Err(Problem::unprocessable(format!(
                "there are {most} checks, as many as checks.most allows; delete some"
            )));
        }
        register(service, registry, &definition)?;
        held.definitions.insert(definition.name.clone(), definition.clone());
        Ok(())
    })?;
    finish(service, definition.shown())
}

/// Puts a check in the place of the one called `name`.
///
/// # Errors
/// 404 where there is none, 409 where it is the service's own, 422 where it cannot be.
pub(crate) fn change(service: &App, name: &str, value: Value) -> Result<Value, Problem> {
    let registry = &service.served()?.health;
    let definition = Definition::read(value, Some(name))?;
    fits(service, &definition)?;
    service.checks.held.with(|held| {
        if !held.definitions.contains_key(name) {
            return Err(missing(registry, name));
        }
        registry.remove(name);
        register(service, registry, &definition)?;
        held.definitions.insert(name.to_owned(), definition.clone());
        Ok(())
    })?;
    finish(service, definition.shown())
}

/// Takes the check called `name` away.
///
/// # Errors
/// 404 where there is none, 409 where it is the service's own.
pub(crate) fn delete(service: &App, name: &str) -> Result<Value, Problem> {
    let registry = &service.served()?.health;
    service.checks.held.with(|held| match held.definitions.remove(name) {
        None => Err(missing(registry, name)),
        Some(_) => {
            registry.remove(name);
            service.checks.results.forget(name);
            Ok(())
        }
    })?;
    finish(service, json!({"deleted": name}))
}

fn missing(registry: &Registry, name: &str) -> Problem {
    if registry.reading().check(name).is_some() { own(name) } else { none(name) }
}

fn finish(service: &App, answer: Value) -> Result<Value, Problem> {
    service.checks.keep().map_err(|error| Problem::not_kept(&error))?;
    Ok(answer)
}

/// Whether what is looked at is there.
fn fits(service: &Service, definition: &Definition) -> Result<(), Problem> {
    let Looks::Custom { selector, .. } = &definition.looks else { return Ok(()) };
    let gathered = service.gathered();
    selector.check(&gathered)?;
    let kind = selector.metric(&gathered).map(|metric| metric.kind);
    if kind == Some(MetricKind::Histogram) {
        return Err(RuleError::Unfit {
            measure: "value".to_owned(),
            metric: selector.metric.clone(),
            kind: MetricKind::Histogram,
        }
        .into());
    }
    Ok(())
}

/// Brings everything to the disk; what hinders that is logged.
pub(crate) async fn keep(service: App) {
    let kept = tokio::task::spawn_blocking(move || service.checks.keep()).await;
    if let Ok(Err(error)) = kept {
        tracing::error!(%error, "checks, and what they found, cannot be kept");
    }
}

impl From<DefinitionError> for Problem {
    fn from(error: DefinitionError) -> Self {
        Self::unprocessable(error.to_string())
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        let detail = crate::output::text::cut_quoted(&error.to_string());
        match error {
            RegisterError::Name(NameError::Taken { .. }) => Self::new(StatusCode::CONFLICT, detail),
            _ => Self::unprocessable(detail),
        }
    }
}
