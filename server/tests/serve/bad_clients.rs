//! Clients that are slow, rude or wrong: each gets a clear answer or is let go, and the others
//! notice nothing.

use std::io::{Read, Write};

use crate::support::{Answer, JSON, PETS, Service};

const DOG: &str = "{\"seeds\":[\"dog\"]}";

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let service = Service::start("large", PETS, &["--set", "limits.body_size=1000"]);
    let head = "POST /v1/spread HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let said = service.raw(format!("{head}Content-Length: 99999999999\r\n\r\n").as_bytes());
    assert!(said.problem(413).contains("more than 1000 bytes"));
    // Without a length, it is counted as it comes.
    let chunk = format!("ff\r\n{}\r\n", " ".repeat(255));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(4));
    service.raw(chunked.as_bytes()).problem(413);
    service.post("/v1/spread", DOG).json();
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let service = Service::start("slow-body", PETS, &["--set", "limits.body_time=50ms"]);
    let head = "POST /v1/spread HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 17\r\n\r\n{\"seeds\"";
    assert!(service.raw(head.as_bytes()).problem(408).contains("send it faster"));
    service.post("/v1/spread", DOG).json();
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let service = Service::start("slow-head", PETS, &["--set", "limits.header_time=50ms"]);
    for beginning in ["", "G", "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let mut stream = service.connect();
        stream.write_all(beginning.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // It is closed, with or without a word.
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{beginning:?}");
    }
    // A connection that stays open is closed when nothing more is said on it.
    let mut stream = service.connect();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    service.post("/v1/spread", DOG).json();
}

#[test]
fn a_client_that_does_not_read_is_let_go() {
    // All nodes are asked for, with labels long enough that no socket buffer holds the answer.
    let long = "x".repeat(1000);
    let edges: String = (0..20_000).map(|n| format!("a\t{n}{long}\n")).collect();
    let flags = ["--set", "limits.write_time=100ms", "--set", "logs.level=debug"];
    let service = Service::start("unread", &edges, &flags);
    let body = "{\"seeds\":[\"a\"],\"top\":0}";
    let headers = [JSON, "Connection: close"];
    let mut stream = service.begin("POST", "/v1/spread", &headers, body);
    // Nothing is read until the service has given up on its client.
    service.hears("the connection ended early");
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    assert!(got.len() < 20_000_000, "all {} bytes came through", got.len());
    assert!(service.post("/v1/spread", body).body.len() > 20_000_000, "who reads gets all");
}

#[test]
fn what_is_no_request_is_answered_or_closed() {
    let service = Service::start("no-request", PETS, &[]);
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(500));
    let cases: [&[u8]; 8] = [
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"POST /v1/spread HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for case in cases {
        let mut stream = service.connect();
        // The service may close before it has read all.
        let _ = stream.write_all(case);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(15)]).into_owned();
        assert!(answer.is_empty() || shown.starts_with("HTTP/1.1 4"), "{shown}");
    }
    service.post("/v1/spread", DOG).json();
}

#[test]
fn paths_are_taken_as_they_are() {
    let service = Service::start("paths", PETS, &[]);
    for path in [
        "/page",
        "/page/",
        "/page/../metrics",
        "/page/%2e%2e/page.js",
        "//",
        "/v1",
        "/v1/",
        "/v1/spread/",
        "//v1/graphs",
        "/v1/../openapi.json",
        "/v1/nodes/../graphs",
        "/v1/nodes/dog/x",
        "/v1/graphs/../../etc/passwd/info",
        "/v1/graphs/%2e%2e/info",
        "/v1/graphs/..%2f..%2fetc%2fpasswd/info",
        "/v1/nodes/%00",
        "/V1/graphs",
    ] {
        service.get(path).problem(404);
    }
    service.get("/v1/nodes/%ff").problem(400);
    service.get("/v1/graphs/%c3%28/info").problem(400);
}

#[test]
fn wrong_methods_are_named() {
    let service = Service::start("methods", PETS, &[]);
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = service.ask(method, "/v1/spread", &[], "");
        assert!(answer.problem(405).contains(method), "{method}");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    let mut stream = service.connect();
    stream
        .write_all(b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut head = String::new();
    stream.read_to_string(&mut head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn a_body_must_be_utf8_and_whole() {
    let service = Service::start("utf8", PETS, &[]);
    let head = "POST /v1/spread HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let mut text = format!("{head}Content-Length: 4\r\n\r\n").into_bytes();
    text.extend(b"\"\xff\xfe\"");
    assert!(service.raw(&text).problem(400).contains("not UTF-8"));
    let mut stream = service.connect();
    stream.write_all(format!("{head}Content-Length: 100\r\n\r\n{DOG}").as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"));
}

#[test]
fn deep_and_odd_json_is_refused() {
    let service = Service::start("odd-json", PETS, &[]);
    let deep = format!("{{\"seeds\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    service.post("/v1/spread", &deep).problem(400);
    let deep = format!("{{\"queries\":[{}{}]}}", "[".repeat(100_000), "]".repeat(100_000));
    let batch = service.post("/v1/spread/batch", &deep).json();
    assert_eq!(batch["outcomes"][0]["status"], 400);
    service.post("/v1/spread", "{\"seeds\":[[\"dog\",1e999]]}").problem(400);
    service.post("/v1/spread", "{\"seeds\":[\"\\ud800\"]}").problem(400);
    service.post("/v1/spread", "{\"seeds\":[\"dog\"],\"seeds\":[\"cat\"]}").problem(422);
}

#[test]
fn a_hostile_label_harms_neither_answer_nor_log() {
    let label = format!("<script>\u{7}\u{1b}[31m\u{202e}{}", "x".repeat(500_000));
    let service = Service::start("hostile", &format!("{label}\tdog\t1\n"), &[]);
    let body = serde_json::json!({"seeds": [label]}).to_string();
    assert_eq!(service.post("/v1/spread", &body).json()["activations"][0]["node"], *label);
    let unknown = serde_json::json!({"seeds": [format!("{label}y")]}).to_string();
    let answer = service.post("/v1/spread", &unknown);
    assert!(answer.problem(404).len() < 1000, "{}", answer.body.len());
    let logs = service.get("/v1/logs?limit=100");
    assert!(logs.body.len() < 20_000 && !logs.body.contains('\u{1b}'));
}

#[test]
fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let rate =
        ["--set", "rate.enabled=true", "--set", "rate.per_second=1", "--set", "rate.burst=3"];
    let service = Service::start("rate", PETS, &rate);
    let statuses: Vec<u16> = (0..6).map(|_| service.get("/v1/graphs").status).collect();
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses[3..].contains(&429), "{statuses:?}");
    let answer = loop {
        let answer = service.get("/v1/graphs");
        if answer.status == 429 {
            break answer;
        }
    };
    assert_eq!(answer.header("retry-after"), Some("1"));
    // Probes are answered whatever else is asked.
    assert!((0..9).all(|_| service.get("/livez").status == 200));
}

#[test]
fn requests_on_one_connection_follow_each_other() {
    let service = Service::start("pipeline", PETS, &[]);
    let one = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut stream = service.connect();
    stream.write_all(format!("{one}{one}{last}").as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    assert!(text.ends_with("{\"state\":\"ready\"}\n"));
    let mut bytes = text.as_bytes();
    assert_eq!(Answer::read(&mut bytes).json()["state"], "alive");
}
