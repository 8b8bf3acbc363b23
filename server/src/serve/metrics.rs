//! Figures for Prometheus: what the service itself counts, and those of process and machine.

use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};

use super::access::Scope;
use super::machine::Machine;
use super::routes::{self, Route};

/// Upper bounds of the buckets of a request's duration, in seconds.
const SECONDS: [f64; 7] = [0.0005, 0.001, 0.0025, 0.01, 0.05, 0.25, 2.5];

/// The route of a request for a path that is none.
pub(crate) const NOWHERE: &str = "none";

/// The route under which durations of all routes are counted that do not ask a graph: there are
/// many, and none of them is worth a histogram of its own.
const OTHER: &str = "other";

/// The media type of Prometheus's text.
pub(crate) const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is counted, and where it is registered.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    reloads: IntCounterVec,
}

/// How a path is counted: as the route it belongs to, whether or not it names a graph, so that
/// there are as many series as routes.
pub(crate) fn route_of(path: &str) -> &'static str {
    let route = routes::all().find(|route| route.paths().any(|known| known == path));
    route.map_or(NOWHERE, |route| route.path)
}

/// Whether a route asks a graph: those are there for graphs with a name, too.
const fn asks_graph(route: &Route) -> bool {
    !route.named.is_empty()
}

/// The route under which the durations of `route` are counted.
const fn timed_as(route: &Route) -> &'static str {
    if asks_graph(route) { route.path } else { OTHER }
}

/// How a method is counted: a client may send any word for one.
fn method_of(method: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

impl Figures {
    /// Nothing counted yet; the series of routes that ask a graph are there, as 0.
    pub(crate) fn new() -> Self {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            IntCounterVec::new(Opts::new(name, help), labels).expect("the name is valid")
        };
        let requests = counter(
            "emanate_http_requests_total",
            "Requests answered, by route, method and status.",
            &["route", "method", "status"],
        );
        let reloads = counter(
            "emanate_config_reloads_total",
            "Reloads of the configuration: done, or refused so that nothing changed.",
            &["result"],
        );
        let options = HistogramOpts::new(
            "emanate_http_request_duration_seconds",
            "Time from the head of a request to the head of its answer, by route; those that ask \
             no graph together as `other`, probes left out.",
        );
        let durations = HistogramVec::new(options.buckets(SECONDS.to_vec()), &["route"]);
        let durations = durations.expect("the name is valid");
        for route in routes::all() {
            let method = route.method.to_uppercase();
            // Series are few, so the others come with their first request.
            let statuses: &[&str] = if asks_graph(route) { &["200", "503"] } else { &[] };
            for status in statuses {
                requests.with_label_values(&[route.path, &method, status]);
            }
            if route.scope != Scope::Open {
                durations.with_label_values(&[timed_as(route)]);
            }
        }
        for result in ["done", "refused"] {
            reloads.with_label_values(&[result]);
        }
        let registry = Registry::new();
        let own = "names of the service's figures differ";
        registry.register(Box::new(requests.clone())).expect(own);
        registry.register(Box::new(durations.clone())).expect(own);
        registry.register(Box::new(reloads.clone())).expect(own);
        registry.register(Box::new(Machine::new())).expect(own);
        Self { registry, requests, durations, reloads }
    }

    /// Counts an answered request for the path that the router matched.
    pub(crate) fn answered(&self, path: &str, method: &str, status: u16, elapsed: Duration) {
        let route = route_of(path);
        let labels = [route, method_of(method), &status.to_string()];
        self.requests.with_label_values(&labels).inc();
        let known = routes::all().find(|known| known.path == route);
        if let Some(known) = known.filter(|known| known.scope != Scope::Open) {
            self.durations.with_label_values(&[timed_as(known)]).observe(elapsed.as_secs_f64());
        }
    }

    /// Counts a reload.
    pub(crate) fn reloaded(&self, done: bool) {
        let result = if done { "done" } else { "refused" };
        self.reloads.with_label_values(&[result]).inc();
    }

    /// All figures as Prometheus's text. Asks the system about process and machine.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        if let Err(error) = encoded {
            tracing::error!(%error, "the figures cannot be written");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_counted_as_its_route() {
        assert_eq!(route_of("/v1/graphs/{name}/spread"), "/v1/spread");
        assert_eq!(route_of("/v1/spread"), "/v1/spread");
        assert_eq!(route_of("/anything/else"), NOWHERE);
    }

    #[test]
    fn series_are_there_from_the_start_and_few() {
        let figures = Figures::new();
        let text = String::from_utf8(figures.text()).unwrap();
        let line =
            "emanate_http_requests_total{method=\"POST\",route=\"/v1/spread\",status=\"200\"} 0";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("emanate_config_reloads_total{result=\"refused\"} 0"));
        let own = text.lines().filter(|line| line.starts_with("emanate_")).count();
        assert!(own < 150, "{own}");
        figures.answered("/v1/graphs/{name}/spread", "POST", 200, Duration::from_millis(3));
        figures.answered("none", "BREW", 404, Duration::ZERO);
        figures.answered("none", "STEEP", 404, Duration::ZERO);
        let text = String::from_utf8(figures.text()).unwrap();
        assert!(text.contains(&line.replace("} 0", "} 1")), "{text}");
        let wrong = "{method=\"other\",route=\"none\",status=\"404\"} 2";
        assert!(text.contains(wrong), "{text}");
        let bucket = "duration_seconds_bucket{route=\"/v1/spread\",le=\"0.01\"} 1";
        assert!(text.contains(bucket), "{text}");
    }
}
