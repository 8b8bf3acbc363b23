//! How long a client waits for its answer.

use std::time::{Duration, Instant};

use axum::http::HeaderMap;

use super::problem::Problem;
use crate::output::text::cut;
use crate::values;

/// The header by which a client says how long it waits: a number with us, ms, s or m.
pub(crate) const EMANATE_TIMEOUT: &str = "emanate-timeout";

/// When a request began, and what its client allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    start: Instant,
    /// What the header says.
    asked: Option<Duration>,
}

impl Budget {
    /// The budget of a request with these headers that began at `start`.
    ///
    /// # Errors
    /// 400 where the header is no time.
    pub(crate) fn of(headers: &HeaderMap, start: Instant) -> Result<Self, Problem> {
        let asked = headers.get(EMANATE_TIMEOUT).map(|value| {
            let text = value.to_str().unwrap_or_default();
            values::duration(text.trim()).map_err(|error| {
                let given = String::from_utf8_lossy(value.as_bytes());
                Problem::malformed(format!("Emanate-Timeout is {:?}; {error}", cut(&given)))
            })
        });
        Ok(Self { start, asked: asked.transpose()? })
    }

    /// What a query that allows itself `own` may still take.
    pub(crate) fn left(&self, own: Option<Duration>) -> Option<Duration> {
        let asked = self.asked.map(|asked| asked.saturating_sub(self.start.elapsed()));
        match (asked, own) {
            (Some(asked), Some(own)) => Some(asked.min(own)),
            (asked, own) => asked.or(own),
        }
    }

    /// The instant `limit` after the request began.
    pub(crate) fn end(&self, limit: Duration) -> tokio::time::Instant {
        let far = Duration::from_secs(86_400 * 365);
        tokio::time::Instant::from_std(self.start + limit.min(far))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_shorter_of_header_and_query_holds() {
        let mut headers = HeaderMap::new();
        let start = Instant::now();
        let own = Some(Duration::from_millis(5));
        assert_eq!(Budget::of(&headers, start).unwrap().left(own), own);
        assert_eq!(Budget::of(&headers, start).unwrap().left(None), None);
        headers.insert(EMANATE_TIMEOUT, HeaderValue::from_static("1m"));
        assert_eq!(Budget::of(&headers, start).unwrap().left(own), own);
        let left = Budget::of(&headers, start).unwrap().left(None).unwrap();
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(30));
        headers.insert(EMANATE_TIMEOUT, HeaderValue::from_static("0ms"));
        assert_eq!(Budget::of(&headers, start).unwrap().left(own), Some(Duration::ZERO));
        for bad in [&b"50"[..], b"", b"-1s", b"\xff"] {
            headers.insert(EMANATE_TIMEOUT, HeaderValue::from_bytes(bad).unwrap());
            assert_eq!(Budget::of(&headers, start).unwrap_err().status.as_u16(), 400);
        }
    }
}
