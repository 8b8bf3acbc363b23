//! The body of a request, within bounds of size and time.

use axum::body::{Body, HttpBody};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::problem::Problem;
use crate::config::Config;

/// Whether the body is said to be JSON. A page of another site can make a browser send a body, but
/// not with this media type, unless the service allows it, which it does not.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|value| value.split(';').next()).map(str::trim);
    media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/json"))
}

/// The text of the body.
///
/// # Errors
/// 415 where it is not JSON, 413 where it is too large, 408 where it does not arrive in time, 400
/// where it is cut short or not UTF-8.
pub(crate) async fn read(request: Request<Body>, config: &Config) -> Result<String, Problem> {
    let limits = &config.limits;
    if !is_json(request.headers()) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body must be JSON; send it with Content-Type: application/json",
        ));
    }
    let most = usize::try_from(limits.body_size).unwrap_or(usize::MAX);
    let too_large = || {
        let detail = format!("the body has more than {most} bytes; send a smaller one");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    if request.body().size_hint().lower() > limits.body_size {
        return Err(too_large());
    }
    let body = Limited::new(request.into_body(), most).collect();
    let collected = tokio::time::timeout(limits.body_time, body).await.map_err(|_| {
        let detail =
            format!("the body did not arrive within {:?}; send it faster", limits.body_time);
        Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
    })?;
    let bytes = collected.map_err(|error| {
        if error.is::<LengthLimitError>() {
            too_large()
        } else {
            Problem::malformed("the body was cut short; send it again")
        }
    })?;
    String::from_utf8(bytes.to_bytes().into())
        .map_err(|_| Problem::malformed("the body is not UTF-8; convert it"))
}
