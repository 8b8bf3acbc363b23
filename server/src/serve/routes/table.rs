//! Every route of the service.

use axum::routing::{MethodRouter, get, post};

use super::{
    batch, breakers, changes, events, figures, graphs, health, nodes, probes, records, spread,
    steering, tuner,
};
use crate::serve::access::Scope;
use crate::serve::feature::Feature;
use crate::serve::service::App;

/// What an answer is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// One JSON value.
    Json,
    /// Server-sent events.
    Events,
    /// Prometheus's text.
    Metrics,
}

/// A parameter in the query of a URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// Its schema's name.
    pub(crate) schema: &'static str,
    pub(crate) required: bool,
    pub(crate) help: &'static str,
}

/// One route.
pub(crate) struct Route {
    /// The method, in lower case.
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// The same for a graph with a name; empty where there is no such path.
    pub(crate) named: &'static str,
    /// What a caller needs.
    pub(crate) scope: Scope,
    /// The part of the service it belongs to, where that can be switched off.
    pub(crate) feature: Option<Feature>,
    /// What it does; a sentence.
    pub(crate) summary: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// The schema of the body; empty where it takes none.
    pub(crate) body: &'static str,
    pub(crate) media: Media,
    /// The schema of the answer.
    pub(crate) answer: &'static str,
    /// Statuses of problems, besides those that any route may have.
    pub(crate) problems: &'static [u16],
    /// What serves it.
    pub(crate) serve: fn() -> MethodRouter<App>,
}

impl Route {
    /// Its paths.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'static str> {
        [self.path, self.named].into_iter().filter(|path| !path.is_empty())
    }
}

/// What a route is where nothing else is said.
pub(super) const ROUTE: Route = Route {
    method: "get",
    path: "",
    named: "",
    scope: Scope::Read,
    feature: None,
    summary: "",
    parameters: &[],
    body: "",
    media: Media::Json,
    answer: "",
    problems: &[],
    serve: MethodRouter::new,
};

/// Statuses of a spread that is not run.
const SPREAD_PROBLEMS: &[u16] = &[400, 404, 408, 413, 415, 422, 507];

pub(super) const LIMIT: Parameter =
    Parameter { name: "limit", schema: "Limit", required: false, help: "Most entries." };

const WINDOW: Parameter =
    Parameter { name: "window", schema: "Window", required: false, help: "How far back." };

