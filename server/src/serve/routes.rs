//! The one table of routes: the router and the OpenAPI document are made from it.

mod alerting;
mod alerts;
mod answer;
mod ask;
mod batch;
mod breakers;
mod changes;
mod checks;
mod events;
mod figures;
mod graphs;
mod health;
mod nodes;
mod parameters;
mod probes;
mod received;
mod records;
mod spread;
mod steering;
mod table;
mod target;
mod tuner;

pub(crate) use breakers::{ACTS, tell_transitions};
pub(crate) use changes::maintain;
pub(crate) use figures::WINDOWS;
pub(crate) use table::{Media, Parameter, Route};
pub(crate) use tuner::TUNER_ACTS;

/// Every route.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    table::TABLE.iter().chain(&alerting::TABLE)
}
