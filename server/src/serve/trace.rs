//! W3C trace context: a request's place in the work it is part of.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderValue};

/// The header that carries the context.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// The trace a request belongs to, and the span that serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceContext {
    trace: u128,
    span: u64,
    /// The span that asked; 0 where none did.
    parent: u64,
    flags: u8,
}

impl TraceContext {
    /// The context of a request with these headers: its trace with a span of our own; a new trace
    /// where it has none, or one that is no valid context.
    pub(crate) fn of(headers: &HeaderMap, ids: &Ids) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next().filter(|_| parents.next().is_none());
        let parent = parent.and_then(|value| value.to_str().ok()).and_then(parse);
        let (trace, parent, flags) =
            parent.unwrap_or_else(|| (u128::from(ids.next()) << 64 | u128::from(ids.next()), 0, 0));
        Self { trace, span: ids.next(), parent, flags }
    }

    /// The trace's id.
    pub(crate) const fn id(&self) -> u128 {
        self.trace
    }

    /// The id of the span that serves the request.
    #[cfg(feature = "otel")]
    pub(crate) const fn span(&self) -> u64 {
        self.span
    }

    /// The id of the span that asked; 0 where none did.
    #[cfg(feature = "otel")]
    pub(crate) const fn parent(&self) -> u64 {
        self.parent
    }

    /// Whether whoever asked wants the trace to be kept.
    pub(crate) const fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The same, marked as kept.
    pub(crate) const fn sampled(self) -> Self {
        Self { flags: self.flags | 1, ..self }
    }

    /// The trace's id, as it is logged.
    pub(crate) fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The context as a header.
    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).expect("hexadecimal digits and hyphens")
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags)
    }
}

/// Trace, span and flags of `00-TRACE-SPAN-FLAGS`. A later version may have more parts after these.
fn parse(text: &str) -> Option<(u128, u64, u8)> {
    let mut parts = text.split('-');
    let mut hex = |digits: usize| {
        let part = parts.next()?;
        let lower = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (part.len() == digits && lower).then(|| u128::from_str_radix(part, 16).ok())?
    };
    let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    let more = parts.next().is_some();
    let valid = version != 0xff && trace != 0 && span != 0 && !(version == 0 && more);
    // Of the flags, only "sampled" has a meaning that may be handed on.
    // A span has 16 digits.
    let span = u64::try_from(span).unwrap_or(0);
    valid.then_some((trace, span, u8::try_from(flags & 1).unwrap_or(0)))
}

/// Where ids come from: no two alike, and none that can be guessed from those before.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    keys: RandomState,
    count: AtomicU64,
}

impl Ids {
    /// An id that is not 0.
    pub(crate) fn next(&self) -> u64 {
        // Relaxed: each call needs a number of its own, and nothing else.
        self.keys.hash_one(self.count.fetch_add(1, Ordering::Relaxed)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn context(header: &str) -> TraceContext {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_str(header).unwrap());
        TraceContext::of(&headers, &Ids::default())
    }

    #[test]
    fn a_trace_is_taken_up_with_a_span_of_our_own() {
        let taken = context(PARENT);
        assert_eq!(taken.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((taken.flags, taken.parent), (1, 0x00f0_67aa_0ba9_02b7));
        assert_ne!(taken.to_string(), PARENT);
        assert!(parse(&taken.to_string()).is_some());
        assert!(parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
    }

    #[test]
    fn what_is_no_context_begins_a_new_trace() {
        for bad in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
            assert_ne!(context(bad).trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }
}
