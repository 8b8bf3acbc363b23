//! A real Prometheus with the rules of the repository, each with its time made short.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use serde_json::Value;

use super::web::{encoded, get};
use crate::files::{names_in, read, root};

/// How long anything is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is looked for.
const PAUSE: Duration = Duration::from_millis(500);

/// A Prometheus that runs until it is dropped.
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address")
}

/// `text` with the value of `key`, wherever it stands, replaced.
fn with(text: &str, key: &str, value: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(key) {
        Some((before, _)) if before.trim().is_empty() => format!("{before}{key}{value}\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// The configuration that is checked in, for this machine: one target, every two seconds, no token,
/// and nobody to send alerts to.
fn configuration(target: SocketAddr) -> String {
    let text = read("dashboards/prometheus/prometheus.yml");
    let text = with(&with(&text, "scrape_interval:", " 2s"), "evaluation_interval:", " 1s");
    let (head, rest) = text.split_once("\nalerting:").expect("Alertmanager is configured");
    let (_, jobs) = rest.split_once("\nscrape_configs:").expect("there are jobs");
    let jobs = with(jobs, "- targets:", &format!(" [\"{target}\"]"));
    let secret = ["authorization:", "credentials_file:"];
    let jobs: Vec<&str> =
        jobs.lines().filter(|line| !secret.iter().any(|key| line.contains(key))).collect();
    format!("{head}\nscrape_configs:{}\n", jobs.join("\n"))
}

impl Prometheus {
    /// Starts it; `None` where it is not installed.
    pub(crate) fn start(target: SocketAddr) -> Option<Self> {
        let paths = env::var_os("PATH")?;
        env::split_paths(&paths).find(|path| path.join("prometheus").is_file())?;
        // One for each: a test that ends takes its own with it, and no other's.
        let name = format!("target/dashboards-live-{}-{}", process::id(), target.port());
        let folder = root().join(name);
        fs::create_dir_all(folder.join("rules")).expect("a folder below target");
        fs::write(folder.join("prometheus.yml"), configuration(target)).expect("a file");
        for name in names_in("dashboards/prometheus/rules", ".yml") {
            let rules = read(&format!("dashboards/prometheus/rules/{name}"));
            let rules = with(&with(&rules, "interval:", " 1s"), "for:", " 3s");
            fs::write(folder.join("rules").join(name), rules).expect("a file");
        }
        let address = free_port();
        let log = fs::File::create(folder.join("log")).expect("a file");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus was found");
        let prometheus = Self { child, address, folder };
        let log = prometheus.folder.join("log");
        prometheus.until(
            "Prometheus is ready",
            |prometheus| get(prometheus.address, "/-/ready").is_ok(),
            || fs::read_to_string(&log).unwrap_or_default(),
        );
        Some(prometheus)
    }

    /// Waits until `holds`.
    ///
    /// # Panics
    /// With `why` where it does not in the time that a test has.
    pub(crate) fn until(
        &self,
        what: &str,
        holds: impl Fn(&Self) -> bool,
        why: impl Fn() -> String,
    ) {
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < PATIENCE, "it never came that {what}:\n{}", why());
            thread::park_timeout(PAUSE);
        }
    }

    fn data(&self, path: &str) -> Value {
        let text = get(self.address, path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut answer: Value = serde_json::from_str(&text).expect("it answers in JSON");
        assert_eq!(answer["status"], "success", "{path}");
        answer["data"].take()
    }

    /// The series that `expr` gives now.
    pub(crate) fn query(&self, expr: &str) -> Vec<Value> {
        let mut data = self.data(&format!("/api/v1/query?query={}", encoded(expr)));
        match data["result"].take() {
            Value::Array(series) if data["resultType"] == "vector" => series,
            other => panic!("{expr} gives {other}"),
        }
    }

    /// The names of the alerts that fire.
    pub(crate) fn firing(&self) -> BTreeSet<String> {
        let data = self.data("/api/v1/alerts");
        let alerts = data["alerts"].as_array().into_iter().flatten();
        let firing = alerts.filter(|alert| alert["state"] == "firing");
        let names = firing.filter_map(|alert| alert["labels"]["alertname"].as_str());
        names.map(str::to_owned).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Whatever fails here, the test has its result already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
