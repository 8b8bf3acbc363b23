//! Quantiles of recent durations: by tier, by route, by rule.
//!
//! What was counted is kept by slices of time: short ones for a few minutes, of which those that
//! are older are put together to longer ones. A window is the slices that end in it, and what was
//! counted since the last one, so an answer includes the newest request; it may reach further back
//! than asked for, by less than one slice, and says how far.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use emanate::observe::{Distribution, EndingClass, Metrics, Timed};
use emanate::terms::Tier;
use serde_json::{Map, Value, json};

use super::counts::{Counts, Kept};
use crate::serve::locked::Locked;
use crate::serve::routes::{self, Route};

/// The names of all rules, as queries give them.
const RULES: [&str; 5] = ["linear", "retention", "pagerank", "act-r", "synapse"];

/// How many kinds of durations are counted.
fn kinds() -> usize {
    Timed::COUNT + RULES.len() + routes::all().count()
}

/// All of them.
fn all() -> Vec<usize> {
    (0..kinds()).collect()
}

/// The shortest time that slices are put together to.
const LONG_SLICE: Duration = Duration::from_secs(60);

/// How far back short slices reach.
const SHORT_REACH: Duration = Duration::from_secs(6 * 60);

/// How far back long slices reach.
const LONG_REACH: Duration = Duration::from_secs(62 * 60);

/// Quantiles that are told, with their names.
const QUANTILES: [(&str, f64); 6] = [
    ("p50_us", 0.5),
    ("p90_us", 0.9),
    ("p95_us", 0.95),
    ("p99_us", 0.99),
    ("p999_us", 0.999),
    ("max_us", 1.0),
];

/// What was counted from `begin` to `end`, both since the service began, by kind.
#[derive(Debug)]
struct Slice<C> {
    begin: Duration,
    end: Duration,
    counts: Vec<C>,
}

impl Slice<Counts> {
    fn empty(begin: Duration) -> Self {
        Self { begin, end: begin, counts: vec![Counts::default(); kinds()] }
    }

    /// Adds what `kept` has of the kinds `wanted`.
    fn merge(&mut self, kept: &Slice<Kept>, wanted: &[usize]) {
        self.begin = self.begin.min(kept.begin);
        self.end = self.end.max(kept.end);
        wanted.iter().for_each(|kind| self.counts[*kind].merge(&kept.counts[*kind]));
    }

    fn kept(&self) -> Arc<Slice<Kept>> {
        let counts = self.counts.iter().map(Counts::kept).collect();
        Arc::new(Slice { begin: self.begin, end: self.end, counts })
    }
}

#[derive(Debug)]
struct State {
    /// What is being counted.
    current: Slice<Counts>,
    short: VecDeque<Arc<Slice<Kept>>>,
    long: VecDeque<Arc<Slice<Kept>>>,
    /// What the engine had counted when `current` began; it never forgets.
    before: Arc<Vec<Distribution>>,
}

impl State {
    fn empty(begin: Duration) -> Self {
        let current = Slice::empty(begin);
        Self { current, short: VecDeque::new(), long: VecDeque::new(), before: Arc::default() }
    }
}

/// Recent durations.
#[derive(Debug)]
pub(crate) struct Latencies(Locked<State>);

/// Everything that an engine measured until now, by [`Timed::index`].
pub(super) fn measured(metrics: &Metrics) -> Vec<Distribution> {
    Timed::ALL.map(|timed| metrics.distribution(timed)).to_vec()
}

/// What an engine has measured of a kind, where it measures that.
fn counted(metrics: &Metrics) -> impl Fn(usize) -> Option<Distribution> {
    |kind| Timed::ALL.get(kind).map(|timed| metrics.distribution(*timed))
}

/// Adds to `counts` what the engine counted from `before` to `now`.
fn add_engine(counts: &mut Counts, before: Option<&Distribution>, now: &Distribution) {
    let since = before.map(|before| now.since(before));
    since.as_ref().unwrap_or(now).cells().for_each(|(nanos, count)| counts.add(nanos, count));
}

