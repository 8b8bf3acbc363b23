//! What a spread passes on its way in and out: breakers before it, records after it.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use crate::gate::{Gate, Operation, OutcomeClass, Permit};
use crate::graph::{Generation, Reads, TierReads};
use crate::observe::{Ending, ErrorClass, Metrics, Recorder, SpreadRecord};
use crate::spread::{Combine, Conditions, HopTime, Linear, Rule, Shut, SpreadError, SpreadOutcome};
use crate::sync::{Arc, Clock, panicking};
use crate::terms::{StopReason, Tier};

/// The breakers, the metrics, and the clock that both go by.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) gate: Gate,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Arc<dyn Clock>,
}

// A panic leaves no breaker and no recorder half-changed: each changes by single words.
impl UnwindSafe for Guard {}
impl RefUnwindSafe for Guard {}

/// A spread that its breaker let in.
#[derive(Debug)]
#[must_use = "a spread that was let in and does not begin counts as cancelled"]
pub(crate) struct Entered<'a> {
    guard: &'a Guard,
    permit: Option<Permit<'a>>,
    asks: Asks,
}

/// Whether a spread asks breakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// It does.
    Breakers,
    /// It only looks at them, and tells them nothing: a canary.
    Nobody,
}

/// Permits by tier.
type TierPermits<'a> = [Option<Permit<'a>>; Tier::ALL.len()];

/// A spread that runs, until it is recorded. Where it unwinds, it counts as panicked.
#[derive(Debug)]
pub(crate) struct Begun<'a> {
    guard: &'a Guard,
    spread: Option<Permit<'a>>,
    /// One for each tier, by its position, that the graph lies in.
    tiers: TierPermits<'a>,
    shut: Shut,
    times_hops: bool,
    reads: Reads,
    waited: Duration,
    begun_ns: u64,
    is_recorded: bool,
}

/// What is recorded of a spread beside its outcome.
pub(crate) struct Done<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) result: Result<&'a SpreadOutcome, &'a SpreadError>,
    pub(crate) hop_times: &'a [HopTime],
}

impl Guard {
    /// Asks the breaker of spreads.
    ///
    /// # Errors
    /// [`SpreadError::BreakerOpen`], which is counted.
    #[inline]
    pub(crate) fn enter(&self) -> Result<Entered<'_>, SpreadError> {
        match self.gate.enter(Operation::Spread) {
            Ok(permit) => Ok(Entered { guard: self, permit, asks: Asks::Breakers }),
            Err(open) => {
                let error = SpreadError::BreakerOpen { retry_in: open.retry_in };
                Err(self.refused(error))
            }
        }
    }

    /// Lets a canary in, whatever the breaker of spreads says. It reads no tier that a breaker
    /// keeps spreads from, and takes no probe's place.
    pub(crate) fn pass(&self) -> Entered<'_> {
        Entered { guard: self, permit: None, asks: Asks::Nobody }
    }

    /// The permits of the tiers that `graph` lies in, and which of them are shut.
    #[inline]
    fn enter_tiers(&self, graph: &Generation) -> (TierPermits<'_>, Shut) {
        let enter = |lies_there: bool, tier| {
            if lies_there { self.gate.enter_tier(tier) } else { Ok(None) }
        };
        let hot = self.gate.enter_tier(Tier::Hot);
        let warm = enter(graph.is_stored(), Tier::Warm);
        let cold = enter(graph.has_cold(), Tier::Cold);
        let shut = Shut { hot: hot.is_err(), warm: warm.is_err(), cold: cold.is_err() };
        ([hot, warm, cold].map(|entered| entered.ok().flatten()), shut)
    }

    /// The tiers that a spread might be kept from now.
    fn shut_tiers(&self) -> Shut {
        let is_shut = |tier| {
            let state = self.gate.tier(tier).state();
            self.gate.is_on() && state.keeps_out()
        };
        Shut { hot: is_shut(Tier::Hot), warm: is_shut(Tier::Warm), cold: is_shut(Tier::Cold) }
    }

    /// Counts a spread that ends before it begins.
    pub(crate) fn refused(&self, error: SpreadError) -> SpreadError {
        self.metrics.refuse(class_of(&error));
        error
    }
}

