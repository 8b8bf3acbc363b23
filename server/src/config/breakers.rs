//! What can be configured of breakers: the same settings for each of them, with its own defaults.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use emanate::gate::{BreakerSettings, Confidence, HalfOpenEnd, Jitter, Rate, Window};
use toml::Value;

use super::given::{Given, Setting};
use super::keys::{ConfigKey, When};

/// What keeps work out that would only fail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Breakers {
    pub(crate) enabled: bool,
    pub(crate) jitter_seed: u32,
    pub(crate) spread: BreakerConfig,
    pub(crate) mutation: BreakerConfig,
    pub(crate) checkpoint: BreakerConfig,
    pub(crate) hot: BreakerConfig,
    pub(crate) warm: BreakerConfig,
    pub(crate) cold: BreakerConfig,
}

impl Breakers {
    /// Every breaker by its name.
    pub(crate) const fn by_name(&self) -> [(&'static str, &BreakerConfig); 6] {
        [
            ("spread", &self.spread),
            ("mutation", &self.mutation),
            ("checkpoint", &self.checkpoint),
            ("hot", &self.hot),
            ("warm", &self.warm),
            ("cold", &self.cold),
        ]
    }

    /// What the breaker called `name` is to go by; `None` where there is none.
    pub(crate) fn settings(&self, name: &str) -> Option<BreakerSettings> {
        let (_, config) = self.by_name().into_iter().find(|(known, _)| *known == name)?;
        Some(config.settings(self.jitter_seed.into()))
    }
}

impl Default for Breakers {
    fn default() -> Self {
        let storage = BreakerConfig::of(&BreakerSettings::storage());
        Self {
            enabled: true,
            jitter_seed: 0,
            spread: BreakerConfig::of(&BreakerSettings::spread()),
            mutation: BreakerConfig::of(&BreakerSettings::changes()),
            checkpoint: storage.clone(),
            hot: storage.clone(),
            warm: storage.clone(),
            cold: storage,
        }
    }
}

/// The calls that rates are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// The last so many.
    Calls(u32),
    /// Those of so long a time.
    Time(Duration),
}

/// What one breaker goes by. 0 stands for what is not asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BreakerConfig {
    pub(crate) consecutive_failures: u32,
    pub(crate) failure_rate: f64,
    pub(crate) slow_rate: f64,
    pub(crate) slow_limit: Duration,
    pub(crate) confidence: f64,
    pub(crate) minimum_calls: u64,
    pub(crate) window: Span,
    pub(crate) window_slices: u32,
    pub(crate) open_wait: Duration,
    pub(crate) open_wait_max: Duration,
    pub(crate) jitter: f64,
    pub(crate) stable: Duration,
    pub(crate) permitted_probes: u32,
    pub(crate) success_threshold: u32,
    pub(crate) half_open_max: Duration,
    pub(crate) half_open_end: HalfOpenEnd,
    pub(crate) lease: Duration,
}

impl BreakerConfig {
    fn of(settings: &BreakerSettings) -> Self {
        let (window, slices) = match settings.window {
            Window::Time { span, slices } => (Span::Time(span), slices),
            Window::Calls { calls, slices } => (Span::Calls(calls.get()), slices),
            _ => (Span::Calls(emanate::gate::DEFAULT_WINDOW_CALLS.get()), NonZeroU8::MIN),
        };
        let slow_limit = settings.slow_limit;
        Self {
            consecutive_failures: settings.consecutive_failures.map_or(0, |n| n.get().into()),
            failure_rate: settings.failure_rate.map_or(0.0, Rate::get),
            slow_rate: settings.slow_rate.map_or(0.0, Rate::get),
            slow_limit: if slow_limit == Duration::MAX { Duration::ZERO } else { slow_limit },
            confidence: settings.confidence.map_or(0.0, Confidence::z),
            minimum_calls: settings.minimum_calls,
            window,
            window_slices: slices.get().into(),
            open_wait: settings.open_wait,
            open_wait_max: settings.open_wait_max,
            jitter: settings.jitter.get(),
            stable: settings.stable,
            permitted_probes: settings.permitted_probes.get().into(),
            success_threshold: settings.success_threshold.get().into(),
            half_open_max: settings.half_open_max,
            half_open_end: settings.half_open_end,
            lease: settings.lease,
        }
    }

