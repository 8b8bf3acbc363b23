//! `GET /v1/overview`, `/v1/latency` and `/v1/metrics/{metric}`, and `POST /v1/metrics`.

use std::time::Duration;

use axum::extract::State;
use axum::http::Uri;
use serde_json::Value;

use super::answer::{self, Answer, aside};
use super::parameters::{Bare, Parameters};
use super::received::Received;
use super::target::Named;
use crate::output::text::cut;
use crate::serve::front::Entry;
use crate::serve::overview;
use crate::serve::points::{self, Now, Since};
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// The windows that may be asked for, the first of them where none is.
pub(crate) const WINDOWS: [(&str, Duration); 4] = [
    ("5m", Duration::from_secs(300)),
    ("1m", Duration::from_secs(60)),
    ("15m", Duration::from_secs(900)),
    ("1h", Duration::from_secs(3600)),
];

/// How far back points reach where nothing is said.
const SINCE: Since = Since::Ago(Duration::from_secs(3600));

/// The window that the URL names.
fn window(uri: &Uri) -> Result<Duration, Problem> {
    let parameters = Parameters::of(uri, &["window"])?;
    let given = parameters.text("window").unwrap_or(WINDOWS[0].0);
    let found = WINDOWS.iter().find(|(name, _)| *name == given);
    found.map(|(_, window)| *window).ok_or_else(|| {
        let names = WINDOWS.map(|(name, _)| name).join(", ");
        Problem::malformed(format!("window is {:?}; give one of {names}", cut(given)))
    })
}

/// From when points are asked for: a time back, such as `15m`, or seconds since 1970.
fn since(text: &str) -> Option<Since> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    if digits.is_empty() || !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.')) {
        return None;
    }
    let number: f64 = digits.parse().ok()?;
    let back = |seconds: f64| Duration::try_from_secs_f64(number * seconds).ok().map(Since::Ago);
    match &text[digits.len()..] {
        "" => Duration::try_from_secs_f64(number).ok().map(Since::At),
        "s" => back(1.0),
        "m" => back(60.0),
        "h" => back(3600.0),
        "d" => back(86_400.0),
        _ => None,
    }
}

/// One page of figures.
pub(crate) async fn overview(State(service): State<App>, uri: Uri) -> Answer {
    let window = window(&uri)?;
    let made = aside("collecting the figures", move || overview::overview(&service, window));
    Ok(answer::value(&made.await??))
}

/// Quantiles of recent durations.
pub(crate) async fn latency(State(service): State<App>, uri: Uri) -> Answer {
    let window = window(&uri)?;
    let made = aside("collecting the figures", move || -> Result<Value, Problem> {
        let metrics = service.served()?.engine.metrics();
        Ok(service.latencies.shown(window, service.started.elapsed(), metrics))
    });
    Ok(answer::value(&made.await??))
}

/// Recent points of one metric.
pub(crate) async fn points(
    State(service): State<App>,
    entry: Entry,
    Named(name): Named,
    uri: Uri,
) -> Answer {
    let parameters = Parameters::of(&uri, &["since", "limit"])?;
    let limit = match parameters.text("limit") {
        None => entry.live.config.limits.list,
        Some(_) => parameters.limit(&entry.live.config)?,
    };
    let since = match parameters.text("since") {
        None => SINCE,
        Some(text) => since(text).ok_or_else(|| {
            Problem::malformed(format!(
                "since is {:?}; give a time back with its unit (s, m, h or d), such as 15m, or \
                 seconds since 1970",
                cut(text)
            ))
        })?,
    };
    let made = aside("collecting the points", move || {
        let now = Now::of(&service.figures.registry.gather());
        let shown = service.points.shown(&name, since, limit, &now);
        shown.ok_or_else(|| {
            Problem::not_found(format!("there is no metric {:?}; see /metrics", cut(&name)))
        })
    });
    Ok(answer::value(&made.await??))
}

/// Takes points of a client's own.
pub(crate) async fn accept(_: Bare, received: Received) -> Answer {
    let custom = received.service.served()?.engine.metrics().custom();
    let accepted = points::accept(&received.text, custom, &received.entry.live.config)?;
    Ok(answer::value(&accepted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_time_back_or_a_time() {
        let ago = |seconds: u64| Some(Since::Ago(Duration::from_secs(seconds)));
        assert_eq!(since("15m"), ago(900));
        assert_eq!(since("1.5h"), ago(5400));
        assert_eq!((since("30d"), since("0s")), (ago(30 * 86_400), ago(0)));
        assert_eq!(
            since("1800000000.5"),
            Some(Since::At(Duration::from_millis(1_800_000_000_500)))
        );
        for bad in
            ["", "m", "-1m", "1e3", "5 m", "5ms", "1.2.3", "inf", "NaN", "9e999", "+5m", "٣m"]
        {
            assert_eq!(since(bad), None, "{bad}");
        }
        let long = "9".repeat(400);
        assert_eq!(since(&long), None);
    }

    #[test]
    fn a_window_is_one_of_few() {
        let of = |query: &str| window(&format!("/v1/latency{query}").parse().unwrap());
        assert_eq!(of(""), Ok(Duration::from_secs(300)));
        assert_eq!(of("?window=1h"), Ok(Duration::from_secs(3600)));
        for bad in ["?window=", "?window=2h", "?window=5m&window=5m", "?windows=5m"] {
            assert_eq!(of(bad).unwrap_err().status.as_u16(), 400, "{bad}");
        }
    }
}
