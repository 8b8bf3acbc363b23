//! What Prometheus is told.

use crate::support::{PETS, Service, file, promtool_accepts, series};

#[test]
fn requests_are_counted_by_route_method_and_status() {
    let service = Service::start("metrics", PETS, &[]);
    service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").json();
    service.post("/v1/graphs/default/spread", "{\"seeds\":[\"dog\"]}").json();
    service.post("/v1/spread", "{\"seeds\":[\"nobody\"]}").problem(404);
    service.get("/no/such/path").problem(404);
    let answer = service.get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let requests = |route: &str, method: &str, status: u16| {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        series(&answer.body, &format!("emanate_http_requests_total{{{labels}}}"))
    };
    assert_eq!(requests("/v1/spread", "POST", 200), Some(2.0));
    assert_eq!(requests("/v1/spread", "POST", 404), Some(1.0));
    assert_eq!(requests("none", "GET", 404), Some(1.0));
    assert_eq!(requests("/v1/spread/batch", "POST", 200), Some(0.0));
    let count = "emanate_http_request_duration_seconds_count{route=\"/v1/spread\"}";
    assert_eq!(series(&answer.body, count), Some(3.0));
    assert!(series(&answer.body, "process_resident_memory_bytes").unwrap() > 1e6);
    assert!(series(&answer.body, "emanate_host_memory_bytes").unwrap() > 1e6);
    let count = answer.body.lines().filter(|line| !line.starts_with('#')).count();
    assert!(count < 500, "{count} series");
}

#[test]
fn reloads_are_counted_by_how_they_went() {
    let config = file("metrics.toml", "");
    let flags = ["--config", config.to_str().unwrap(), "--set", "reload.watch=0s"];
    let service = Service::start("metrics-reload", PETS, &flags);
    let reloads = || {
        let text = service.get("/metrics").body;
        ["done", "refused"].map(|result| {
            series(&text, &format!("emanate_config_reloads_total{{result=\"{result}\"}}")).unwrap()
        })
    };
    assert_eq!(reloads(), [0.0, 0.0]);
    service.ask("POST", "/v1/reload", &[], "").json();
    std::fs::write(&config, "[limits]\nbatch = 0\n").unwrap();
    service.ask("POST", "/v1/reload", &[], "").problem(422);
    service.ask("POST", "/v1/reload", &[], "").problem(422);
    assert_eq!(reloads(), [1.0, 2.0]);
}

#[test]
fn the_text_is_what_prometheus_expects() {
    let service = Service::start("promtool", PETS, &[]);
    service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").json();
    promtool_accepts(&service.get("/metrics").body);
}
