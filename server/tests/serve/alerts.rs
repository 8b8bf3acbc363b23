//! Alerts: rules made over HTTP, what is told where, what outlives the process.

use std::fs;

use serde_json::{Value, json};

use crate::mail::{Wire, mail_server};
use crate::receivers::Heard;
use crate::support::{Answer, JSON, PETS, Service, command, file, fresh, path};

/// A rule that fires as soon as a breaker is forced open.
fn forced() -> Value {
    json!({
        "name": "Forced", "metric": "emanate_breaker_state", "labels": {"state": "forced_open"},
        "by": ["breaker"], "condition": {"kind": "threshold", "above": 0},
        "severity": "critical", "cooldown": "0s", "summary": "<b>somebody</b> & co",
    })
}

fn start(name: &str, settings: &[String]) -> Service {
    let mut flags = vec!["--set", "alerts.period=100ms", "--set", "alerts.attempts=1"];
    flags.extend(settings.iter().flat_map(|setting| ["--set", setting.as_str()]));
    Service::start(name, PETS, &flags)
}

fn webhook(heard: &Heard) -> Vec<String> {
    let url = format!("alerts.webhook_url={}", heard.url());
    vec![url, "alerts.webhook_allow_private=true".to_owned()]
}

fn send(service: &Service, method: &str, path: &str, body: &Value) -> Answer {
    service.ask(method, path, &[JSON], &body.to_string())
}

fn breaker(service: &Service, act: &str) {
    send(service, "POST", "/v1/breakers/spread", &json!({"act": act})).json();
}

/// Asks for a rule until `found` likes it.
#[track_caller]
fn until(service: &Service, rule: &str, found: impl Fn(&Value) -> bool) -> Value {
    service.until_json(&format!("/v1/alerts/{rule}"), found)
}

/// Waits for a line of the metrics.
#[track_caller]
fn measured(service: &Service, line: &str) {
    service.until("/metrics", |answer| answer.body.lines().any(|held| held == line));
}

fn notices(channel: &str, result: &str, count: u32) -> String {
    format!("emanate_alert_notices_total{{channel=\"{channel}\",result=\"{result}\"}} {count}")
}

#[test]
fn every_service_begins_with_three_rules() {
    let service = start("alerts-default", &[]);
    let all = service.get("/v1/alerts").json();
    let names: Vec<&Value> =
        all["alerts"].as_array().unwrap().iter().map(|rule| &rule["name"]).collect();
    assert_eq!(names, ["EmanateBreakerOpen", "EmanateSpreadsFail", "EmanateSpreadsSlow"]);
    assert_eq!((&all["kept"], &all["channels"][0]["configured"]), (&json!(false), &json!(false)));
    measured(&service, "emanate_alerts_firing{severity=\"critical\"} 0");
    // They look at what is really there, so each could be made by anybody.
    for rule in all["alerts"].as_array().unwrap() {
        let mut own = rule.clone();
        for key in ["state", "alerts", "groups", "left_out"] {
            own.as_object_mut().unwrap().remove(key);
        }
        own["name"] = json!(format!("own-{}", rule["name"].as_str().unwrap()));
        let made = send(&service, "POST", "/v1/alerts", &own);
        assert_eq!(made.status, 200, "{}", made.body);
    }
}

