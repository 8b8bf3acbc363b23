//! Traces as a collector receives them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use crate::support::{JSON, LONG, PETS, Service};

/// One field of a message in protocol buffers: its number and what it holds.
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

/// The fields of a message.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut number = 0;
        for place in 0..10 {
            let (first, rest) = bytes.split_first().expect("the message is whole");
            *bytes = rest;
            number |= u64::from(first & 0x7f) << (7 * place);
            if first & 0x80 == 0 {
                return number;
            }
        }
        panic!("a number of more than ten bytes");
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            kind @ (1 | 5) => {
                let (own, rest) = bytes.split_at(if kind == 1 { 8 } else { 4 });
                bytes = rest;
                let number = own.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                Field::Number(number)
            }
            2 => {
                let length = varint(&mut bytes) as usize;
                let (own, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(own.to_vec())
            }
            other => panic!("no such kind of field: {other}"),
        };
        found.push((key >> 3, field));
    }
    found
}

/// What the fields with this number hold, of those that are messages, texts or bytes.
fn all(message: &[u8], number: u64) -> Vec<Vec<u8>> {
    let own = fields(message).into_iter().filter(|(held, _)| *held == number);
    own.filter_map(|(_, field)| match field {
        Field::Bytes(bytes) => Some(bytes),
        Field::Number(_) => None,
    })
    .collect()
}

fn one(message: &[u8], number: u64) -> Vec<u8> {
    all(message, number).into_iter().next().unwrap_or_default()
}

fn number(message: &[u8], wanted: u64) -> u64 {
    let own = fields(message).into_iter().find(|(held, _)| *held == wanted);
    own.map_or(0, |(_, field)| match field {
        Field::Number(number) => number,
        Field::Bytes(bytes) => panic!("{bytes:?} is no number"),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

#[derive(Clone, Debug)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
    begin: u64,
    end: u64,
    status: u64,
    attributes: Vec<(String, String)>,
}

/// Names and values of attributes; numbers as text.
fn attributes(message: &[u8], place: u64) -> Vec<(String, String)> {
    let pair = |pair: Vec<u8>| {
        let value = one(&pair, 2);
        let told = match fields(&value).first() {
            Some((1, Field::Bytes(bytes))) => text(bytes.clone()),
            Some((3, Field::Number(number))) => number.to_string(),
            _ => panic!("an attribute of another kind"),
        };
        (text(one(&pair, 1)), told)
    };
    all(message, place).into_iter().map(pair).collect()
}

impl Span {
    fn get(&self, name: &str) -> Option<&str> {
        let held = self.attributes.iter().find(|(known, _)| known == name);
        held.map(|(_, value)| value.as_str())
    }
}

/// The spans of one request to a collector, with whose they are.
fn spans(body: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    for resource in all(body, 1) {
        let whose = attributes(&one(&resource, 1), 1);
        assert!(whose.contains(&("service.name".to_owned(), "emanate".to_owned())), "{whose:?}");
        for scope in all(&resource, 2) {
            found.extend(all(&scope, 2).iter().map(|span| Span {
                trace: hex(&one(span, 1)),
                id: hex(&one(span, 2)),
                parent: hex(&one(span, 4)),
                name: text(one(span, 5)),
                begin: number(span, 7),
                end: number(span, 8),
                status: number(&one(span, 15), 3),
                attributes: attributes(span, 9),
            }));
        }
    }
    found
}

/// A collector: what it was sent, request by request.
struct Collector {
    endpoint: String,
    sent: Receiver<Vec<Span>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let endpoint = format!("http://{address}/v1/traces");
        let (send, sent) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                // One connection may carry several requests.
                while let Some(body) = request(&mut reader) {
                    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n\
                                  Content-Length: 0\r\n\r\n";
                    reader.get_mut().write_all(answer.as_bytes()).expect("the service reads");
                    if send.send(spans(&body)).is_err() {
                        return;
                    }
                }
            }
        });
        Self { endpoint, sent }
    }

    /// All spans until `wanted` are there.
    fn take(&self, wanted: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        while spans.len() < wanted {
            let more = self.sent.recv_timeout(LONG);
            spans.extend(more.unwrap_or_else(|_| panic!("only {spans:?} came")));
        }
        spans
    }
}

/// The body of a request for the collector's path; `None` at the end.
fn request(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        head.push_str(&line.to_lowercase());
        line.clear();
    }
    if head.is_empty() {
        return None;
    }
    assert!(head.starts_with("post /v1/traces "), "{head}");
    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
    let (_, length) = head.split_once("content-length: ").expect("a length");
    let length = length.split_whitespace().next().and_then(|length| length.parse().ok());
    let mut body = vec![0; length.expect("a number")];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

/// A service that sends to `collector` of what is neither failed nor slow the share `ratio`.
fn service(name: &str, collector: &Collector, ratio: &str) -> Service {
    let endpoint = format!("telemetry.endpoint={}", collector.endpoint);
    let ratio = format!("telemetry.ratio={ratio}");
    let flags = ["--set", &endpoint, "--set", &ratio, "--set", "telemetry.slow=30s"];
    Service::start(name, PETS, &flags)
}

