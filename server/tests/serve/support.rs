//! Starting a service and talking to it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use crate::program::{PETS, command, file, fresh, path};

/// How long anything may take here before a test fails.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Flags by which a service takes a free port and says on standard error what it does.
pub(crate) const LISTEN: [&str; 4] =
    ["--set", "logs.stderr=json", "--set", "server.listen=127.0.0.1:0"];

/// The header of a body that is JSON.
pub(crate) const JSON: &str = "Content-Type: application/json";

/// A graph on which a spread of many hops takes long: all nodes lead to all.
pub(crate) fn dense() -> String {
    let pairs = (0..60).flat_map(|s| (0..60).map(move |t| format!("n{s}\tn{t}\t1\n")));
    pairs.collect()
}

/// A query that on [`dense`] ends only by a bound of its request.
pub(crate) const ENDLESS: &str =
    "{\"seeds\":[\"n0\"],\"hops\":4000000000,\"decay\":1,\"share\":\"weight\"}";

/// A service that is killed when the test ends.
pub(crate) struct Service {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    said: Receiver<String>,
}

impl Service {
    /// Serves the edge list `edges`, kept under `name`, with `flags`; waits until it is ready.
    pub(crate) fn start(name: &str, edges: &str, flags: &[&str]) -> Self {
        let graph = file(&format!("{name}.tsv"), edges);
        let graph = ["--graph", graph.to_str().expect("a UTF-8 path")];
        Self::serve(&[&graph, flags].concat())
    }

    /// Serves what `flags` say; waits until it is ready.
    pub(crate) fn serve(flags: &[&str]) -> Self {
        let service = Self::spawn(command([&["serve"], &LISTEN[..], flags].concat()));
        service.hears("ready graphs");
        service
    }

    /// Starts `command` and waits until it listens.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the service starts");
        let (send, said) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("standard output is UTF-8");
        let Some((_, address)) = line.trim().split_once("://") else {
            let said: Vec<String> = said.into_iter().collect();
            panic!("the service does not listen: {line:?} {said:?}");
        };
        let address = address.parse().expect("an address");
        Self { child, address, said }
    }

    /// Waits for a line on standard error that holds `text`.
    #[track_caller]
    pub(crate) fn hears(&self, text: &str) -> String {
        let end = Instant::now() + LONG;
        let mut heard = Vec::new();
        loop {
            match self.said.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => heard.push(line),
                Err(_) => panic!("it did not say {text:?} but {heard:?}"),
            }
        }
    }

    /// A connection.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the service accepts");
        stream.set_read_timeout(Some(LONG)).expect("it is not zero");
        stream.set_write_timeout(Some(LONG)).expect("it is not zero");
        stream
    }

    /// Sends `text` as it is, and reads the answer.
    #[track_caller]
    pub(crate) fn raw(&self, text: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(text).expect("the service reads");
        Answer::read(&mut stream)
    }

    /// Asks with `method` for `path`, with headers as lines and a body; the answer is not read.
    #[track_caller]
    pub(crate) fn begin(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> TcpStream {
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for header in headers {
            text.push_str(&format!("{header}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let mut stream = self.connect();
        stream.write_all(text.as_bytes()).expect("the service reads");
        stream
    }

    /// Asks [`ENDLESS`], and waits until its spread runs.
    #[track_caller]
    pub(crate) fn begin_endless(&self) -> TcpStream {
        let stream = self.begin("POST", "/v1/spread", &[JSON], ENDLESS);
        self.until_json("/v1/load", |load| load["scratch"]["leased"] == 1);
        stream
    }

    /// Asks with `method` for `path`, with headers as lines and a body.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let headers = [headers, &["Connection: close"]].concat();
        Answer::read(&mut self.begin(method, path, &headers, body))
    }

    /// The same for whom `token` names; the body is said to be JSON.
    #[track_caller]
    pub(crate) fn ask_as(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        self.ask(method, path, &[&format!("Authorization: Bearer {token}"), JSON], body)
    }

    /// Asks for `path`.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// Asks for `path` until `found` likes the answer.
    #[track_caller]
    pub(crate) fn until(&self, path: &str, found: impl Fn(&Answer) -> bool) -> Answer {
        let begin = Instant::now();
        loop {
            let answer = self.get(path);
            if found(&answer) {
                return answer;
            }
            assert!(begin.elapsed() < LONG, "{}", answer.body);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The same for answers in JSON.
    #[track_caller]
    pub(crate) fn until_json(&self, path: &str, found: impl Fn(&Value) -> bool) -> Value {
        self.until(path, |answer| found(&answer.json())).json()
    }

    /// Sends `body` as JSON to `path`.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[JSON], body)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for the end, and gives the exit status.
    #[track_caller]
    pub(crate) fn end(&mut self) -> i32 {
        // Standard error ends with the process.
        let end = Instant::now() + LONG;
        while let Ok(line) = self.said.recv_timeout(end.saturating_duration_since(Instant::now())) {
            assert!(!line.contains("panicked"), "{line}");
        }
        assert!(Instant::now() < end, "it does not end");
        self.child.wait().expect("it has ended").code().expect("no signal ended it")
    }

    /// Bytes of memory that the process holds; `None` where the system does not say.
    pub(crate) fn resident_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads one answer.
    #[track_caller]
    pub(crate) fn read(stream: &mut impl Read) -> Self {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let before = head.len();
            // A service that resets the connection after its answer is done with it.
            let read = reader.read_line(&mut head);
            assert!(read.is_ok() && head.len() > before, "cut short: {head:?} {read:?}");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut answer = Self { status: status.expect("a status"), head, body: String::new() };
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).expect("the body is whole");
        answer.body = String::from_utf8(body).expect("the body is UTF-8");
        answer
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.filter(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The body as JSON of an answer that says that all went well.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.head);
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The sentence of a problem with this status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}{}", self.head, self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.head);
        let body: Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(body["status"], status, "{body}");
        body["detail"].as_str().expect("a sentence").to_owned()
    }
}

/// What `stream` brings until `text` has come.
#[track_caller]
pub(crate) fn heard(stream: &mut impl Read, text: &str) -> String {
    let (mut heard, mut byte) = (String::new(), [0]);
    while !heard.contains(text) {
        assert_eq!(stream.read(&mut byte).expect("it is open"), 1, "{heard}");
        heard.push(char::from(byte[0]));
    }
    heard
}

/// The value of one series in Prometheus's text.
pub(crate) fn series(text: &str, series: &str) -> Option<f64> {
    let own = |line: &&str| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' '));
    text.lines().find(own)?.rsplit_once(' ')?.1.parse().ok()
}

/// Has Prometheus's own tool read `text`, where it is installed.
#[track_caller]
pub(crate) fn promtool_accepts(text: &str) {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else {
        println!("skipped: promtool is not installed (package prometheus)");
        return;
    };
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(text.as_bytes()).expect("the tool reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// What `emanate spread` prints for the same, without the figures that differ from run to run.
pub(crate) fn printed(graph: &str, flags: &[&str]) -> Value {
    let graph = path(&format!("{graph}.tsv"));
    let graph = graph.to_str().expect("a UTF-8 path");
    let arguments = ["spread", "--format", "json", "--graph", graph];
    let output = command(arguments.iter().chain(flags)).output().expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    settled(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// An outcome without the figures that differ from run to run.
pub(crate) fn settled(mut outcome: Value) -> Value {
    let stats = outcome["stats"].as_object_mut().expect("every outcome has them");
    assert!(stats.remove("elapsed_us").is_some());
    outcome
}
