//! What every request passes first and every answer last.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::http::header::{CACHE_CONTROL, HOST, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse;
use futures_util::FutureExt;

use super::access::{Refusal, Scope};
use super::feature::Feature;
use super::live::Live;
use super::metrics::NOWHERE;
use super::problem::Problem;
use super::service::App;
use super::telemetry::{Answered, Spans};
use super::trace::{TRACEPARENT, TraceContext};
use crate::output::text::cut;

/// How long after its bound a request is given up that does not end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What the front knows of a request, for whoever answers it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// When it began.
    pub(crate) start: Instant,
    /// The configuration it sees.
    pub(crate) live: Arc<Live>,
    /// Where it comes from.
    pub(crate) peer: SocketAddr,
    /// The trace it belongs to.
    pub(crate) trace: TraceContext,
    /// Its parts, where they are wanted.
    pub(crate) spans: Spans,
}

/// Lets a request in, and sees its answer off.
pub(crate) async fn front(
    State(service): State<App>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let live = service.live();
    let entry = Entry {
        start: Instant::now(),
        spans: Spans::begin(&live.config),
        live,
        peer: request.extensions().get().map_or(nowhere, |Peer(peer)| *peer),
        trace: TraceContext::of(request.headers(), &service.ids),
    };
    let method = request.method().clone();
    let route = request.extensions().get().map_or(NOWHERE, MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(entry.clone());

    let admitted = admit(&service, &entry, &route, request.headers());
    let mut response = match admitted {
        Ok(()) => bounded(entry.live.config.limits.request_time, next.run(request)).await,
        Err(problem) => problem.into_response(),
    };

    let (status, elapsed) = (response.status().as_u16(), entry.start.elapsed());
    let answered = Answered {
        trace: &entry.trace,
        spans: &entry.spans,
        method: method.as_str(),
        route: &route,
        status,
        begin: entry.start,
        elapsed,
    };
    let kept = service.telemetry.end(&answered, &entry.live.config, &service.ids);
    let trace = if kept { entry.trace.sampled() } else { entry.trace };
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static(TRACEPARENT), trace.header());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    service.figures.answered(&route, method.as_str(), status, elapsed);
    if entry.live.config.points.enabled {
        service.latencies.request(&route, method.as_str(), elapsed);
    }
    let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    let (trace, peer) = (entry.trace.trace_id(), entry.peer);
    match status {
        500.. => tracing::warn!(%method, route, status, elapsed_us, %peer, trace, "answered"),
        400.. => tracing::info!(%method, route, status, elapsed_us, %peer, trace, "answered"),
        _ => tracing::debug!(%method, route, status, elapsed_us, %peer, trace, "answered"),
    }
    response
}

/// Paths that are answered however often they are asked for.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/startupz"];

fn admit(service: &App, entry: &Entry, route: &str, headers: &HeaderMap) -> Result<(), Problem> {
    if entry.live.access.is_open() {
        check_host(headers)?;
    }
    let rate = &entry.live.config.rate;
    if rate.enabled && !PROBES.contains(&route) {
        let address = entry.peer.ip().to_canonical();
        let taken = service.rates.take(address, entry.start, rate.per_second, rate.burst);
        taken.map_err(|retry_in| Problem {
            status: StatusCode::TOO_MANY_REQUESTS,
            detail: "this address asks too often; ask less".to_owned(),
            retry_in: Some(retry_in),
            report: None,
        })?;
    }
    Ok(())
}

/// Where nobody has to say who they are, only this machine may ask. A page that a browser on it
/// shows is from elsewhere, and can lead a name of its own to this address; the name gives it away.
fn check_host(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(host) = headers.get(HOST) else { return Ok(()) };
    let host = host.to_str().unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let own = bare.eq_ignore_ascii_case("localhost")
        || bare.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback());
    if own {
        return Ok(());
    }
    let detail = format!(
        "the request is for the host {:?}, but without tokens only this machine is served; ask \
         for localhost, or configure tokens",
        cut(host)
    );
    Err(Problem::new(StatusCode::FORBIDDEN, detail))
}

/// The answer, or a problem where there is none in time or its making panics.
async fn bounded(limit: Duration, answer: impl Future<Output = Response<Body>>) -> Response<Body> {
    let answer = AssertUnwindSafe(answer).catch_unwind();
    match tokio::time::timeout(limit.saturating_add(GRACE), answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            Problem::internal("the answer could not be made; the log says more").into_response()
        }
        Err(_) => {
            let detail = format!("there was no answer within {limit:?}; ask for less");
            Problem::new(StatusCode::GATEWAY_TIMEOUT, detail).into_response()
        }
    }
}

/// What guards one route.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) service: App,
    pub(crate) scope: Scope,
    pub(crate) feature: Option<Feature>,
}

/// Checks that the caller may use a route and that the route is switched on. What is asked of an
/// administrator's route, other than to read, is recorded, and so is whoever was not let in.
pub(crate) async fn guard(
    State(guard): State<Guard>,
    request: Request<Body>,
    next: Next,
) -> Response<Body> {
    let entry = request.extensions().get::<Entry>().cloned();
    let entry = entry.expect("the front puts it into every request");
    let access = entry.live.access.check(request.headers(), guard.scope);
    let act = format!("{} {}", request.method(), request.uri().path());
    let reads = request.method().is_safe();
    let caller = access.as_ref().map_or_else(|_| "unknown".to_owned(), |own| own.name.clone());
    let refused = access.is_err();
    let response = match (access, guard.feature) {
        (Err(Refusal::Unknown), _) => Problem::new(
            StatusCode::UNAUTHORIZED,
            "no known token was given; send Authorization: Bearer TOKEN",
        )
        .into_response(),
        (Err(Refusal::Forbidden), _) => Problem::new(
            StatusCode::FORBIDDEN,
            format!("the token has not the scope {}; use one that has", guard.scope.name()),
        )
        .into_response(),
        (Ok(_), Some(feature)) if !feature.is_on(&entry.live.config) => Problem::not_found(
            format!("{} is switched off; see the key {}", feature.name(), feature.key()),
        )
        .into_response(),
        (Ok(_), _) => next.run(request).await,
    };
    if guard.scope == Scope::Admin && (refused || !reads) {
        let (peer, status) = (entry.peer.to_string(), response.status().as_u16());
        guard.service.audit.add(&caller, &peer, &cut(&act), status, &entry.trace.trace_id());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_served_without_tokens() {
        let allowed = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_str(host).unwrap());
            check_host(&headers).is_ok()
        };
        for own in ["localhost", "LocalHost:7700", "127.0.0.1:80", "127.9.9.9", "[::1]:7700"] {
            assert!(allowed(own), "{own}");
        }
        for other in [
            "",
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org:80",
            "10.0.0.1:7700",
            "[2001:db8::1]:7700",
            "localhost:x",
        ] {
            assert!(!allowed(other), "{other}");
        }
        assert!(check_host(&HeaderMap::new()).is_ok());
    }
}