const QUERY: &str = "{\"seeds\":[\"dog\"],\"hops\":2}";

#[test]
fn a_trace_goes_on_from_its_caller_and_holds_the_spread() {
    let collector = Collector::start();
    let service = service("otel-trace", &collector, "0");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01");
    let headers = [parent.as_str(), JSON];
    let answer = service.ask("POST", "/v1/spread", &headers, QUERY);
    let stats = answer.json()["stats"].clone();
    let spans = collector.take(2);
    let (outer, inner) = (&spans[0], &spans[1]);
    assert_eq!(
        (outer.name.as_str(), outer.parent.as_str()),
        ("POST /v1/spread", "00f067aa0ba902b7")
    );
    assert_eq!((inner.name.as_str(), inner.parent.as_str()), ("spread", outer.id.as_str()));
    assert!(outer.trace == trace && inner.trace == trace && inner.id != outer.id);
    let context = answer.header("traceparent").unwrap();
    assert_eq!(context, format!("00-{trace}-{}-01", outer.id));
    assert!(outer.begin <= inner.begin && inner.begin < inner.end && inner.end <= outer.end);
    assert_eq!(outer.get("http.response.status_code"), Some("200"));
    assert_eq!(outer.get("http.route"), Some("/v1/spread"));
    assert_eq!((inner.get("emanate.rule"), outer.status), (Some("linear"), 0));
    for (name, key) in [("emanate.hops", "hops"), ("emanate.edges_traversed", "edges_traversed")] {
        assert_eq!(inner.get(name), Some(stats[key].to_string().as_str()), "{name}");
    }
    assert_eq!(inner.get("emanate.stop_reason"), Some("hop_limit"));
}

#[test]
fn what_failed_is_kept_whatever_the_share() {
    let collector = Collector::start();
    let service = service("otel-failed", &collector, "0");
    for _ in 0..20 {
        service.post("/v1/spread", QUERY).json();
    }
    service.post("/v1/spread", "{\"seeds\":[\"nobody\"]}").problem(404);
    service.post("/v1/breakers/spread", "{\"act\":\"force_open\"}").json();
    let answer = service.post("/v1/spread", QUERY);
    assert!(answer.header("traceparent").unwrap().ends_with("-01"), "it says that it is kept");
    answer.problem(503);
    let spans = collector.take(1);
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!((spans[0].get("http.response.status_code"), spans[0].status), (Some("503"), 2));
    assert_eq!(spans[0].parent, "");
}

#[test]
fn what_is_slow_is_kept_whatever_the_share() {
    let collector = Collector::start();
    let endpoint = format!("telemetry.endpoint={}", collector.endpoint);
    let flags = ["--set", &endpoint, "--set", "telemetry.ratio=0", "--set", "telemetry.slow=1us"];
    let service = Service::start("otel-slow", PETS, &flags);
    service.get("/v1/graphs").json();
    assert_eq!(collector.take(1)[0].name, "GET /v1/graphs");
}

#[test]
fn of_the_rest_a_share_is_kept_and_the_end_sends_what_waits() {
    let collector = Collector::start();
    let mut service = service("otel-share", &collector, "0.5");
    let mut sampled = Vec::new();
    for _ in 0..100 {
        let answer = service.get("/v1/graphs");
        let context = answer.header("traceparent").unwrap().to_owned();
        if context.ends_with("-01") {
            sampled.push(context[3..35].to_owned());
        }
    }
    assert!((20..=80).contains(&sampled.len()), "{}", sampled.len());
    service.signal("-TERM");
    assert_eq!(service.end(), 0);
    let mut sent: Vec<String> =
        collector.take(sampled.len()).into_iter().map(|span| span.trace).collect();
    sent.sort();
    sampled.sort();
    assert_eq!(sent, sampled);
}

#[test]
fn a_collector_that_is_gone_or_hangs_holds_up_nothing() {
    // It accepts and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("telemetry.endpoint=http://{}/", listener.local_addr().unwrap());
    let gone = "telemetry.endpoint=http://127.0.0.1:1/v1/traces".to_owned();
    // Of 2000 requests more wait than are held, so the one that hangs makes some be dropped.
    let hangs = ("otel-hangs", endpoint, "traces were dropped");
    for (name, endpoint, said) in [hangs, ("otel-gone", gone, "traces are not taken")] {
        let flags = ["--set", &endpoint, "--set", "telemetry.ratio=1"];
        let mut service = Service::start(name, PETS, &flags);
        let begin = std::time::Instant::now();
        for _ in 0..2000 {
            assert_eq!(service.post("/v1/spread", QUERY).status, 200);
        }
        assert!(begin.elapsed() < LONG);
        service.hears(said);
        service.signal("-TERM");
        assert_eq!(service.end(), 0);
    }
}

#[test]
fn an_endpoint_is_a_url() {
    for bad in ["ftp://x/", "localhost:4318", "http://", "https://x/"] {
        let flag = format!("telemetry.endpoint={bad}");
        let arguments = ["config", "check", "--set", &flag];
        let output = crate::support::command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{bad}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("telemetry.endpoint"), "{said}");
    }
}
