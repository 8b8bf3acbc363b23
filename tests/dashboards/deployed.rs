//! What brings the service up: compose, provisioning, the image's health check, the systemd unit.
//!
//! No container runs here. What is checked is what can be told from the files, and the programs
//! that are at hand.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;

use yaml_rust2::Yaml;

use crate::files::{pairs, read, root, yaml};

const COMPOSE: &str = "dashboards/compose/compose.yml";
const UNIT: &str = "dashboards/systemd/emanate.service";

/// Longest that the service takes to stop: `server.stop_within`, in seconds.
const STOP_WITHIN: u64 = 10;

fn services() -> Vec<(String, Yaml)> {
    let compose = yaml(COMPOSE);
    let services = compose["services"].as_hash().expect("services").iter();
    let name = |key: &Yaml| key.as_str().expect("a name").to_owned();
    services.map(|(key, value)| (name(key), value.clone())).collect()
}

fn texts(yaml: &Yaml) -> Vec<String> {
    let texts = yaml.as_vec().into_iter().flatten().filter_map(Yaml::as_str);
    texts.map(str::to_owned).collect()
}

/// What is mounted from the repository, and where.
fn mounts() -> Vec<(String, String)> {
    let mut mounts = Vec::new();
    for (_, service) in services() {
        for volume in texts(&service["volumes"]) {
            let Some((from, to)) = volume.split_once(':') else { continue };
            if let Some(from) = from.strip_prefix("../") {
                mounts.push((format!("dashboards/{from}"), to.replace(":ro", "")));
            } else if let Some(from) = from.strip_prefix("./") {
                mounts.push((format!("dashboards/compose/{from}"), to.replace(":ro", "")));
            }
        }
    }
    mounts
}

#[test]
fn what_compose_mounts_exists() {
    let mounts = mounts();
    for (from, _) in &mounts {
        assert!(root().join(from).exists(), "{from} is mounted and does not exist");
    }
    let mounted = |to: &str| mounts.iter().any(|(_, at)| at == to);
    let provider = yaml("dashboards/grafana/provisioning/dashboards/emanate.yml");
    let folder = provider["providers"][0]["options"]["path"].as_str().expect("a folder");
    assert!(mounted(folder), "Grafana looks for dashboards in {folder}");
    assert!(mounted("/etc/prometheus/rules") && mounted("/etc/emanate/emanate.toml"));
}

#[test]
fn names_in_configurations_are_services() {
    let names: BTreeSet<String> = services().into_iter().map(|(name, _)| name).collect();
    let prometheus = yaml("dashboards/prometheus/prometheus.yml");
    let source = yaml("dashboards/grafana/provisioning/datasources/prometheus.yml");
    let alerting = &prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0];
    let scraped = &prometheus["scrape_configs"][0]["static_configs"][0]["targets"][0];
    let url = source["datasources"][0]["url"].as_str().expect("a URL");
    let hosts = [alerting.as_str(), scraped.as_str(), url.strip_prefix("http://")];
    for host in hosts {
        let (name, port) = host.expect("a host").split_once(':').expect("a port");
        assert!(names.contains(name), "{name} is no service");
        let ports = services().into_iter().find(|(n, _)| n == name).expect("it is there").1;
        let open = texts(&ports["ports"]);
        assert!(open.iter().any(|open| open.ends_with(&format!(":{port}"))), "{name}:{port}");
    }
    // `$__rate_interval` is made of the interval of scrapes, as Grafana is told it.
    let told = source["datasources"][0]["jsonData"]["timeInterval"].as_str();
    assert_eq!(told, prometheus["global"]["scrape_interval"].as_str());
}

#[test]
fn secrets_and_variables_are_all_named() {
    let compose = yaml(COMPOSE);
    let secrets: BTreeSet<&str> =
        compose["secrets"].as_hash().expect("secrets").keys().filter_map(Yaml::as_str).collect();
    for (name, service) in services() {
        for secret in texts(&service["secrets"]) {
            assert!(secrets.contains(secret.as_str()), "{name} wants the secret {secret}");
        }
    }
    for file in ["prometheus/prometheus.yml", "alertmanager/alertmanager.yml"] {
        for part in read(&format!("dashboards/{file}")).split("/run/secrets/").skip(1) {
            let name = part.split_whitespace().next().expect("a name");
            assert!(secrets.contains(name), "{file} reads the secret {name}");
        }
    }
    let example = read("dashboards/compose/.env.example");
    let offered: BTreeSet<&str> =
        example.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let text = read(COMPOSE);
    let interpolated = text.split("${").skip(1).filter_map(|part| part.split([':', '}']).next());
    let of_secrets = text.split("environment: EMANATE_").skip(1);
    let of_secrets = of_secrets.filter_map(|part| part.lines().next());
    let of_secrets: Vec<String> = of_secrets.map(|name| format!("EMANATE_{name}")).collect();
    let wanted: BTreeSet<&str> =
        interpolated.chain(of_secrets.iter().map(String::as_str)).collect();
    assert_eq!(wanted, offered, "compose.yml and .env.example name different variables");
}

