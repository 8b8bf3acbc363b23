//! Many connections that say nothing.

use std::net::TcpStream;
use std::time::Instant;

use crate::support::{PETS, Service};

/// Connections to open.
const IDLE: usize = 10_000;

/// Most memory that one of them may take, in bytes: a buffer for the head of its first request and
/// the state of its task.
const BYTES_EACH_MAX: u64 = 24 << 10;

/// How many files this process may open; `None` where the system does not say.
fn files_max() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[test]
fn ten_thousand_idle_connections_harm_nobody() {
    // Each connection is a file on both sides, and the service has the same limit as the test.
    let room = files_max().unwrap_or(0).saturating_sub(200);
    if room < IDLE {
        println!("skipped: only {room} files may be open; run it under `ulimit -n 10500`");
        return;
    }
    let service = Service::start("idle", PETS, &["--set", "limits.header_time=5m"]);
    let spread = || service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").json();
    spread();
    let before = service.resident_bytes();
    let idle: Vec<TcpStream> = (0..IDLE).map(|_| service.connect()).collect();
    let start = Instant::now();
    for _ in 0..100 {
        spread();
    }
    assert!(start.elapsed().as_secs() < 10, "100 spreads took {:?}", start.elapsed());
    if let (Some(before), Some(after)) = (before, service.resident_bytes()) {
        let each = after.saturating_sub(before) / IDLE as u64;
        println!("{each} bytes a connection, 100 spreads in {:?}", start.elapsed());
        assert!(each <= BYTES_EACH_MAX, "{each} bytes a connection");
    }
    drop(idle);
    spread();
}
