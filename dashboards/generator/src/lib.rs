//! Emanate's Grafana dashboards, made from its table of metrics.
//!
//! A panel names a metric of the [`Catalogue`] and says by which labels it is split. How it is
//! queried (a rate, a state, quantiles), its unit, and what its description says about the metric
//! follow from the table, so that a dashboard cannot disagree with what is exported.
#![forbid(unsafe_code)]

mod board;
mod boards;
mod catalogue;
mod panel;
mod query;
mod service;
mod unit;

pub use board::Board;
pub use boards::all;
pub use catalogue::{Catalogue, Label, Metric};
pub use emanate::observe::table::Kind;
pub use panel::{Panel, Target};
pub use unit::Unit;