#[test]
fn a_webhook_hears_that_it_fires_and_that_it_ends() {
    let heard = Heard::webhook("200 OK");
    let service = start("alerts-webhook", &webhook(&heard));
    assert_eq!(send(&service, "POST", "/v1/alerts", &forced()).json()["state"], "clear");
    breaker(&service, "force_open");
    let body = heard.json();
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("[FIRING] critical Forced breaker=\"spread\": &lt;b&gt;"), "{text}");
    assert_eq!((&body["state"], &body["labels"]["breaker"]), (&json!("firing"), &json!("spread")));
    until(&service, "Forced", |rule| rule["alerts"][0]["state"] == "firing");
    measured(&service, "emanate_alerts_firing{severity=\"critical\"} 1");
    breaker(&service, "reset");
    let resolved = heard.json();
    assert_eq!(resolved["state"], "resolved");
    assert_eq!(resolved["fingerprint"], body["fingerprint"]);
    measured(&service, &notices("webhook", "sent", 2));
    let past = service.get("/v1/alerts/history?alert=Forced").json();
    let happened: Vec<&Value> =
        past["records"].as_array().unwrap().iter().map(|record| &record["happened"]).collect();
    assert_eq!(happened, ["resolved", "fired"]);
    let settings = service.get("/v1/settings").body;
    assert!(!settings.contains("key=secret"), "the URL is a secret");
}

#[test]
fn a_webhook_that_hangs_holds_up_nothing() {
    let heard = Heard::hanging();
    let log = fresh("alerts-hanging.jsonl");
    let mut settings = webhook(&heard);
    settings.push(format!("alerts.log_file={}", log.display()));
    settings.push("alerts.send_time=300s".to_owned());
    let mut service = start("alerts-hanging", &settings);
    send(&service, "POST", "/v1/alerts", &forced()).json();
    for round in 1..=3 {
        breaker(&service, "force_open");
        until(&service, "Forced", |rule| rule["state"] == "firing");
        breaker(&service, "reset");
        until(&service, "Forced", |rule| rule["state"] == "clear");
        measured(&service, &notices("log", "sent", round * 2));
    }
    heard.json();
    heard.nothing();
    assert_eq!(service.post("/v1/spread", "{\"seeds\":[\"dog\"]}").status, 200);
    let lines: Vec<Value> = fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let states: Vec<&Value> = lines.iter().map(|line| &line["state"]).collect();
    assert_eq!(states, ["firing", "resolved"].repeat(3));
    service.signal("-TERM");
    service.hears("some notices of alerts were not sent before the end");
    assert_eq!(service.end(), 0);
}

#[test]
fn a_webhook_that_leads_elsewhere_is_not_followed() {
    let elsewhere = Heard::webhook("200 OK");
    let heard = Heard::webhook(format!("302 Found\r\nLocation: {}", elsewhere.url()));
    let service = start("alerts-elsewhere", &webhook(&heard));
    send(&service, "POST", "/v1/alerts", &forced()).json();
    breaker(&service, "force_open");
    heard.json();
    let said = service.hears("a notice was not sent");
    assert!(said.contains("302 Found") && !said.contains("secret"), "{said}");
    measured(&service, &notices("webhook", "failed", 1));
    elsewhere.nothing();
}

#[test]
fn this_machine_is_no_webhook_unless_it_is_allowed() {
    let heard = Heard::webhook("200 OK");
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = format!("alerts.webhook_url=http://{host}:{}/", heard.address.port());
        let service = start("alerts-private", &[url]);
        send(&service, "POST", "/v1/alerts", &forced()).json();
        breaker(&service, "force_open");
        let said = service.hears("a notice was not sent");
        assert!(said.contains("alerts.webhook_allow_private"), "{said}");
        measured(&service, &notices("webhook", "failed", 1));
    }
    heard.nothing();
}

#[test]
fn a_webhook_that_is_down_for_a_moment_is_tried_again() {
    let heard = Heard::webhook("503 Service Unavailable");
    let mut settings = webhook(&heard);
    settings.push("alerts.attempts=2".to_owned());
    let service = start("alerts-again", &settings);
    send(&service, "POST", "/v1/alerts", &forced()).json();
    breaker(&service, "force_open");
    assert_eq!(heard.json(), heard.json());
    measured(&service, &notices("webhook", "failed", 1));
    heard.nothing();
}

