//! How a spread ended, as metrics tell it apart.

use crate::terms::StopReason;

/// Why a spread gave no outcome, in as many classes as metrics tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The request cannot be run on this graph: the caller's mistake.
    Invalid,
    /// The graph's file could not be read.
    Storage,
    /// Something panicked, most likely the host's node filter.
    Panicked,
    /// The breaker of spreads was open.
    BreakerOpen,
    /// Too many spreads were in flight.
    Saturated,
    /// There was no room in the queue, or no scratch until the deadline.
    Shed,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [Self; 6] = [
        Self::Invalid,
        Self::Storage,
        Self::Panicked,
        Self::BreakerOpen,
        Self::Saturated,
        Self::Shed,
    ];

    /// Its name as a metric label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Storage => "storage",
            Self::Panicked => "panicked",
            Self::BreakerOpen => "breaker_open",
            Self::Saturated => "saturated",
            Self::Shed => "shed",
        }
    }
}

/// How a spread ended: with an outcome, or with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// With an outcome.
    Stopped(StopReason),
    /// With an error.
    Error(ErrorClass),
}

impl Ending {
    /// How many endings are told apart.
    pub const COUNT: usize = StopReason::ALL.len() + ErrorClass::ALL.len();

    /// Its position: stop reasons first, then errors, each in order of declaration.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Stopped(reason) => reason as usize,
            Self::Error(class) => StopReason::ALL.len() + class as usize,
        }
    }

    /// The names of all endings, by [`Ending::index`].
    pub const NAMES: [&'static str; Self::COUNT] = {
        let mut names = [""; Self::COUNT];
        let mut at = 0;
        while at < Self::COUNT {
            names[at] = match at.checked_sub(StopReason::ALL.len()) {
                None => StopReason::ALL[at].name(),
                Some(class) => ErrorClass::ALL[class].name(),
            };
            at += 1;
        }
        names
    };

    /// What it means to somebody who waits for spreads.
    #[must_use]
    pub const fn class(self) -> EndingClass {
        match self {
            Self::Stopped(StopReason::Exhausted | StopReason::HopLimit | StopReason::Converged) => {
                EndingClass::Complete
            }
            Self::Stopped(_) => EndingClass::Cut,
            Self::Error(_) => EndingClass::Failed,
        }
    }
}

/// Endings in classes, by which durations are told apart: a service level is stated for spreads
/// that are complete, and what a bound cut off lasts as long as the bound says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndingClass {
    /// The rule came to its own end: exhausted, hop limit, or converged.
    Complete,
    /// A bound, an overflow, or the host ended it before.
    Cut,
    /// It ended with an error.
    Failed,
}

impl EndingClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Cut, Self::Failed];
    /// The names of all classes, in their order.
    pub const NAMES: [&'static str; 3] = ["complete", "cut", "failed"];
}

/// A duration that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timed {
    /// From the begin of a spread's work to its end.
    Service(EndingClass),
    /// From when a spread was asked for, or was to begin, to its end.
    Response,
    /// One hop.
    Hop,
    /// What one hop spent on the rows of one tier.
    TierRead(crate::terms::Tier),
}

impl Timed {
    /// How many there are.
    pub const COUNT: usize = EndingClass::ALL.len() + 2 + crate::terms::Tier::ALL.len();

    /// All of them, by [`Timed::index`].
    pub const ALL: [Self; Self::COUNT] = {
        use crate::terms::Tier;
        [
            Self::Service(EndingClass::Complete),
            Self::Service(EndingClass::Cut),
            Self::Service(EndingClass::Failed),
            Self::Response,
            Self::Hop,
            Self::TierRead(Tier::Hot),
            Self::TierRead(Tier::Warm),
            Self::TierRead(Tier::Cold),
        ]
    };

    /// Its position in [`Timed::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Service(class) => class as usize,
            Self::Response => EndingClass::ALL.len(),
            Self::Hop => EndingClass::ALL.len() + 1,
            Self::TierRead(tier) => EndingClass::ALL.len() + 2 + tier.index(),
        }
    }

    /// Its name, as the tag of a line in an interval log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        use crate::terms::Tier;
        match self {
            Self::Service(EndingClass::Complete) => "service_complete",
            Self::Service(EndingClass::Cut) => "service_cut",
            Self::Service(EndingClass::Failed) => "service_failed",
            Self::Response => "response",
            Self::Hop => "hop",
            Self::TierRead(Tier::Hot) => "tier_read_hot",
            Self::TierRead(Tier::Warm) => "tier_read_warm",
            Self::TierRead(Tier::Cold) => "tier_read_cold",
        }
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use std::collections::BTreeSet;

    use super::{Ending, EndingClass, ErrorClass, Timed};
    use crate::terms::StopReason;

    #[test]
    fn every_ending_has_a_place_and_a_name_of_its_own() {
        let stopped = StopReason::ALL.map(Ending::Stopped);
        let errors = ErrorClass::ALL.map(Ending::Error);
        let all: Vec<Ending> = stopped.into_iter().chain(errors).collect();
        for (at, ending) in all.iter().enumerate() {
            assert_eq!(ending.index(), at);
            let name = match ending {
                Ending::Stopped(reason) => reason.name(),
                Ending::Error(class) => class.name(),
            };
            assert_eq!(Ending::NAMES[at], name);
        }
        let names = Ending::NAMES.iter().chain(&EndingClass::NAMES);
        // A class that had an ending's name could be taken for it in a query.
        assert_eq!(names.collect::<BTreeSet<_>>().len(), Ending::COUNT + 3);
    }

    #[test]
    fn classes_follow_what_a_waiting_host_sees() {
        let class = |reason| Ending::Stopped(reason).class();
        let complete = [StopReason::Exhausted, StopReason::HopLimit, StopReason::Converged];
        for reason in StopReason::ALL {
            let expected =
                if complete.contains(&reason) { EndingClass::Complete } else { EndingClass::Cut };
            assert_eq!(class(reason), expected);
        }
        for error in ErrorClass::ALL {
            assert_eq!(Ending::Error(error).class(), EndingClass::Failed);
        }
    }

    #[test]
    fn every_duration_has_a_place_and_a_name_of_its_own() {
        let indexes = Timed::ALL.map(Timed::index);
        assert_eq!(indexes.to_vec(), (0..Timed::COUNT).collect::<Vec<_>>());
        assert_eq!(Timed::ALL.map(Timed::name).iter().collect::<BTreeSet<_>>().len(), Timed::COUNT);
    }
}
