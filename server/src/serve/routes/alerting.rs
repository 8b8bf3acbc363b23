//! The routes of alerts and of checks.

use axum::routing::{delete, get, post, put};

use super::table::Parameter;
use super::table::{LIMIT, ROUTE, Route};
use super::{alerts, checks};
use crate::serve::access::Scope;
use crate::serve::feature::Feature;

/// Problems of a route that takes a body.
const BODY_PROBLEMS: &[u16] = &[400, 404, 408, 409, 413, 415, 422];

/// A route of alerts.
const ALERTS: Route = Route { feature: Some(Feature::Alerts), problems: &[404], ..ROUTE };

/// A route that changes something of alerts.
const STEER_ALERTS: Route = Route { scope: Scope::Admin, problems: BODY_PROBLEMS, ..ALERTS };

/// A route of checks.
const CHECKS: Route = Route { feature: Some(Feature::Health), problems: &[404], ..ROUTE };

/// A route that changes checks.
const STEER_CHECKS: Route = Route { scope: Scope::Admin, problems: BODY_PROBLEMS, ..CHECKS };

/// Every route of alerts and checks.
pub(super) static TABLE: [Route; 15] = [
    Route {
        path: "/v1/alerts",
        summary: "Every rule with its alerts that are pending or firing.",
        answer: "Alerts",
        serve: || get(alerts::list),
        ..ALERTS
    },
    Route {
        method: "post",
        path: "/v1/alerts",
        summary: "Make a rule.",
        body: "Rule",
        answer: "Alert",
        serve: || post(alerts::make),
        ..STEER_ALERTS
    },
    Route {
        path: "/v1/alerts/history",
        summary: "What happened to alerts, the latest first.",
        parameters: &[
            Parameter {
                name: "alert",
                schema: "Text",
                required: false,
                help: "Only what happened to this rule's.",
            },
            LIMIT,
        ],
        answer: "AlertHistory",
        problems: &[400, 404],
        serve: || get(alerts::history),
        ..ALERTS
    },
    Route {
        path: "/v1/alerts/silences",
        summary: "What is not told, and until when.",
        answer: "Silences",
        serve: || get(alerts::silences),
        ..ALERTS
    },
    Route {
        method: "post",
        path: "/v1/alerts/silences",
        summary: "Silence alerts for a time.",
        body: "NewSilence",
        answer: "Silence",
        serve: || post(alerts::silence),
        ..STEER_ALERTS
    },
    Route {
        method: "delete",
        path: "/v1/alerts/silences/{silence}",
        summary: "End a silence.",
        answer: "Silence",
        serve: || delete(alerts::unsilence),
        ..STEER_ALERTS
    },
    Route {
        path: "/v1/alerts/{alert}",
        summary: "One rule with its alerts.",
        answer: "Alert",
        serve: || get(alerts::one),
        ..ALERTS
    },
    Route {
        method: "put",
        path: "/v1/alerts/{alert}",
        summary: "Put a rule in the place of this one, whose alerts end.",
        body: "Rule",
        answer: "Alert",
        serve: || put(alerts::change),
        ..STEER_ALERTS
    },
    Route {
        method: "delete",
        path: "/v1/alerts/{alert}",
        summary: "Delete a rule, whose alerts end.",
        answer: "Deleted",
        serve: || delete(alerts::remove),
        ..STEER_ALERTS
    },
    Route {
        method: "post",
        path: "/v1/alerts/{alert}/acknowledge",
        summary: "Say that somebody sees to what fires: its severity is not raised any more, and \
                  only its end is told.",
        body: "Acknowledgement",
        answer: "Acknowledged",
        serve: || post(alerts::acknowledge),
        ..STEER_ALERTS
    },
    Route {
        path: "/v1/checks",
        summary: "Every check, with what it looks at where it was made over HTTP.",
        answer: "Checks",
        serve: || get(checks::list),
        ..CHECKS
    },
    Route {
        method: "post",
        path: "/v1/checks",
        summary: "Make a check.",
        body: "CheckDefinition",
        answer: "CheckShown",
        serve: || post(checks::make),
        ..STEER_CHECKS
    },
    Route {
        path: "/v1/checks/{check}",
        summary: "One check, and what it found until now, the latest first; runs in a row that \
                  found the same are one entry.",
        parameters: &[LIMIT],
        answer: "CheckWithResults",
        problems: &[400, 404],
        serve: || get(checks::one),
        ..CHECKS
    },
    Route {
        method: "put",
        path: "/v1/checks/{check}",
        summary: "Put a check in the place of this one.",
        body: "CheckDefinition",
        answer: "CheckShown",
        serve: || put(checks::change),
        ..STEER_CHECKS
    },
    Route {
        method: "delete",
        path: "/v1/checks/{check}",
        summary: "Delete a check.",
        answer: "Deleted",
        serve: || delete(checks::remove),
        ..STEER_CHECKS
    },
];
