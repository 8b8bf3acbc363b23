//! A changed configuration, good or bad.

use std::fs;

use serde_json::json;

use crate::support::{PETS, Service, file};

#[test]
fn a_good_file_holds_at_once_and_a_bad_one_changes_nothing() {
    let config = file("reload.toml", "[limits]\nbatch = 2\n");
    let name = config.to_str().unwrap();
    let service = Service::start("reload", PETS, &["--config", name, "--set", "reload.watch=0s"]);
    let batch = |count: usize| {
        let query = json!({"seeds": ["dog"]});
        let body = json!({"queries": vec![query; count]}).to_string();
        service.post("/v1/spread/batch", &body).status
    };
    assert_eq!((batch(2), batch(3)), (200, 422));

    fs::write(&config, "[limits]\nbatch = 3\n").unwrap();
    service.signal("-HUP");
    service.hears("the configuration was read again");
    assert_eq!((batch(3), batch(4)), (200, 422));

    // One right value beside two wrong ones: none holds.
    fs::write(&config, "[limits]\nbatch = 9\ntop = 0\n[nowhere]\nx = 1\n").unwrap();
    service.signal("-HUP");
    service.hears("limits.top is 0, but must be at least 1");
    assert_eq!((batch(3), batch(4)), (200, 422));
    let said = service.ask("POST", "/v1/reload", &[], "").problem(422);
    assert!(said.contains("limits.top is 0") && said.contains("nowhere.x"), "{said}");

    fs::write(&config, "[limits]\nbatch = 4\n[engine]\nthreads = 7\n").unwrap();
    let done = service.ask("POST", "/v1/reload", &[], "").json();
    assert_eq!(done, json!({"result": "done", "at_the_next_start": ["engine.threads"]}));
    assert_eq!((batch(4), batch(5)), (200, 422));
    assert_eq!(service.get("/v1/settings").json()["waiting"], json!(["engine.threads"]));
}

#[test]
fn a_changed_file_is_noticed() {
    let config = file("watched.toml", "[reload]\nwatch = \"20ms\"\n[limits]\nbatch = 2\n");
    let service = Service::start("watched", PETS, &["--config", config.to_str().unwrap()]);
    // As an editor does it: another file takes its place.
    let new = file("watched-new.toml", "[reload]\nwatch = \"20ms\"\n[limits]\nbatch = 5\n");
    fs::rename(&new, &config).unwrap();
    service.hears("the configuration was read again");
    let settings = service.get("/v1/settings").json();
    let settings = settings["settings"].as_array().unwrap();
    let batch = settings.iter().find(|setting| setting["key"] == "limits.batch").unwrap();
    assert_eq!((&batch["value"], &batch["default"]), (&json!(5), &json!(256)));
    fs::write(&config, "[reload]\nwatch = \"20ms\"\nlimits = 7\n").unwrap();
    service.hears("the configuration was not changed");
    assert_eq!(service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").status, 200);
}

#[test]
fn a_reload_never_opens_the_service_to_all() {
    let config = file("opening.toml", "[auth]\nread_tokens = [\"0123456789abcdef\"]\n");
    let flags = ["--config", config.to_str().unwrap(), "--set", "reload.watch=0s"];
    // The address is given last, so that it holds over the one of the tests.
    let flags = [&flags[..], &["--set", "server.listen=0.0.0.0:0"]].concat();
    let service = Service::start("opening", PETS, &flags);
    // The file alone would be right: it listens on the loopback address.
    fs::write(&config, "").unwrap();
    service.signal("-HUP");
    service.hears("the configuration was not changed");
    let answer = service.get("/v1/graphs");
    assert_eq!(answer.status, 401);
}

#[test]
fn settings_and_features_say_what_is_in_force() {
    let flags = ["--set", "logs.enabled=false", "--set", "auth.admin_tokens=0123456789abcdefgh"];
    let service = Service::start("features", PETS, &flags);
    let admin = |path: &str| service.ask_as("0123456789abcdefgh", "GET", path, "");
    let features = admin("/v1/features").json();
    let on = |name: &str| {
        let features = features["features"].as_array().unwrap();
        features.iter().find(|feature| feature["name"] == name).unwrap()["on"].clone()
    };
    assert_eq!((on("logs"), on("auth"), on("events")), (json!(false), json!(true), json!(true)));
    let said = admin("/v1/logs").problem(404);
    assert_eq!(said, "logs is switched off; see the key logs.enabled");
    let settings = admin("/v1/settings");
    assert!(!settings.body.contains("0123456789abcdefgh"), "a token is shown");
    assert!(settings.body.contains("\"key\":\"auth.admin_tokens\",\"value\":{\"count\":1}"));
}
