//! Spans of requests, for OpenTelemetry.
//!
//! Whether a trace is worth keeping is known at its end, so that is when it is decided: what failed
//! and what was slow is always kept, of the rest a share. Until then its spans are in the memory of
//! its request. What is kept goes through a bounded queue to one task, which sends it by OTLP over
//! HTTP; where the collector is slow or gone, spans are dropped and counted, and no request waits.
//!
//! The share is taken by the trace's id as OpenTelemetry's `TraceIdRatioBased` does, so services
//! that a request passes one after the other decide alike; and what a caller has marked as sampled
//! is kept.

#[cfg(feature = "otel")]
mod export;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

#[cfg(feature = "otel")]
pub(crate) use export::run;

use super::locked::Locked;
use super::service::App;
use super::trace::{Ids, TraceContext};
use crate::config::{Config, TelemetryConfig};

/// Most spans within a request that are kept; a batch may have many.
const WITHIN_MAX: usize = 32;

/// Most requests that wait to be sent.
#[cfg(feature = "otel")]
const QUEUE_MAX: usize = 1024;

/// How long the end of the service waits for what is still to be sent.
const SETTLE: Duration = Duration::from_secs(2);

/// What is said of a span.
#[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "only an exporter reads it"))]
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    Text(String),
    Count(u64),
}

/// A part of a request.
#[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "only an exporter reads it"))]
#[derive(Clone, Debug)]
pub(crate) struct Within {
    pub(crate) name: &'static str,
    pub(crate) begin: Instant,
    pub(crate) end: Instant,
    pub(crate) facts: Vec<(&'static str, Fact)>,
}

/// The parts of one request, as they end; nothing where no spans are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans(Option<Arc<Locked<Vec<Within>>>>);

impl Spans {
    /// None yet.
    pub(crate) fn begin(config: &Config) -> Self {
        Self(config.telemetry.is_on().then(Arc::default))
    }

    /// Adds the part that `made` makes, where it is wanted.
    pub(crate) fn add(&self, made: impl FnOnce() -> Within) {
        let Some(spans) = &self.0 else { return };
        let within = made();
        spans.with(|spans| {
            if spans.len() < WITHIN_MAX {
                spans.push(within);
            }
        });
    }
}

/// A request that has been answered.
#[derive(Debug)]
pub(crate) struct Answered<'a> {
    pub(crate) trace: &'a TraceContext,
    pub(crate) spans: &'a Spans,
    pub(crate) method: &'a str,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    pub(crate) begin: Instant,
    pub(crate) elapsed: Duration,
}

/// A trace that is kept.
#[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "only an exporter reads it"))]
#[derive(Debug)]
pub(crate) struct Kept {
    trace: TraceContext,
    /// An id for each part of the request.
    ids: Vec<u64>,
    spans: Vec<Within>,
    method: String,
    route: String,
    status: u16,
    /// When the request began: by both clocks, so that its parts can be placed.
    began: (SystemTime, Instant),
    elapsed: Duration,
}

/// Whether a trace is kept that ended so.
fn is_kept(answered: &Answered<'_>, config: &TelemetryConfig) -> bool {
    answered.status >= 500
        || answered.elapsed >= config.slow
        || answered.trace.is_sampled()
        || in_share(answered.trace.id(), config.ratio)
}

/// Whether a trace is in the share: by the last 63 bits of its id.
fn in_share(trace: u128, ratio: f64) -> bool {
    let bound = (ratio.clamp(0.0, 1.0) * (1u64 << 63) as f64) as u64;
    ((trace as u64) >> 1) < bound
}

/// Where traces go.
#[derive(Debug)]
pub(crate) struct Telemetry {
    #[cfg(feature = "otel")]
    queue: export::Queue,
}

impl Telemetry {
    /// Nothing to send yet.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(feature = "otel")]
            queue: export::Queue::new(QUEUE_MAX),
        }
    }

    /// Decides about a trace at its end; whether it is kept.
    pub(crate) fn end(&self, answered: &Answered<'_>, config: &Config, ids: &Ids) -> bool {
        if answered.spans.0.is_none() || !is_kept(answered, &config.telemetry) {
            return false;
        }
        let spans = answered.spans.0.as_ref().map(|spans| spans.with(std::mem::take));
        let spans = spans.unwrap_or_default();
        let now = SystemTime::now();
        self.send(Kept {
            trace: *answered.trace,
            ids: spans.iter().map(|_| ids.next()).collect(),
            spans,
            method: answered.method.to_owned(),
            route: answered.route.to_owned(),
            status: answered.status,
            began: (now.checked_sub(answered.elapsed).unwrap_or(now), answered.begin),
            elapsed: answered.elapsed,
        });
        true
    }

    #[cfg(feature = "otel")]
    fn send(&self, kept: Kept) {
        self.queue.send(kept);
    }

    #[cfg(not(feature = "otel"))]
    #[expect(clippy::unused_self, reason = "with the feature it sends")]
    fn send(&self, kept: Kept) {
        drop(kept);
    }
}

/// Sends what still waits, for a short while.
pub(crate) async fn settle(service: &App) {
    #[cfg(feature = "otel")]
    if service.first.telemetry.is_on() {
        let _ = tokio::time::timeout(SETTLE, service.telemetry.queue.flush()).await;
    }
    #[cfg(not(feature = "otel"))]
    let _ = (service, SETTLE);
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn answered<'a>(trace: &'a TraceContext, spans: &'a Spans) -> Answered<'a> {
        let (begin, elapsed) = (Instant::now(), Duration::from_millis(1));
        Answered { trace, spans, method: "GET", route: "/x", status: 200, begin, elapsed }
    }

    #[test]
    fn what_failed_or_was_slow_is_kept_and_of_the_rest_a_share() {
        let (ids, spans) = (Ids::default(), Spans::default());
        let none = TelemetryConfig { ratio: 0.0, ..TelemetryConfig::default() };
        let trace = TraceContext::of(&HeaderMap::new(), &ids);
        let plain = || answered(&trace, &spans);
        assert!(!is_kept(&plain(), &none));
        assert!(is_kept(&Answered { status: 503, ..plain() }, &none));
        assert!(!is_kept(&Answered { status: 404, ..plain() }, &none), "the client's mistake");
        assert!(is_kept(&Answered { elapsed: none.slow, ..plain() }, &none));
        let mut headers = HeaderMap::new();
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        headers.insert("traceparent", parent.parse().unwrap());
        let sampled = TraceContext::of(&headers, &ids);
        assert!(is_kept(&answered(&sampled, &spans), &none), "its caller wants it");
        for (ratio, least, most) in [(1.0, 2000, 2000), (0.0, 0, 0), (0.25, 400, 600)] {
            let share = TelemetryConfig { ratio, ..none.clone() };
            let traces = (0..2000).map(|_| TraceContext::of(&HeaderMap::new(), &ids));
            let kept = traces.filter(|trace| is_kept(&answered(trace, &spans), &share)).count();
            assert!((least..=most).contains(&kept), "{ratio}: {kept}");
        }
    }

    #[test]
    fn the_parts_of_a_request_are_bounded_and_nothing_where_none_are_wanted() {
        let mut config = Config::default();
        let now = Instant::now();
        let part = || Within { name: "part", begin: now, end: now, facts: Vec::new() };
        Spans::begin(&config).add(|| panic!("nobody wants it"));
        config.telemetry.endpoint = "http://localhost:4318/v1/traces".to_owned();
        let spans = Spans::begin(&config);
        (0..100).for_each(|_| spans.add(part));
        assert_eq!(spans.0.unwrap().with(|spans| spans.len()), WITHIN_MAX);
    }
}
