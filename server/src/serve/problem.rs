//! Errors as a client sees them: problem details (RFC 9457), one sentence in `detail`.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use emanate::SpreadError;
use serde_json::{Value, json};

use crate::query::{QueryError, RequestError};
use crate::seeds::NameError;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The status.
    pub(crate) status: StatusCode,
    /// One sentence that says what is wrong and what to do.
    pub(crate) detail: String,
    /// When to try again, where that helps.
    pub(crate) retry_in: Option<Duration>,
    /// What was done until then, where anything was tried.
    pub(crate) report: Option<Value>,
}

impl Problem {
    /// A problem that trying again does not solve.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_in: None, report: None }
    }

    /// The request cannot be read.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The request can be read, but asks for what cannot be.
    pub(crate) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Too much at once; try again.
    pub(crate) fn busy(detail: impl Into<String>, retry_in: Duration) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, detail: detail.into(), retry_in: Some(retry_in), report: None }
    }

    /// A defect of the service.
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// A change that is in force, but only until the process ends.
    pub(crate) fn not_kept(error: &std::io::Error) -> Self {
        Self::internal(format!(
            "the change is in force, but cannot be kept ({error}); check the disk and \
             server.state_directory"
        ))
    }

    /// As an object of problem details.
    pub(crate) fn json(&self) -> Value {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut object = json!({
            "type": "about:blank",
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(retry_in) = self.retry_in {
            object["retry_after_s"] = json!(whole_seconds(retry_in));
        }
        if let Some(report) = &self.report {
            object["report"] = report.clone();
        }
        object
    }
}

/// `time` in seconds, rounded up, at least 1: `Retry-After` has no parts of a second.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(format!("{}\n", self.json())));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(retry_in) = self.retry_in {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(retry_in)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let detail = error.to_string();
        match error {
            QueryError::Syntax(_) | QueryError::NotAnObject => Self::malformed(detail),
            QueryError::Request(RequestError::Name(
                NameError::UnknownNode { .. } | NameError::NoKnownSeed { .. },
            )) => Self::not_found(detail),
            QueryError::Request(RequestError::Name(NameError::Damaged(_))) => {
                Self::internal(detail)
            }
            QueryError::Request(RequestError::Spread(error)) => refused(&error, detail),
            _ => Self::unprocessable(detail),
        }
    }
}

impl From<SpreadError> for Problem {
    fn from(error: SpreadError) -> Self {
        QueryError::from(RequestError::from(error)).into()
    }
}

/// The problem of a spread that was not run.
fn refused(error: &SpreadError, detail: String) -> Problem {
    match error {
        SpreadError::UnknownSeed { .. } | SpreadError::AllSeedsUnknown { .. } => {
            Problem::not_found(detail)
        }
        SpreadError::Shed { retry_in } | SpreadError::BreakerOpen { retry_in } => {
            Problem::busy(detail, *retry_in)
        }
        SpreadError::ScratchTooSmall { .. } => {
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, detail)
        }
        SpreadError::Damaged(_) | SpreadError::Panicked | SpreadError::NoThreads => {
            Problem::internal(detail)
        }
        _ => Problem::unprocessable(detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_got_wrong_is_told_from_what_the_service_did() {
        let status = |error: SpreadError| Problem::from(error).status.as_u16();
        assert_eq!(status(SpreadError::UnknownSeed { node: "a".into() }), 404);
        assert_eq!(status(SpreadError::AllSeedsUnknown { skipped: 2 }), 404);
        assert_eq!(status(SpreadError::NoSeeds), 422);
        assert_eq!(status(SpreadError::Panicked), 500);
        assert_eq!(status(SpreadError::ScratchTooSmall { bytes_needed: 2, bytes_max: 1 }), 507);
        let shed = Problem::from(SpreadError::Shed { retry_in: Duration::from_millis(1200) });
        assert_eq!((shed.status.as_u16(), &shed.json()["retry_after_s"]), (503, &json!(2)));
    }

    #[test]
    fn a_time_to_try_again_is_never_0() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_nanos(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(3)), 3);
    }
}