#[test]
fn mail_is_handed_to_a_mail_server() {
    let heard = mail_server(Wire::Plain);
    let settings = [
        format!("alerts.smtp_server={}", heard.address),
        "alerts.smtp_security=none".to_owned(),
        "alerts.smtp_from=Emanate <emanate@example.org>".to_owned(),
        "alerts.smtp_to=one@example.org,two@example.org".to_owned(),
    ];
    let service = start("alerts-mail", &settings);
    let mut rule = forced();
    rule["summary"] = json!("first\r\nBcc: everybody@example.org");
    send(&service, "POST", "/v1/alerts", &rule).json();
    breaker(&service, "force_open");
    let mail = heard.text();
    for wanted in ["RCPT TO:<one@example.org>", "RCPT TO:<two@example.org>", "Subject: [FIRING]"] {
        assert!(mail.contains(wanted), "{wanted}: {mail}");
    }
    let head = mail.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc:")), "{mail}");
    measured(&service, &notices("smtp", "sent", 1));
}

#[test]
fn a_silence_and_an_acknowledgement_keep_quiet() {
    let heard = Heard::webhook("200 OK");
    let service = start("alerts-quiet", &webhook(&heard));
    send(&service, "POST", "/v1/alerts", &forced()).json();
    let silence = json!({"labels": {"breaker": ["spread"]}, "for": "60m", "comment": "work"});
    let silence = send(&service, "POST", "/v1/alerts/silences", &silence).json();
    breaker(&service, "force_open");
    let shown = until(&service, "Forced", |rule| rule["state"] == "firing");
    assert_eq!(shown["alerts"][0]["silenced"], true);
    heard.nothing();
    let silences = service.get("/v1/alerts/silences").json();
    assert_eq!(silences["silences"], json!([silence]));
    let path = format!("/v1/alerts/silences/{}", silence["id"].as_str().unwrap());
    assert_eq!(service.ask("DELETE", &path, &[], "").json(), silence);
    service.ask("DELETE", &path, &[], "").problem(404);
    assert_eq!(heard.json()["state"], "firing", "it still fires");

    let seen = json!({"note": "on it"});
    let path = "/v1/alerts/Forced/acknowledge";
    assert_eq!(send(&service, "POST", path, &seen).json(), json!({"acknowledged": 1}));
    let shown = service.get("/v1/alerts/Forced").json();
    assert_eq!(shown["alerts"][0]["acknowledged"]["note"], "on it");
    breaker(&service, "reset");
    assert_eq!(heard.json()["state"], "resolved");
    let late = send(&service, "POST", path, &seen).problem(409);
    assert!(late.contains("no such alert of \"Forced\" fires"), "{late}");
}

#[test]
fn a_killed_service_goes_on_where_it_was() {
    let state = fresh("alerts-state");
    let log = fresh("alerts-restart.jsonl");
    let settings = [
        format!("server.state_directory={}", state.display()),
        format!("alerts.log_file={}", log.display()),
    ];
    let service = start("alerts-restart", &settings);
    send(&service, "POST", "/v1/alerts", &forced()).json();
    // A figure that no restart changes keeps it firing.
    let always = json!({
        "name": "Always", "metric": "emanate_host_cpus", "severity": "info",
        "condition": {"kind": "threshold", "above": 0},
    });
    send(&service, "POST", "/v1/alerts", &always).json();
    service.ask("DELETE", "/v1/alerts/EmanateSpreadsSlow", &[], "").json();
    send(&service, "POST", "/v1/alerts/silences", &json!({"alerts": ["x"], "for": "60m"})).json();
    until(&service, "Always", |rule| rule["state"] == "firing");
    let seen = json!({"note": "known"});
    send(&service, "POST", "/v1/alerts/Always/acknowledge", &seen).json();
    measured(&service, &notices("log", "sent", 1));
    let before = service.get("/v1/alerts/Always").json()["alerts"].clone();
    drop(service);

    let service = start("alerts-restart", &settings);
    let all = service.get("/v1/alerts").json();
    assert_eq!(all["kept"], true);
    let names: Vec<&Value> =
        all["alerts"].as_array().unwrap().iter().map(|rule| &rule["name"]).collect();
    assert_eq!(names, ["Always", "EmanateBreakerOpen", "EmanateSpreadsFail", "Forced"]);
    assert_eq!(service.get("/v1/alerts/Always").json()["alerts"], before);
    assert_eq!(service.get("/v1/alerts/silences").json()["silences"][0]["alerts"], json!(["x"]));
    // It is looked at again, and not told again.
    breaker(&service, "force_open");
    until(&service, "Forced", |rule| rule["state"] == "firing");
    measured(&service, &notices("log", "sent", 1));
    let written = fs::read_to_string(&log).unwrap();
    assert_eq!(written.matches("\"alert\":\"Always\"").count(), 1, "{written}");
}

