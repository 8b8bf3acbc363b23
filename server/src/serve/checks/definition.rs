//! Checks as they are made over HTTP: what each looks at, read from JSON and written again.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use emanate::health::{CheckKind, CheckPolicy, DEFAULT_BUDGET, DEFAULT_FAILURES, DEFAULT_PERIOD};
use serde_json::{Value, json};

use crate::alerts::{
    Bound, FieldError, Fields, RuleError, Selector, bound, selector, shown_bound, shown_lists,
    text, written,
};
use crate::serve::outbound::Target;

/// Kinds of checks, with the keys that each takes besides those of all.
pub(crate) const KINDS: [(&str, &[&str]); 6] = [
    ("http", &["url", "status", "contains"]),
    ("tcp", &["address"]),
    ("store", &[]),
    ("disk", &["path", "free_min"]),
    ("memory", &["bytes_max"]),
    ("custom", &["metric", "labels", "except", "above", "below"]),
];
/// Shortest period.
const PERIOD_MIN: Duration = Duration::from_millis(100);
/// Most failures that are borne.
const RETRIES_MAX: u32 = 100;

/// What a check looks at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Looks {
    /// Whether a URL answers.
    Http {
        url: String,
        target: Target,
        /// The status wanted; `None` for any from 200 to 299.
        status: Option<u16>,
        /// What the beginning of the answer must hold.
        contains: String,
    },
    /// Whether a port accepts connections.
    Tcp { host: String, port: u16 },
    /// Whether changes are kept.
    Store,
    /// Whether a file system has room.
    Disk { path: PathBuf, free_min: u64 },
    /// Whether the process stays within a bound.
    Memory { bytes_max: u64 },
    /// Whether a metric stays within a limit; its series are added up.
    Custom { selector: Selector, bound: Bound },
}

impl Looks {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Tcp { .. } => "tcp",
            Self::Store => "store",
            Self::Disk { .. } => "disk",
            Self::Memory { .. } => "memory",
            Self::Custom { .. } => "custom",
        }
    }
}

/// What a check that fails takes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Affects {
    /// `/readyz`: the service is given no work.
    Ready,
    /// `/livez`: the service is started again.
    Live,
    /// Nothing: it only warns.
    Nothing,
}

impl Affects {
    pub(crate) const ALL: [Self; 3] = [Self::Ready, Self::Live, Self::Nothing];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Nothing => "nothing",
        }
    }
}

/// A check.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) looks: Looks,
    pub(crate) period: Duration,
    pub(crate) timeout: Duration,
    /// Failures in a row that are borne.
    pub(crate) retries: u32,
    pub(crate) affects: Affects,
}

/// Why a check cannot be had.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub(crate) enum DefinitionError {
    /// A key is wrong.
    Field(FieldError),
    /// What it looks at cannot be.
    Rule(RuleError),
    /// The name in the path is another.
    Name,
}

impl From<FieldError> for DefinitionError {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl From<RuleError> for DefinitionError {
    fn from(error: RuleError) -> Self {
        Self::Rule(error)
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(error) => write!(f, "{error}"),
            Self::Rule(error) => write!(f, "{error}"),
            Self::Name => {
                f.write_str("\"name\" is missing or another than in the path; give one name")
            }
        }
    }
}

impl std::error::Error for DefinitionError {}

