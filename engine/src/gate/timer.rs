//! The time that belongs to a generation.

use super::state::BreakerState;
use crate::sync::{AtomicU64, Ordering};

/// Bits of a word that hold the time; the rest holds the low bits of a generation.
const TIME_BITS: u32 = 48;
/// Nanoseconds of a unit of time, as a power of two: 4096 ns, so that 36 years fit.
const GRAIN_BITS: u32 = 12;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;

/// For each state that has a time, that of the present generation and of the next.
///
/// Closed: since when. Open: until when. HalfOpen: until when. Whoever is about to begin a
/// generation announces its time first; if its exchange of the control word fails, the time
/// stands for whoever begins the same generation in the same state, at about the same moment. The
/// other states' words are marked as of that generation too, so that none falls behind while the
/// breaker goes round by others. A time is never replaced by one of an older generation, however
/// late its writer is.
///
/// # Orderings
/// - An announcement precedes, in its thread, the Release exchange that publishes the generation,
///   and is read after an Acquire load of that word. A winner that found the time announced by
///   another has read it, so nobody who sees the winner's word reads an older one.
/// - An announcement is Release and pairs with the Acquire in [`Timers::get`]: who finds a time of
///   a newer generation sees the control word that its writer saw, so that asking again gets on.
#[derive(Debug)]
pub(super) struct Timers([[AtomicU64; 2]; 3]);

impl Timers {
    /// Generation 0 is closed since `at_ns`.
    pub(super) fn new(at_ns: u64) -> Self {
        // All but one are of generations before the first, which never were.
        let never = |ago: u32| AtomicU64::new(word(0_u32.wrapping_sub(ago), 0));
        let pair = || [never(2), never(1)];
        Self([[AtomicU64::new(word(0, at_ns)), never(1)], pair(), pair()])
    }

    /// Sets the time of `generation`, should it begin in `state`, unless it has one or is past.
    pub(super) fn announce(&self, state: BreakerState, generation: u32, at_ns: u64) {
        for (index, pair) in self.0.iter().enumerate() {
            let new = word(generation, if index == state.index() { at_ns } else { 0 });
            let replace = |old: u64| {
                let ahead = (new >> TIME_BITS).wrapping_sub(old >> TIME_BITS) as u16;
                // A mark without a time gives way to a time.
                let fills = ahead == 0 && old & TIME_MASK == 0 && new != old;
                (fills || ahead != 0 && ahead < 1 << 15).then_some(new)
            };
            let time = &pair[generation as usize & 1];
            // Release: pairs with the Acquire in `get`. Where nothing is replaced, nothing is to be
            // done, so Relaxed suffices there.
            let _ = time.fetch_update(Ordering::Release, Ordering::Relaxed, replace);
        }
    }

    /// The time of `generation`, which is in `state`, rounded up to 4096 ns. `None` where that
    /// generation is past, or the state has no time.
    pub(super) fn get(&self, state: BreakerState, generation: u32) -> Option<u64> {
        // Acquire: pairs with the Release in `announce`.
        let found = self.0.get(state.index())?[generation as usize & 1].load(Ordering::Acquire);
        let same = (found >> TIME_BITS) as u16 == generation as u16;
        same.then_some((found & TIME_MASK) << GRAIN_BITS)
    }
}

const fn word(generation: u32, at_ns: u64) -> u64 {
    let time = at_ns.div_ceil(1 << GRAIN_BITS);
    let time = if time > TIME_MASK { TIME_MASK } else { time };
    (generation as u64) << TIME_BITS | time
}

#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::Timers;
    use crate::gate::state::BreakerState::{Closed, Disabled, HalfOpen, Open};

    /// How far apart the generations of a long walk are: odd, for they alternate between two words.
    const STEP: usize = if cfg!(miri) { 1001 } else { 1 };

    #[test]
    fn the_first_to_announce_sets_the_time() {
        let timers = Timers::new(0);
        timers.announce(Open, 1, 4096);
        timers.announce(Open, 1, 8192);
        assert_eq!((timers.get(Closed, 0), timers.get(Open, 1)), (Some(0), Some(4096)));
    }

    #[test]
    fn states_have_times_of_their_own() {
        let timers = Timers::new(0);
        timers.announce(Closed, 1, 4096);
        timers.announce(Open, 1, 8192);
        timers.announce(HalfOpen, 1, 12_288);
        timers.announce(Disabled, 1, 12_288);
        let times = [Closed, Open, HalfOpen, Disabled].map(|state| timers.get(state, 1));
        assert_eq!(times, [Some(4096), Some(8192), Some(12_288), None]);
        assert_eq!(timers.get(Open, 0), None);
    }

    #[test]
    fn a_state_that_was_long_ago_has_a_time_again() {
        let timers = Timers::new(0);
        timers.announce(Open, 1, 4096);
        for generation in (2..50_000).step_by(STEP) {
            timers.announce(HalfOpen, generation, 8192);
        }
        timers.announce(Open, 50_000, 12_288);
        assert_eq!(timers.get(Open, 50_000), Some(12_288));
    }

    #[test]
    fn a_late_announcement_changes_nothing() {
        let timers = Timers::new(0);
        timers.announce(Open, 1, 4096);
        timers.announce(Open, 2, 8192);
        timers.announce(Open, 3, 12_288);
        timers.announce(Open, 1, 40_960);
        assert_eq!((timers.get(Open, 1), timers.get(Open, 3)), (None, Some(12_288)));
    }

    #[test]
    fn a_generation_half_a_turn_away_is_neither_ahead_nor_behind() {
        let timers = Timers::new(0);
        timers.announce(Open, 2, 4096);
        timers.announce(Open, 2 + (1 << 15), 8192);
        assert_eq!(timers.get(Open, 2), Some(4096));
        timers.announce(Open, 2 + (1 << 15) - 2, 8192);
        assert_eq!(timers.get(Open, 1 << 15), Some(8192));
    }

    #[test]
    fn times_are_rounded_up_and_end() {
        let timers = Timers::new(1);
        assert_eq!(timers.get(Closed, 0), Some(4096));
        timers.announce(Open, 1, u64::MAX);
        assert_eq!(timers.get(Open, 1), Some(((1 << 48) - 1) << 12));
    }

    #[test]
    fn numbers_of_generations_come_again() {
        let timers = Timers::new(0);
        for generation in (1..=70_000_u32).step_by(STEP) {
            timers.announce(Closed, generation, u64::from(generation) << 12);
            assert_eq!(timers.get(Closed, generation), Some(u64::from(generation) << 12));
        }
    }
}