#[test]
fn a_damaged_file_is_put_aside() {
    let state = fresh("alerts-damaged");
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("alerts.json"), "{\"format\":1,\"rules\":[{\"rule\":7}]}").unwrap();
    fs::write(state.join("checks.json"), "\u{0}").unwrap();
    let settings = [format!("server.state_directory={}", state.display())];
    let service = start("alerts-damaged", &settings);
    assert_eq!(service.get("/v1/alerts").json()["alerts"].as_array().unwrap().len(), 3);
    for name in ["alerts.json.damaged-1", "checks.json.damaged-1"] {
        assert!(state.join(name).exists(), "{name}");
    }
    assert_eq!(send(&service, "POST", "/v1/alerts", &forced()).status, 200);
    assert!(state.join("alerts.json").exists());
}

#[test]
fn hostile_rules_are_refused_and_counted() {
    let service = start("alerts-hostile", &["alerts.rules=5".to_owned()]);
    let with = |key: &str, value: Value| {
        let mut rule = forced();
        rule[key] = value;
        send(&service, "POST", "/v1/alerts", &rule)
    };
    for name in ["", "<script>alert(1)</script>", "a\u{0}", "a\nb", "../x", "history"] {
        let said = with("name", json!(name)).problem(422);
        assert!(said.starts_with("\"name\" cannot be a rule's"), "{said}");
    }
    assert!(with("name", json!("x".repeat(1 << 19))).problem(422).len() < 300);
    let said = with("metric", json!("emanate_breaker_stat")).problem(422);
    assert!(said.contains("did you mean \"emanate_breaker_state\"?"), "{said}");
    let said = with("by", json!(["braker"])).problem(422);
    assert!(said.contains("did you mean \"breaker\"?"), "{said}");
    let said = with("measure", json!("quantile(0.5)")).problem(422);
    assert!(said.contains("of the gauge"), "{said}");
    let raw = |text: &str| {
        let body = format!(
            "{{\"name\":\"n\",\"metric\":\"emanate_host_cpus\",\
             \"condition\":{{\"kind\":\"threshold\",\"above\":{text}}}}}"
        );
        service.post("/v1/alerts", &body).status
    };
    assert_eq!((raw("NaN"), raw("1e999"), raw("\"5\""), raw("null")), (400, 400, 422, 422));
    assert_eq!(with("name", json!("One")).status, 200);
    assert!(with("name", json!("One")).problem(409).contains("already"));
    assert_eq!(with("name", json!("Two")).status, 200);
    assert!(with("name", json!("Three")).problem(422).contains("alerts.rules"));
    service.get("/v1/alerts/One%0a").problem(404);
    let path = "/v1/alerts/Nobody";
    let put = send(&service, "PUT", path, &forced());
    assert!(put.problem(404).contains("there is no rule \"Nobody\""));
    let mut other = forced();
    other["name"] = json!("Two");
    send(&service, "PUT", "/v1/alerts/One", &other).problem(422);
}