    /// As the engine takes them. Values outside their ranges, which no configuration in force has,
    /// are taken for the nearest, or for none.
    fn settings(&self, jitter_seed: u64) -> BreakerSettings {
        let small = |count: u32| {
            NonZeroU8::new(u8::try_from(count).unwrap_or(u8::MAX)).unwrap_or(NonZeroU8::MIN)
        };
        let successes = small(self.success_threshold);
        let mut settings = BreakerSettings::new(NonZeroU8::MIN, self.open_wait, successes);
        let slices = small(self.window_slices);
        settings.window = match self.window {
            Span::Time(span) => Window::time(span, slices),
            Span::Calls(calls) => {
                Window::calls(NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN), slices)
            }
        };
        settings.minimum_calls = self.minimum_calls;
        settings.failure_rate = Rate::new(self.failure_rate).ok();
        settings.slow_rate = Rate::new(self.slow_rate).ok();
        let no_limit = self.slow_limit.is_zero();
        settings.slow_limit = if no_limit { Duration::MAX } else { self.slow_limit };
        settings.confidence = Confidence::new(self.confidence).ok().filter(|bound| bound.z() > 0.0);
        settings.consecutive_failures =
            (self.consecutive_failures > 0).then(|| small(self.consecutive_failures));
        settings.permitted_probes = small(self.permitted_probes);
        settings.half_open_max = self.half_open_max;
        settings.half_open_end = self.half_open_end;
        settings.lease = self.lease;
        settings.open_wait_max = self.open_wait_max;
        settings.jitter = Jitter::new(self.jitter).unwrap_or(Jitter::NONE);
        settings.jitter_seed = jitter_seed;
        settings.stable = self.stable;
        settings
    }

    /// What does not go together, a sentence each.
    fn contradictions(&self) -> impl Iterator<Item = &'static str> {
        let (slices, has_rates) =
            (u64::from(self.window_slices), self.failure_rate > 0.0 || self.slow_rate > 0.0);
        let (holds, rates_never_decide) = match self.window {
            Span::Calls(calls) => {
                let calls = u64::from(calls);
                (slices <= calls, has_rates && self.minimum_calls > calls)
            }
            Span::Time(span) => (u128::from(slices) <= span.as_millis(), false),
        };
        let wrong = [
            (
                self.open_wait_max < self.open_wait,
                "open_wait_max is shorter than open_wait; give at least as much",
            ),
            (
                !holds,
                "window has less than a call, or a millisecond, for each of window_slices; \
                 give it more, or fewer slices",
            ),
            (
                rates_never_decide,
                "minimum_calls are more than window holds, so no rate would ever open it; give \
                 fewer, or a larger window",
            ),
        ];
        wrong.into_iter().filter_map(|(is_so, what)| is_so.then_some(what))
    }
}

/// What does not go together, with the breaker it is of.
pub(super) fn contradictions(
    breakers: &Breakers,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of_one = |(name, config): (&'static str, &BreakerConfig)| {
        config.contradictions().map(move |what| (name, what)).collect::<Vec<_>>()
    };
    breakers.by_name().into_iter().flat_map(of_one)
}

impl Setting for Span {
    const TAKES: &'static str = "a number of calls, or a time with its unit, such as \"30s\"";

    fn read(given: Given<'_>) -> Option<Self> {
        let calls = u32::read(given).map(Self::Calls);
        calls.or_else(|| Duration::read(given).map(Self::Time))
    }

    fn show(&self) -> Value {
        match self {
            Self::Calls(calls) => calls.show(),
            Self::Time(span) => span.show(),
        }
    }
}

impl Setting for HalfOpenEnd {
    const TAKES: &'static str = "one of open and closed";

    fn read(given: Given<'_>) -> Option<Self> {
        match given.as_str()? {
            "open" => Some(Self::Open),
            "closed" => Some(Self::Closed),
            _ => None,
        }
    }

    fn show(&self) -> Value {
        Value::from(match self {
            Self::Open => "open",
            Self::Closed => "closed",
        })
    }
}

/// A key of one breaker.
macro_rules! setting {
    (@range) => { None };
    (@range $breaker:ident $name:ident $test:expr, $range:literal) => {
        Some((|config| $test(&config.breakers.$breaker.$name), $range))
    };
    ($breaker:ident . $name:ident : $kind:ty, $help:literal $(, $test:expr => $range:literal)?) => {
        ConfigKey {
            path: concat!("breakers.", stringify!($breaker), ".", stringify!($name)),
            help: $help,
            when: When::Reload,
            secret: false,
            takes: <$kind as Setting>::TAKES,
            read: |config, given| match <$kind as Setting>::read(given) {
                Some(value) => {
                    config.breakers.$breaker.$name = value;
                    true
                }
                None => false,
            },
            show: |config| Setting::show(&config.breakers.$breaker.$name),
            range: setting!(@range $($breaker $name $test, $range)?),
        }
    };
}

type Time = Duration;

const fn some_time(time: &Time) -> bool {
    !time.is_zero()
}

fn share(share: &f64) -> bool {
    (0.0..=1.0).contains(share)
}

