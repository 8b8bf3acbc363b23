//! Logs, audit, events and traces.

use serde_json::Value;

use crate::support::{PETS, Service, file, fresh, heard};

#[test]
fn recent_records_are_found_by_level_module_and_text() {
    let service = Service::start("logs", PETS, &["--set", "logs.level=debug"]);
    service.get("/v1/nodes/nobody");
    service.post("/v1/spread", "{\"seeds\":[\"dog\"]}");
    let records = |query: &str| {
        let logs = service.get(&format!("/v1/logs?{query}")).json();
        logs["records"].as_array().unwrap().clone()
    };
    let texts = |query: &str| {
        let records = records(query);
        records.iter().map(|record| record["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(texts("text=ready")[0].starts_with("ready graphs=[\"default\"]"));
    assert_eq!(texts("level=info&text=/v1/nodes").len(), 1);
    assert_eq!(texts("level=warn"), Vec::<String>::new());
    assert_eq!(texts("module=emanate::serve::front&text=/v1/spread").len(), 1);
    assert_eq!(records("limit=1").len(), 1);
    let last = records("text=ready")[0]["id"].as_u64().unwrap();
    assert!(records(&format!("after={last}")).iter().all(|r| r["id"].as_u64().unwrap() > last));
    for bad in ["level=loud", "limit=0", "after=x", "module=a&module=b"] {
        service.get(&format!("/v1/logs?{bad}")).problem(400);
    }
}

#[test]
fn acts_of_administrators_are_recorded() {
    let audit = fresh("audit.jsonl");
    let tokens = [
        format!("audit.file={}", audit.display()),
        "auth.admin_tokens=0123456789abcdefgh".to_owned(),
        "auth.read_tokens=read56789abcdefgh".to_owned(),
    ];
    let flags: Vec<&str> = tokens.iter().flat_map(|flag| ["--set", flag.as_str()]).collect();
    let mut service = Service::start("audit", PETS, &flags);
    let admin = "0123456789abcdefgh";
    service.ask_as(admin, "POST", "/v1/reload", "").json();
    service.ask_as("read56789abcdefgh", "POST", "/v1/reload", "");
    service.ask("POST", "/v1/reload", &[], "").problem(401);
    let acts = service.ask_as(admin, "GET", "/v1/audit", "").json();
    let statuses: Vec<u64> =
        acts["acts"].as_array().unwrap().iter().map(|a| a["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 403, 401]);
    service.signal("-TERM");
    assert_eq!(service.end(), 0);
    let written = std::fs::read_to_string(&audit).unwrap();
    let written: Vec<Value> =
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(written), acts["acts"]);
    assert!(!acts.to_string().contains(admin));
}

#[test]
fn events_are_heard_and_missed_ones_made_up_for() {
    let config = file("events.toml", "");
    let flags = ["--config", config.to_str().unwrap(), "--set", "reload.watch=0s"];
    let service = Service::start("events", PETS, &flags);
    let listen = |headers: &[&str]| service.begin("GET", "/v1/events", headers, "");
    let mut first = listen(&[]);
    let greeting = heard(&mut first, ": listening");
    assert!(greeting.contains("content-type: text/event-stream"), "{greeting}");
    service.ask("POST", "/v1/reload", &[], "").json();
    let told = heard(&mut first, "\"result\":\"done\"");
    assert!(told.contains("event: config") && !told.contains("event: generation"), "{told}");
    // Who comes back after the first event hears those since.
    let mut second = listen(&["Last-Event-ID: 1"]);
    let told = heard(&mut second, "\"result\":\"done\"");
    assert!(told.contains("\"state\":\"ready\"") && told.contains("id: 3\n"), "{told}");
    service.ask("GET", "/v1/events", &["Last-Event-ID: x"], "").problem(400);
}

#[test]
fn listeners_are_limited_and_make_room_when_they_go() {
    let service = Service::start("listeners", PETS, &["--set", "events.subscribers=1"]);
    let mut one = service.begin("GET", "/v1/events", &[], "");
    heard(&mut one, "HTTP/1.1 200");
    let busy = service.get("/v1/events");
    assert_eq!(busy.header("retry-after"), Some("10"));
    busy.problem(503);
}

#[test]
fn a_trace_is_taken_up_and_handed_back() {
    let service = Service::start("trace", PETS, &["--set", "logs.level=debug"]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let header = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01");
    let answer = service.ask("GET", "/v1/graphs", &[&header], "");
    let context = answer.header("traceparent").unwrap();
    assert!(context.starts_with(&format!("00-{trace}-")) && context.ends_with("-01"), "{context}");
    assert!(!context.contains("00f067aa0ba902b7"), "the span is the service's own");
    let logs = service.get(&format!("/v1/logs?text={trace}")).json();
    assert_eq!(logs["records"].as_array().unwrap().len(), 1);
    let own = service.get("/livez");
    assert_eq!(own.header("traceparent").unwrap().len(), context.len());
}
