//! How the service is configured: one TOML file, the environment over it, flags over both.
//!
//! One table, [`keys::KEYS`], names every key with its meaning, its range and whether it takes
//! effect at once or at the next start; the file, the environment, `emanate config print` and the
//! documentation all go by it. The key `limits.body_size` is `body_size` in the section `[limits]`
//! of the file, `EMANATE_LIMITS_BODY_SIZE` in the environment and `--set limits.body_size=..` as a
//! flag. Graphs have names of their own: `graphs.NAME`. Each breaker has a section of its own,
//! such as `[breakers.spread]`.
//!
//! All mistakes are reported together, each with its key and where it was given. A configuration
//! with a mistake is not used at all.

mod alerting;
mod breakers;
mod check;
mod command;
mod error;
mod given;
mod keys;
mod model;
mod print;
mod sources;
#[cfg(test)]
mod tests;

pub(crate) use alerting::{Alerts, SmtpSecurity};
pub(crate) use breakers::Breakers;
pub(crate) use command::run;
pub(crate) use error::ConfigErrors;
pub(crate) use keys::{KEYS, When, restart_keys};
pub(crate) use model::{
    Config, DEFAULT_GRAPH, EngineOptions, Health, Level, PointsConfig, StderrFormat,
    TelemetryConfig,
};
pub(crate) use sources::Sources;