/// The keys of one breaker.
macro_rules! keys_of {
    ($of:ident) => {
        [
            setting!($of.consecutive_failures: u32,
                "So many failures in a row open it, whatever the rates; 0 for no such rule.",
                |count: &u32| *count <= 127 => "at most 127"),
            setting!($of.failure_rate: f64,
                "The share of failures in its window that opens it; 0 for no such rule.",
                share => "from 0 to 1"),
            setting!($of.slow_rate: f64,
                "The share of slow calls in its window that opens it; 0 for no such rule, and then \
                 a slow probe is a success.",
                share => "from 0 to 1"),
            setting!($of.slow_limit: Time,
                "A call that took longer is slow, as one that missed its deadline is; 0s for no \
                 such limit."),
            setting!($of.confidence: f64,
                "Rates must be reached with so many standard deviations of certainty (the lower \
                 end of Wilson's interval), such as 1.96; 0 for the rates as they are.",
                |z: &f64| z.is_finite() && *z >= 0.0 => "0 or more"),
            setting!($of.minimum_calls: u64, "With fewer calls in its window no rate opens it."),
            setting!($of.window: Span,
                "The calls that rates are taken over: the last so many, or those of so long.",
                |span: &Span| match span {
                    Span::Calls(calls) => *calls > 0,
                    Span::Time(time) => some_time(time),
                } => "above 0"),
            setting!($of.window_slices: u32,
                "The window moves on by one of so many slices at a time.",
                |count: &u32| (1..=15).contains(count) => "from 1 to 15"),
            setting!($of.open_wait: Time,
                "How long it lets nothing in once it opened; twice as long each time it opens \
                 again soon.",
                some_time => "above 0"),
            setting!($of.open_wait_max: Time, "The longest such wait.", some_time => "above 0"),
            setting!($of.jitter: f64,
                "The part of such a wait that chance may take off.", share => "from 0 to 1"),
            setting!($of.stable: Time,
                "Closed for so long, it forgets one doubling of its wait.",
                some_time => "above 0"),
            setting!($of.permitted_probes: u32,
                "Most calls let in at once to try whether things are well again; it begins with \
                 one and doubles as they succeed.",
                |count: &u32| (1..=63).contains(count) => "from 1 to 63"),
            setting!($of.success_threshold: u32, "So many of them must succeed to close it.",
                |count: &u32| (1..=127).contains(count) => "from 1 to 127"),
            setting!($of.half_open_max: Time, "How long it may go on trying.",
                some_time => "above 0"),
            setting!($of.half_open_end: HalfOpenEnd,
                "What it does after that: open, to wait again, or closed, since nothing failed."),
            setting!($of.lease: Time,
                "A call let in to try that is not heard of for so long loses its place.",
                some_time => "above 0"),
        ]
    };
}

/// The keys of each breaker.
pub(super) const BY_BREAKER: [[ConfigKey; 17]; 6] = [
    keys_of!(spread),
    keys_of!(mutation),
    keys_of!(checkpoint),
    keys_of!(hot),
    keys_of!(warm),
    keys_of!(cold),
];

/// How many keys there are, of all breakers together.
pub(super) const KEYS: usize = BY_BREAKER.len() * BY_BREAKER[0].len();

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;
    use std::time::Duration;

    use emanate::gate::{BreakerSettings, Confidence, HalfOpenEnd, Jitter, Window};

    use super::{BreakerConfig, Breakers, Span};

    #[test]
    fn the_defaults_are_those_of_the_engine() {
        let engine = emanate::Engine::new();
        let breakers = Breakers::default();
        assert_eq!(engine.gate().breakers().count(), breakers.by_name().len());
        for breaker in engine.gate().breakers() {
            let settings = breakers.settings(breaker.name()).expect("it can be configured");
            assert_eq!(settings, *breaker.settings(), "{}", breaker.name());
        }
        assert_eq!(breakers.settings("nobody"), None);
    }

    #[test]
    fn every_setting_reaches_the_engine() {
        let config = BreakerConfig {
            consecutive_failures: 0,
            failure_rate: 0.0,
            slow_rate: 0.0,
            slow_limit: Duration::from_millis(7),
            confidence: 1.96,
            minimum_calls: 3,
            window: Span::Time(Duration::from_secs(10)),
            window_slices: 5,
            open_wait: Duration::from_secs(1),
            open_wait_max: Duration::from_secs(2),
            jitter: 0.0,
            stable: Duration::from_secs(4),
            permitted_probes: 2,
            success_threshold: 6,
            half_open_max: Duration::from_secs(8),
            half_open_end: HalfOpenEnd::Closed,
            lease: Duration::from_secs(9),
        };
        let count = |count| NonZeroU8::new(count).unwrap();
        let settings = config.settings(11);
        let mut expected = BreakerSettings::new(count(1), Duration::from_secs(1), count(6));
        expected.consecutive_failures = None;
        expected.failure_rate = None;
        expected.slow_rate = None;
        expected.slow_limit = Duration::from_millis(7);
        expected.confidence = Some(Confidence::Z_1_96);
        expected.minimum_calls = 3;
        expected.window = Window::time(Duration::from_secs(10), count(5));
        expected.open_wait_max = Duration::from_secs(2);
        expected.jitter = Jitter::NONE;
        expected.jitter_seed = 11;
        expected.stable = Duration::from_secs(4);
        expected.permitted_probes = count(2);
        expected.half_open_max = Duration::from_secs(8);
        expected.half_open_end = HalfOpenEnd::Closed;
        expected.lease = Duration::from_secs(9);
        assert_eq!(settings, expected);
        assert_eq!(BreakerConfig::of(&settings), config);
    }
}
