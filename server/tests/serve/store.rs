//! Changes that outlive the service.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{LISTEN, PETS, Service, command, file, fresh, path};

/// Serves the store in the directory called `name`, which `--graph` fills where it is empty.
fn start(name: &str, flags: &[&str]) -> Service {
    let graph = file(&format!("{name}.tsv"), PETS);
    let (graph, store) = (text(&graph), text(&path(name)));
    Service::serve(&[&["--graph", &graph, "--store", &store], flags].concat())
}

fn text(path: &Path) -> String {
    path.to_str().expect("the directory for tests has a name in UTF-8").to_owned()
}

#[track_caller]
fn check(name: &str) -> Value {
    let store = text(&path(name));
    let arguments = ["check", &store, "--format", "json"];
    let output = command(arguments).output().expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn add(service: &Service, node: &str) -> Value {
    let set = json!({"changes": [{"change": "add_node", "node": node}]});
    service.post("/v1/graph/changes", &set.to_string()).json()
}

#[test]
fn a_store_is_filled_once_and_then_is_the_graph() {
    fresh("kept");
    let mut service = start("kept", &[]);
    assert_eq!(service.get("/v1/graph/info").json()["nodes"], 8);
    let report = add(&service, "wolf");
    assert_eq!((&report["generation"], &report["kept"]), (&json!(2), &json!("synced")));
    let graph = service.get("/v1/graphs").json()["graphs"][0].clone();
    assert_eq!((&graph["kept"], &graph["store"]["generation"]), (&json!("synced"), &json!(2)));
    assert_eq!(service.get("/health/store").json()["status"], "pass");
    service.signal("-TERM");
    service.hears("every change is on the disk");
    assert_eq!(service.end(), 0);
    check("kept");

    // The file is read for an empty store only, so it need not even be there.
    let store = path("kept");
    let arguments = ["serve", "--store", store.to_str().unwrap(), "--flush", "every:5ms"];
    let service = Service::spawn(command(arguments.iter().chain(&LISTEN)));
    let said = service.hears("opened generation 2");
    assert!(said.contains("1 change sets replayed"), "{said}");
    service.hears("ready graphs");
    assert_eq!(service.get("/v1/nodes?prefix=wolf").json()["labels"], json!(["wolf"]));
    assert_eq!(add(&service, "fox")["kept"], "written");
    let said = start_again(store.to_str().unwrap());
    assert!(said.contains("another process has this store open"), "{said}");
}

/// What a second service on the same store says.
fn start_again(store: &str) -> String {
    let arguments = ["serve", "--store", store, "--listen", "127.0.0.1:0"];
    let output = command(arguments).output().expect("the command runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn without_a_store_the_answer_says_so() {
    let service = Service::start("unkept", PETS, &[]);
    assert_eq!(add(&service, "wolf")["kept"], "memory");
    let graph = service.get("/v1/graphs").json()["graphs"][0].clone();
    assert_eq!((&graph["kept"], graph.get("store")), (&json!("memory"), None));
}

#[test]
fn a_policy_that_is_none_is_refused() {
    let arguments = ["serve", "--store", "s", "--flush", "sometimes"];
    let output = command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("store.flush has a value of another kind; give always"), "{said}");
}

#[test]
fn a_log_that_has_become_large_is_cut() {
    fresh("cut");
    let flags = ["--set", "store.checkpoint_size=1KiB", "--set", "engine.maintain_every=10ms"];
    let service = start("cut", &flags);
    for number in 0..40 {
        add(&service, &format!("node-{number:04}"));
    }
    service.hears("the store made a checkpoint");
    drop(service);
    let service = start("cut", &flags);
    assert_eq!(service.get("/v1/graphs").json()["graphs"][0]["generation"], 41);
}

/// Kills of [`acknowledged_changes_outlive_kills`]; `EMANATE_KILLS` says more.
const KILLS: usize = 4;

/// Who changes at once.
const WRITERS: usize = 3;

/// What the service said of one set.
enum Answer {
    Acknowledged,
    Refused(String),
}

/// Sends one set; nothing where no whole answer came.
fn try_add(address: SocketAddr, node: &str) -> Option<Answer> {
    let body = json!({"changes": [{"change": "add_node", "node": node}]}).to_string();
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "POST /v1/graph/changes HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    // An answer that was cut short acknowledges nothing.
    answer.ends_with("}\n").then(|| match answer.starts_with("HTTP/1.1 200 ") {
        true => Answer::Acknowledged,
        false => Answer::Refused(answer),
    })
}

/// Adds nodes until the service is gone; gives those tried and those acknowledged.
fn write(
    address: SocketAddr,
    round: usize,
    writer: usize,
    count: &AtomicUsize,
) -> (Vec<String>, Vec<String>) {
    let (mut tried, mut done) = (Vec::new(), Vec::new());
    loop {
        let node = format!("w-{round}-{writer}-{:06}", tried.len());
        tried.push(node.clone());
        match try_add(address, &node) {
            Some(Answer::Acknowledged) => done.push(node),
            Some(Answer::Refused(answer)) => panic!("{node} was refused: {answer}"),
            None => return (tried, done),
        }
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn acknowledged_changes_outlive_kills() {
    fresh("killed");
    let kills = std::env::var("EMANATE_KILLS").ok().and_then(|kills| kills.parse().ok());
    let policies = ["always", "every:5ms", "never"];
    let (mut sent, mut acknowledged) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..=kills.unwrap_or(KILLS) {
        let mut flags = vec!["--flush", policies[round % policies.len()]];
        flags.extend(["--set", "store.checkpoint_size=2KiB", "--set", "engine.maintain_every=5ms"]);
        flags.extend(["--set", "limits.list=1000000"]);
        let mut service = start("killed", &flags);
        let found = service.get("/v1/nodes?prefix=w&limit=1000000").json();
        let found = found["labels"].as_array().unwrap().iter();
        let found: BTreeSet<String> =
            found.filter_map(|label| label.as_str()).map(str::to_owned).collect();
        let lost: Vec<&String> = acknowledged.difference(&found).collect();
        assert!(lost.is_empty(), "round {round}: acknowledged and lost: {lost:?}");
        assert!(found.is_subset(&sent), "round {round}: something was made up");
        let generation = service.get("/v1/graphs").json()["graphs"][0]["generation"].clone();
        assert_eq!(generation, found.len() + 1, "round {round}: each set is one generation");
        acknowledged = found;

        let address = service.address;
        let (count, kill_after) = (AtomicUsize::new(0), 1 + round * 37 % 50);
        let done = std::thread::scope(|scope| {
            let count = &count;
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || write(address, round, writer, count)))
                .collect();
            while count.load(Ordering::Relaxed) < kill_after {
                assert!(service.child.try_wait().unwrap().is_none(), "it ended by itself");
                assert!(!writers.iter().all(|writer| writer.is_finished()), "nothing is written");
                std::thread::yield_now();
            }
            // While requests are under way; on Unix this is the signal that cannot be heeded.
            service.child.kill().unwrap();
            service.child.wait().unwrap();
            let mut done = Vec::new();
            for writer in writers {
                let (tried, acknowledged) = writer.join().unwrap();
                sent.extend(tried);
                done.extend(acknowledged);
            }
            done
        });
        assert!(done.len() >= kill_after);
        acknowledged.extend(done);
        check("killed");
    }
}
