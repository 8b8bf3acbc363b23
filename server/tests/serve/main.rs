//! The service as its clients see it: the real binary, spoken to over sockets.
#![forbid(unsafe_code)]

mod access;
mod alerts;
mod answers;
mod bad_clients;
mod breakers;
mod changes;
mod checks;
mod documents;
mod ending;
mod figures;
mod health;
mod idle;
mod lists;
mod mail;
mod metrics;
#[path = "../shared/program.rs"]
mod program;
mod receivers;
mod records;
mod reloading;
mod schemathesis;
mod store;
mod support;
#[cfg(feature = "otel")]
mod telemetry;
mod tls;
mod tuner;
