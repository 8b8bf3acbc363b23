//! The tuner, as who runs the service sees it.

use serde_json::{Value, json};

use crate::support::{LONG, PETS, Service};

const ON: [&str; 2] = ["--set", "tuner.enabled=true"];

fn act(service: &Service, body: &Value) -> Value {
    service.post("/v1/tuner", &body.to_string()).json()
}

#[test]
fn it_is_off_unless_wanted() {
    let service = Service::start("untuned", PETS, &[]);
    assert!(service.get("/v1/tuner").problem(404).contains("tuner.enabled"));
}

#[test]
fn it_reads_windows_of_live_spreads() {
    let service = Service::start("tuned", PETS, &ON);
    let tuner = service.get("/v1/tuner").json();
    assert_eq!((&tuner["policy"], &tuner["driven"]), (&json!("paired"), &json!(true)));
    let begin = std::time::Instant::now();
    let windows = || service.get("/v1/tuner").json()["windows"].as_u64().unwrap();
    while windows() == 0 {
        let query = "{\"seeds\":[\"dog\"],\"hops\":\"auto\"}";
        assert_eq!(service.post("/v1/spread", query).status, 200);
        assert!(begin.elapsed() < LONG, "no window is read");
    }
    assert!(service.get("/v1/tuner/audit").json()["decisions"].is_array());
}

#[test]
fn a_pin_is_in_force_at_once_and_survives_a_reload() {
    let service = Service::start("pinned", PETS, &ON);
    let pin = json!({"act": "pin", "setting": "batch_size", "value": 7});
    assert_eq!(act(&service, &pin)["in_force"]["batch_size"], 7);
    assert_eq!(service.post("/v1/reload", "").status, 200);
    assert_eq!(service.get("/v1/tuner").json()["in_force"]["batch_size"], 7);
    let figures = service.get("/metrics").body;
    assert!(figures.contains("emanate_tuner_setting{knob=\"batch_size\"} 7"), "{figures}");
    service.post("/v1/tuner", "{\"act\":\"pin\"}").problem(422);
}

#[test]
fn a_frozen_tuner_says_so_until_it_is_released() {
    let service = Service::start("frozen", PETS, &ON);
    let frozen = act(&service, &json!({"act": "freeze"}));
    assert_eq!(frozen["frozen"], "an operator froze the tuner");
    assert!(service.get("/metrics").body.contains("emanate_tuner_frozen 1"));
    assert_eq!(act(&service, &json!({"act": "release"}))["frozen"], Value::Null);
    assert!(service.get("/metrics").body.contains("emanate_tuner_frozen 0"));
}

#[test]
fn its_age_is_exported_where_it_runs() {
    let age = |service: &Service| {
        let text = service.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix("emanate_tuner_age_seconds "));
        line.expect("it is there").parse::<f64>().expect("a number")
    };
    let runs = Service::start("tuner-age", PETS, &ON);
    let seen = age(&runs);
    assert!((0.0..30.0).contains(&seen), "{seen}");
    assert!(age(&Service::start("tuner-none", PETS, &[])).is_nan());
}

#[test]
fn steering_it_needs_the_scope() {
    let token = "read-token-0123456789";
    let tokens = format!("auth.read_tokens={token}");
    let flags = [&ON[..], &["--set", &tokens]].concat();
    let service = Service::start("tuner-scope", PETS, &flags);
    let freeze = "{\"act\":\"freeze\"}";
    assert_eq!(service.ask_as(token, "POST", "/v1/tuner", freeze).status, 403);
    assert_eq!(service.ask_as(token, "GET", "/v1/tuner", "").status, 200);
}