impl Definition {
    /// The check that `value` writes; `name` is its name where that is known.
    ///
    /// # Errors
    /// [`DefinitionError`].
    pub(crate) fn read(value: Value, name: Option<&str>) -> Result<Self, DefinitionError> {
        let mut fields = Fields::of(value)?;
        let given = fields.value("name", "a text", |value| value.as_str().map(str::to_owned))?;
        let name = match (given, name) {
            (Some(given), Some(name)) if given != name => return Err(DefinitionError::Name),
            (Some(given), _) => given,
            (None, Some(name)) => name.to_owned(),
            (None, None) => return Err(DefinitionError::Name),
        };
        let takes = "http, tcp, store, disk, memory or custom";
        let known = |value: Value| {
            KINDS.iter().map(|(kind, _)| *kind).find(|kind| Some(*kind) == value.as_str())
        };
        let kind = fields.needed("kind", takes, known)?;
        let looks = looks(kind, &mut fields)?;
        let takes = "a time of at least 100ms, such as \"5s\"";
        let period = fields.value("period", takes, |value| {
            crate::alerts::read_time(&value).filter(|period| *period >= PERIOD_MIN)
        })?;
        let takes = "a whole number up to 100";
        let retries = fields.value("retries", takes, |value| {
            u32::try_from(value.as_u64()?).ok().filter(|count| *count <= RETRIES_MAX)
        })?;
        let affects = fields.value("affects", "ready, live or nothing", |value| {
            Affects::ALL.into_iter().find(|affects| Some(affects.name()) == value.as_str())
        })?;
        let definition = Self {
            name,
            looks,
            period: period.unwrap_or(DEFAULT_PERIOD),
            timeout: fields.time("timeout", DEFAULT_BUDGET)?,
            retries: retries.unwrap_or(DEFAULT_FAILURES.get() - 1),
            affects: affects.unwrap_or(Affects::Ready),
        };
        fields.end()?;
        Ok(definition)
    }

    /// The check as [`Definition::read`] reads it, with every key.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = json!({
            "name": self.name,
            "kind": self.looks.name(),
            "period": written(self.period),
            "timeout": written(self.timeout),
            "retries": self.retries,
            "affects": self.affects.name(),
        });
        match &self.looks {
            Looks::Http { url, status, contains, .. } => {
                shown["url"] = json!(url);
                shown["status"] = json!(status);
                shown["contains"] = json!(contains);
            }
            Looks::Tcp { host, port } => shown["address"] = json!(format!("{host}:{port}")),
            Looks::Store => {}
            Looks::Disk { path, free_min } => {
                shown["path"] = json!(path.display().to_string());
                shown["free_min"] = json!(free_min);
            }
            Looks::Memory { bytes_max } => shown["bytes_max"] = json!(bytes_max),
            Looks::Custom { selector, bound } => {
                let limit = shown_bound(bound);
                shown["metric"] = json!(selector.metric);
                shown["labels"] = shown_lists(&selector.labels);
                shown["except"] = shown_lists(&selector.except);
                for key in ["above", "below"] {
                    if let Some(limit) = limit.get(key) {
                        shown[key] = limit.clone();
                    }
                }
            }
        }
        shown
    }

    /// How the registry runs it.
    pub(crate) fn policy(&self) -> CheckPolicy {
        CheckPolicy {
            period: self.period,
            budget: self.timeout,
            failures: NonZeroU32::MIN.saturating_add(self.retries),
            ..CheckPolicy::default()
        }
    }

    /// What the registry asks it for.
    pub(crate) const fn kind(&self) -> CheckKind {
        match self.affects {
            Affects::Live => CheckKind::Live,
            Affects::Ready | Affects::Nothing => CheckKind::Ready,
        }
    }
}

fn looks(kind: &str, fields: &mut Fields) -> Result<Looks, DefinitionError> {
    let takes_bytes = "a number of bytes above 0";
    let bytes = |value: Value| value.as_u64().filter(|bytes| *bytes > 0);
    Ok(match kind {
        "http" => {
            let takes = "an http or https URL of at most 512 letters, without a user";
            let (url, target) = fields.needed("url", takes, |value| {
                let url = text(value)?;
                let target = Target::parse(&url).ok()?;
                Some((url, target))
            })?;
            let status = fields.value("status", "a status from 100 to 599", |value| {
                let status = u16::try_from(value.as_u64()?).ok()?;
                (100..600).contains(&status).then_some(status)
            })?;
            Looks::Http { url, target, status, contains: fields.text("contains")? }
        }
        "tcp" => {
            let takes = "a host and a port, such as \"db.example.org:5432\"";
            let (host, port) = fields.needed("address", takes, host_and_port)?;
            Looks::Tcp { host, port }
        }
        "store" => Looks::Store,
        "disk" => {
            let takes = "an absolute path";
            let path = fields.needed("path", takes, |value| {
                let path = PathBuf::from(text(value)?);
                let clean = !path.as_os_str().as_encoded_bytes().contains(&0);
                (path.is_absolute() && clean).then_some(path)
            })?;
            Looks::Disk { path, free_min: fields.needed("free_min", takes_bytes, bytes)? }
        }
        "memory" => Looks::Memory { bytes_max: fields.needed("bytes_max", takes_bytes, bytes)? },
        _ => Looks::Custom { selector: selector(fields)?, bound: bound(fields)? },
    })
}

