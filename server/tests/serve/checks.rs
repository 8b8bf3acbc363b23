//! Checks that are made over HTTP.

use serde_json::{Value, json};

use crate::receivers::Heard;
use crate::support::{Answer, JSON, PETS, Service, fresh};

const PRIVATE: [&str; 2] = ["--set", "checks.allow_private=true"];

fn make(service: &Service, check: Value) -> Answer {
    service.post("/v1/checks", &with_defaults(check).to_string())
}

fn with_defaults(mut check: Value) -> Value {
    check["period"] = json!("100ms");
    check["retries"] = json!(0);
    check
}

/// Waits until the check called `name` has this status; gives why.
#[track_caller]
fn until(service: &Service, name: &str, status: &str) -> String {
    let path = format!("/v1/checks/{name}");
    let shown = service.until_json(&path, |shown| shown["standing"]["status"] == status);
    shown["standing"]["reason"].as_str().unwrap_or_default().to_owned()
}

/// The oldest of what the check called `name` found, once it has found anything.
#[track_caller]
fn oldest(service: &Service, name: &str) -> Value {
    let results = |shown: &Value| shown["results"].as_array().expect("a list").clone();
    let path = format!("/v1/checks/{name}?limit=1000");
    let shown = service.until_json(&path, |shown| !results(shown).is_empty());
    results(&shown).pop().expect("it is not empty")
}

#[test]
fn a_neighbour_that_goes_takes_the_service_out_where_that_is_wanted() {
    let service = Service::start("checks-neighbour", PETS, &PRIVATE);
    let up = Heard::webhook("200 OK");
    let down = Heard::webhook("500 Internal Server Error");
    let http = |name: &str, url: &str| json!({"name": name, "kind": "http", "url": url});
    assert_eq!(make(&service, http("up", &up.url())).status, 200);
    // One that is new is not yet known, and takes nothing out for that.
    assert_eq!(service.get("/readyz").status, 200);
    until(&service, "up", "pass");
    let mut warned = http("warned", &down.url());
    warned["affects"] = json!("nothing");
    assert_eq!(make(&service, warned).status, 200);
    let reason = until(&service, "warned", "warn");
    assert!(reason.contains("it answers with 500"), "{reason}");
    assert_eq!(service.get("/readyz").status, 200);
    let mut picky = http("picky", &up.url());
    picky["contains"] = json!("<nothing> like it");
    assert_eq!(make(&service, picky).status, 200);
    until(&service, "picky", "fail");
    let said = service.get("/readyz").problem(503);
    assert!(said.contains("picky (the answer does not hold"), "{said}");
    assert!(service.get("/metrics").body.contains("check=\"picky\",status=\"fail\"} 1"));
    assert_eq!(service.ask("DELETE", "/v1/checks/picky", &[], "").status, 200);
    assert_eq!(service.get("/readyz").status, 200);
    service.get("/v1/checks/picky").problem(404);
}

#[test]
fn every_kind_looks_at_what_it_says() {
    let service = Service::start("checks-kinds", PETS, &PRIVATE);
    let heard = Heard::hanging();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (check, status, why) in [
        (json!({"kind": "tcp", "address": heard.address.to_string()}), "pass", ""),
        (json!({"kind": "tcp", "address": closed.to_string()}), "fail", "no connection"),
        (json!({"kind": "http", "url": heard.url(), "timeout": "200ms"}), "fail", "no answer"),
        (json!({"kind": "store"}), "fail", "there is no store"),
        (json!({"kind": "disk", "path": "/", "free_min": 1}), "pass", ""),
        (json!({"kind": "disk", "path": "/nowhere", "free_min": 1}), "fail", "cannot be asked"),
        (json!({"kind": "memory", "bytes_max": 1}), "fail", "bytes in memory"),
        (json!({"kind": "custom", "metric": "emanate_host_cpus", "below": 1}), "pass", ""),
        (json!({"kind": "custom", "metric": "emanate_host_cpus", "above": 0}), "fail", "above 0"),
    ] {
        let mut check = check;
        check["name"] = json!("one");
        let made = make(&service, check.clone());
        assert_eq!(made.status, 200, "{check}: {}", made.body);
        let reason = until(&service, "one", status);
        assert!(reason.contains(why), "{check}: {reason}");
        assert_eq!(service.ask("DELETE", "/v1/checks/one", &[], "").status, 200);
    }
}

