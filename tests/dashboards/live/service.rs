//! The command line's service, as it was built beside this test.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, fs, process};

use super::web::post;
use crate::files::root;

/// A service that runs until it is dropped.
pub(crate) struct Service {
    child: Child,
    address: SocketAddr,
    graph: PathBuf,
}

/// The command line, where Cargo put it when it built this test's workspace.
fn program() -> Option<PathBuf> {
    let test = env::current_exe().ok()?;
    let program = test.parent()?.parent()?.join("emanate");
    program.is_file().then_some(program)
}

impl Service {
    /// Starts it over a small graph; `None` where there is no program, or it does not serve.
    pub(crate) fn start() -> Option<Self> {
        let program = program()?;
        let help = Command::new(&program).args(["serve", "--help"]).output().ok()?;
        if !help.status.success() {
            return None;
        }
        let graph = root().join(format!("target/dashboards-live-{}.tsv", process::id()));
        fs::write(&graph, "dog\tanimal\t0.9\ncat\tanimal\t0.8\nanimal\tdog\t0.5\n")
            .expect("a file below target");
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--graph"])
            .arg(&graph)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut line = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().rsplit_once("//").and_then(|(_, at)| at.parse().ok());
        let address = address.unwrap_or_else(|| panic!("it says {line:?}"));
        Some(Self { child, address, graph })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Some spreads, once the graph has been read.
    pub(crate) fn load(&self) {
        let started = std::time::Instant::now();
        while let Err(error) = super::web::get(self.address, "/readyz") {
            assert!(started.elapsed().as_secs() < 60, "it is never ready: {error}");
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
        for _ in 0..20 {
            let query = r#"{"seeds": [["dog", 1.0]], "hops": 2}"#;
            post(self.address, "/v1/spread", query).expect("a good query");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Whatever fails here, the test has its result already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.graph);
    }
}
