//! What happened, for whoever asks.

use crate::sync::{AtomicU64, Ordering, mutated};

use super::control::GENERATIONS;
use super::state::{BreakerState, TransitionReason};

/// Transitions that are kept for readers; a power of two.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
pub(super) const KEPT: u32 = 64;
#[cfg(any(emanate_loom, emanate_shuttle))]
pub(super) const KEPT: u32 = 2;

const TAG_BITS: u32 = 12;
const TAG_MASK: u64 = (1 << TAG_BITS) - 1;
const FROM: u32 = TAG_BITS;
const TO: u32 = FROM + 3;
const REASON: u32 = TO + 3;
const TIME: u32 = REASON + 4;
/// Nanoseconds of a unit of time, as a power of two: 131 us, so that 18 years fit.
const GRAIN_BITS: u32 = 17;

/// One transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerEvent {
    /// The generation that began, in `0..2^20`; the numbers of transitions that follow each other
    /// follow each other.
    pub generation: u32,
    /// The state that ended.
    pub from: BreakerState,
    /// The state that began.
    pub to: BreakerState,
    /// Why.
    pub reason: TransitionReason,
    /// When, in nanoseconds of the breaker's clock, to 131 us.
    pub at_ns: u64,
}

/// How far a reader has read, and how much it missed. Begins at the breaker's first transition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventCursor {
    generation: u32,
    dropped: u64,
}

impl EventCursor {
    /// After the transition that began `generation`.
    #[cfg(test)]
    pub(super) const fn after(generation: u32) -> Self {
        Self { generation, dropped: 0 }
    }

    /// Transitions this reader missed because newer ones took their places.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// The last transitions, each in the place that its generation's number gives it: one word, so
/// that no reader ever sees half of one.
///
/// A breaker writes here after its transition and calls nobody. Readers take nothing out: there
/// may be any number, each with a cursor of its own.
///
/// # Orderings
/// Release and Acquire on a word: who reads an event sees what the transition published. A late
/// writer never replaces a newer event.
///
/// # Progress
/// Writing is lock-free, reading wait-free. Behind a thread that was stopped between its
/// transition and the writing, readers see nothing until 64 transitions later; then the missing
/// one counts as dropped.
#[derive(Debug)]
pub(super) struct EventRing([AtomicU64; KEPT as usize]);

impl EventRing {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(super) fn push(&self, event: BreakerEvent) {
        let word = packed(event);
        let place = &self.0[(event.generation % KEPT) as usize];
        let newer = |old: u64| {
            let ahead = word.wrapping_sub(old) & TAG_MASK;
            let late = old != 0 && ahead >= 1 << (TAG_BITS - 1);
            (!late || mutated("late_events_stay")).then_some(word)
        };
        // Release: pairs with the Acquire in `next`. Relaxed on failure: nothing is read there.
        let _ = place.fetch_update(Ordering::Release, Ordering::Relaxed, newer);
    }

