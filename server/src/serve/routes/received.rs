//! What a request brings: its body, and who sends it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::Request;
use axum::http::request::Parts;
use serde_json::Value;

use crate::serve::access::Scope;
use crate::serve::body;
use crate::serve::budget::Budget;
use crate::serve::front::Entry;
use crate::serve::problem::Problem;
use crate::serve::service::App;
use crate::serve::slots::Held;

/// A request whose body has arrived.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) service: App,
    pub(super) entry: Entry,
    pub(super) budget: Budget,
    /// The body.
    pub(super) text: String,
}

impl Received {
    /// Slots for `count` spreads.
    ///
    /// # Errors
    /// 503 where they are not free.
    pub(super) fn hold(&self, count: usize) -> Result<Held, Problem> {
        let held = self.service.slots.hold(count, self.entry.live.config.limits.spreads);
        held.ok_or_else(|| {
            let detail = "as many spreads as allowed are being run; try again";
            Problem::busy(detail, Duration::from_secs(1))
        })
    }
}

impl FromRequest<App> for Received {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, service: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let entry = Entry::from_request_parts(&mut parts, service).await?;
        let budget = Budget::of(&parts.headers, entry.start)?;
        let text = body::read(Request::from_parts(parts, body), &entry.live.config).await?;
        Ok(Self { service: App::clone(service), entry, budget, text })
    }
}

/// The body of a request as JSON. How long the client waits is looked at, too, though what is done
/// with such a body does not take long.
#[derive(Debug)]
pub(super) struct Sent(pub(super) Value);

impl FromRequest<App> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, service: &App) -> Result<Self, Problem> {
        let text = Received::from_request(request, service).await?.text;
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|error| Problem::malformed(format!("the body is not JSON ({error})")))
    }
}

/// The name of who asks; the guard has let the request in.
#[derive(Debug)]
pub(super) struct Caller(pub(super) String);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &App) -> Result<Self, Problem> {
        let entry = Entry::from_request_parts(parts, service).await?;
        let caller = entry.live.access.check(&parts.headers, Scope::Admin);
        Ok(Self(caller.map_or_else(|_| "unknown".to_owned(), |caller| caller.name)))
    }
}
