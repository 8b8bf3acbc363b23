//! The collector in a registry of the host's.

use std::time::Duration;

use prometheus::{Encoder, IntCounter, Registry, TextEncoder};

use crate::observe::custom::MetricSpec;
use crate::observe::{Collector, Ending, Metrics, SpreadRecord};
use crate::terms::StopReason;

/// A registry prints what the reading itself prints, but for the order of series.
#[test]
fn a_registry_exports_what_a_reading_says() {
    let metrics = Metrics::new(1);
    let spec = MetricSpec { name: "own_total", help: "Own.", labels: &["a"], series_max: 2 };
    metrics.custom().counter(&spec).unwrap().with(&["q\"\\\n"]).unwrap().add(3);
    let registry = Registry::new();
    let read = {
        let metrics = metrics.clone();
        move || metrics.reading()
    };
    registry.register(Box::new(Collector::new(read))).unwrap();
    let other = IntCounter::new("theirs_total", "Theirs.").unwrap();
    registry.register(Box::new(other)).unwrap();

    let mut recorder = metrics.recorder().unwrap();
    for micros in [1, 200, 201, 3_000_000_000] {
        let duration = Duration::from_micros(micros);
        recorder.hop(duration);
        recorder.record(&SpreadRecord {
            service: duration,
            response: 2 * duration,
            confidence: Some(0.25),
            ..SpreadRecord::new(Ending::Stopped(StopReason::HopLimit))
        });
    }
    let mut encoded = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut encoded).unwrap();
    let encoded = String::from_utf8(encoded).unwrap();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.contains("theirs_total"));
        lines.sort();
        lines
    };
    assert!(encoded.contains("\ntheirs_total 0\n"));
    assert_eq!(sorted(&encoded), sorted(&metrics.reading().text()));

    let read = move || metrics.reading();
    assert!(registry.register(Box::new(Collector::new(read))).is_err(), "registered twice");
}
