//! Sends traces by OTLP over HTTP.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::{mpsc, oneshot};

use super::{Fact, Kept, Within};
use crate::serve::locked::Locked;
use crate::serve::service::App;

/// Most requests that are sent at once.
const BATCH_MAX: usize = 128;

/// How long requests are collected before they are sent.
const PAUSE: Duration = Duration::from_millis(500);

/// How long one attempt to send may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(5);

/// What the task is handed.
#[derive(Debug)]
enum Message {
    Kept(Box<Kept>),
    /// Everything before it is to be sent, and then told.
    Flush(oneshot::Sender<()>),
}

/// What waits to be sent.
#[derive(Debug)]
pub(super) struct Queue {
    sender: mpsc::Sender<Message>,
    /// For the task, which takes it.
    receiver: Locked<Option<mpsc::Receiver<Message>>>,
    dropped: AtomicU64,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        let (sender, receiver) = mpsc::channel(most);
        Self { sender, receiver: Locked::new(Some(receiver)), dropped: AtomicU64::new(0) }
    }

    /// Puts a trace at the end; drops it where the queue is full.
    pub(super) fn send(&self, kept: Kept) {
        if self.sender.try_send(Message::Kept(Box::new(kept))).is_err() {
            // Relaxed: a number for people.
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all that was put in before has been sent, or given up.
    pub(super) async fn flush(&self) {
        let (done, told) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            let _ = told.await;
        }
    }
}

/// What sends to `endpoint`.
fn exporter(endpoint: &str) -> Result<SpanExporter, ExporterBuildError> {
    let builder = SpanExporter::builder().with_http().with_endpoint(endpoint);
    let mut exporter = builder.with_timeout(ATTEMPT_MAX).build()?;
    let attributes = [
        KeyValue::new("service.name", "emanate"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ];
    exporter.set_resource(&Resource::builder_empty().with_attributes(attributes).build());
    Ok(exporter)
}

/// Sends traces as they come, as long as the service lives.
pub(crate) async fn run(service: App) {
    if !service.first.telemetry.is_on() {
        return;
    }
    let queue = &service.telemetry.queue;
    let Some(mut receiver) = queue.receiver.with(Option::take) else { return };
    let endpoint = service.first.telemetry.endpoint.clone();
    let exporter = match exporter(&endpoint) {
        Ok(exporter) => exporter,
        Err(error) => {
            tracing::error!(%error, endpoint, "traces cannot be sent; see telemetry.endpoint");
            return;
        }
    };
    let mut failed = false;
    loop {
        let (spans, told) = collect(&mut receiver).await;
        if !spans.is_empty() {
            let sent = exporter.export(spans).await;
            // Said once, not for each attempt.
            if let Err(error) = &sent
                && !failed
            {
                tracing::warn!(%error, endpoint, "traces are not taken; spans are dropped");
            }
            failed = sent.is_err();
        }
        let dropped = queue.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "traces were dropped, since they came faster than they go");
        }
        if let Some(told) = told {
            let _ = told.send(());
        }
    }
}

/// The spans of what comes within a pause, and who is to be told when they have been sent.
async fn collect(
    receiver: &mut mpsc::Receiver<Message>,
) -> (Vec<SpanData>, Option<oneshot::Sender<()>>) {
    let mut spans = Vec::new();
    let mut end = None;
    for _ in 0..BATCH_MAX {
        let next = receiver.recv();
        let message = match end {
            None => next.await,
            Some(end) => tokio::time::timeout_at(end, next).await.unwrap_or_default(),
        };
        match message {
            Some(Message::Kept(kept)) => spans_of(*kept, &mut spans),
            Some(Message::Flush(told)) => return (spans, Some(told)),
            None => break,
        }
        end.get_or_insert_with(|| tokio::time::Instant::now() + PAUSE);
    }
    (spans, None)
}

/// The span of the request, and those of its parts.
fn spans_of(kept: Kept, into: &mut Vec<SpanData>) {
    let Kept { trace, ids, spans, method, route, status, began, elapsed } = kept;
    let context = |span: u64| {
        let (trace, span) = (TraceId::from(trace.id()), SpanId::from(span));
        SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::default())
    };
    let attributes = vec![
        KeyValue::new("http.request.method", method.clone()),
        KeyValue::new("http.route", route.clone()),
        KeyValue::new("http.response.status_code", i64::from(status)),
    ];
    let outer = Shape {
        context: context(trace.span()),
        parent: trace.parent(),
        parent_is_remote: trace.parent() != 0,
        kind: SpanKind::Server,
        name: format!("{method} {route}"),
        time: (began.0, began.0 + elapsed),
        attributes,
        status: if status >= 500 { Status::error("") } else { Status::Unset },
    };
    into.push(outer.span());
    for (id, Within { name, begin, end, facts }) in ids.into_iter().zip(spans) {
        let at =
            |instant| began.0 + std::time::Instant::saturating_duration_since(&instant, began.1);
        let facts = facts.into_iter().map(|(name, fact)| match fact {
            Fact::Text(text) => KeyValue::new(name, text),
            Fact::Count(count) => KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX)),
        });
        let inner = Shape {
            context: context(id),
            parent: trace.span(),
            parent_is_remote: false,
            kind: SpanKind::Internal,
            name: name.to_owned(),
            time: (at(begin), at(end)),
            attributes: facts.collect(),
            status: Status::Unset,
        };
        into.push(inner.span());
    }
}

/// What differs from span to span.
struct Shape {
    context: SpanContext,
    /// 0 where it has none.
    parent: u64,
    parent_is_remote: bool,
    kind: SpanKind,
    name: String,
    time: (SystemTime, SystemTime),
    attributes: Vec<KeyValue>,
    status: Status,
}

impl Shape {
    fn span(self) -> SpanData {
        SpanData {
            span_context: self.context,
            parent_span_id: SpanId::from(self.parent),
            parent_span_is_remote: self.parent_is_remote,
            span_kind: self.kind,
            name: self.name.into(),
            start_time: self.time.0,
            end_time: self.time.1,
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: self.status,
            instrumentation_scope: InstrumentationScope::builder("emanate").build(),
        }
    }
}
