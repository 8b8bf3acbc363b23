//! `GET /health` and `GET /health/{check}`.

use axum::extract::State;

use super::answer::{self, Answer};
use super::parameters::Bare;
use super::target::Named;
use crate::output::text::cut;
use crate::serve::health::{shown, shown_check};
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// All checks.
pub(crate) async fn all(State(service): State<App>, _: Bare) -> Answer {
    Ok(answer::value(&shown(&service.served()?.health.reading())))
}

/// One check.
pub(crate) async fn one(State(service): State<App>, Named(name): Named, _: Bare) -> Answer {
    let reading = service.served()?.health.reading();
    let check = reading.check(&name).ok_or_else(|| {
        Problem::not_found(format!("there is no check {:?}; see /health", cut(&name)))
    })?;
    Ok(answer::value(&shown_check(check)))
}
