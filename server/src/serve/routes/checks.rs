//! `/v1/checks`: the checks of the service, and those made over HTTP.

use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::http::{Request, Response, Uri};

use super::alerts::{apart, json_of, named};
use super::ask;
use super::parameters::Parameters;
use crate::serve::checks;
use crate::serve::front::Entry;
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// All checks.
pub(crate) async fn list(State(service): State<App>, uri: Uri) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    Ok(ask::value(&checks::all(&service)?))
}

/// One check.
pub(crate) async fn one(
    State(service): State<App>,
    entry: Entry,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let limit = Parameters::of(&uri, &["limit"])?.limit(&entry.live.config)?;
    Ok(ask::value(&checks::one(&service, named(&params, "check"), limit)?))
}

/// Makes a check.
pub(crate) async fn make(
    State(service): State<App>,
    entry: Entry,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let value = json_of(request, &entry).await?;
    apart(service, |service| checks::make(service, value)).await
}

/// Puts a check in another's place.
pub(crate) async fn change(
    State(service): State<App>,
    entry: Entry,
    params: RawPathParams,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let name = named(&params, "check").to_owned();
    let value = json_of(request, &entry).await?;
    apart(service, move |service| checks::change(service, &name, value)).await
}

/// Deletes a check.
pub(crate) async fn remove(
    State(service): State<App>,
    params: RawPathParams,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Parameters::of(&uri, &[])?;
    let name = named(&params, "check").to_owned();
    apart(service, move |service| checks::delete(service, &name)).await
}