#[test]
fn services_are_pinned_guarded_and_local() {
    for (name, service) in services() {
        let image = service["image"].as_str().expect("an image");
        let pinned = image.split_once(':').is_some_and(|(_, tag)| tag != "latest");
        assert!(pinned || !service["build"].is_badvalue(), "{name}: {image} is not pinned");
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} opens {port} to everybody");
        }
        let checked = !service["healthcheck"]["test"].is_badvalue();
        assert!(checked || name == "emanate", "nobody sees whether {name} is well");
        assert!(service["<<"].is_badvalue() || !pairs(&service["<<"]).is_empty(), "{name}");
    }
    let docker = read("dashboards/compose/Dockerfile");
    assert!(docker.contains("HEALTHCHECK") && docker.contains("\nUSER emanate\n"));
    let promised = read("rust-toolchain.toml");
    let rust = docker.split("FROM rust:").nth(1).and_then(|rest| rest.split('-').next());
    let rust = rust.expect("an image of Rust");
    assert!(promised.contains(&format!("\"{rust}")), "the image builds with Rust {rust}");
}

/// What the image's health check says about a service that answers so; nothing where it hangs up.
fn health(answer: &'static str) -> bool {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the check comes");
        let (mut asked, mut part) = (Vec::new(), [0; 512]);
        while !asked.ends_with(b"\r\n\r\n") {
            let length = stream.read(&mut part).expect("it asks");
            assert_ne!(length, 0, "it hung up");
            asked.extend(&part[..length]);
        }
        assert!(asked.starts_with(b"GET /readyz HTTP/1.1\r\n"));
        stream.write_all(answer.as_bytes()).expect("it listens");
    });
    let status = Command::new(root().join("dashboards/compose/healthcheck"))
        .args(["127.0.0.1", &port.to_string()])
        .status()
        .expect("bash is there");
    serving.join().expect("the answer was given");
    status.success()
}

#[test]
fn the_health_check_tells_ready_from_not_ready() {
    assert!(health("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    assert!(!health("HTTP/1.1 503 Service Unavailable\r\n\r\n"));
    assert!(!health(""));
    let refused = Command::new(root().join("dashboards/compose/healthcheck"))
        .args(["127.0.0.1", "1"])
        .status()
        .expect("bash is there");
    assert!(!refused.success());
}

#[test]
fn services_are_given_time_to_stop() {
    let seconds = |text: &str, key: &str| -> u64 {
        let value = text.split(key).nth(1).unwrap_or_else(|| panic!("no {key}"));
        let value = value.trim_start().split('s').next().expect("split gives one part");
        value.parse().unwrap_or_else(|_| panic!("{key}{value} is not in seconds"))
    };
    assert!(seconds(&read(COMPOSE), "stop_grace_period:") > STOP_WITHIN);
    assert!(seconds(&read(UNIT), "TimeoutStopSec=") > STOP_WITHIN);
}

/// What systemd itself says about the unit, with a program in the place of ours.
#[test]
fn systemd_takes_the_unit() {
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(arguments).stdin(Stdio::null()).output()
    };
    if analyze(&["--version"]).is_err() {
        println!("SKIPPED: dashboards systemd_takes_the_unit: there is no systemd-analyze");
        return;
    }
    let folder = root().join(format!("target/unit-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder below target");
    let file = folder.join("emanate.service");
    // No manual page is installed for the program, nor is the program.
    let unit = read(UNIT).replace("/usr/bin/emanate", "/bin/true");
    let unit = unit.replace("Documentation=man:emanate-serve(1)\n", "");
    fs::write(&file, unit).expect("a file");
    let path = file.to_str().expect("the repository's path is a text");
    let verified = analyze(&["verify", path]).expect("it was there");
    let exposed = analyze(&["security", "--offline=true", "--threshold=20", path]);
    let exposed = exposed.expect("it was there");
    fs::remove_dir_all(&folder).expect("it was made here");
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_it: Vec<&str> =
        said.lines().filter(|line| line.contains("emanate.service")).collect();
    assert!(about_it.is_empty(), "{}", about_it.join("\n"));
    let said = String::from_utf8_lossy(&exposed.stdout);
    assert!(exposed.status.success(), "it is exposed by more than 2.0 of 10:\n{said}");
}
