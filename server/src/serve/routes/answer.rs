//! What routes answer, and where the work for it is done.

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::serve::problem::Problem;
use crate::serve::service::App;

/// An answer, or why there is none.
pub(super) type Answer = Result<Response<Body>, Problem>;

/// `body` as an answer of this media type.
pub(super) fn typed(body: Body, media_type: &'static str) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer whose text is JSON already.
pub(super) fn json(text: Vec<u8>) -> Response<Body> {
    typed(Body::from(text), "application/json")
}

/// An answer of one JSON value.
pub(super) fn value(value: &Value) -> Response<Body> {
    json(format!("{value}\n").into_bytes())
}

/// What `work` gives, on a thread where waiting holds up no connection. What has begun goes on to
/// its end, whether or not its client waits.
///
/// # Errors
/// 500 where it panics, which says what was being done by `doing`: "reading the graph", say.
pub(super) async fn aside<T: Send + 'static>(
    doing: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Problem::internal(format!("{doing} panicked")))
}

/// What `work` answers, which changes something and may wait for the disk, [aside].
///
/// # Errors
/// What `work` gives; 503 while graphs are being read.
pub(super) async fn changing(
    service: App,
    work: impl FnOnce(&App) -> Result<Value, Problem> + Send + 'static,
) -> Answer {
    service.served()?;
    Ok(value(&aside("changing it", move || work(&service)).await??))
}
