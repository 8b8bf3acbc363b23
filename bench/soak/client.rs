//! The second process: asks at a rate, whether or not answers come, and tells what came.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use emanate_bench::SplitMix64;
use serde_json::{Value, json};

use crate::http::{Answer, Connection};
use crate::tally::Tally;

/// Connections, each of which waits for its answer before it asks again.
const CONNECTIONS: u32 = 8;
/// Labels are asked for by the letters they begin with, so many of each.
const LABELS_OF_EACH: u32 = 500;
/// Answers that are no good are shown, up to so many of each client.
const SHOWN_MAX: u64 = 5;

/// Asks `address` until `seconds` are over: `rate` times a second, or as fast as answers come where
/// that is 0. Tells a tally a second on standard output.
pub(crate) fn run(address: SocketAddr, seconds: f64, rate: f64, seed: u64) -> io::Result<()> {
    let labels = labels(&mut Connection::to(address))?;
    let (tell, told) = channel();
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(seconds);
    thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let asker = Asker {
                connection: Connection::to(address),
                labels: &labels,
                random: SplitMix64::new(seed.wrapping_mul(1009).wrapping_add(number.into())),
                tell: tell.clone(),
            };
            let part = (rate > 0.0).then(|| Duration::from_secs_f64(1.0 / rate));
            // One after the other: as if one had the whole rate.
            let first = began + part.unwrap_or_default() * number;
            let step = part.map(|part| part * CONNECTIONS);
            scope.spawn(move || asker.run(first, step, until));
        }
        drop(tell);
        write_down(&told)
    })
}

/// What came of one request.
struct Came {
    answer: io::Result<Answer>,
    took: Duration,
}

/// Writes a line a second until nobody asks any more.
fn write_down(told: &Receiver<Came>) -> io::Result<()> {
    let (mut tally, mut shown) = (Tally::default(), 0);
    let mut next = Instant::now() + Duration::from_secs(1);
    let mut lines = io::stdout().lock();
    loop {
        match told.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(came) => {
                let is_good = note(&mut tally, &came);
                if !is_good && shown < SHOWN_MAX {
                    shown += 1;
                    eprintln!("no answer and no shed: {:?}", came.answer.map(shorten));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                writeln!(lines, "{tally}")?;
                return lines.flush();
            }
        }
        if Instant::now() >= next {
            writeln!(lines, "{}", std::mem::take(&mut tally))?;
            lines.flush()?;
            next += Duration::from_secs(1);
        }
    }
}

/// Counts one; whether it is an answer or a shed.
fn note(tally: &mut Tally, came: &Came) -> bool {
    tally.took(came.took);
    let count = match &came.answer {
        Ok(answer) if answer.status == 200 && is_whole(&answer.body) => &mut tally.ok,
        Ok(answer) if matches!(answer.status, 429 | 503) => &mut tally.shed,
        _ => {
            tally.other += 1;
            return false;
        }
    };
    *count += 1;
    true
}

/// Whether a body is an object, in which, where it answers a batch, nothing failed but by a shed.
fn is_whole(body: &[u8]) -> bool {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return false };
    let outcomes = object.get("outcomes").and_then(Value::as_array);
    outcomes.into_iter().flatten().all(|outcome| {
        let status = outcome.get("status").and_then(Value::as_u64);
        matches!(status, None | Some(429 | 503))
    })
}

fn shorten(answer: Answer) -> (u16, String) {
    let start = &answer.body[..answer.body.len().min(200)];
    (answer.status, String::from_utf8_lossy(start).into_owned())
}

/// Labels to begin from.
fn labels(connection: &mut Connection) -> io::Result<Vec<String>> {
    let mut labels = Vec::new();
    for letter in 'a'..='z' {
        let path = format!("/v1/nodes?prefix={letter}&limit={LABELS_OF_EACH}");
        let answer = connection.get(&path)?;
        let value: Value = serde_json::from_slice(&answer.body)?;
        let found = value["labels"].as_array().into_iter().flatten();
        labels.extend(found.filter_map(|label| label.as_str().map(str::to_owned)));
    }
    if labels.is_empty() {
        return Err(io::Error::other("the server has no labels that begin with a letter"));
    }
    Ok(labels)
}

/// One connection and what is asked over it.
struct Asker<'a> {
    connection: Connection,
    labels: &'a [String],
    random: SplitMix64,
    tell: Sender<Came>,
}

impl Asker<'_> {
    /// Asks from `first` on, each `step`, or without a pause.
    fn run(mut self, first: Instant, step: Option<Duration>, until: Instant) {
        let mut due = first;
        while Instant::now() < until && due < until {
            match step {
                Some(_) => thread::sleep(due.saturating_duration_since(Instant::now())),
                None => due = Instant::now(),
            }
            let answer = self.ask();
            // From when it was due: what waits because the one before is late is late itself.
            let came = Came { answer, took: due.elapsed() };
            if self.tell.send(came).is_err() {
                return;
            }
            due += step.unwrap_or_default();
        }
    }

    /// Something that users ask: mostly small spreads, now and then a large one, a batch, a list of
    /// labels or a node.
    fn ask(&mut self) -> io::Result<Answer> {
        match self.random.below(20) {
            0..14 => {
                let query = self.query(json!({"hops": 2, "top": 20}));
                self.connection.post("/v1/spread", &query.to_string())
            }
            14..16 => {
                let query = self.query(json!({"hops": 3, "top": 50, "explain": true}));
                self.connection.post("/v1/spread", &query.to_string())
            }
            16 => {
                let query = self.query(json!({"rule": "pagerank", "epsilon": 1e-4, "top": 20}));
                self.connection.post("/v1/spread", &query.to_string())
            }
            17 => {
                let queries = [(); 4].map(|()| self.query(json!({"hops": 2, "top": 10})));
                let body = json!({"queries": queries}).to_string();
                self.connection.post("/v1/spread/batch", &body)
            }
            18 => {
                let letter = char::from(b'a' + self.random.below(26) as u8);
                self.connection.get(&format!("/v1/nodes?prefix={letter}&limit=20"))
            }
            _ => self.connection.get("/v1/overview?window=5m"),
        }
    }

    fn query(&mut self, mut query: Value) -> Value {
        let count = 1 + self.random.below(3);
        let mut label = || {
            let at = self.random.below(self.labels.len() as u32);
            self.labels[at as usize].as_str()
        };
        query["seeds"] = (0..count).map(|_| label()).collect::<Value>();
        query
    }
}
