//! The overview, quantiles, points and results of checks.

use serde_json::{Value, json};

use crate::support::{JSON, PETS, Service, file, promtool_accepts, series};

/// A quantile is rounded up by at most so much of it.
const ROUNDED: f64 = 1.0 / 128.0;

/// Spreads by `rule`, and what each took in the engine.
fn spread(service: &Service, rule: &str, times: usize) -> Vec<f64> {
    let body = format!("{{\"seeds\":[\"dog\"],\"rule\":\"{rule}\"}}");
    let elapsed = |_| {
        let outcome = service.post("/v1/spread", &body).json();
        outcome["stats"]["elapsed_us"].as_f64().expect("a number")
    };
    (0..times).map(elapsed).collect()
}

#[test]
fn quantiles_are_those_of_what_was_done() {
    let service = Service::start("latency", PETS, &["--set", "points.every=50ms"]);
    for (rule, times) in [("linear", 101), ("pagerank", 7)] {
        let mut took = spread(&service, rule, times);
        took.sort_by(f64::total_cmp);
        let latency = service.get("/v1/latency").json();
        let told = &latency["rules"][rule];
        assert_eq!(told["count"], times);
        for (name, quantile) in
            [("p50_us", 0.5), ("p90_us", 0.9), ("p99_us", 0.99), ("max_us", 1.0)]
        {
            let exact = took[(quantile * times as f64).ceil() as usize - 1];
            let found = told[name].as_f64().unwrap();
            // The engine counts whole nanoseconds.
            let within = exact - 0.001..=exact * (1.0 + ROUNDED) + 0.001;
            assert!(within.contains(&found), "{rule} {name}: {found} for {exact}");
        }
    }
    let latency = service.get("/v1/latency?window=1h").json();
    assert_eq!(latency["window_s"], 3600.0);
    let route = &latency["routes"]["POST /v1/spread"];
    assert_eq!(route["count"], 108);
    let median = |figures: &Value| figures["p50_us"].as_f64().unwrap();
    assert!(median(route) > median(&latency["rules"]["linear"]), "a request holds its spread");
    let never = json!({"count": 0, "p50_us": null, "p90_us": null, "p95_us": null, "p99_us": null,
        "p999_us": null, "max_us": null});
    assert_eq!(latency["rules"]["synapse"], never);
    assert_eq!(latency["routes"]["GET /v1/tuner"], never);
    assert_eq!(latency["tiers"]["cold"], never);
    // The engine's own, which its canary is among, against what Prometheus is told.
    let hot = "emanate_tier_read_duration_seconds_count{tier=\"hot\"}";
    let count = || series(&service.get("/metrics").body, hot).unwrap();
    let before = count();
    let told = service.get("/v1/latency").json()["tiers"]["hot"]["count"].as_f64().unwrap();
    let after = count();
    assert!(before > 0.0 && (before..=after).contains(&told), "{before} {told} {after}");
}

#[test]
fn a_service_that_did_nothing_says_so() {
    let service = Service::start("idle-figures", PETS, &["--set", "health.enabled=false"]);
    let overview = service.get("/v1/overview?window=1h").json();
    assert_eq!((&overview["window_s"], &overview["state"]), (&json!(3600.0), &json!("ready")));
    assert!(
        overview["covered_s"].as_f64().unwrap() <= overview["uptime_s"].as_f64().unwrap() + 1.0
    );
    assert_eq!(
        overview["graphs"],
        json!([
            {"name": "default", "nodes": 8, "edges": 8, "generation": 1},
        ])
    );
    assert_eq!((&overview["breakers"], &overview["checks"]), (&json!([]), &json!([])));
    assert_eq!((&overview["ready"], &overview["spreads"]["failed"]), (&json!(null), &json!(0)));
    assert!(overview["process"]["resident_bytes"].as_f64().unwrap() > 1e6);
    assert!(overview["host"]["memory_bytes"].as_f64().unwrap() > 1e8);
    let latency = service.get("/v1/latency").json();
    assert_eq!(latency["rules"]["linear"]["count"], 0);
    for path in ["/v1/overview", "/v1/latency"] {
        for bad in ["window=2h", "window=", "window=5m&window=1h", "since=5m", "window=%00"] {
            service.get(&format!("{path}?{bad}")).problem(400);
        }
    }
}

