//! One query, from its text to its outcome's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use emanate::spread::{SpreadOutcome, SpreadRequest};
use emanate::{CancelToken, Snapshot};

use super::answer::aside;
use super::received::Received;
use super::target::Target;
use crate::args::ReportFormat;
use crate::output::{Colour, Report};
use crate::query::Query;
use crate::seeds::{Names, Suggestions};
use crate::serve::budget::Budget;
use crate::serve::live::Live;
use crate::serve::problem::Problem;
use crate::serve::service::App;
use crate::serve::slots::Held;
use crate::serve::telemetry::{Fact, Spans, Within};

/// How long a cancelled spread may take to notice.
const NOTICE: Duration = Duration::from_secs(2);

/// Nodes up to which an outcome is written by the thread that serves connections.
const ROWS_AT_ONCE: usize = 2048;

/// Who asks, of which graph.
#[derive(Debug)]
pub(super) struct Asker {
    service: App,
    pub(super) live: Arc<Live>,
    snapshot: Snapshot,
    budget: Budget,
    /// Where the spread is noted for the trace.
    spans: Spans,
    /// Kept until all is answered.
    _slots: Held,
}

impl Asker {
    /// Whoever sent `received`, who may run `count` spreads at once; they see one generation.
    ///
    /// # Errors
    /// 503 where as many as may are being run.
    pub(super) fn admit(
        received: Received,
        target: &Target,
        count: usize,
    ) -> Result<Self, Problem> {
        let slots = received.hold(count)?;
        let Received { service, entry, budget, .. } = received;
        let snapshot = target.graph.graph.snapshot();
        Ok(Self { service, live: entry.live, snapshot, budget, spans: entry.spans, _slots: slots })
    }

    /// The nodes that `query` may have reported.
    ///
    /// # Errors
    /// 422 where it asks for what only who runs the service may, or for more than allowed.
    pub(super) fn check(&self, query: &Query) -> Result<u64, Problem> {
        let limits = &self.live.config.limits;
        if query.names_file() {
            return Err(Problem::unprocessable(
                "\"retention_file\" names a file of the service, which no query may read; leave \
                 it out",
            ));
        }
        if let Some(threads) = query.threads().filter(|threads| *threads > limits.threads) {
            return Err(Problem::unprocessable(format!(
                "\"threads\" is {threads}, but a query may have {} here; ask for fewer",
                limits.threads
            )));
        }
        let nodes = self.snapshot.node_count() as u64;
        let top = if query.top() == 0 { nodes } else { query.top().min(nodes) };
        if top > limits.top {
            return Err(Problem::unprocessable(format!(
                "\"top\" asks for {top} nodes, but a request may have {} here; ask for fewer",
                limits.top
            )));
        }
        Ok(top)
    }

    /// Spreads as `query` says; the outcome is what the command line prints.
    ///
    /// # Errors
    /// [`Problem`].
    pub(super) async fn ask(&self, query: &Query) -> Result<Vec<u8>, Problem> {
        self.check(query)?;
        let request = self.request(query).await?;
        let begin = Instant::now();
        let outcome = self.spread(&request).await?;
        self.spans.add(|| part(&request, &outcome, begin));
        if self.live.config.points.enabled {
            self.service.latencies.spread(request.rule.name(), outcome.stats.elapsed);
        }
        self.write(request, outcome).await
    }

    /// The request. Only where a name is wrong are close ones searched for, which takes longer.
    async fn request(&self, query: &Query) -> Result<SpreadRequest, Problem> {
        let names = Names { graph: &self.snapshot, suggestions: Suggestions::Omitted };
        if let Ok(mut request) = query.request(names) {
            request.bounds.budget = self.budget.left(request.bounds.budget);
            return Ok(request);
        }
        let (query, snapshot) = (query.clone(), self.snapshot.clone());
        aside("the search for names", move || {
            let names = Names { graph: &snapshot, suggestions: Suggestions::Wanted };
            query.request(names).map_err(Problem::from)
        })
        .await?
    }

    /// The outcome. A client that names no bound gives the spread none to look at: what ends it
    /// then is cancelled, and reports what it has.
    async fn spread(&self, request: &SpreadRequest) -> Result<SpreadOutcome, Problem> {
        let mut request = request.clone();
        let token = CancelToken::new();
        request.bounds.cancel = Some(token.clone());
        let engine = &self.service.served()?.engine;
        let mut future = engine.submit(&self.snapshot, request);
        let end = self.budget.end(self.live.config.limits.request_time);
        if let Ok(answer) = tokio::time::timeout_at(end, &mut future).await {
            return Ok(answer?);
        }
        token.cancel();
        match tokio::time::timeout(NOTICE, future).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                let detail = "the spread was not begun in time; try again";
                Err(Problem::busy(detail, Duration::from_secs(1)))
            }
        }
    }

    /// The outcome's text.
    async fn write(
        &self,
        request: SpreadRequest,
        outcome: SpreadOutcome,
    ) -> Result<Vec<u8>, Problem> {
        if outcome.activations.len() <= ROWS_AT_ONCE {
            return print(&self.snapshot, &request, &outcome);
        }
        let snapshot = self.snapshot.clone();
        aside("writing the outcome", move || print(&snapshot, &request, &outcome)).await?
    }
}

/// The spread as a part of its request.
fn part(request: &SpreadRequest, outcome: &SpreadOutcome, begin: Instant) -> Within {
    let stats = &outcome.stats;
    let text = |text: &str| Fact::Text(text.to_owned());
    let facts = vec![
        ("emanate.rule", text(request.rule.name())),
        ("emanate.stop_reason", text(outcome.stop_reason.name())),
        ("emanate.hops", Fact::Count(u64::from(stats.hops))),
        ("emanate.nodes_reached", Fact::Count(stats.nodes_reached)),
        ("emanate.edges_traversed", Fact::Count(stats.edges_traversed)),
        ("emanate.generation", Fact::Count(stats.generation)),
    ];
    Within { name: "spread", begin, end: Instant::now(), facts }
}

fn print(
    snapshot: &Snapshot,
    request: &SpreadRequest,
    outcome: &SpreadOutcome,
) -> Result<Vec<u8>, Problem> {
    let report = Report::new(snapshot, request, outcome);
    let report = report.map_err(|block| Problem::internal(block.to_string()))?;
    let mut text = Vec::new();
    let printed = report.print(ReportFormat::Json, Colour::No, &mut text);
    printed.expect("memory can be written");
    Ok(text)
}
