//! Alerts in the service: metrics gathered now and then, rules looked at, notices told, all of it
//! kept in a file.

mod command;
mod figures;
mod gather;
mod log_file;
mod send;
mod tell;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::events::EventKind;
use super::locked::Locked;
use super::problem::Problem;
use super::service::{App, Service, Stage};
use super::state_file::StateFile;
use crate::alerts::{
    Book, Channel, Gathered, Limits, Notice, RuleError, Severity, Time, default_rules, kept,
    restored,
};
use crate::config::Config;
use figures::AlertFigures;
use tell::Lines;

pub(crate) use command::{AlertsFailure, run};
pub(crate) use gather::gathered;
pub(crate) use tell::deliver;

/// What the file is called.
const FILE: &str = "alerts.json";
/// How long notices may still be under way when the service stops.
const SETTLE: Duration = Duration::from_secs(3);

/// The time: what the machine's clock said at the start, and what has passed since by a clock that
/// never goes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    began: Time,
    start: Instant,
}

impl Clock {
    /// Begins now.
    pub(crate) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { began: Time::default().after(since), start: Instant::now() }
    }

    /// The time.
    pub(crate) fn now(&self) -> Time {
        self.began.after(self.start.elapsed())
    }
}

/// All about alerts.
#[derive(Debug)]
pub(crate) struct Alerts {
    pub(crate) clock: Clock,
    book: Locked<Book>,
    file: Locked<Arc<StateFile>>,
    /// Changes of the book that are in the file.
    kept: AtomicU64,
    pub(crate) lines: Lines,
    pub(crate) figures: AlertFigures,
}

fn limits(config: &Config) -> Limits {
    let options = &config.alerts;
    Limits {
        rules: options.rules,
        cooldown: options.cooldown,
        keep: options.keep,
        keep_time: options.keep_time,
    }
}

impl Alerts {
    /// The rules that every service begins with.
    pub(crate) fn new(config: &Config) -> Self {
        let figures = AlertFigures::new();
        figures.switch(config.alerts.enabled);
        Self {
            clock: Clock::new(),
            book: Locked::new(Book::new(limits(config), default_rules())),
            file: Locked::default(),
            kept: AtomicU64::new(0),
            lines: Lines::default(),
            figures,
        }
    }

    /// Goes on where the last process ended.
    pub(crate) fn open(&self, config: &Config) {
        let restore = |value: Value| {
            let book = restored(&value, limits(config), self.clock.now());
            book.map_err(|error| error.to_string())
        };
        let (file, book) = StateFile::open(config.state_directory(), FILE, restore);
        if let Some(book) = book {
            self.book.with(|held| *held = book);
        }
        self.file.with(|held| *held = Arc::new(file));
    }

    /// Goes by `config` from now on.
    pub(crate) fn set(&self, config: &Config) {
        self.book.with(|book| book.set(limits(config)));
        self.figures.switch(config.alerts.enabled);
    }

    /// What `work` finds in the book.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Book, Time) -> T) -> T {
        let now = self.clock.now();
        self.book.with(|book| work(book, now))
    }

    /// Whether what is changed outlives the process.
    pub(crate) fn is_kept(&self) -> bool {
        self.file.with(|file| file.path().is_some())
    }

    /// Brings what has changed to the disk.
    fn keep(&self) -> std::io::Result<()> {
        let file = self.file.with(|file| Arc::clone(file));
        let mut changes = 0;
        file.write(|| {
            self.book.with(|book| {
                changes = book.changes();
                kept(book, self.clock.now())
            })
        })?;
        // Relaxed: it only saves a write that would change nothing.
        self.kept.fetch_max(changes, Ordering::Relaxed);
        Ok(())
    }

    /// Brings to the disk what has changed since it last was, if anything has.
    fn keep_changes(&self) {
        let changes = self.book.with(|book| book.changes());
        // Relaxed: as in `keep`.
        if changes == self.kept.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.keep() {
            tracing::error!(%error, "how alerts stand cannot be kept");
        }
    }
}

