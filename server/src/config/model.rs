//! What can be configured, as values, with the defaults.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use emanate::change::store::FlushPolicy;

use super::alerting::{Alerts, Checks};
use super::breakers::Breakers;

/// The name of the graph that routes without a name mean.
pub(crate) const DEFAULT_GRAPH: &str = "default";

/// The whole configuration. Read once, then never changed: a reload makes another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) limits: Limits,
    pub(crate) rate: Rate,
    pub(crate) auth: Auth,
    pub(crate) engine: EngineOptions,
    pub(crate) spread: SpreadSettings,
    pub(crate) store: Store,
    pub(crate) health: Health,
    pub(crate) tuner: Tuner,
    pub(crate) metrics: Metrics,
    pub(crate) points: PointsConfig,
    pub(crate) page: Page,
    pub(crate) breakers: Breakers,
    pub(crate) logs: Logs,
    pub(crate) events: Events,
    pub(crate) audit: Audit,
    pub(crate) telemetry: TelemetryConfig,
    pub(crate) reload: Reload,
    pub(crate) alerts: Alerts,
    pub(crate) checks: Checks,
    /// Files of graphs by name.
    pub(crate) graphs: BTreeMap<String, PathBuf>,
}

/// Where the service listens and how it ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    pub(crate) tls_certificate: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) stop_within: Duration,
    /// `None` for the store's.
    pub(crate) state_directory: Option<PathBuf>,
}

impl Config {
    /// The directory that keeps what is made over HTTP; `None` where nothing does.
    pub(crate) fn state_directory(&self) -> Option<&std::path::Path> {
        self.server.state_directory.as_deref().or(self.store.directory.as_deref())
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7700)),
            tls_certificate: None,
            tls_key: None,
            stop_within: Duration::from_secs(10),
            state_directory: None,
        }
    }
}

/// What one client, and all together, may take.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) header_time: Duration,
    pub(crate) body_time: Duration,
    pub(crate) body_size: u64,
    pub(crate) request_time: Duration,
    pub(crate) write_time: Duration,
    pub(crate) spreads: usize,
    pub(crate) batch: usize,
    pub(crate) changes: usize,
    pub(crate) top: u64,
    pub(crate) threads: u32,
    pub(crate) list: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            body_size: 1 << 20,
            request_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            spreads: 256,
            batch: 256,
            changes: 10_000,
            top: 1_000_000,
            threads: 1,
            list: 1000,
        }
    }
}

/// How many requests a client may make.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rate {
    pub(crate) enabled: bool,
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
    pub(crate) clients: usize,
}

impl Default for Rate {
    fn default() -> Self {
        Self { enabled: false, per_second: 1000, burst: 2000, clients: 10_000 }
    }
}

/// Who may do what.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Auth {
    pub(crate) read_tokens: Vec<String>,
    pub(crate) write_tokens: Vec<String>,
    pub(crate) admin_tokens: Vec<String>,
}

impl Auth {
    /// Whether no token is configured, so that everything is allowed.
    pub(crate) const fn is_open(&self) -> bool {
        self.read_tokens.is_empty() && self.write_tokens.is_empty() && self.admin_tokens.is_empty()
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth")
            .field("read_tokens", &self.read_tokens.len())
            .field("write_tokens", &self.write_tokens.len())
            .field("admin_tokens", &self.admin_tokens.len())
            .finish()
    }
}

/// Options of the engine, fixed when it is built.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EngineOptions {
    pub(crate) threads: usize,
    pub(crate) scratch_slots: usize,
    pub(crate) scratch_size: u64,
    pub(crate) queue_slots: u32,
    pub(crate) maintain_every: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            threads: 0,
            scratch_slots: emanate::DEFAULT_SCRATCH_SLOTS,
            scratch_size: emanate::DEFAULT_SCRATCH_BYTES,
            queue_slots: u32::from(emanate::DEFAULT_QUEUE_SLOTS),
            maintain_every: Duration::from_secs(1),
        }
    }
}

/// Settings of the engine, which may change while it runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpreadSettings {
    pub(crate) batch_size: u32,
    pub(crate) large_edges: u64,
    pub(crate) pause_max: Duration,
    pub(crate) hop_limit: u32,
}

impl Default for SpreadSettings {
    fn default() -> Self {
        let settings = emanate::Settings::default();
        Self {
            batch_size: u32::try_from(settings.batch_size.get()).unwrap_or(u32::MAX),
            large_edges: settings.large_edges,
            pause_max: settings.pause_max,
            hop_limit: settings.hop_limit,
        }
    }
}

