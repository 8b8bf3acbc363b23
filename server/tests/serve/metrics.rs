//! What Prometheus is told.

use crate::support::{PETS, Service, file};

/// The value of one series.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

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
        value(&answer.body, &format!("emanate_http_requests_total{{{labels}}}"))
    };
    assert_eq!(requests("/v1/spread", "POST", 200), Some(2.0));
    assert_eq!(requests("/v1/spread", "POST", 404), Some(1.0));
    assert_eq!(requests("none", "GET", 404), Some(1.0));
    assert_eq!(requests("/v1/spread/batch", "POST", 200), Some(0.0));
    let count = "emanate_http_request_duration_seconds_count{route=\"/v1/spread\"}";
    assert_eq!(value(&answer.body, count), Some(3.0));
    assert!(value(&answer.body, "process_resident_memory_bytes").unwrap() > 1e6);
    assert!(value(&answer.body, "emanate_host_memory_bytes").unwrap() > 1e6);
    let series = answer.body.lines().filter(|line| !line.starts_with('#')).count();
    assert!(series < 500, "{series} series");
}

#[test]
fn reloads_are_counted_by_how_they_went() {
    let config = file("metrics.toml", "");
    let flags = ["--config", config.to_str().unwrap(), "--set", "reload.watch=0s"];
    let service = Service::start("metrics-reload", PETS, &flags);
    let reloads = || {
        let text = service.get("/metrics").body;
        ["done", "refused"].map(|result| {
            value(&text, &format!("emanate_config_reloads_total{{result=\"{result}\"}}")).unwrap()
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
    use std::io::Write;
    use std::process::{Command, Stdio};
    if Command::new("promtool").arg("--version").output().is_err() {
        println!("skipped: promtool is not installed (package prometheus)");
        return;
    }
    let service = Service::start("promtool", PETS, &[]);
    service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").json();
    let text = service.get("/metrics").body;
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
}
