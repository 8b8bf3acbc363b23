//! Recent points of every exported series, and quantiles of recent durations: what `/v1/overview`,
//! `/v1/latency` and `/v1/metrics/{metric}` answer from.
//!
//! Every series is looked at each `points.every`. Those points are kept for as long as half of
//! `points.keep_size` has room for them; of each [`COARSE`] of them, one is kept longer, in the
//! other half. Neither is kept for more than `points.keep_time`. All of it is in memory, and gone
//! with the process; who wants more lets Prometheus look at `/metrics`.

mod counts;
mod custom;
mod latency;
mod log;
mod series;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use emanate::observe::Distribution;
use serde_json::{Map, Value, json};

use self::log::{ABSENT, Log};
pub(crate) use custom::accept;
pub(crate) use latency::Latencies;
use latency::measured;
use series::Index;
pub(crate) use series::{Now, SeriesName};

use super::locked::Locked;
use super::service::{App, Stage};
use crate::config::PointsConfig;

/// Of so many points one is kept for long.
const COARSE: u64 = 30;

/// Most values of one answer.
const VALUES_MAX: usize = 50_000;

#[derive(Debug, Default)]
struct State {
    index: Index,
    fine: Log,
    coarse: Log,
    rows: u64,
}

/// Recent points of every series.
#[derive(Debug)]
pub(crate) struct Points {
    state: Locked<State>,
    /// When the service began: since 1970, and as the clock that never goes back has it.
    began: (Duration, Instant),
}

/// From when points are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago.
    Ago(Duration),
    /// Then, since 1970.
    At(Duration),
}

/// What all series were at the begin of a window, and how long ago that is.
#[derive(Debug)]
pub(crate) struct Then {
    pub(crate) covered: Duration,
    values: Vec<(SeriesName, f64)>,
}

impl Then {
    /// What the series called `name` with labels that `wanted` takes were together; 0 without any.
    pub(crate) fn sum(&self, name: &str, wanted: impl Fn(&SeriesName) -> bool) -> f64 {
        let held = self.values.iter().filter(|(series, _)| series.name == name && wanted(series));
        held.map(|(_, value)| value).sum()
    }
}