#[test]
fn the_overview_counts_what_was_done_in_its_window() {
    let service = Service::start("overview", PETS, &["--set", "points.every=100ms"]);
    spread(&service, "linear", 5);
    service.post("/v1/spread", "{\"seeds\":[\"dog\"],\"max_edges\":0}").json();
    service.post("/v1/spread", "{\"seeds\":[\"nobody\"]}").problem(404);
    service.post("/v1/graph/changes", "{\"changes\":[{\"change\":\"add_node\",\"node\":\"n\"}]}");
    service.post("/v1/breakers/spread", "{\"act\":\"force_open\"}").json();
    service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").problem(503);
    let overview = service.get("/v1/overview").json();
    let spreads = &overview["spreads"];
    assert!(spreads["complete"].as_u64() >= Some(5), "{overview}");
    assert_eq!((&spreads["cut"], &spreads["shed"]), (&json!(1), &json!(1)), "{overview}");
    let sum = ["complete", "cut", "failed", "shed", "invalid"].map(|one| spreads[one].as_u64());
    assert_eq!(sum.into_iter().sum::<Option<u64>>(), spreads["count"].as_u64());
    assert_eq!(overview["changes"], json!({"applied": 1, "refused": 0}));
    assert!(overview["requests"]["refused"].as_u64() >= Some(1), "{overview}");
    assert_eq!(overview["requests"]["failed"], 1, "{overview}");
    assert_eq!(overview["breakers"][0], json!({"name": "spread", "is": "forced_open"}));
    assert_eq!(overview["graphs"][0]["generation"], 2);
    assert!(spreads["took"]["p50_us"].as_f64() > Some(0.0), "{overview}");
    let (rate, covered) = (&spreads["per_second"], &overview["covered_s"]);
    let made = rate.as_f64().unwrap() * covered.as_f64().unwrap();
    assert!((made - spreads["count"].as_f64().unwrap()).abs() < 0.01, "{overview}");
}

#[test]
fn points_are_kept_in_a_bounded_ring() {
    let flags = ["--set", "points.every=20ms", "--set", "points.keep_time=400ms"];
    let service = Service::start("points", PETS, &flags);
    let path = "/v1/metrics/emanate_http_requests_total?since=1h";
    let points = |metric: &Value| {
        let all = metric["series"].as_array().unwrap().clone();
        let own = |series: &&Value| series["labels"]["route"] == "/v1/metrics/{metric}";
        let own = all.iter().find(own).map(|series| series["points"].clone());
        own.map_or_else(Vec::new, |points| points.as_array().unwrap().clone())
    };
    let metric = service.until_json(path, |metric| points(metric).len() > 15);
    assert_eq!((&metric["kind"], &metric["one_of"]), (&json!("counter"), &json!(1)));
    let own = points(&metric);
    let pairs = own.windows(2);
    let numbers = |point: &Value| [point[0].as_f64().unwrap(), point[1].as_f64().unwrap()];
    for pair in pairs {
        let ([t, value], [later, next]) = (numbers(&pair[0]), numbers(&pair[1]));
        assert!(t <= later && value <= next, "{pair:?}");
    }
    // As old as they may be, and no more of them after ten times as long.
    let long_ago = |metric: &Value| {
        let own = points(metric);
        numbers(own.last().unwrap())[0] - numbers(&own[0])[0]
    };
    let begin = std::time::Instant::now();
    let metric = service.until_json(path, |_| begin.elapsed().as_secs() >= 2);
    assert!(long_ago(&metric) < 1.0, "{}", long_ago(&metric));
    // Thinned out, and from a time on.
    let few = service.get(&format!("{path}&limit=4")).json();
    assert!(points(&few).len() <= 4 && few["one_of"].as_u64() > Some(1), "{few}");
    let future = service.get("/v1/metrics/emanate_spreads_total?since=99999999999").json();
    assert!(
        future["series"]
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["points"].as_array().unwrap().len() == 1)
    );
    let buckets = service.get("/v1/metrics/emanate_spread_response_seconds_bucket").json();
    assert_eq!(buckets["name"], "emanate_spread_response_seconds");
    assert_eq!(buckets["series"].as_array().unwrap().len(), 16);
}

