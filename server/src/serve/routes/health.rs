//! `GET /health` and `GET /health/{check}`.

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::{Response, Uri};

use super::ask;
use super::parameters::Parameters;
use crate::output::text::cut;
use crate::serve::health::{shown, shown_check};
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// All checks.
pub(crate) async fn all(State(service): State<App>, uri: Uri) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    Ok(ask::value(&shown(&service.served()?.health.reading())))
}

/// One check.
pub(crate) async fn one(
    State(service): State<App>,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let name = params.iter().find(|(key, _)| *key == "check").map_or("", |(_, value)| value);
    let reading = service.served()?.health.reading();
    let check = reading.check(name).ok_or_else(|| {
        Problem::not_found(format!("there is no check {:?}; see /health", cut(name)))
    })?;
    Ok(ask::value(&shown_check(check)))
}
