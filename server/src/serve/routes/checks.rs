//! `/v1/checks`: the checks of the service, and those made over HTTP.

use axum::extract::State;

use super::answer::{self, Answer, changing};
use super::parameters::{Bare, Limit};
use super::received::Sent;
use super::target::Named;
use crate::serve::checks;
use crate::serve::service::App;

/// All checks.
pub(crate) async fn list(State(service): State<App>, _: Bare) -> Answer {
    Ok(answer::value(&checks::all(&service)?))
}

/// One check.
pub(crate) async fn one(
    State(service): State<App>,
    Named(name): Named,
    Limit(limit): Limit,
) -> Answer {
    Ok(answer::value(&checks::one(&service, &name, limit)?))
}

/// Makes a check.
pub(crate) async fn make(State(service): State<App>, Sent(value): Sent) -> Answer {
    changing(service, |service| checks::make(service, value)).await
}

/// Puts a check in another's place.
pub(crate) async fn change(
    State(service): State<App>,
    Named(name): Named,
    Sent(value): Sent,
) -> Answer {
    changing(service, move |service| checks::change(service, &name, value)).await
}

/// Deletes a check.
pub(crate) async fn remove(State(service): State<App>, Named(name): Named, _: Bare) -> Answer {
    changing(service, move |service| checks::delete(service, &name)).await
}
