//! `GET /health`, `GET /health/{check}` and `GET /health/{check}/results`.

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::{Response, Uri};

use super::ask;
use super::parameters::Parameters;
use crate::output::text::cut;
use crate::serve::front::Entry;
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
    let name = named(&params);
    let reading = service.served()?.health.reading();
    let check = reading.check(name).ok_or_else(|| unknown(name))?;
    Ok(ask::value(&shown_check(check)))
}

/// What one check found until now.
pub(crate) async fn results(
    State(service): State<App>,
    entry: Entry,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let limit = Parameters::of(&uri, &["limit"])?.limit(&entry.live.config)?;
    let name = named(&params);
    service.served()?.health.reading().check(name).ok_or_else(|| unknown(name))?;
    Ok(ask::value(&service.results.shown(name, limit)))
}

/// The check that the path names.
fn named(params: &RawPathParams) -> &str {
    params.iter().find(|(key, _)| *key == "check").map_or("", |(_, value)| value)
}

fn unknown(name: &str) -> Problem {
    Problem::not_found(format!("there is no check {:?}; see /health", cut(name)))
}