impl SpreadSettings {
    /// As the engine takes them.
    pub(crate) fn settings(&self) -> emanate::Settings {
        let mut settings = emanate::Settings::default();
        let size = usize::try_from(self.batch_size).unwrap_or(usize::MAX);
        settings.batch_size = std::num::NonZeroUsize::new(size).unwrap_or(settings.batch_size);
        settings.large_edges = self.large_edges;
        settings.pause_max = self.pause_max;
        settings.hop_limit = self.hop_limit;
        settings
    }
}

/// Where the changes of the default graph are kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Store {
    /// `None` where changes are in memory only.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) flush: FlushPolicy,
    pub(crate) checkpoint_size: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { directory: None, flush: FlushPolicy::Always, checkpoint_size: 64 << 20 }
    }
}

/// How the service looks after itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Health {
    pub(crate) enabled: bool,
    pub(crate) every: Duration,
    /// 0 for no bound.
    pub(crate) memory_max: u64,
    pub(crate) disk_min: u64,
    pub(crate) keep_time: Duration,
    pub(crate) keep_size: u64,
}

impl Default for Health {
    fn default() -> Self {
        let every = emanate::health::DEFAULT_PERIOD;
        Self {
            enabled: true,
            every,
            memory_max: 0,
            disk_min: 256 << 20,
            keep_time: Duration::from_secs(30 * 24 * 3600),
            keep_size: 1 << 20,
        }
    }
}

/// What steers batch size and hop limit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tuner {
    pub(crate) enabled: bool,
    pub(crate) budget: Duration,
    pub(crate) quality_floor: f64,
    pub(crate) batch_max: u32,
    pub(crate) hops_max: u32,
}

impl Default for Tuner {
    fn default() -> Self {
        Self {
            enabled: false,
            budget: Duration::from_millis(10),
            quality_floor: 0.95,
            batch_max: 1024,
            hops_max: 3,
        }
    }
}

/// Figures for Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metrics {
    pub(crate) enabled: bool,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// Recent points of every series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PointsConfig {
    pub(crate) enabled: bool,
    pub(crate) every: Duration,
    pub(crate) keep_time: Duration,
    pub(crate) keep_size: u64,
    pub(crate) series_max: u32,
}

impl Default for PointsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            every: Duration::from_secs(10),
            keep_time: Duration::from_secs(30 * 24 * 3600),
            keep_size: 16 << 20,
            series_max: 50,
        }
    }
}

/// The page for a browser.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) enabled: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// How much is said; ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    pub(crate) const ALL: [Self; 5] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// How log records go to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StderrFormat {
    Off,
    Text,
    Json,
}

impl StderrFormat {
    pub(crate) const ALL: [Self; 3] = [Self::Off, Self::Text, Self::Json];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// Log records.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Logs {
    pub(crate) enabled: bool,
    pub(crate) level: Level,
    pub(crate) stderr: StderrFormat,
    pub(crate) keep: usize,
    pub(crate) keep_size: u64,
    pub(crate) keep_time: Duration,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            enabled: true,
            level: Level::Info,
            stderr: StderrFormat::Text,
            keep: 10_000,
            keep_size: 8 << 20,
            keep_time: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// Server-sent events.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Events {
    pub(crate) enabled: bool,
    pub(crate) subscribers: usize,
    pub(crate) keep: usize,
}

impl Default for Events {
    fn default() -> Self {
        Self { enabled: true, subscribers: 64, keep: 256 }
    }
}

/// What administrators did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Audit {
    pub(crate) enabled: bool,
    pub(crate) file: Option<PathBuf>,
    pub(crate) keep: usize,
}

impl Default for Audit {
    fn default() -> Self {
        Self { enabled: true, file: None, keep: 1000 }
    }
}

/// Which traces are sent, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TelemetryConfig {
    /// Empty where none are.
    pub(crate) endpoint: String,
    pub(crate) ratio: f64,
    pub(crate) slow: Duration,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { endpoint: String::new(), ratio: 0.01, slow: Duration::from_millis(100) }
    }
}

impl TelemetryConfig {
    /// Whether traces are sent.
    pub(crate) const fn is_on(&self) -> bool {
        !self.endpoint.is_empty()
    }

    /// Whether this may be an endpoint.
    pub(super) fn takes(endpoint: &str) -> bool {
        let rest = endpoint.strip_prefix("http://");
        let url = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        endpoint.is_empty() || (cfg!(feature = "otel") && url)
    }
}

/// How a changed configuration file is noticed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reload {
    pub(crate) watch: Duration,
}

impl Default for Reload {
    fn default() -> Self {
        Self { watch: Duration::from_secs(2) }
    }
}