impl Points {
    /// No points yet.
    pub(crate) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { state: Locked::default(), began: (since, Instant::now()) }
    }

    /// The time now, since 1970. It never goes back, whatever is done to the machine's clock.
    fn now(&self) -> Duration {
        self.began.0 + self.began.1.elapsed()
    }

    /// Keeps one point of every series.
    fn take(&self, now: &Now, config: &PointsConfig) {
        self.state.with(|state| {
            // Points ascend in time, whoever takes them.
            let at = self.now();
            let values = state.index.values(now);
            if state.rows.is_multiple_of(COARSE) {
                state.coarse.push(at, values.clone());
            }
            state.rows += 1;
            state.fine.push(at, values);
            let oldest = at.saturating_sub(config.keep_time);
            state.fine.trim(oldest, config.keep_size / 2);
            state.coarse.trim(oldest, config.keep_size / 2);
        });
    }

    /// Forgets everything.
    fn clear(&self) {
        self.state.with(|state| *state = State::default());
    }

    /// The points of the series of the metric, or the series, called `name`, as an object: at most
    /// `limit` of each, the newest of them from `now`. Where there are more, every second one, or
    /// third, or so on, is told. `None` where there is no such series.
    pub(crate) fn shown(&self, name: &str, since: Since, limit: usize, now: &Now) -> Option<Value> {
        let at = self.now();
        let since = match since {
            Since::At(at) => at,
            Since::Ago(time) => at.saturating_sub(time),
        };
        self.state.with(|state| {
            let values = state.index.values(now);
            let series = state.index.named(name);
            let family = state.index.family(*series.first()?);
            let most = limit.min(VALUES_MAX / series.len()).max(1);
            let (rows, of) = state.rows_since(since, at, most - 1);
            let mut points = vec![Vec::new(); series.len()];
            let mut add = |at: Duration, values: &[u64]| {
                for (points, place) in points.iter_mut().zip(&series) {
                    let bits = values.get(*place as usize).copied().unwrap_or(ABSENT);
                    if bits != ABSENT {
                        points.push(json!([seconds(at), f64::from_bits(bits)]));
                    }
                }
            };
            state.coarse.visit(&rows[0], &mut add);
            state.fine.visit(&rows[1], &mut add);
            add(at, &values);
            let shown = series.iter().zip(points).map(|(place, points)| {
                let SeriesName { name, labels } = state.index.name(*place);
                let labels = labels.iter().map(|(name, value)| (name.clone(), json!(value)));
                json!({"name": name, "labels": Map::from_iter(labels), "points": points})
            });
            Some(json!({
                "name": family.name,
                "kind": family.kind,
                "help": family.help,
                "one_of": of,
                "series": shown.collect::<Vec<_>>(),
            }))
        })
    }

    /// What all series were `window` ago: in the newest point from before that, or in the oldest.
    pub(crate) fn then(&self, window: Duration) -> Then {
        let at = self.now();
        let begin = at.saturating_sub(window);
        self.state.with(|state| {
            let edge = state.fine.begin().unwrap_or(at);
            let log = if edge <= begin { &state.fine } else { &state.coarse };
            let times = log.times(Duration::ZERO, Duration::MAX);
            let older = times.partition_point(|time| *time <= begin);
            // Without a point that is old enough, the oldest one of all there are.
            let row = times.get(older.saturating_sub(1)).copied().or(state.fine.begin());
            let mut values = Vec::new();
            let log = if row.is_some_and(|row| row >= edge) { &state.fine } else { &state.coarse };
            log.visit(row.as_slice(), |_, row| {
                let held = (0u32..).zip(row).filter(|(_, bits)| **bits != ABSENT);
                let number = |(place, bits): (u32, &u64)| {
                    (state.index.name(place).clone(), f64::from_bits(*bits))
                };
                values = held.map(number).collect();
            });
            Then { covered: at - row.unwrap_or(self.began.0), values }
        })
    }
}

impl State {
    /// When the rows from `since` on and before `now` were, those of the coarse log and those of
    /// the fine one, thinned out so that at most `most` are left; and one of how many is.
    fn rows_since(
        &self,
        since: Duration,
        now: Duration,
        most: usize,
    ) -> ([Vec<Duration>; 2], usize) {
        let edge = self.fine.begin().unwrap_or(now);
        let coarse = self.coarse.times(since, edge);
        let fine = self.fine.times(since.max(edge), now);
        let all = coarse.len() + fine.len();
        let of = if most == 0 { all + 1 } else { all.div_ceil(most).max(1) };
        let thin = |times: &[Duration], newer: usize| {
            let kept = times.iter().rev().enumerate();
            let kept = kept.filter(|(place, _)| (newer + place + 1).is_multiple_of(of));
            let mut kept: Vec<Duration> = kept.map(|(_, at)| *at).collect();
            kept.reverse();
            kept
        };
        ([thin(&coarse, fine.len()), thin(&fine, 0)], of)
    }
}

/// Seconds with milliseconds.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1e3
}

/// Takes the point that windows begin with which reach back to before anything was answered.
pub(crate) fn begin(service: &App) {
    let config = &service.live().config.points;
    if config.enabled {
        take(service, config);
    }
}

/// Takes a point of every series each `points.every`, until the service stops.
pub(crate) async fn keep(service: App) {
    let mut stages = service.stages();
    let mut ticked = Instant::now();
    loop {
        let config = service.live().config.points.clone();
        if config.enabled {
            let own = App::clone(&service);
            // What panicked once may work the next time.
            let _ = tokio::task::spawn_blocking(move || take(&own, &config)).await;
        } else {
            let own = App::clone(&service);
            let _ = tokio::task::spawn_blocking(move || forget(&own)).await;
        }
        let next = ticked + service.live().config.points.every;
        tokio::select! {
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
            () = tokio::time::sleep_until(next.into()) => {}
        }
        ticked = Instant::now();
    }
}