#[test]
fn what_is_off_is_not_there_until_a_reload_switches_it_on() {
    let config = file("alerts-off.toml", "[alerts]\nenabled = false\nperiod = \"100ms\"\n");
    let flags = ["--config", config.to_str().unwrap(), "--set", "reload.watch=0s"];
    let service = Service::start("alerts-off", PETS, &flags);
    assert!(service.get("/v1/alerts").problem(404).contains("alerts.enabled"));
    assert!(!service.get("/metrics").body.contains("emanate_alert"));
    fs::write(&config, "[alerts]\nperiod = \"100ms\"\n").unwrap();
    service.ask("POST", "/v1/reload", &[], "").json();
    measured(&service, "emanate_alerts_firing{severity=\"warning\"} 0");
    assert_eq!(service.get("/v1/alerts").status, 200);
}

#[test]
fn who_may_read_may_not_change() {
    let token = "read-token-0123456789";
    let service = start("alerts-scope", &[format!("auth.read_tokens={token}")]);
    assert_eq!(service.ask_as(token, "GET", "/v1/alerts", "").status, 200);
    for (method, path) in [
        ("POST", "/v1/alerts"),
        ("PUT", "/v1/alerts/EmanateSpreadsSlow"),
        ("DELETE", "/v1/alerts/EmanateSpreadsSlow"),
        ("POST", "/v1/alerts/EmanateSpreadsSlow/acknowledge"),
        ("POST", "/v1/alerts/silences"),
        ("DELETE", "/v1/alerts/silences/1"),
        ("POST", "/v1/checks"),
        ("DELETE", "/v1/checks/canary"),
    ] {
        assert_eq!(service.ask_as(token, method, path, "{}").status, 403, "{method} {path}");
        assert_eq!(service.ask(method, path, &[], "{}").status, 401, "{method} {path}");
    }
}

#[test]
fn a_channel_can_be_tried_without_a_service() {
    let heard = Heard::webhook("200 OK");
    let log = fresh("alerts-tried.jsonl");
    let run = |channel: &str, settings: &[String]| {
        let mut arguments = vec!["alerts", "test", "--channel", channel];
        arguments.extend(["--set", "alerts.attempts=1"]);
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting.as_str()]));
        let output = command(arguments).output().expect("the command runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    assert_eq!(run("webhook", &webhook(&heard)).0, Some(0));
    assert_eq!(heard.json()["state"], "test");
    assert_eq!(run("log", &[format!("alerts.log_file={}", log.display())]).0, Some(0));
    assert!(fs::read_to_string(&log).unwrap().contains("\"state\":\"test\""));
    let (status, said) = run("webhook", &webhook(&heard)[..1]);
    assert!(status == Some(1) && said.contains("alerts.webhook_allow_private"), "{said}");
    let (status, said) = run("smtp", &[]);
    assert!(status == Some(2) && said.contains("see the key alerts.smtp_server"), "{said}");
    let (status, said) = run("pager", &[]);
    assert!(status == Some(2) && said.contains("give one of log, webhook and smtp"), "{said}");
    let (status, said) = run("smtp", &["alerts.smtp_server=nowhere".to_owned()]);
    assert!(status == Some(2) && said.contains("alerts.smtp_server is no host and port"), "{said}");
    assert_eq!(said.lines().count(), 3, "all mistakes at once: {said}");
}

#[test]
fn a_webhook_over_tls_is_known_by_its_certificate() {
    // A service makes a receiver that speaks TLS.
    crate::tls::pair("alerts-tls");
    let flags = crate::tls::flags("alerts-tls");
    let receiver = Service::start("alerts-tls", PETS, &["--set", &flags[0], "--set", &flags[1]]);
    let run = |trusted: bool| {
        let port = receiver.address.port();
        let url = format!("alerts.webhook_url=https://localhost:{port}/v1/reload");
        let mut command = command(["alerts", "test", "--channel", "webhook", "--set", &url]);
        command.args(["--set", "alerts.webhook_allow_private=true"]);
        command.args(["--set", "alerts.attempts=1"]);
        if trusted {
            command.env("SSL_CERT_FILE", path("alerts-tls.crt"));
        }
        let output = command.output().expect("the command runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = run(true);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = run(false);
    assert!(status == Some(1) && said.contains("TLS fails"), "{said}");
}