#[test]
fn private_addresses_are_not_reached_unless_allowed() {
    let service = Service::start("checks-private", PETS, &[]);
    let heard = Heard::webhook("200 OK");
    let tcp = json!({"name": "tcp", "kind": "tcp", "address": heard.address.to_string()});
    assert_eq!(make(&service, tcp).status, 200);
    let http = json!({"name": "http", "kind": "http", "url": heard.url()});
    assert_eq!(make(&service, http).status, 200);
    for name in ["tcp", "http"] {
        let reason = until(&service, name, "fail");
        assert!(reason.contains("which is not allowed"), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
    }
    heard.nothing();
}

#[test]
fn checks_outlive_a_kill_and_can_be_changed() {
    let state = fresh("checks-state");
    let directory = format!("server.state_directory={}", state.display());
    let flags = ["--set", &directory];
    let service = Service::start("checks-kept", PETS, &flags);
    let disk = json!({"name": "root", "kind": "disk", "path": "/", "free_min": u64::MAX});
    assert_eq!(make(&service, disk).status, 200);
    until(&service, "root", "fail");
    let found = oldest(&service, "root");
    let kept = || std::fs::read_to_string(state.join("checks.json")).unwrap_or_default();
    service.until("/livez", |_| kept().contains("\"check\":\"root\""));
    drop(service);

    let service = Service::start("checks-kept", PETS, &flags);
    until(&service, "root", "fail");
    let again = oldest(&service, "root");
    assert_eq!(again["from_s"], found["from_s"], "{again} {found}");
    let shown = service.get("/v1/checks").json();
    assert_eq!(shown["kept"], true);
    let checks = shown["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap();
    assert_eq!((&of("canary")["made"], &of("root")["made"]), (&json!(false), &json!(true)));
    let change = with_defaults(json!({"kind": "disk", "path": "/", "free_min": 1}));
    let put = |name: &str| {
        service.ask("PUT", &format!("/v1/checks/{name}"), &[JSON], &change.to_string())
    };
    assert_eq!(put("root").json()["free_min"], 1);
    until(&service, "root", "pass");
    let newest = service.until_json("/v1/checks/root?limit=1", |shown| {
        assert_eq!(shown["results"].as_array().unwrap().len(), 1);
        shown["results"][0]["status"] == "pass"
    });
    assert!(newest["results"][0]["runs"].as_u64() >= Some(1), "{newest}");
    assert!(put("canary").problem(409).contains("the service's own"));
    assert!(put("nobody").problem(404).contains("there is no check \"nobody\""));
    let own = service.ask("DELETE", "/v1/checks/canary", &[], "");
    assert!(own.problem(409).contains("the service's own"));
}

#[test]
fn hostile_checks_are_refused() {
    let service = Service::start("checks-hostile", PETS, &["--set", "checks.most=2"]);
    let named = |name: &str| make(&service, json!({"name": name, "kind": "store"}));
    for name in ["", "A", "a b", "<b>", "a\n", "ä"] {
        assert!(named(name).problem(422).contains("cannot be a name of checks"), "{name:?}");
    }
    assert!(named(&"x".repeat(1 << 18)).problem(422).len() < 400);
    assert!(named("canary").problem(409).contains("already"));
    assert_eq!(named("a").status, 200);
    assert!(named("a").problem(409).contains("already"));
    assert_eq!(named("b").status, 200);
    assert!(named("c").problem(422).contains("checks.most"));
    let custom = json!({"name": "m", "kind": "custom", "metric": "emanate_host_cpu", "above": 1});
    assert!(make(&service, custom).problem(422).contains("did you mean"));
    let histogram = "emanate_spread_response_seconds";
    let custom = json!({"name": "m", "kind": "custom", "metric": histogram, "above": 1});
    assert!(make(&service, custom).problem(422).contains("of the histogram"));
    service.post("/v1/checks", "{").problem(400);
}