    /// The event that follows `cursor`, in a breaker that is in generation `present`.
    pub(super) fn next(&self, cursor: &mut EventCursor, present: u32) -> Option<BreakerEvent> {
        loop {
            let waiting = present.wrapping_sub(cursor.generation) % GENERATIONS;
            if waiting == 0 {
                return None;
            }
            if waiting > KEPT {
                let lost = waiting - KEPT;
                cursor.dropped += u64::from(lost);
                cursor.generation = cursor.generation.wrapping_add(lost) % GENERATIONS;
            }
            let generation = cursor.generation.wrapping_add(1) % GENERATIONS;
            // Acquire: pairs with the Release in `push`.
            let word = self.0[(generation % KEPT) as usize].load(Ordering::Acquire);
            let ahead = word.wrapping_sub(u64::from(generation)) & TAG_MASK;
            if word == 0 || ahead >= 1 << (TAG_BITS - 1) {
                return None;
            }
            cursor.generation = generation;
            if ahead == 0 {
                return Some(unpacked(word, generation));
            }
            cursor.dropped += 1;
        }
    }
}

/// Never 0: a reason is written as 1 more than its index.
fn packed(event: BreakerEvent) -> u64 {
    (u64::from(event.generation) & TAG_MASK)
        | (event.from.index() as u64) << FROM
        | (event.to.index() as u64) << TO
        | (event.reason.index() as u64 + 1) << REASON
        | event.at_ns >> GRAIN_BITS << TIME
}

fn unpacked(word: u64, generation: u32) -> BreakerEvent {
    let state = |at: u32| BreakerState::at(word >> at & 7);
    let reason = (word >> REASON & 15).saturating_sub(1) as usize;
    BreakerEvent {
        generation,
        from: state(FROM),
        to: state(TO),
        reason: TransitionReason::ALL.get(reason).copied().unwrap_or(TransitionReason::Host),
        at_ns: word >> TIME << GRAIN_BITS,
    }
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{BreakerEvent, EventCursor, EventRing, GENERATIONS, KEPT};
    use crate::gate::state::{BreakerState, TransitionReason};

    fn event(generation: u32) -> BreakerEvent {
        BreakerEvent {
            generation: generation % GENERATIONS,
            from: BreakerState::MetricsOnly,
            to: BreakerState::Disabled,
            reason: TransitionReason::WindowReplaced,
            at_ns: u64::from(generation) << 17,
        }
    }

    fn read(ring: &EventRing, cursor: &mut EventCursor, present: u32) -> Vec<BreakerEvent> {
        std::iter::from_fn(|| ring.next(cursor, present % GENERATIONS)).collect()
    }

    #[test]
    fn every_reader_gets_every_event_in_order() {
        let ring = EventRing::new();
        (1..=3).for_each(|generation| ring.push(event(generation)));
        let (mut one, mut other) = (EventCursor::default(), EventCursor::default());
        assert_eq!(read(&ring, &mut one, 3), [event(1), event(2), event(3)]);
        ring.push(event(4));
        assert_eq!(read(&ring, &mut one, 4), [event(4)]);
        assert_eq!(read(&ring, &mut other, 4).len(), 4);
        assert_eq!((one.dropped(), read(&ring, &mut one, 4)), (0, vec![]));
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let ring = EventRing::new();
        (1..=KEPT + 10).for_each(|generation| ring.push(event(generation)));
        let mut cursor = EventCursor::default();
        let events = read(&ring, &mut cursor, KEPT + 10);
        assert_eq!((events.len(), cursor.dropped()), (KEPT as usize, 10));
        assert_eq!(events[0], event(11));
    }

    #[test]
    fn an_event_that_is_not_written_yet_is_waited_for() {
        let ring = EventRing::new();
        let mut cursor = EventCursor::default();
        ring.push(event(2));
        assert_eq!(read(&ring, &mut cursor, 2), []);
        ring.push(event(1));
        assert_eq!(read(&ring, &mut cursor, 2), [event(1), event(2)]);
        ring.push(event(3 + KEPT));
        assert_eq!(ring.next(&mut cursor, 3), None, "one that was never written");
        assert_eq!(cursor.dropped(), 1);
    }

    #[test]
    fn a_late_writer_replaces_nothing() {
        let ring = EventRing::new();
        let mut cursor = EventCursor::after(KEPT);
        ring.push(event(1 + KEPT));
        ring.push(event(1));
        assert_eq!(ring.next(&mut cursor, 1 + KEPT), Some(event(1 + KEPT)));
    }

    #[test]
    fn numbers_of_generations_come_again() {
        let ring = EventRing::new();
        let mut cursor = EventCursor::after(GENERATIONS - 10);
        for generation in GENERATIONS - 9..GENERATIONS + 100 {
            ring.push(event(generation));
            assert_eq!(read(&ring, &mut cursor, generation).len(), 1, "{generation}");
        }
        assert_eq!(cursor.dropped(), 0);
    }
}
