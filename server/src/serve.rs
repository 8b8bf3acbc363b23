//! `emanate serve`: the engine as an HTTP service.
//!
//! ```text
//!  socket -> connection: TLS, HTTP/1.1, times a client may take
//!         -> front: trace context, rate, log, figures, panics caught
//!         -> routes::all: one entry a route, from which the router and the OpenAPI document
//!            are both made; its scope is checked before its function is called
//!         -> body -> query (as the command line reads it) -> Engine::submit -> output (as the
//!            command line prints it)
//! ```
//!
//! What a request sees of the configuration is one [`live::Live`], taken when it begins; a reload
//! puts another one in its place, whole. What a request waits for is a future: where its client
//! goes, the future is dropped and the spread is cancelled.

mod access;
mod alerts;
mod app;
mod audit;
mod body;
mod breakers;
mod budget;
mod changes;
mod checks;
mod connection;
mod error;
mod events;
mod feature;
mod front;
mod graphs;
mod health;
mod journal;
mod keeping;
mod listener;
mod live;
mod locked;
mod machine;
mod metrics;
mod openapi;
mod outbound;
mod overview;
mod paced;
mod page;
mod points;
mod problem;
mod rate;
mod reload;
mod results;
mod routes;
mod run;
mod service;
mod slots;
mod state_file;
mod telemetry;
mod tls;
mod trace;
mod tuning;

pub(crate) use alerts::{AlertsFailure, run as alerts};
pub(crate) use error::ServeError;
pub(crate) use outbound::Target;
pub(crate) use run::run;