impl<'a> Entered<'a> {
    /// Begins the spread on `graph`, in a scratch, after it `waited` since it was asked for.
    #[inline]
    pub(crate) fn begin(
        self,
        graph: &Generation,
        recorder: &Recorder,
        waited: Duration,
    ) -> Begun<'a> {
        let Self { guard, permit, asks } = self;
        let (tiers, shut) = match asks {
            Asks::Breakers => guard.enter_tiers(graph),
            Asks::Nobody => ([None, None, None], guard.shut_tiers()),
        };
        Begun {
            guard,
            spread: permit,
            tiers,
            shut,
            times_hops: recorder.is_on(),
            reads: Reads::of_this_thread(),
            waited,
            begun_ns: guard.clock.now_ns(),
            is_recorded: false,
        }
    }

    /// Gives the place back: the spread was refused by somebody else.
    pub(crate) fn give_back(self, error: SpreadError) -> SpreadError {
        if let Some(permit) = self.permit {
            permit.record(OutcomeClass::Ignored);
        }
        self.guard.refused(error)
    }
}

impl<'a> Begun<'a> {
    /// `conditions` with what the breakers and the metrics ask for.
    pub(crate) fn conditions(&self, conditions: Conditions<'a>) -> Conditions<'a> {
        let hop_clock = self.times_hops.then_some(&*self.guard.clock);
        Conditions { shut: self.shut, hop_clock, ..conditions }
    }

    /// Whether rows of some tier are not read from.
    pub(crate) fn is_shut(&self) -> bool {
        self.shut != Shut::default()
    }

    /// Gives the places back: it did not run after all, and begins again in another way.
    pub(crate) fn withdraw(mut self) {
        self.is_recorded = true;
        let tiers = self.tiers.iter_mut().filter_map(Option::take);
        for permit in self.spread.take().into_iter().chain(tiers) {
            permit.record(OutcomeClass::Ignored);
        }
    }

    /// Records how it ended. Returns the time it took, without and with waiting.
    pub(crate) fn end(mut self, recorder: &mut Recorder, done: &Done<'_>) -> (Duration, Duration) {
        self.is_recorded = true;
        let ended_ns = self.guard.clock.now_ns();
        let reads = Reads::of_this_thread().since(self.reads);
        self.settle(done.result, reads, ended_ns);
        let service = Duration::from_nanos(ended_ns.saturating_sub(self.begun_ns));
        let response = self.waited + service;
        if recorder.is_on() {
            let mut record = record_of(done, reads);
            (record.service, record.response) = (service, response);
            recorder.record(&record);
            for hop in done.hop_times {
                note_hop(recorder, hop);
            }
        }
        (service, response)
    }

    /// Tells each breaker how its part went.
    fn settle(
        &mut self,
        result: Result<&SpreadOutcome, &SpreadError>,
        reads: Reads,
        ended_ns: u64,
    ) {
        if let Some(permit) = self.spread.take() {
            permit.record_timed(outcome_class(result), self.begun_ns, ended_ns);
        }
        let [hot, warm, cold] = &mut self.tiers;
        if let Some(permit) = hot.take() {
            let read_ns = reads.ns().min(ended_ns.saturating_sub(self.begun_ns));
            permit.record_timed(OutcomeClass::Success, self.begun_ns + read_ns, ended_ns);
        }
        for (permit, reads) in [(warm, reads.warm), (cold, reads.cold)] {
            let Some(permit) = permit.take() else { continue };
            let class = match reads {
                TierReads { failed: 1.., .. } => OutcomeClass::Failure,
                TierReads { count: 1.., .. } => OutcomeClass::Success,
                // All that was needed lay elsewhere, which says nothing of this tier.
                _ => OutcomeClass::Ignored,
            };
            permit.record_timed(class, ended_ns.saturating_sub(reads.ns), ended_ns);
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if self.is_recorded || !panicking() {
            return;
        }
        self.guard.metrics.refuse(ErrorClass::Panicked);
        // The spread's permit, dropped by a panic, is a failure. The tiers did nothing wrong.
        for permit in self.tiers.iter_mut().filter_map(Option::take) {
            permit.record(OutcomeClass::Ignored);
        }
    }
}

fn note_hop(recorder: &mut Recorder, hop: &HopTime) {
    recorder.hop(Duration::from_nanos(hop.total_ns));
    let in_memory = hop.total_ns.saturating_sub(hop.warm_ns + hop.cold_ns);
    recorder.tier_read(Tier::Hot, Duration::from_nanos(in_memory));
    for (tier, ns) in [(Tier::Warm, hop.warm_ns), (Tier::Cold, hop.cold_ns)] {
        if ns > 0 {
            recorder.tier_read(tier, Duration::from_nanos(ns));
        }
    }
}

fn record_of(done: &Done<'_>, reads: Reads) -> SpreadRecord {
    let outcome = match done.result {
        Ok(outcome) => outcome,
        Err(error) => return SpreadRecord::new(Ending::Error(class_of(error))),
    };
    let stats = &outcome.stats;
    let is_noisy_or = matches!(done.rule, Rule::Linear(Linear { combine: Combine::NoisyOr, .. }));
    let mut tiers_read = [false; Tier::ALL.len()];
    tiers_read[Tier::Hot.index()] = stats.edges_traversed > 0;
    tiers_read[Tier::Warm.index()] = reads.warm.count > 0;
    tiers_read[Tier::Cold.index()] = reads.cold.count > 0;
    SpreadRecord {
        hops: stats.hops,
        nodes_activated: stats.nodes_reached,
        edges_traversed: stats.edges_traversed,
        revisits: stats.revisits,
        confidence_aggregations: if is_noisy_or { stats.edges_traversed } else { 0 },
        confidence: mean_confidence(outcome),
        tiers_read,
        nodes_degraded: outcome.degraded.count,
        ..SpreadRecord::new(Ending::Stopped(outcome.stop_reason))
    }
}

/// The mean of `activation / largest activation` over what was reported.
fn mean_confidence(outcome: &SpreadOutcome) -> Option<f64> {
    let largest = outcome.activations.first()?.activation;
    if largest <= 0.0 {
        return None;
    }
    let sum: f64 = outcome.activations.iter().map(|entry| entry.activation / largest).sum();
    Some(sum / outcome.activations.len() as f64)
}

/// What an ending says to the breaker of spreads.
fn outcome_class(result: Result<&SpreadOutcome, &SpreadError>) -> OutcomeClass {
    match result {
        Ok(outcome) => match outcome.stop_reason {
            StopReason::Deadline => OutcomeClass::Slow,
            StopReason::Cancelled => OutcomeClass::Ignored,
            _ => OutcomeClass::Success,
        },
        Err(error) => match class_of(error) {
            ErrorClass::Storage | ErrorClass::Panicked => OutcomeClass::Failure,
            _ => OutcomeClass::Ignored,
        },
    }
}

const fn class_of(error: &SpreadError) -> ErrorClass {
    match error {
        SpreadError::Damaged(_) => ErrorClass::Storage,
        SpreadError::Panicked => ErrorClass::Panicked,
        SpreadError::BreakerOpen { .. } => ErrorClass::BreakerOpen,
        SpreadError::Shed { .. } => ErrorClass::Shed,
        SpreadError::NoThreads => ErrorClass::Saturated,
        _ => ErrorClass::Invalid,
    }
}
