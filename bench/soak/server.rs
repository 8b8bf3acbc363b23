//! The first process: the server that is driven.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::http::Connection;

/// How long the server may take to read its graph, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LISTENING: &str = "listening on http://";

/// A running server; killed where it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `program` on `graph` and waits until it is ready.
    pub(crate) fn start(program: &Path, graph: &Path) -> io::Result<Self> {
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--set", "logs.stderr=off", "--graph"])
            .arg(graph)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(said) = process.stdout.take() {
            BufReader::new(said).read_line(&mut line)?;
        }
        let address = line.trim().strip_prefix(LISTENING).and_then(|rest| rest.parse().ok());
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Self { process, address: address.unwrap_or(nowhere) };
        if address.is_none() {
            return Err(io::Error::other("the server does not say where it listens"));
        }
        let mut connection = Connection::to(server.address);
        let asked = Instant::now();
        while connection.get("/readyz").map(|answer| answer.status).ok() != Some(200) {
            if asked.elapsed() > PATIENCE {
                return Err(io::Error::other("the server does not become ready"));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(server)
    }

    /// Bytes of its memory that are in the machine's.
    pub(crate) fn resident(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        let kibibytes: u64 = kibibytes.ok_or_else(|| io::Error::other("it has ended"))?;
        Ok(kibibytes * 1024)
    }

    /// Tells it to stop; whether it did, with status 0.
    pub(crate) fn stop(mut self) -> io::Result<bool> {
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        let asked = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status.success());
            }
            if asked.elapsed() > PATIENCE {
                return Ok(false);
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended cannot be killed, which is as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
