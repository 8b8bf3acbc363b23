//! Who may do what.

use crate::support::{JSON, PETS, Service, command, file};

const READ: &str = "read-token-0123456789";
const WRITE: &str = "write-token-012345678";
const ADMIN: &str = "admin-token-012345678";

fn guarded(name: &str) -> Service {
    let tokens = [
        format!("auth.read_tokens={READ}"),
        format!("auth.write_tokens={WRITE}"),
        format!("auth.admin_tokens={ADMIN}"),
    ];
    let flags: Vec<&str> = tokens.iter().flat_map(|token| ["--set", token.as_str()]).collect();
    Service::start(name, PETS, &flags)
}

fn status(service: &Service, method: &str, path: &str, token: Option<&str>) -> u16 {
    let body = "{\"seeds\":[\"dog\"]}";
    match token {
        Some(token) => service.ask_as(token, method, path, body).status,
        None => service.ask(method, path, &[JSON], body).status,
    }
}

#[test]
fn each_route_needs_its_scope() {
    let service = guarded("matrix");
    // What each token gets: none, read, write, admin.
    let cases = [
        ("GET", "/livez", [200, 200, 200, 200]),
        ("GET", "/readyz", [200, 200, 200, 200]),
        ("GET", "/startupz", [200, 200, 200, 200]),
        ("GET", "/openapi.json", [200, 200, 200, 200]),
        ("POST", "/v1/spread", [401, 200, 200, 200]),
        ("POST", "/v1/graphs/default/spread", [401, 200, 200, 200]),
        // What is no batch is let in and found wrong.
        ("POST", "/v1/spread/batch", [401, 422, 422, 422]),
        ("GET", "/v1/nodes", [401, 200, 200, 200]),
        ("GET", "/v1/nodes/dog", [401, 200, 200, 200]),
        ("GET", "/v1/graph/info", [401, 200, 200, 200]),
        ("GET", "/v1/graphs", [401, 200, 200, 200]),
        ("GET", "/v1/features", [401, 200, 200, 200]),
        ("GET", "/v1/settings", [401, 403, 403, 200]),
        ("GET", "/v1/logs", [401, 403, 403, 200]),
        ("GET", "/v1/audit", [401, 403, 403, 200]),
        ("POST", "/v1/reload", [401, 403, 403, 200]),
    ];
    for (method, path, expected) in cases {
        let tokens = [None, Some(READ), Some(WRITE), Some(ADMIN)];
        let got = tokens.map(|token| status(&service, method, path, token));
        assert_eq!(got, expected, "{method} {path}");
    }
}

#[test]
fn a_wrong_token_is_as_good_as_none() {
    let service = guarded("wrong-token");
    let longer = format!("{READ}x");
    for token in ["", "x", &READ[..READ.len() - 1], longer.as_str(), "read-token-0123456788"] {
        assert_eq!(status(&service, "GET", "/v1/graphs", Some(token)), 401, "{token}");
    }
    let answer = service.ask("GET", "/v1/graphs", &["Authorization: Basic YTpi"], "");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    assert!(answer.problem(401).contains("send Authorization: Bearer TOKEN"));
}

#[test]
fn tokens_are_rotated_by_a_reload() {
    let config = |token: &str| format!("[auth]\nread_tokens = [\"{token}\"]\n");
    let file = file("rotate.toml", config(READ));
    let name = file.to_str().unwrap();
    let service = Service::start("rotate", PETS, &["--config", name, "--set", "reload.watch=0s"]);
    assert_eq!(status(&service, "GET", "/v1/graphs", Some(READ)), 200);
    std::fs::write(&file, config(WRITE)).unwrap();
    service.signal("-HUP");
    service.hears("the configuration was read again");
    assert_eq!(status(&service, "GET", "/v1/graphs", Some(READ)), 401);
    assert_eq!(status(&service, "GET", "/v1/graphs", Some(WRITE)), 200);
}

#[test]
fn off_loopback_it_does_not_start_without_tokens() {
    let graph = file("open.tsv", PETS);
    let arguments = ["serve", "--listen", "0.0.0.0:0", "--graph", graph.to_str().unwrap()];
    let output = command(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("give tokens in [auth], or listen on 127.0.0.1"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn without_tokens_a_page_of_another_site_is_refused() {
    let service = Service::start("rebinding", PETS, &[]);
    let text = "GET /v1/graphs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let said = service.raw(text.as_bytes()).problem(403);
    assert!(said.contains("only this machine is served"), "{said}");
    // A form of another site cannot say that it sends JSON.
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let header = format!("Content-Type: {media}");
        let body = "{\"seeds\":[\"dog\"]}";
        service.ask("POST", "/v1/spread", &[&header], body).problem(415);
    }
}
