//! Starting and stopping.

use std::io::{Read, Write};

use crate::support::{Answer, PETS, Service, command, dense, file, heard};

#[test]
fn what_has_begun_is_finished() {
    let flags = ["--set", "limits.request_time=1s", "--set", "server.stop_within=20s"];
    let mut service = Service::start("finish", &dense(), &flags);
    let mut busy = service.begin_endless();
    let mut idle = service.connect();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    Answer::read(&mut idle).json();
    service.signal("-TERM");
    // An idle connection is closed at once, and no new one is taken.
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    let answer = Answer::read(&mut busy);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(answer.json()["stop_reason"], "cancelled");
    assert_eq!(service.end(), 0);
    assert!(std::net::TcpStream::connect(service.address).is_err());
}

#[test]
fn what_does_not_end_within_the_bound_is_cancelled() {
    let flags = ["--set", "limits.request_time=10m", "--set", "server.stop_within=100ms"];
    let mut service = Service::start("bound", &dense(), &flags);
    let mut busy = service.begin_endless();
    let start = std::time::Instant::now();
    service.signal("-INT");
    assert_eq!(service.end(), 0);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    let mut rest = Vec::new();
    let _ = busy.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn a_second_signal_stops_at_once() {
    let flags = ["--set", "limits.request_time=10m", "--set", "server.stop_within=10m"];
    let mut service = Service::start("twice", &dense(), &flags);
    let _busy = service.begin_endless();
    service.signal("-TERM");
    service.hears("told to stop");
    service.signal("-TERM");
    assert_eq!(service.end(), 0);
}

#[test]
fn a_listener_hears_that_the_service_stops() {
    let mut service = Service::start("last-event", PETS, &[]);
    let mut stream = service.begin("GET", "/v1/events", &[], "");
    heard(&mut stream, ": listening");
    service.signal("-TERM");
    let mut rest = String::new();
    let _ = stream.read_to_string(&mut rest);
    assert!(rest.contains("event: service\ndata: {\"state\":\"stopping\""), "{rest}");
    assert_eq!(service.end(), 0);
}

#[test]
fn what_keeps_it_from_starting_is_one_sentence() {
    let refused = |arguments: &[&str], status: i32| {
        let output = command([&["serve"], arguments].concat()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{said}");
        let last = said.lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with("emanate: "), "{said}");
        last
    };
    assert!(refused(&[], 2).contains("there is no graph to serve; give one with --graph"));
    let quiet = ["--listen", "127.0.0.1:0", "--set", "logs.stderr=off"];
    let missing = refused(&[&["--graph", "no-such-file.tsv"], &quiet[..]].concat(), 2);
    assert!(missing.contains("no-such-file.tsv"), "{missing}");
    let service = Service::start("port-taken", PETS, &[]);
    let taken = service.address.to_string();
    let graph = file("port-taken-2.tsv", PETS);
    let said = refused(&["--graph", graph.to_str().unwrap(), "--listen", &taken], 1);
    assert!(said.contains("choose another with --listen"), "{said}");
    let said = refused(&["--graph", "g", "--set", "limits.bach=1"], 2);
    assert!(said.contains("did you mean \"limits.batch\"?"), "{said}");
}
