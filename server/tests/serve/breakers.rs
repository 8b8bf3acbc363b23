//! Breakers, read and steered.

use std::fs;

use serde_json::{Value, json};

use crate::support::{PETS, Service, file};

fn state(service: &Service, name: &str) -> Value {
    let breakers = service.get("/v1/breakers").json();
    let breakers = breakers["breakers"].as_array().expect("a list").clone();
    let found = breakers.into_iter().find(|breaker| breaker["name"] == name);
    found.expect("it is there")["state"].clone()
}

#[test]
fn an_open_breaker_sheds_and_a_reset_lets_in_again() {
    let service = Service::start("breakers", PETS, &[]);
    let spread = || service.post("/v1/spread", "{\"seeds\":[\"dog\"]}");
    let steer = |act: &str| {
        service.post("/v1/breakers/spread", &json!({"act": act}).to_string()).json()["state"]
            .clone()
    };
    assert_eq!(state(&service, "spread"), "closed");
    spread().json();
    assert_eq!(steer("force_open"), "forced_open");
    let shed = spread();
    assert!(shed.header("retry-after").is_some());
    assert!(shed.problem(503).contains("breaker of spreads is open"), "{}", shed.body);
    service.hears("a breaker changed its state");
    assert_eq!(steer("reset"), "closed");
    spread().json();
    let text = service.get("/metrics").body;
    let rejected = "emanate_breaker_calls_total{breaker=\"spread\",outcome=\"rejected\"} 1";
    assert!(text.contains(rejected), "{text}");
    service.post("/v1/breakers/nobody", "{\"act\":\"reset\"}").problem(404);
    service.post("/v1/breakers/spread", "{\"act\":\"explode\"}").problem(422);
    service.post("/v1/breakers/spread", "{").problem(400);
    let acts = service.get("/v1/audit").json();
    assert_eq!(acts["acts"].as_array().unwrap().len(), 5);
}

#[test]
fn a_reload_changes_what_breakers_go_by() {
    let config = file("breakers.toml", "[reload]\nwatch = \"0s\"\n");
    let service = Service::start("breakers-set", PETS, &["--config", config.to_str().unwrap()]);
    let reload = |text: &str| {
        fs::write(&config, format!("[reload]\nwatch = \"0s\"\n{text}")).unwrap();
        service.ask("POST", "/v1/reload", &[], "")
    };
    // One that is held open says to come again after its first open wait.
    service.post("/v1/breakers/spread", "{\"act\":\"force_open\"}").json();
    let retry_after = || {
        let shed = service.post("/v1/spread", "{\"seeds\":[\"dog\"]}");
        shed.problem(503);
        shed.header("retry-after").expect("a time").parse::<u32>().expect("seconds")
    };
    assert_eq!(retry_after(), 60);
    reload("[breakers.spread]\nopen_wait = \"7s\"\n").json();
    assert_eq!(retry_after(), 7);
    let said =
        reload("[breakers.spread]\nopen_wait = \"9s\"\njitter = 2\nlease = 1\n").problem(422);
    assert!(said.contains("breakers.spread.jitter is 2.0, but must be from 0 to 1"), "{said}");
    assert!(said.contains("breakers.spread.lease has a value of another kind"), "{said}");
    assert_eq!(retry_after(), 7, "a bad file changes nothing");
    reload("").json();
    assert_eq!(retry_after(), 60, "what is not said is as by default");
    let settings = service.get("/v1/settings").json()["settings"].as_array().unwrap().clone();
    let wait = settings.iter().find(|setting| setting["key"] == "breakers.spread.open_wait");
    assert_eq!(wait.expect("a key")["default"], "1m");
}

#[test]
fn changes_are_kept_out_and_told_when_to_come_again() {
    let service = Service::start("breakers-changes", PETS, &[]);
    let change = || {
        let set = json!({"changes": [{"change": "upsert_node", "node": "wolf"}]});
        service.post("/v1/graph/changes", &set.to_string())
    };
    service.post("/v1/breakers/mutation", "{\"act\":\"force_open\"}").json();
    let refused = change();
    assert_eq!(refused.header("retry-after"), Some("45"));
    assert!(refused.problem(503).contains("breaker of changes is open"), "{}", refused.body);
    service.post("/v1/breakers/mutation", "{\"act\":\"reset\"}").json();
    change().json();
    service.post("/v1/spread", "{\"seeds\":[\"wolf\"]}").json();
    let text = service.get("/metrics").body;
    let through = "emanate_breaker_calls_total{breaker=\"mutation\",outcome=\"success\"} 1";
    assert!(text.contains(through), "{text}");
}

#[test]
fn breakers_that_are_switched_off_keep_nothing_out() {
    let service = Service::start("breakers-off", PETS, &["--set", "breakers.enabled=false"]);
    service.get("/v1/breakers").problem(404);
    service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").json();
    let features = service.get("/v1/features").json();
    let features = features["features"].as_array().unwrap().clone();
    let breakers = features.iter().find(|feature| feature["name"] == "breakers").unwrap();
    assert_eq!(breakers["on"], false);
}

#[test]
fn the_engine_counts_its_spreads() {
    // The canary's spreads count, too: those before the service is ready, and then none for long.
    let service = Service::start("engine-metrics", PETS, &["--set", "health.every=10m"]);
    let total = || {
        let text = service.get("/metrics").body;
        let counts = text.lines().filter(|line| line.starts_with("emanate_spreads_total{"));
        counts.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>()
    };
    let before = total();
    for _ in 0..3 {
        service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").json();
    }
    assert_eq!(total() - before, 3.0);
}