fn host_and_port(value: Value) -> Option<(String, u16)> {
    let text = text(value)?;
    let (host, port) = text.rsplit_once(':')?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let letters = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    let good = !bare.is_empty() && bare.chars().all(letters);
    let port = port.parse().ok().filter(|port| *port > 0)?;
    good.then(|| (bare.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<Definition, DefinitionError> {
        Definition::read(value, None)
    }

    #[test]
    fn a_check_is_written_as_it_is_read() {
        for value in [
            json!({"name": "a", "kind": "http", "url": "https://example.org/x", "status": 204}),
            json!({"name": "a", "kind": "http", "url": "http://[::1]:1/", "contains": "ok"}),
            json!({"name": "a", "kind": "tcp", "address": "db:5432", "affects": "nothing"}),
            json!({"name": "a", "kind": "store", "retries": 0}),
            json!({"name": "a", "kind": "disk", "path": "/", "free_min": 1, "affects": "live"}),
            json!({"name": "a", "kind": "memory", "bytes_max": 1, "timeout": "250ms"}),
            json!({"name": "a", "kind": "custom", "metric": "m", "labels": {"l": "v"},
                "below": 0.5, "period": "2m"}),
        ] {
            let definition = read(value.clone()).unwrap();
            assert_eq!(read(definition.shown()).unwrap(), definition, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let long = "x".repeat(1000);
        for bad in [
            json!([]),
            json!({"kind": "store"}),
            json!({"name": "a"}),
            json!({"name": "a", "kind": "ping"}),
            json!({"name": "a", "kind": "store", "url": "http://a/"}),
            json!({"name": "a", "kind": "http"}),
            json!({"name": "a", "kind": "http", "url": "file:///etc/passwd"}),
            json!({"name": "a", "kind": "http", "url": "http://u:p@a/"}),
            json!({"name": "a", "kind": "http", "url": "http://a/", "status": 99}),
            json!({"name": "a", "kind": "http", "url": format!("http://a/{long}")}),
            json!({"name": "a", "kind": "tcp", "address": "a"}),
            json!({"name": "a", "kind": "tcp", "address": "a:0"}),
            json!({"name": "a", "kind": "tcp", "address": "a b:1"}),
            json!({"name": "a", "kind": "tcp", "address": "a\n:1"}),
            json!({"name": "a", "kind": "disk", "path": "relative", "free_min": 1}),
            json!({"name": "a", "kind": "disk", "path": "/\u{0}", "free_min": 1}),
            json!({"name": "a", "kind": "disk", "path": "/"}),
            json!({"name": "a", "kind": "memory", "bytes_max": 0}),
            json!({"name": "a", "kind": "custom", "metric": "m"}),
            json!({"name": "a", "kind": "custom", "metric": "m", "above": 1, "below": 2}),
            json!({"name": "a", "kind": "store", "period": "99ms"}),
            json!({"name": "a", "kind": "store", "timeout": "0s"}),
            json!({"name": "a", "kind": "store", "retries": 101}),
            json!({"name": "a", "kind": "store", "affects": "all"}),
        ] {
            let error = read(bad.clone()).unwrap_err();
            assert!(error.to_string().len() < 300, "{bad}: {error}");
        }
        let other = Definition::read(json!({"name": "a", "kind": "store"}), Some("b"));
        assert_eq!(other, Err(DefinitionError::Name));
    }

    #[test]
    fn retries_are_failures_that_are_borne() {
        let policy = |retries: u32| {
            read(json!({"name": "a", "kind": "store", "retries": retries})).unwrap().policy()
        };
        assert_eq!(policy(0).failures.get(), 1);
        assert_eq!(policy(2).failures.get(), 3);
    }
}