/// Every route but those of alerts and checks.
pub(super) static TABLE: [Route; 31] = [
    Route {
        path: "/livez",
        scope: Scope::Open,
        summary: "Whether the process answers, and no check of life fails: 503 else.",
        answer: "State",
        serve: || get(probes::live),
        ..ROUTE
    },
    Route {
        path: "/readyz",
        scope: Scope::Open,
        summary: "Whether requests are answered: 503 while graphs are read, while a check fails, \
                  and once it stops.",
        answer: "State",
        serve: || get(probes::ready),
        ..ROUTE
    },
    Route {
        path: "/startupz",
        scope: Scope::Open,
        summary: "Whether the graphs have been read.",
        answer: "State",
        serve: || get(probes::started),
        ..ROUTE
    },
    Route {
        path: "/health",
        feature: Some(Feature::Health),
        summary: "Every check: how it stands, since when, why, and how old that is.",
        answer: "Health",
        serve: || get(health::all),
        ..ROUTE
    },
    Route {
        path: "/health/{check}",
        feature: Some(Feature::Health),
        summary: "One check.",
        answer: "Check",
        problems: &[404],
        serve: || get(health::one),
        ..ROUTE
    },
    Route {
        path: "/openapi.json",
        scope: Scope::Open,
        summary: "This document.",
        answer: "Document",
        serve: || get(steering::openapi),
        ..ROUTE
    },
    Route {
        path: "/metrics",
        feature: Some(Feature::Metrics),
        summary: "Figures for Prometheus.",
        media: Media::Metrics,
        answer: "MetricsText",
        serve: || get(steering::metrics),
        ..ROUTE
    },
    Route {
        method: "post",
        path: "/v1/spread",
        named: "/v1/graphs/{name}/spread",
        summary: "Spread activation from seeds; the answer is what `emanate spread --format json` \
                  prints.",
        body: "Query",
        answer: "Outcome",
        problems: SPREAD_PROBLEMS,
        serve: || post(spread::spread),
        ..ROUTE
    },
    Route {
        method: "post",
        path: "/v1/spread/batch",
        named: "/v1/graphs/{name}/spread/batch",
        summary: "Spread many times on one generation; each query has an outcome or a problem of \
                  its own, in order.",
        body: "Batch",
        answer: "Outcomes",
        problems: SPREAD_PROBLEMS,
        serve: || post(batch::batch),
        ..ROUTE
    },
    Route {
        path: "/v1/nodes",
        named: "/v1/graphs/{name}/nodes",
        summary: "Labels that begin with a prefix, ascending.",
        parameters: &[
            Parameter {
                name: "prefix",
                schema: "Text",
                required: false,
                help: "What the labels begin with; by default nothing.",
            },
            LIMIT,
        ],
        answer: "Labels",
        problems: &[400, 404],
        serve: || get(nodes::search),
        ..ROUTE
    },
    Route {
        path: "/v1/nodes/{label}",
        named: "/v1/graphs/{name}/nodes/{label}",
        summary: "One node and its strongest edges.",
        parameters: &[LIMIT],
        answer: "Node",
        problems: &[400, 404],
        serve: || get(nodes::node),
        ..ROUTE
    },
    Route {
        path: "/v1/graph/info",
        named: "/v1/graphs/{name}/info",
        summary: "What `emanate info --format json` prints of the graph.",
        answer: "Info",
        problems: &[400, 404],
        serve: || get(graphs::info),
        ..ROUTE
    },
    Route {
        method: "post",
        path: "/v1/graph/changes",
        named: "/v1/graphs/{name}/changes",
        scope: Scope::Write,
        summary: "Apply a change set: all of it or, where asked, what can be; what reads sees the \
                  graph as it was before or as it is afterwards.",
        body: "ChangeSet",
        answer: "ChangeReport",
        problems: &[400, 404, 408, 409, 413, 415, 422, 507],
        serve: || post(changes::change),
        ..ROUTE
    },
    Route {
        path: "/v1/graphs",
        summary: "The graphs that are served.",
        answer: "Graphs",
        serve: || get(graphs::list),
        ..ROUTE
    },
    Route {
        path: "/v1/features",
        summary: "Every part that can be switched off, and whether it is on.",
        answer: "Features",
        serve: || get(steering::features),
        ..ROUTE
    },
    Route {
        path: "/v1/load",
        summary: "What is being done now: spreads, queue, scratch.",
        answer: "Load",
        serve: || get(steering::load),
        ..ROUTE
    },
    Route {
        path: "/v1/breakers",
        feature: Some(Feature::Breakers),
        summary: "Every breaker with its state and what it counts.",
        answer: "Breakers",
        serve: || get(breakers::list),
        ..ROUTE
    },
    Route {
        method: "post",
        path: "/v1/breakers/{breaker}",
        scope: Scope::Admin,
        feature: Some(Feature::Breakers),
        summary: "Force a breaker open, disable it, let it only measure, or reset it.",
        body: "BreakerAct",
        answer: "Breaker",
        problems: &[400, 404, 408, 413, 415, 422],
        serve: || post(breakers::steer),
        ..ROUTE
    },
    Route {
        path: "/v1/tuner",
        feature: Some(Feature::Tuner),
        summary: "What the tuner asks for, what is in force, and what it sees.",
        answer: "Tuner",
        serve: || get(tuner::read),
        ..ROUTE
    },
    Route {
        method: "post",
        path: "/v1/tuner",
        scope: Scope::Admin,
        feature: Some(Feature::Tuner),
        summary: "Pin a setting or let it go, override both, freeze the tuner or release it.",
        body: "TunerAct",
        answer: "Tuner",
        problems: &[400, 404, 408, 413, 415, 422],
        serve: || post(tuner::steer),
        ..ROUTE
    },
    Route {
        path: "/v1/tuner/audit",
        feature: Some(Feature::Tuner),
        summary: "The tuner's newest decisions with their evidence, the latest last.",
        parameters: &[LIMIT],
        answer: "TunerDecisions",
        problems: &[400, 404],
        serve: || get(tuner::audit),
        ..ROUTE
    },
    Route {
        path: "/v1/settings",
        scope: Scope::Admin,
        summary: "Every key of the configuration with its value; tokens are not shown.",
        answer: "Settings",
        serve: || get(steering::settings),
        ..ROUTE
    },
    Route {
        method: "post",
        path: "/v1/reload",
        scope: Scope::Admin,
        summary: "Read the configuration again; where anything is wrong with it, nothing changes.",
        answer: "Reload",
        problems: &[422],
        serve: || post(steering::reload),
        ..ROUTE
    },
    Route {
        path: "/v1/logs",
        scope: Scope::Admin,
        feature: Some(Feature::Logs),
        summary: "Recent log records, the latest last.",
        parameters: &[
            Parameter {
                name: "level",
                schema: "Level",
                required: false,
                help: "The least weighty records.",
            },
            Parameter {
                name: "module",
                schema: "Text",
                required: false,
                help: "What the module's name begins with.",
            },
            Parameter {
                name: "text",
                schema: "Text",
                required: false,
                help: "What the record's text holds.",
            },
            Parameter {
                name: "after",
                schema: "Count",
                required: false,
                help: "Only records after the one with this id.",
            },
            LIMIT,
        ],
        answer: "Logs",
        problems: &[400, 404],
        serve: || get(records::logs),
        ..ROUTE
    },
    Route {
        path: "/v1/audit",
        scope: Scope::Admin,
        feature: Some(Feature::Audit),
        summary: "What administrators did, and who was not let in; the latest last.",
        parameters: &[LIMIT],
        answer: "Acts",
        problems: &[400, 404],
        serve: || get(records::audit),
        ..ROUTE
    },
    Route {
        path: "/v1/events",
        feature: Some(Feature::Events),
        summary: "What happens: service, config, generation, breaker, health, alert. With the \
                  header Last-Event-ID, what was missed comes first, as far as it is kept.",
        media: Media::Events,
        answer: "EventStream",
        problems: &[400, 404],
        serve: || get(events::events),
        ..ROUTE
    },
    Route {
        path: "/v1/version",
        scope: Scope::Open,
        summary: "Which version answers, and for how long it has.",
        answer: "Version",
        serve: || get(probes::version),
        ..ROUTE
    },
    Route {
        path: "/v1/overview",
        feature: Some(Feature::Points),
        summary: "One page of figures: what was done in a window, and how everything stands.",
        parameters: &[WINDOW],
        answer: "Overview",
        problems: &[400],
        serve: || get(figures::overview),
        ..ROUTE
    },
    Route {
        path: "/v1/latency",
        feature: Some(Feature::Points),
        summary: "Quantiles of the durations in a window, by tier, rule and route.",
        parameters: &[WINDOW],
        answer: "Latency",
        problems: &[400],
        serve: || get(figures::latency),
        ..ROUTE
    },
    Route {
        path: "/v1/metrics/{metric}",
        feature: Some(Feature::Points),
        summary: "Recent points of every series of a metric, the newest last; numbers that are \
                  none are null.",
        parameters: &[
            Parameter {
                name: "since",
                schema: "Since",
                required: false,
                help: "From when on; by default an hour back.",
            },
            Parameter {
                name: "limit",
                schema: "PointsLimit",
                required: false,
                help: "Most points of a series; where there are more, they are thinned out.",
            },
        ],
        answer: "Points",
        problems: &[400, 404],
        serve: || get(figures::points),
        ..ROUTE
    },
    Route {
        method: "post",
        path: "/v1/metrics",
        scope: Scope::Write,
        feature: Some(Feature::Points),
        summary: "Take points of a client's own metrics, all of them or none; they are exported \
                  with the service's.",
        body: "NewPoints",
        answer: "PointsAccepted",
        problems: &[400, 404, 408, 409, 413, 415, 422],
        serve: || post(figures::accept),
        ..ROUTE
    },
];