fn take(service: &App, config: &PointsConfig) {
    let now = Now::of(&service.figures.registry.gather());
    service.points.take(&now, config);
    service.latencies.tick(service.started.elapsed(), engine(service));
}

fn forget(service: &App) {
    service.points.clear();
    service.latencies.clear(service.started.elapsed(), engine(service));
}

/// What the engine has measured; nothing before there is one.
fn engine(service: &App) -> Vec<Distribution> {
    service.served().map(|served| measured(served.engine.metrics())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(keep_size: u64) -> PointsConfig {
        PointsConfig { keep_size, ..PointsConfig::default() }
    }

    fn now(values: &[(&str, f64)]) -> Now {
        Now::made(values)
    }

    fn points(shown: &Value) -> Vec<f64> {
        let points = shown["series"][0]["points"].as_array().unwrap();
        points.iter().map(|point| point[1].as_f64().unwrap()).collect()
    }

    #[test]
    fn the_newest_points_are_told_evenly_thinned() {
        let kept = Points::new();
        for number in 1..=10 {
            kept.take(&now(&[("a", f64::from(number)), ("b", 0.0)]), &config(1 << 20));
        }
        let since = Since::Ago(Duration::from_secs(60));
        let shown = |limit| kept.shown("a", since, limit, &now(&[("a", 11.0)])).unwrap();
        assert_eq!(points(&shown(100)), (1..=11).map(f64::from).collect::<Vec<_>>());
        assert_eq!(points(&shown(6)), [1.0, 3.0, 5.0, 7.0, 9.0, 11.0]);
        assert_eq!(points(&shown(4)), [3.0, 7.0, 11.0]);
        assert_eq!(points(&shown(1)), [11.0]);
        assert_eq!((&shown(6)["one_of"], &shown(100)["one_of"]), (&json!(2), &json!(1)));
        let late = Since::At(kept.now() + Duration::from_secs(1));
        assert_eq!(points(&kept.shown("a", late, 9, &now(&[("a", 11.0)])).unwrap()), [11.0]);
        // What was there once and is not now is still told of; what never was is not.
        assert_eq!(points(&kept.shown("b", since, 99, &now(&[])).unwrap()), [0.0; 10]);
        assert_eq!(kept.shown("c", since, 9, &now(&[])), None);
        kept.clear();
        assert_eq!(kept.shown("a", since, 9, &now(&[])), None);
    }

    #[test]
    fn size_is_bounded_and_coarse_points_reach_further_back() {
        let kept = Points::new();
        let series: Vec<String> = (0..100).map(|number| format!("s{number}")).collect();
        for row in 1..=600 {
            let values: Vec<(&str, f64)> =
                series.iter().map(|name| (name.as_str(), f64::from(row))).collect();
            kept.take(&now(&values), &config(50_000));
        }
        let bytes = kept.state.with(|state| state.fine.bytes() + state.coarse.bytes());
        assert!(bytes <= 50_000, "{bytes}");
        let since = Since::Ago(Duration::from_secs(60));
        let found = points(&kept.shown("s7", since, 1000, &now(&[])).unwrap());
        assert_eq!(found.last(), Some(&600.0));
        let coarse = found.windows(2).take_while(|pair| pair[1] - pair[0] > 1.0).count();
        assert!(coarse > 10, "{found:?}");
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
    }

    #[test]
    fn a_window_begins_with_the_newest_point_before_it() {
        let kept = Points::new();
        let all = |_: &SeriesName| true;
        let nothing = kept.then(Duration::from_secs(300));
        assert_eq!(nothing.sum("a", all), 0.0);
        kept.take(&now(&[("a", 5.0)]), &config(1 << 20));
        kept.take(&now(&[("a", 6.0)]), &config(1 << 20));
        assert_eq!(kept.then(Duration::ZERO).sum("a", all), 6.0);
        let whole = kept.then(Duration::from_secs(300));
        assert_eq!((whole.sum("a", all), whole.sum("b", all)), (5.0, 0.0));
        assert!(whole.covered < Duration::from_secs(60));
    }
}
