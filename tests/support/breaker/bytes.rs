//! Histories out of bytes, for fuzzing and for property tests, which both shrink bytes well.

use std::num::{NonZeroU8, NonZeroU32};
use std::time::Duration;

use emanate::gate::{
    BreakerSettings, BreakerState, Confidence, HalfOpenEnd, Jitter, OutcomeClass, Rate, Window,
};

use super::history::{Command, History};

/// Times are multiples of this, so that no time is rounded by the breaker.
const GRAIN: u64 = 4096;

struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    fn count(&mut self, most: u8) -> NonZeroU8 {
        NonZeroU8::new(self.below(most) + 1).unwrap_or(NonZeroU8::MIN)
    }

    /// From nothing to some minutes, mostly short.
    fn time(&mut self) -> Duration {
        let units = u64::from(self.byte()) << self.below(24);
        Duration::from_nanos(units * GRAIN)
    }

    fn rate(&mut self) -> Option<Rate> {
        let limits = [None, Some(0.3), Some(0.5), Some(0.613), Some(0.9), Some(1.0)];
        limits[usize::from(self.below(6))].and_then(|limit| Rate::new(limit).ok())
    }

    fn window(&mut self) -> Window {
        let (whole, slices) = (u32::from(self.below(40)) + 1, self.count(20));
        match self.below(2) {
            0 => Window::calls(NonZeroU32::new(whole).unwrap_or(NonZeroU32::MIN), slices),
            _ => Window::time(Duration::from_millis(u64::from(whole)), slices),
        }
    }

    fn settings(&mut self) -> BreakerSettings {
        let mut settings = BreakerSettings::new(self.count(6), self.time(), self.count(5));
        settings.jitter = Jitter::NONE;
        if self.below(3) == 0 {
            settings.consecutive_failures = None;
        }
        settings.window = self.window();
        settings.minimum_calls = u64::from(self.below(12));
        settings.failure_rate = self.rate();
        settings.slow_rate = self.rate();
        settings.slow_limit = self.time();
        settings.confidence = (self.below(4) == 0).then_some(Confidence::Z_1_96);
        settings.permitted_probes = self.count(6);
        settings.half_open_max = self.time();
        settings.half_open_end =
            [HalfOpenEnd::Open, HalfOpenEnd::Closed][usize::from(self.below(2))];
        settings.lease = self.time();
        settings.open_wait_max = self.time();
        settings.stable = self.time();
        settings
    }

    fn class(&mut self) -> OutcomeClass {
        use OutcomeClass::{Failure, Ignored, Slow, Success};
        [Success, Success, Success, Failure, Failure, Failure, Slow, Ignored]
            [usize::from(self.below(8))]
    }

    fn command(&mut self) -> Command {
        match self.below(32) {
            0..=11 => Command::Acquire,
            12..=20 => Command::Record(usize::from(self.byte()), self.class()),
            21..=23 => Command::RecordTimed(usize::from(self.byte()), self.class(), self.time()),
            24 => Command::Drop(usize::from(self.byte())),
            25 => Command::Panic(usize::from(self.byte())),
            26 => Command::Forget(usize::from(self.byte())),
            27..=29 => Command::Advance(self.time()),
            30 => Command::State(BreakerState::ALL[usize::from(self.below(6))]),
            _ => match self.below(4) {
                0 => Command::Set(self.settings()),
                _ => Command::Advance(self.time()),
            },
        }
    }
}

impl History {
    /// Some history for any bytes; more bytes, more commands.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut bytes = Bytes(bytes.iter());
        let settings = bytes.settings();
        let mut commands = Vec::new();
        while bytes.0.len() > 0 {
            commands.push(bytes.command());
        }
        Self { settings, commands }
    }
}