impl Service {
    /// What all metrics show now. Asks the system about process and machine.
    pub(crate) fn gathered(&self) -> Gathered {
        gathered(&self.figures.registry.gather())
    }

    /// Changes the book, tells what is to be told of it, and keeps it.
    ///
    /// # Errors
    /// What `work` gives, or 500 where the change is in force, but not kept.
    pub(crate) fn change_alerts<T>(
        &self,
        work: impl FnOnce(&mut Book, Time) -> Result<(T, Vec<Notice>), RuleError>,
    ) -> Result<T, Problem> {
        let now = self.alerts.clock.now();
        let (answer, told) = self.alerts.book.with(|book| work(book, now))?;
        self.tell(told);
        self.alerts.keep().map_err(|error| Problem::not_kept(&error))?;
        Ok(answer)
    }

    /// Looks at every rule once.
    fn look_at_alerts(&self) {
        let gathered = self.gathered();
        let now = self.alerts.clock.now();
        let (told, firing) =
            self.alerts.book.with(|book| (book.look(&gathered, now), book.firing()));
        self.alerts.figures.firing(firing);
        self.tell(told);
        self.alerts.keep_changes();
    }

    fn tell(&self, notices: Vec<Notice>) {
        let config = &self.live().config.alerts;
        for notice in notices {
            let (alert, line) = (&notice.alert, notice.line());
            match notice.severity {
                Severity::Info => tracing::info!(alert, "{line}"),
                Severity::Warning | Severity::Critical => tracing::warn!(alert, "{line}"),
            }
            self.events.tell(EventKind::Alert, notice.shown());
            for channel in self.alerts.lines.put(notice, config) {
                let channel_name = channel.name();
                tracing::error!(channel = channel_name, "too many notices wait; one is given up");
                self.alerts.figures.told(channel, false);
            }
        }
    }
}

/// Looks at every rule each period, until the service stops; while alerts are switched off, at
/// none.
pub(crate) async fn watch(service: App) {
    let mut stages = service.stages();
    loop {
        let period = service.live().config.alerts.period;
        tokio::select! {
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
            () = tokio::time::sleep(period) => {}
        }
        if service.served().is_err() || !service.live().config.alerts.enabled {
            continue;
        }
        let service = App::clone(&service);
        if tokio::task::spawn_blocking(move || service.look_at_alerts()).await.is_err() {
            tracing::error!("looking at the rules of alerts panicked");
        }
    }
}

/// Lets notices that are under way go, and keeps how alerts stand, at the end of the service.
pub(crate) async fn settle(service: &App) {
    let gone = async {
        while !service.alerts.lines.are_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(SETTLE, gone).await.is_err() {
        tracing::error!("some notices of alerts were not sent before the end");
    }
    if service.served().is_err() {
        return;
    }
    let service = App::clone(service);
    let kept = tokio::task::spawn_blocking(move || service.alerts.keep()).await;
    if let Ok(Err(error)) = kept {
        tracing::error!(%error, "how alerts stand cannot be kept");
    }
}

/// Every channel, and whether it is configured.
pub(crate) fn channels(config: &Config) -> Value {
    let channel = |channel: Channel| {
        json!({
            "name": channel.name(),
            "configured": send::is_configured(channel, &config.alerts),
        })
    };
    Channel::ALL.into_iter().map(channel).collect()
}

impl From<RuleError> for Problem {
    fn from(error: RuleError) -> Self {
        let detail = error.to_string();
        match error {
            RuleError::NoRule { .. } | RuleError::NoSilence => Self::not_found(detail),
            RuleError::NameTaken { .. } | RuleError::NotFiring { .. } => {
                Self::new(axum::http::StatusCode::CONFLICT, detail)
            }
            _ => Self::unprocessable(detail),
        }
    }
}
