//! Recent log records: a `tracing` layer that keeps a bounded number of them and writes them to
//! standard error.
//!
//! Bounded three ways: by number, by bytes and by age. A record's text is cut, so that one of a
//! megabyte, made of a hostile label, pushes out no more than its share.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::locked::Locked;
use crate::config::{Config, Level, StderrFormat};
use crate::output::text::visible;

/// Most bytes of one record's text.
const TEXT_BYTES_MAX: usize = 4096;

/// Whose records obey the configured level; of others only warnings and errors are kept.
const OWN: &str = "emanate";

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Its number, ascending from 1.
    pub(crate) id: u64,
    /// When it was made.
    pub(crate) at: SystemTime,
    pub(crate) level: Level,
    /// Which part of the program speaks.
    pub(crate) module: &'static str,
    /// What it says, with its fields as `name=value`.
    pub(crate) text: String,
}

impl Record {
    /// As an object.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "time_s": seconds(self.at),
            "level": self.level.name(),
            "module": self.module,
            "text": self.text,
        })
    }

    fn bytes(&self) -> u64 {
        (self.text.len() + size_of::<Self>()) as u64
    }
}

/// Seconds since 1970, with milliseconds.
pub(crate) fn seconds(at: SystemTime) -> f64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64 / 1000.0
}

/// Which records are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Filter<'a> {
    /// The least weighty.
    pub(crate) level: Level,
    /// What the module's name begins with.
    pub(crate) module: &'a str,
    /// What the text holds.
    pub(crate) text: &'a str,
    /// Only records after this one.
    pub(crate) after: u64,
    /// Most records.
    pub(crate) most: usize,
}

/// What the journal does with a record.
#[derive(Clone, Debug)]
struct Policy {
    enabled: bool,
    level: Level,
    stderr: StderrFormat,
    keep: usize,
    keep_size: u64,
    keep_time: Duration,
}

impl Policy {
    fn of(config: &Config) -> Self {
        let logs = &config.logs;
        Self {
            enabled: logs.enabled,
            level: logs.level,
            stderr: logs.stderr,
            keep: logs.keep,
            keep_size: logs.keep_size,
            keep_time: logs.keep_time,
        }
    }
}

#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<Record>,
    bytes: u64,
    last: u64,
}

impl Kept {
    fn trim(&mut self, policy: &Policy, now: SystemTime) {
        let oldest = now.checked_sub(policy.keep_time).unwrap_or(UNIX_EPOCH);
        while let Some(first) = self.records.front() {
            let full = self.records.len() > policy.keep || self.bytes > policy.keep_size;
            if !full && policy.enabled && first.at >= oldest {
                break;
            }
            self.bytes -= first.bytes();
            self.records.pop_front();
        }
    }
}

/// The recent records.
#[derive(Debug)]
pub(crate) struct Journal {
    policy: ArcSwap<Policy>,
    kept: Locked<Kept>,
}

impl Journal {
    /// An empty journal.
    pub(crate) fn new(config: &Config) -> Self {
        Self { policy: ArcSwap::from_pointee(Policy::of(config)), kept: Locked::default() }
    }

    /// Goes by `config` from now on.
    pub(crate) fn set(&self, config: &Config) {
        let policy = Policy::of(config);
        self.kept.with(|kept| kept.trim(&policy, SystemTime::now()));
        self.policy.store(Arc::new(policy));
    }

    /// The records that `filter` asks for, the latest last.
    pub(crate) fn records(&self, filter: &Filter<'_>) -> Vec<Record> {
        let asked = |record: &&Record| {
            record.level >= filter.level
                && record.module.starts_with(filter.module)
                && record.text.contains(filter.text)
        };
        let policy = self.policy.load();
        let mut found: Vec<Record> = self.kept.with(|kept| {
            kept.trim(&policy, SystemTime::now());
            let later = kept.records.iter().rev().take_while(|record| record.id > filter.after);
            later.filter(asked).take(filter.most).cloned().collect()
        });
        found.reverse();
        found
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let policy = self.policy.load();
        let own = metadata.target().starts_with(OWN);
        let least = if own { policy.level } else { policy.level.max(Level::Warn) };
        level(*metadata.level()) >= least
    }

