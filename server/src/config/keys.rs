//! The one table of what can be configured.

use toml::Value;

use super::breakers;
use super::given::{Bytes, Given, Setting};
use super::model::{Config, TelemetryConfig};

/// When a changed value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// As soon as the configuration is reloaded.
    Reload,
    /// When the service starts again.
    Restart,
}

/// A test of whether a value lies in its range, and what the range is.
pub(super) type Range = (fn(&Config) -> bool, &'static str);

/// One thing that can be configured.
#[derive(Clone, Copy)]
pub(crate) struct ConfigKey {
    /// Section and name, with a dot between; a section may have a dot itself.
    pub(crate) path: &'static str,
    /// What it means, with its unit; a sentence.
    pub(crate) help: &'static str,
    /// When a changed value takes effect.
    pub(crate) when: When,
    /// Whether its value is never shown.
    pub(crate) secret: bool,
    /// What it takes, for a sentence.
    pub(super) takes: &'static str,
    /// Takes a value; false where it is of another kind.
    pub(super) read: fn(&mut Config, Given<'_>) -> bool,
    /// The value in force, as the file writes it.
    pub(crate) show: fn(&Config) -> Value,
    /// Whether the value lies in the range, and what the range is.
    pub(super) range: Option<Range>,
}

impl ConfigKey {
    /// Section and name apart.
    pub(crate) fn parts(&self) -> (&'static str, &'static str) {
        self.path.rsplit_once('.').expect("every key of the table has a section")
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("EMANATE_{}", self.path.replace('.', "_").to_uppercase())
    }
}

/// A key whose field holds the kind of value that is written.
macro_rules! key {
    (@secret secret) => { true };
    (@secret $when:ident) => { false };
    (@when Reload) => { When::Reload };
    (@when Restart) => { When::Restart };
    (@when secret) => { When::Reload };
    (@range) => { None };
    (@range $section:ident $name:ident $test:expr, $range:literal) => {
        Some((|config: &Config| $test(&config.$section.$name), $range))
    };
    ($section:ident . $name:ident : $kind:ty, $when:ident, $help:literal
        $(, $test:expr => $range:literal)?) => {
        ConfigKey {
            path: concat!(stringify!($section), ".", stringify!($name)),
            help: $help,
            when: key!(@when $when),
            secret: key!(@secret $when),
            takes: <$kind as Setting>::TAKES,
            read: |config, given| match <$kind as Setting>::read(given) {
                Some(value) => {
                    config.$section.$name = value;
                    true
                }
                None => false,
            },
            show: |config| Setting::show(&config.$section.$name),
            range: key!(@range $($section $name $test, $range)?),
        }
    };
}

/// A key whose field holds a number of bytes.
macro_rules! size {
    (@range $section:ident $name:ident) => { None };
    (@range $section:ident $name:ident $least:expr, , $range:literal) => {
        Some((|config: &Config| config.$section.$name >= $least, $range))
    };
    (@range $section:ident $name:ident $least:expr, $most:expr, $range:literal) => {
        Some((|config: &Config| ($least..=$most).contains(&config.$section.$name), $range))
    };
    ($section:ident . $name:ident, $when:ident, $help:literal
        $(, $least:expr $(, $most:expr)? => $range:literal)?) => {
        ConfigKey {
            path: concat!(stringify!($section), ".", stringify!($name)),
            help: $help,
            when: When::$when,
            secret: false,
            takes: Bytes::TAKES,
            read: |config, given| match Bytes::read(given) {
                Some(Bytes(bytes)) => {
                    config.$section.$name = bytes;
                    true
                }
                None => false,
            },
            show: |config| Bytes(config.$section.$name).show(),
            range: size!(@range $section $name $($least, $($most)?, $range)?),
        }
    };
}

type Time = std::time::Duration;
type File = Option<std::path::PathBuf>;

const fn some_time(time: &Time) -> bool {
    !time.is_zero()
}

/// Every key, by section.
pub(crate) static KEYS: [ConfigKey; SINGLE.len() + breakers::KEYS] = {
    let mut keys = [SINGLE[0]; SINGLE.len() + breakers::KEYS];
    let mut at = 0;
    while at < keys.len() {
        let (first, rest) = (SINGLE.len(), breakers::BY_BREAKER[0].len());
        keys[at] = if at < first {
            SINGLE[at]
        } else {
            breakers::BY_BREAKER[(at - first) / rest][(at - first) % rest]
        };
        at += 1;
    }
    keys
};

/// The keys but those of each breaker.
const SINGLE: [ConfigKey; 93] = [
    key!(server.listen: std::net::SocketAddr, Restart,
        "Address and port to listen on; port 0 takes any free one. An address that other machines \
         reach needs tokens in [auth]."),
    key!(server.tls_certificate: File, Reload,
        "Certificate chain in PEM, the server's own first; with it, only TLS is spoken. Read again \
         at each reload."),
    key!(server.tls_key: File, Reload, "The certificate's private key in PEM."),
    key!(server.stop_within: Time, Reload,
        "How long requests may go on after the service was told to stop; then they are cancelled."),
    key!(server.state_directory: File, Restart,
        "Directory that keeps what is made over HTTP: rules of alerts, silences, checks; by \
         default the store's. Without either, the next start begins without."),
    key!(limits.connections: usize, Restart,
        "Most connections open at once; further ones wait to be accepted.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(limits.header_time: Time, Restart,
        "How long a connection may take to send the head of a request, or say nothing between two.",
        some_time => "above 0"),
    key!(limits.body_time: Time, Reload, "How long the body of a request may take to arrive.",
        some_time => "above 0"),
    size!(limits.body_size, Reload, "Most bytes in the body of a request.", 64 => "at least 64"),
    key!(limits.request_time: Time, Reload,
        "Most time for one request; a spread that has not ended by then stops with what it has. \
         Clients ask for less by the header `Emanate-Timeout`.",
        some_time => "above 0"),
    key!(limits.write_time: Time, Restart,
        "How long a client may leave an answer unread before its connection is closed.",
        some_time => "above 0"),
    key!(limits.spreads: usize, Reload,
        "Most requests that spread at once; further ones are shed with status 503.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(limits.batch: usize, Reload, "Most queries in one batch.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(limits.changes: usize, Reload, "Most changes in one change set.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(limits.top: u64, Reload, "Most nodes that a query may ask for.",
        |count: &u64| *count > 0 => "at least 1"),
    key!(limits.threads: u32, Reload, "Most threads that a query may ask for.",
        |count: &u32| *count > 0 => "at least 1"),
    key!(limits.list: usize, Reload, "Most entries of a list: labels, edges of a node, records.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(rate.enabled: bool, Reload, "Whether requests of one address are limited in number."),
    key!(rate.per_second: u32, Reload, "Requests in a second that one address may make for long.",
        |count: &u32| *count > 0 => "at least 1"),
    key!(rate.burst: u32, Reload, "Requests that one address may make at once.",
        |count: &u32| *count > 0 => "at least 1"),
    key!(rate.clients: usize, Restart, "Addresses remembered; the longest silent are forgotten.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(auth.read_tokens: Vec<String>, secret,
        "Bearer tokens that may ask. At least 16 letters each; with any token given, every route \
         but the probes needs one."),
    key!(auth.write_tokens: Vec<String>, secret, "Bearer tokens that may also change graphs."),
    key!(auth.admin_tokens: Vec<String>, secret,
        "Bearer tokens that may also steer the service and read its logs."),
    key!(engine.threads: usize, Restart,
        "Threads that spreads run on; 0 for as many as the machine runs at once."),
    key!(engine.scratch_slots: usize, Restart, "Most spreads that run at once.",
        |count: &usize| (1..=65_535).contains(count) => "from 1 to 65535"),
    size!(engine.scratch_size, Restart, "Most bytes of scratch, all spreads together.",
        1 << 10 => "at least 1KiB"),
    key!(engine.queue_slots: u32, Restart, "Most spreads that wait.",
        |count: &u32| (1..=65_535).contains(count) => "from 1 to 65535"),
    key!(engine.maintain_every: Time, Reload,
        "How often changed graphs are looked after: old generations freed, changes merged.",
        some_time => "above 0"),
    key!(spread.batch_size: u32, Reload, "Most spreads that are run together.",
        |count: &u32| *count > 0 => "at least 1"),
    key!(spread.large_edges: u64, Reload,
        "Edges above which a spread is large and waits in a line of its own."),
    key!(spread.pause_max: Time, Reload,
        "How long a large spread pauses at most to let small ones run."),
    key!(spread.hop_limit: u32, Reload, "What a query's `\"hops\": \"auto\"` stands for."),
    key!(store.directory: File, Restart,
        "Directory that keeps the graph `default` and its changes; made where there is none, and \
         then filled from the graph's file. Without it, changes are in memory only."),
    key!(store.flush: emanate::change::store::FlushPolicy, Restart,
        "When changes are brought to the disk: `always` before they are acknowledged, \
         `every:DURATION` at most so long afterwards, `never` but at a checkpoint. A process that \
         is killed loses nothing by any of them; a machine that stops may."),
    size!(store.checkpoint_size, Reload,
        "Bytes of log from which on the graph is written anew and the log cut.",
        1 << 10 => "at least 1KiB"),
    key!(health.enabled: bool, Reload,
        "Whether checks are run, `/health` answers and probes go by it."),
    key!(health.every: Time, Restart, "How often each check is run.", some_time => "above 0"),
    size!(
        health.memory_max,
        Restart,
        "Bytes of memory from which on the process is not ready; 0 for no bound."
    ),
    size!(
        health.disk_min,
        Restart,
        "Bytes free on the store's file system below which the service is not ready."
    ),
    key!(health.keep_time: Time, Reload, "How long the results of checks are kept.",
        some_time => "above 0"),
    size!(health.keep_size, Reload, "Most bytes of results kept.",
        1 << 10, 64 << 20 => "from 1KiB to 64MiB"),
    key!(tuner.enabled: bool, Restart,
        "Whether the tuner steers `spread.batch_size` and `spread.hop_limit` by what it measures."),
    key!(tuner.budget: Time, Restart,
        "The latency budget: at most one spread in a hundred may take longer.",
        some_time => "above 0"),
    key!(tuner.quality_floor: f64, Restart,
        "Least share of the full answer that a lower hop limit must keep.",
        |floor: &f64| (0.0..=1.0).contains(floor) => "from 0 to 1"),
    key!(tuner.batch_max: u32, Restart, "Greatest batch size that it may set.",
        |count: &u32| *count > 0 => "at least 1"),
    key!(tuner.hops_max: u32, Restart,
        "Greatest hop limit that it may set: full depth, which shadow spreads compare with.",
        |count: &u32| *count > 0 => "at least 1"),
    key!(metrics.enabled: bool, Reload, "Whether `/metrics` answers."),
    key!(points.enabled: bool, Reload,
        "Whether recent points and quantiles are kept for `/v1/overview`, `/v1/latency` and \
         `/v1/metrics/{metric}`."),
    key!(points.every: Time, Reload,
        "How often a point of every series is kept; one of 30 is kept for long.",
        |time: &Time| time.as_millis() >= 10 => "at least 10ms"),
    key!(points.keep_time: Time, Reload, "How long a point is kept.", some_time => "above 0"),
    size!(points.keep_size, Reload,
        "Most bytes of points kept; the oldest go first.", 1 << 16 => "at least 64KiB"),
    key!(points.series_max: u32, Restart,
        "Most series of one metric that clients send points of; a thousand series of all of them \
         together are the most there may be.",
        |count: &u32| (1..=1000).contains(count) => "from 1 to 1000"),
    key!(page.enabled: bool, Reload, "Whether `/` shows the page for a browser."),
    key!(breakers.enabled: bool, Reload,
        "Whether breakers are asked before spreads, changes, checkpoints and reads of a tier."),
    key!(breakers.jitter_seed: u32, Reload,
        "What chance in waits is drawn from. Give each process of several another number, or \
         their breakers try again together."),
    key!(logs.enabled: bool, Reload, "Whether recent log records are kept for `/v1/logs`."),
    key!(logs.level: super::model::Level, Reload,
        "The least weighty records that are kept and written."),
    key!(logs.stderr: super::model::StderrFormat, Reload,
        "How records go to standard error: off, as text, or as JSON, one a line."),
    key!(logs.keep: usize, Reload, "Most records kept.", |n: &usize| *n > 0 => "at least 1"),
    size!(logs.keep_size, Reload, "Most bytes of records kept.", 1 << 10 => "at least 1KiB"),
    key!(logs.keep_time: Time, Reload, "How long a record is kept.", some_time => "above 0"),
    key!(events.enabled: bool, Reload, "Whether `/v1/events` answers."),
    key!(events.subscribers: usize, Reload, "Most listeners at once.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(events.keep: usize, Reload, "Events kept for listeners that come back.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(audit.enabled: bool, Reload, "Whether acts of administrators are recorded."),
    key!(audit.file: File, Reload, "File that each act is appended to, as a line of JSON."),
    key!(audit.keep: usize, Reload, "Acts kept for `/v1/audit`.",
        |count: &usize| *count > 0 => "at least 1"),
    key!(telemetry.endpoint: String, Restart,
        "Where traces are sent, by OTLP over HTTP in protocol buffers, such as \
         `http://127.0.0.1:4318/v1/traces`; empty for nowhere.",
        |endpoint: &String| TelemetryConfig::takes(endpoint) => "empty or, in a program built with \
         the feature otel, a URL that begins with http://"),
    key!(telemetry.ratio: f64, Reload,
        "Share of traces that are sent; those of what failed or was slow always are.",
        |ratio: &f64| (0.0..=1.0).contains(ratio) => "from 0 to 1"),
    key!(telemetry.slow: Time, Reload, "A request that took so long is slow.",
        some_time => "above 0"),
    key!(reload.watch: Time, Reload,
        "How often the file is looked at for changes; 0s for never, so that only SIGHUP reloads."),
    key!(alerts.enabled: bool, Reload,
        "Whether rules over metrics are looked at and `/v1/alerts` answers."),
    key!(alerts.period: Time, Reload, "How often every rule is looked at.",
        |time: &Time| *time >= Time::from_millis(100) => "at least 100ms"),
    key!(alerts.rules: usize, Reload, "Most rules.", |n: &usize| *n > 0 => "at least 1"),
    key!(alerts.cooldown: Time, Reload,
        "Least time between two notices that one alert fires, where its rule says nothing else."),
    key!(alerts.keep: usize, Reload, "Most records of what happened to alerts.",
        |n: &usize| *n > 0 => "at least 1"),
    key!(alerts.keep_time: Time, Reload, "How long such a record is kept.",
        some_time => "above 0"),
    key!(alerts.attempts: u32, Reload, "How often it is tried to send a notice.",
        |count: &u32| (1..=10).contains(count) => "from 1 to 10"),
    key!(alerts.send_time: Time, Reload, "How long one try may take.", some_time => "above 0"),
    key!(alerts.log_file: File, Reload,
        "The channel `log`: a file that each notice is appended to, as a line of JSON."),
    size!(alerts.log_size, Reload, "Bytes from which on that file is put aside and begun anew.",
        1 << 10 => "at least 1KiB"),
    key!(alerts.log_files: usize, Reload, "How many files put aside are kept: NAME.1, NAME.2, ..",
        |count: &usize| *count <= 100 => "at most 100"),
    key!(alerts.webhook_url: String, secret,
        "The channel `webhook`: an http or https URL that each notice is posted to, with a body \
         that Slack and its kin understand."),
    key!(alerts.webhook_allow_private: bool, Reload,
        "Whether the webhook may be on this machine or in a private network."),
    key!(alerts.smtp_server: String, Reload,
        "The channel `smtp`: host and port of a mail server, such as \"mail.example.org:587\"."),
    key!(alerts.smtp_security: super::alerting::SmtpSecurity, Reload,
        "How mail is protected on its way there."),
    key!(alerts.smtp_user: String, Reload, "Who logs in there."),
    key!(alerts.smtp_password: String, secret, "The password for that."),
    key!(alerts.smtp_from: String, Reload,
        "Whom mail is from, such as \"Emanate <a@example.org>\"."),
    key!(alerts.smtp_to: Vec<String>, Reload, "Whom mail goes to."),
    key!(checks.most: usize, Reload, "Most checks made over HTTP.",
        |count: &usize| (1..=48).contains(count) => "from 1 to 48"),
    key!(checks.allow_private: bool, Reload,
        "Whether such a check may reach for this machine or a private network."),
];

/// The keys whose values differ between `old` and `new` and take effect at the next start only.
pub(crate) fn restart_keys(old: &Config, new: &Config) -> Vec<&'static str> {
    let differs = |key: &&ConfigKey| (key.show)(old) != (key.show)(new);
    let keys = KEYS.iter().filter(|key| key.when == When::Restart).filter(differs);
    let mut found: Vec<&str> = keys.map(|key| key.path).collect();
    if old.graphs != new.graphs {
        found.push("graphs");
    }
    found
}
