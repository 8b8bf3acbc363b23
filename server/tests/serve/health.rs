//! What the service says of how it is.

use serde_json::Value;

use crate::support::{PETS, Service};

#[test]
fn a_healthy_service_says_what_it_looked_at() {
    let service = Service::start("healthy", PETS, &["--set", "health.every=50ms"]);
    assert_eq!(service.get("/readyz").status, 200);
    let health = service.get("/health").json();
    assert_eq!((&health["live"], &health["ready"]), (&Value::from("pass"), &Value::from("pass")));
    let checks = health["checks"].as_array().unwrap();
    let names: Vec<&str> = checks.iter().filter_map(|check| check["name"].as_str()).collect();
    assert_eq!(names, ["canary", "breakers", "pool"]);
    let passes = |check: &Value| check["counts"]["passes"].as_u64();
    service.until_json("/health/canary", |check| passes(check) >= Some(3));
    let problem = service.get("/health/none").problem(404);
    assert!(problem.contains("there is no check \"none\"; see /health"), "{problem}");
    let figures = service.get("/metrics").body;
    let line = "emanate_health_status{check=\"canary\",status=\"pass\"} 1";
    assert!(figures.contains(line), "{figures}");
    assert!(figures.contains("emanate_graph_generation 1"), "{figures}");
}

#[test]
fn a_failing_check_takes_the_service_out_and_is_named() {
    // No process is as small as one byte.
    let flags = ["--set", "health.every=20ms", "--set", "health.memory_max=1"];
    let service = Service::start("unhealthy", PETS, &flags);
    let refused = service
        .until("/readyz", |answer| answer.status == 503 && answer.body.contains("bytes in memory"));
    assert!(refused.body.contains("memory (the process has"), "{}", refused.body);
    service.until_json("/health/memory", |check| check["status"] == "fail");
    assert_eq!(service.get("/livez").status, 200, "a restart would not help");
    assert_eq!(service.get("/health").json()["ready"], "fail");
    let figures = service.get("/metrics").body;
    let line = "emanate_health_status{check=\"memory\",status=\"fail\"} 1";
    assert!(figures.contains(line), "{figures}");
}

#[test]
fn checks_can_be_switched_off() {
    let flags = [
        "--set",
        "health.every=20ms",
        "--set",
        "health.memory_max=1",
        "--set",
        "health.enabled=false",
    ];
    let service = Service::start("unlooked", PETS, &flags);
    assert_eq!(service.get("/readyz").status, 200);
    assert!(service.get("/health").problem(404).contains("health.enabled"));
    assert!(!service.get("/metrics").body.contains("emanate_health_status{"));
}

#[test]
fn changes_are_counted_by_kind_and_outcome() {
    let service = Service::start("change-counts", PETS, &[]);
    let path = "/v1/graph/changes";
    let change = |node: &str, change: &str, dry: bool| {
        let body = format!(
            "{{\"changes\":[{{\"change\":\"{change}\",\"node\":\"{node}\"}}],\"dry_run\":{dry}}}"
        );
        service.post(path, &body).status
    };
    assert_eq!(change("wolf", "add_node", true), 200);
    assert_eq!(change("wolf", "add_node", false), 200);
    assert_eq!(change("wolf", "add_node", false), 409);
    let figures = service.get("/metrics").body;
    for (outcome, count) in [("applied", 1), ("refused", 1)] {
        let labels = format!("kind=\"add_node\",outcome=\"{outcome}\"");
        let found = figures.lines().find(|line| line.contains(&labels)).unwrap_or_default();
        assert!(found.ends_with(&format!(" {count}")), "{labels}: {found}");
    }
    assert!(figures.contains("emanate_graph_generation 2"), "{figures}");
}