    fn add(&self, level: Level, module: &'static str, mut text: String) {
        if text.len() > TEXT_BYTES_MAX {
            text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
            text.push('…');
        }
        let policy = self.policy.load_full();
        let mut record = Record { id: 0, at: SystemTime::now(), level, module, text };
        if policy.enabled {
            self.kept.with(|kept| {
                kept.last += 1;
                record.id = kept.last;
                kept.bytes += record.bytes();
                kept.records.push_back(record.clone());
                kept.trim(&policy, record.at);
            });
        }
        let line = match policy.stderr {
            StderrFormat::Off => return,
            StderrFormat::Json => record.json().to_string(),
            StderrFormat::Text => {
                let text = visible(&record.text);
                format!("{:.3} {:<5} {module}: {text}", seconds(record.at), level.name())
            }
        };
        // Whoever closed standard error does not want to hear it.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

const fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::TRACE => Level::Trace,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::INFO => Level::Info,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::ERROR => Level::Error,
    }
}

/// The layer that fills a journal.
#[derive(Debug)]
pub(crate) struct JournalLayer(pub(crate) Arc<Journal>);

impl<S: Subscriber> Layer<S> for JournalLayer {
    // The level may change, so no answer is remembered.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.0.wants(metadata)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        self.0.add(level(*metadata.level()), metadata.target(), text.message + &text.fields);
    }
}

/// An event's message, and its other fields as ` name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn journal(change: impl FnOnce(&mut Config)) -> Arc<Journal> {
        let mut config = Config::default();
        config.logs.stderr = StderrFormat::Off;
        change(&mut config);
        Arc::new(Journal::new(&config))
    }

    fn listening(journal: &Arc<Journal>, work: impl FnOnce()) {
        let layer = JournalLayer(Arc::clone(journal));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    }

    fn texts(journal: &Journal, filter: &Filter<'_>) -> Vec<String> {
        journal.records(filter).into_iter().map(|record| record.text).collect()
    }

    const ALL: Filter<'_> =
        Filter { level: Level::Trace, module: "", text: "", after: 0, most: usize::MAX };

    #[test]
    fn records_are_kept_with_their_fields_and_found_again() {
        let journal = journal(|_| {});
        listening(&journal, || {
            tracing::info!(target: "emanate::a", route = "/x", count = 3, "first");
            tracing::warn!(target: "emanate::b", "second");
            tracing::debug!(target: "emanate::b", "too light");
            tracing::info!(target: "somebody", "not ours");
            tracing::error!(target: "somebody", "not ours but bad");
        });
        let all = ["first route=\"/x\" count=3", "second", "not ours but bad"];
        assert_eq!(texts(&journal, &ALL), all);
        assert_eq!(texts(&journal, &Filter { level: Level::Warn, ..ALL }), all[1..]);
        assert_eq!(texts(&journal, &Filter { module: "emanate::b", ..ALL }), all[1..2]);
        assert_eq!(texts(&journal, &Filter { text: "count=3", ..ALL }), all[..1]);
        assert_eq!(texts(&journal, &Filter { after: 2, ..ALL }), all[2..]);
        assert_eq!(texts(&journal, &Filter { most: 1, ..ALL }), all[2..]);
    }

    #[test]
    fn number_and_bytes_are_bounded() {
        let journal = journal(|config| {
            config.logs.keep = 10;
            config.logs.keep_size = 20_000;
        });
        listening(&journal, || {
            for number in 0..100 {
                tracing::info!(target: "emanate", number, "short");
            }
        });
        assert_eq!(texts(&journal, &ALL).len(), 10);
        let long = "ä".repeat(1 << 20);
        listening(&journal, || {
            for _ in 0..10 {
                tracing::info!(target: "emanate", "{long}");
            }
        });
        let kept = texts(&journal, &ALL);
        assert!(kept.len() == 4 && kept.iter().all(|text| text.len() < 5000), "{}", kept.len());
    }

    #[test]
    fn a_change_of_policy_holds_at_once() {
        let journal = journal(|_| {});
        listening(&journal, || {
            let say = || tracing::debug!(target: "emanate", "light");
            say();
            let mut config = Config::default();
            config.logs.stderr = StderrFormat::Off;
            config.logs.level = Level::Debug;
            journal.set(&config);
            say();
            assert_eq!(texts(&journal, &ALL), ["light"]);
            config.logs.enabled = false;
            journal.set(&config);
            say();
        });
        assert_eq!(texts(&journal, &ALL), Vec::<String>::new());
    }
}