#[test]
fn unknown_and_hostile_names_are_no_metrics() {
    let service = Service::start("no-metric", PETS, &[]);
    let huge = "x".repeat(8000);
    for name in ["nobody", "<script>", "%00", "..%2f..%2fetc", "emanate_spreads", &huge] {
        let said = service
            .get(&format!("/v1/metrics/{}", name.replace('<', "%3C").replace('>', "%3E")))
            .problem(404);
        assert!(said.starts_with("there is no metric ") && said.len() < 400, "{said}");
    }
    for bad in ["since=yesterday", "since=-1", "limit=0", "limit=1001", "until=5", "since=1e400"] {
        service.get(&format!("/v1/metrics/emanate_spreads_total?{bad}")).problem(400);
    }
    service.get("/v1/checks/nobody").problem(404);
}

#[test]
fn clients_add_points_of_their_own_up_to_a_limit() {
    let flags = ["--set", "points.series_max=3", "--set", "points.every=50ms"];
    let service = Service::start("own-points", PETS, &flags);
    let hits = |user: &str| {
        let labels = json!({"user": user});
        let point = json!({"name": "app_hits_total", "kind": "counter", "help": "Hits.",
            "labels": labels, "value": 2});
        service.post("/v1/metrics", &json!({"points": [point]}).to_string())
    };
    let hostile = "\"}\n<img src=x> \u{202e}";
    for user in ["a", "b", hostile, "a"] {
        assert_eq!(hits(user).json()["accepted"], 1);
    }
    assert!(hits("d").problem(422).contains("the most it may"));
    let text = service.get("/metrics").body;
    assert!(text.contains("\napp_hits_total{user=\"a\"} 4\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("app_hits_total{")).count(), 3);
    assert!(text.contains("user=\"\\\"}\\n<img"), "{text}");
    let metric = service.get("/v1/metrics/app_hits_total").json();
    assert_eq!((&metric["kind"], &metric["help"]), (&json!("counter"), &json!("Hits.")));
    let series = metric["series"].as_array().unwrap();
    let of = |user: &str| series.iter().find(|series| series["labels"]["user"] == user).unwrap();
    assert_eq!(of("a")["points"].as_array().unwrap().last().unwrap()[1], 4.0);
    assert_eq!(of(hostile)["points"].as_array().unwrap().last().unwrap()[1], 2.0);
    // However many names are sent, there is an end to them.
    let mut refused = 0;
    for number in 0..200 {
        let name = format!("app_n{number}");
        let point = json!({"name": name, "kind": "gauge", "help": "N.", "value": number,
            "labels": {"a": "b"}});
        let answer = service.post("/v1/metrics", &json!({"points": [point]}).to_string());
        refused += usize::from(answer.status == 422);
    }
    assert!(refused > 50, "{refused}");
    let text = service.get("/metrics").body;
    assert!(text.lines().filter(|line| line.starts_with("app_")).count() <= 200);
    // A name of the service's own is refused, as is another kind for a known one.
    let point = |name: &str, kind: &str| {
        let point = json!({"name": name, "kind": kind, "help": "Hits.", "value": 1});
        service.post("/v1/metrics", &json!({"points": [point]}).to_string()).status
    };
    assert_eq!([point("emanate_hops", "gauge"), point("process_x", "gauge")], [422, 422]);
    assert_eq!(point("app_n1", "gauge"), 409);
    service.ask("POST", "/v1/metrics", &[], "{}").problem(415);
    let headers = [JSON, "Emanate-Timeout: soon"];
    service.ask("POST", "/v1/metrics", &headers, "{\"points\":[]}").problem(400);
}

#[test]
fn the_figures_of_prometheus_stay_right_with_points_of_clients() {
    let service = Service::start("own-promtool", PETS, &[]);
    let points = json!({"points": [
        {"name": "app_wait_seconds", "kind": "histogram", "help": "Waits.", "bounds": [0.1, 1],
            "labels": {"shard": "a\\b\"c\nd"}, "value": 0.5},
        {"name": "app_hits_total", "kind": "counter", "help": "Hits\\ of\na line.", "value": 7},
    ]});
    assert_eq!(service.post("/v1/metrics", &points.to_string()).json()["accepted"], 2);
    promtool_accepts(&service.get("/metrics").body);
}

#[test]
fn what_a_check_found_is_kept() {
    let flags = ["--set", "health.every=20ms", "--set", "health.memory_max=1"];
    let service = Service::start("results", PETS, &flags);
    let path = "/v1/checks/canary?limit=100";
    let runs = |results: &Value| {
        let all = results["results"].as_array().unwrap().iter();
        all.map(|one| one["runs"].as_u64().unwrap()).sum::<u64>()
    };
    let results = service.until_json(path, |results| runs(results) >= 5);
    let first = results["results"].as_array().unwrap().last().unwrap();
    assert_eq!((&first["status"], &first["reason"]), (&json!("pass"), &json!(null)));
    assert!(first["from_s"].as_f64() <= first["to_s"].as_f64());
    let failed = service.get("/v1/checks/memory?limit=1").json();
    assert_eq!(failed["results"][0]["status"], "fail", "{failed}");
    assert!(failed["results"][0]["reason"].as_str().unwrap().contains("bytes in memory"));
    service.get("/v1/checks/memory?limit=0").problem(400);
}

#[test]
fn figures_can_be_switched_off_and_on_again() {
    let service = Service::start("no-points", PETS, &["--set", "points.enabled=false"]);
    for path in ["/v1/overview", "/v1/latency", "/v1/metrics/emanate_spreads_total"] {
        assert!(service.get(path).problem(404).contains("points.enabled"));
    }
    service.post("/v1/metrics", "{\"points\":[]}").problem(404);
    let features = service.get("/v1/features").json();
    let all = features["features"].as_array().unwrap();
    let points = all.iter().find(|feature| feature["name"] == "points").unwrap();
    assert_eq!((&points["on"], &points["key"]), (&json!(false), &json!("points.enabled")));
    assert_eq!(service.get("/metrics").status, 200);
    let config = file("points.toml", "[points]\nevery = \"20ms\"\n");
    let flags = ["--config", config.to_str().unwrap(), "--set", "reload.watch=0s"];
    let service = Service::start("points-again", PETS, &flags);
    spread(&service, "linear", 3);
    let set = |text: &str| {
        std::fs::write(&config, text).unwrap();
        service.post("/v1/reload", "").json();
    };
    set("[points]\nenabled = false\nevery = \"20ms\"\n");
    service.get("/v1/latency").problem(404);
    spread(&service, "linear", 3);
    std::thread::sleep(std::time::Duration::from_millis(200));
    set("[points]\nevery = \"20ms\"\n");
    spread(&service, "linear", 2);
    let latency = service.get("/v1/latency").json();
    assert_eq!(latency["rules"]["linear"]["count"], 2, "what was before is forgotten");
}

#[test]
fn points_need_the_scope_to_write() {
    let read = "auth.read_tokens=read56789abcdefgh";
    let write = "auth.write_tokens=0123456789abcdefgh";
    let service = Service::start("points-scope", PETS, &["--set", read, "--set", write]);
    let body = "{\"points\":[{\"name\":\"a\",\"kind\":\"gauge\",\"help\":\"A.\",\"value\":1}]}";
    let post = |token: &str| service.ask_as(token, "POST", "/v1/metrics", body).status;
    assert_eq!([post("read56789abcdefgh"), post("0123456789abcdefgh")], [403, 200]);
    assert_eq!(service.get("/v1/overview").status, 401);
}