impl Latencies {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        Self(Locked::new(State::empty(Duration::ZERO)))
    }

    /// Counts a spread by `rule` that took `elapsed` in the engine.
    pub(crate) fn spread(&self, rule: &str, elapsed: Duration) {
        if let Some(place) = RULES.iter().position(|name| *name == rule) {
            self.record(Timed::COUNT + place, elapsed);
        }
    }

    /// Counts a request with `method` for the path that the router matched.
    pub(crate) fn request(&self, path: &str, method: &str, elapsed: Duration) {
        let asked = |route: &Route| {
            route.method.eq_ignore_ascii_case(method) && route.paths().any(|known| known == path)
        };
        if let Some(place) = routes::all().position(asked) {
            self.record(Timed::COUNT + RULES.len() + place, elapsed);
        }
    }

    fn record(&self, kind: usize, elapsed: Duration) {
        self.0.with(|state| state.current.counts[kind].record(elapsed));
    }

    /// Ends the slice at `now`, since the service began, with what the engine has counted.
    pub(super) fn tick(&self, now: Duration, engine: Vec<Distribution>) {
        // Nobody waits for this: what the engine counted is taken apart before the lock is taken.
        let before = self.0.with(|state| Arc::clone(&state.before));
        let mut since = vec![Counts::default(); engine.len()];
        for (kind, (counts, now)) in since.iter_mut().zip(&engine).enumerate() {
            add_engine(counts, before.get(kind), now);
        }
        self.0.with(|state| {
            let mut ended = std::mem::replace(&mut state.current, Slice::empty(now));
            ended.end = now;
            ended.counts.iter_mut().zip(since).for_each(|(counts, since)| *counts = since);
            state.before = Arc::new(engine);
            state.short.push_back(ended.kept());
            let since = state.long.back().map_or(Duration::ZERO, |last| last.end);
            let newer = || state.short.iter().filter(|slice| slice.end > since);
            let span = newer().next().map_or(Duration::ZERO, |first| now - first.begin);
            if span >= LONG_SLICE {
                let mut long = Slice::empty(now);
                newer().for_each(|slice| long.merge(slice, &all()));
                state.long.push_back(long.kept());
            }
            let old = |slice: &Arc<Slice<Kept>>, reach| slice.end + reach < now;
            while state.short.front().is_some_and(|slice| old(slice, SHORT_REACH)) {
                state.short.pop_front();
            }
            while state.long.front().is_some_and(|slice| old(slice, LONG_REACH)) {
                state.long.pop_front();
            }
        });
    }

    /// Forgets everything: counting begins anew at `now`, when the engine had counted `engine`.
    pub(super) fn clear(&self, now: Duration, engine: Vec<Distribution>) {
        let before = Arc::new(engine);
        self.0.with(|state| *state = State { before, ..State::empty(now) });
    }

    /// What was counted of the kinds `wanted` in the last `window` before `now`, all put together,
    /// with what the `engine` has counted of a kind.
    fn window(
        &self,
        window: Duration,
        now: Duration,
        wanted: &[usize],
        engine: impl Fn(usize) -> Option<Distribution>,
    ) -> Slice<Counts> {
        let begin = now.saturating_sub(window);
        let (mut whole, before, slices) = self.0.with(|state| {
            let mut whole = Slice::empty(state.current.begin);
            for kind in wanted {
                whole.counts[*kind].clone_from(&state.current.counts[*kind]);
            }
            let reaches = state.short.front().is_some_and(|slice| slice.begin <= begin);
            let long: &[_] = if reaches { &[] } else { &*state.long.make_contiguous() };
            let since = long.last().map_or(Duration::ZERO, |last| last.end);
            let newer = state.short.iter().filter(|slice| slice.end > since);
            let slices = long.iter().chain(newer).filter(|slice| slice.end > begin);
            (whole, Arc::clone(&state.before), slices.cloned().collect::<Vec<_>>())
        });
        whole.end = now;
        for kind in wanted {
            if let Some(now) = engine(*kind) {
                add_engine(&mut whole.counts[*kind], before.get(*kind), &now);
            }
        }
        slices.iter().for_each(|slice| whole.merge(slice, wanted));
        whole
    }

    /// Quantiles of the last `window` before `now`, since the service began, as an object.
    pub(crate) fn shown(&self, window: Duration, now: Duration, metrics: &Metrics) -> Value {
        let slice = self.window(window, now, &all(), counted(metrics));
        let timed = |timed: Timed| figures(&slice.counts[timed.index()]);
        let kind = |place: usize| figures(&slice.counts[Timed::COUNT + place]);
        let spreads = Timed::ALL.iter().filter(|kind| !matches!(kind, Timed::TierRead(_)));
        let spreads = spreads.map(|kind| (kind.name().to_owned(), timed(*kind)));
        let tiers = Tier::ALL.map(|tier| (tier.name().to_owned(), timed(Timed::TierRead(tier))));
        let rules = RULES.iter().enumerate();
        let rules = rules.map(|(place, name)| ((*name).to_owned(), kind(place)));
        let routes = routes::all().enumerate().map(|(place, route)| {
            let name = format!("{} {}", route.method.to_uppercase(), route.path);
            (name, kind(RULES.len() + place))
        });
        json!({
            "window_s": window.as_secs_f64(),
            "covered_s": (slice.end - slice.begin).as_secs_f64(),
            "spreads": Map::from_iter(spreads),
            "tiers": Map::from_iter(tiers),
            "rules": Map::from_iter(rules),
            "routes": Map::from_iter(routes),
        })
    }

    /// Quantiles of the spreads of the last `window` before `now`: of the time that complete ones
    /// took, and of that which all were waited for, both as objects.
    pub(crate) fn spreads(
        &self,
        window: Duration,
        now: Duration,
        metrics: &Metrics,
    ) -> (Value, Value) {
        let wanted = [Timed::Service(EndingClass::Complete), Timed::Response].map(Timed::index);
        let slice = self.window(window, now, &wanted, counted(metrics));
        wanted.map(|kind| figures(&slice.counts[kind])).into()
    }
}

