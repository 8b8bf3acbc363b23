//! The engine's metrics as those who scrape them see them.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use emanate::observe::custom::MetricSpec;
use emanate::observe::table::TABLE;
use emanate::observe::{CheckReading, Ending, ErrorClass, Metrics, SpreadRecord, Timed};
use emanate::{StopReason, Tier};

/// A text with something in every family.
fn text() -> String {
    let metrics = Metrics::new(1);
    let spec = MetricSpec {
        name: "app_requests_total",
        help: "Requests.",
        labels: &["route"],
        series_max: 2,
    };
    let counter = metrics.custom().counter(&spec).expect("the name is right");
    counter.with(&["/a \"quoted\"\\\n"]).expect("there is room").add(1);
    let mut recorder = metrics.recorder().expect("nobody else has one");
    recorder.hop(Duration::from_micros(70));
    recorder.record(&SpreadRecord {
        service: Duration::from_micros(90),
        response: Duration::from_micros(120),
        confidence: Some(0.5),
        ..SpreadRecord::new(Ending::Stopped(StopReason::HopLimit))
    });
    let mut reading = metrics.reading();
    reading.supplied.checks.push(CheckReading { check: "canary".into(), status: 0 });
    reading.supplied.features.push(("text".into(), true));
    reading.text()
}

/// Whatever a spread did and however long it took, writing it down takes no memory.
#[test]
fn recording_allocates_nothing() {
    let metrics = Metrics::new(1);
    let mut recorder = metrics.recorder().expect("nobody else has one");
    let allocated = allocation_counter::measure(|| {
        for (turn, reason) in (0..42).cycle().zip(StopReason::ALL.into_iter().cycle().take(9 * 42))
        {
            let duration = Duration::from_nanos(1 << turn);
            recorder.hop(duration);
            for tier in Tier::ALL {
                recorder.tier_read(tier, duration);
            }
            recorder.record(&SpreadRecord {
                service: duration,
                response: 2 * duration,
                hops: turn,
                confidence: Some(f64::from(turn) / 42.0),
                ..SpreadRecord::new(Ending::Stopped(reason))
            });
            metrics.refuse(ErrorClass::Shed);
        }
    });
    assert_eq!((allocated.count_total, allocated.bytes_total), (0, 0));
    assert_eq!(metrics.reading().tally_of(Timed::Response).count(), 9 * 42);
}

/// What `promtool check metrics` says of `text`: whether all is well, and its complaints. `None`
/// where there is no promtool.
fn promtool(text: &str) -> Option<(bool, String)> {
    let mut tool = Command::new("promtool");
    tool.args(["check", "metrics"]);
    let piped = tool.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = piped.ok()?;
    let mut input = child.stdin.take().expect("it is piped");
    // It reads everything before it says anything.
    input.write_all(text.as_bytes()).expect("it reads its input");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn promtool_accepts_every_metric() {
    let text = text();
    let Some((well, said)) = promtool(&text) else {
        println!("SKIPPED: promtool_accepts_every_metric: there is no promtool");
        return;
    };
    assert!(well && said.is_empty(), "{said}");
    for family in TABLE {
        assert!(text.contains(&format!("# TYPE {} {}\n", family.name, family.kind.name())));
    }
    // It does complain where a name or the format is wrong.
    for (from, to) in [
        ("emanate_spread_response_seconds", "emanate_spread_response_ms"),
        ("emanate_spreads_total", "emanate_spreads"),
        ("outcome=\"shed\"", "outcome=\"shed"),
    ] {
        let (well, _) = promtool(&text.replace(from, to)).expect("it was there a moment ago");
        assert!(!well, "{to} passed");
    }
}