/// Count and quantiles as an object; without durations, the quantiles are null.
fn figures(counts: &Counts) -> Value {
    let mut figures = json!({"count": counts.count()});
    for (name, quantile) in QUANTILES {
        let duration = counts.quantile(quantile);
        figures[name] = json!(duration.map(|duration| duration.as_nanos() as f64 / 1e3));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How many spreads by `linear` a window of `window` seconds has at `now`, and what it covers.
    fn linear(latencies: &Latencies, window: u64, now: u64) -> (u64, Duration) {
        let slice = latencies.window(at(window), at(now), &all(), |_| None);
        (slice.counts[Timed::COUNT].count(), slice.end - slice.begin)
    }

    #[test]
    fn a_window_holds_what_ended_in_it_and_what_is_being_counted() {
        let latencies = Latencies::new();
        assert_eq!(linear(&latencies, 300, 4), (0, at(4)));
        latencies.spread("linear", at(1));
        latencies.spread("no such rule", at(1));
        assert_eq!(linear(&latencies, 300, 5), (1, at(5)));
        // One spread in each ten seconds, for two hours.
        for second in (10..=7200).step_by(10) {
            latencies.tick(at(second), Vec::new());
            latencies.spread("linear", at(1));
        }
        assert_eq!(linear(&latencies, 300, 7200), (31, at(300)));
        // Long slices: the hour begins within one of them.
        let (count, covered) = linear(&latencies, 3600, 7205);
        assert!((361..=367).contains(&count), "{count}");
        assert!(covered >= at(3600) && covered <= at(3665), "{covered:?}");
        assert_eq!(count, covered.as_secs() / 10 + 1);
        let (short, long) = latencies.0.with(|state| (state.short.len(), state.long.len()));
        assert!(short <= 38 && long <= 64, "{short} {long}");
    }

    #[test]
    fn a_young_service_covers_its_life() {
        let latencies = Latencies::new();
        for second in (10..=130).step_by(10) {
            latencies.spread("synapse", at(1));
            latencies.tick(at(second), Vec::new());
        }
        for window in [300, 3600] {
            let slice = latencies.window(at(window), at(131), &all(), |_| None);
            let synapse = Timed::COUNT + RULES.len() - 1;
            assert_eq!((slice.counts[synapse].count(), slice.begin), (13, Duration::ZERO));
        }
    }

    #[test]
    fn what_the_engine_counted_is_counted_once() {
        use emanate::observe::Histogram;
        let histogram = Histogram::new(1);
        let mut writer = histogram.writer().unwrap();
        let engine = |histogram: &Histogram| vec![histogram.distribution(); Timed::COUNT];
        let latencies = Latencies::new();
        let counted = |now: u64| {
            let hop = Timed::Hop.index();
            let slice =
                latencies.window(at(300), at(now), &[hop], |_| Some(histogram.distribution()));
            slice.counts[hop].clone()
        };
        for second in 1..=100 {
            writer.record(Duration::from_micros(second));
            if second % 10 == 0 {
                latencies.tick(at(second), engine(&histogram));
            }
            assert_eq!(counted(second).count(), second);
        }
        let median = counted(100).quantile(0.5).unwrap().as_nanos();
        assert!((50_000..=50_400).contains(&median), "{median}");
    }
}
