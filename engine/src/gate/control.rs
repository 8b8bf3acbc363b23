//! The control word: all that decides whether work is let in, in one atomic.

use std::fmt;

use bytemuck::{Pod, Zeroable};

use super::shape::Shape;
use super::state::BreakerState;
use crate::sync::mutated;

/// A field of the word: its lowest bit and how many bits it has.
#[derive(Clone, Copy)]
struct Field(u32, u32);

const STATE: Field = Field(0, 3);
const GENERATION: Field = Field(3, 20);
const STRAIN: Field = Field(23, 4);
const OUT: Field = Field(27, 6);
const TALLY: Field = Field(33, 7);
const TURN: Field = Field(40, 6);
const SHAPE: Field = Field(46, Shape::BITS);

/// How many generations there are before their numbers come again.
pub(super) const GENERATIONS: u32 = 1 << GENERATION.1;
/// Most probes that are out at once.
pub(super) const OUT_MAX: u32 = (1 << OUT.1) - 1;
/// Most failures in a row, or successful probes, that are counted.
pub(super) const TALLY_MAX: u32 = (1 << TALLY.1) - 1;
/// Most doublings of the open wait.
pub(super) const STRAIN_MAX: u32 = (1 << STRAIN.1) - 1;

/// The states that let everything through, as bits.
const ADMIT_ALL: u64 = 1 << BreakerState::Closed as u64
    | 1 << BreakerState::Disabled as u64
    | 1 << BreakerState::MetricsOnly as u64;

/// A breaker's state, generation, probes and tallies, as one value of one atomic.
///
/// Every transition raises the generation, and whatever was let in under an older one is refused
/// when it reports. Numbers of generations come again after 2^20 transitions: an outcome that
/// is reported exactly so many transitions late is taken for one of today. At two transitions a
/// millisecond, without a pause, that is after nine minutes.
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub(super) struct Control(u64);

impl Control {
    /// Closed, in generation 0.
    pub(super) const fn new(shape: Shape) -> Self {
        Self(0).with(SHAPE, shape.bits())
    }

    const fn get(self, field: Field) -> u32 {
        ((self.0 >> field.0) & ((1 << field.1) - 1)) as u32
    }

    const fn with(self, field: Field, value: u32) -> Self {
        let mask = ((1_u64 << field.1) - 1) << field.0;
        Self((self.0 & !mask) | ((value as u64) << field.0 & mask))
    }

    pub(super) const fn state(self) -> BreakerState {
        BreakerState::at(self.get(STATE) as u64)
    }

    /// Whether everything is let through.
    #[inline]
    pub(super) const fn admits_all(self) -> bool {
        ADMIT_ALL >> self.get(STATE) & 1 == 1
    }

    #[inline]
    pub(super) const fn generation(self) -> u32 {
        self.get(GENERATION)
    }

    /// How often the breaker opened without a long enough healthy time between.
    pub(super) const fn strain(self) -> u32 {
        self.get(STRAIN)
    }

    /// Probes let in and not back.
    pub(super) const fn out(self) -> u32 {
        self.get(OUT)
    }

    /// Closed: failures in a row. HalfOpen: probes that succeeded.
    #[inline]
    pub(super) const fn tally(self) -> u32 {
        self.get(TALLY)
    }

    #[inline]
    pub(super) const fn shape(self) -> Shape {
        Shape::from_bits(self.get(SHAPE))
    }

    pub(super) const fn with_tally(self, tally: u32) -> Self {
        self.with(TALLY, tally)
    }

    pub(super) const fn with_strain(self, strain: u32) -> Self {
        self.with(STRAIN, if strain > STRAIN_MAX { STRAIN_MAX } else { strain })
    }

    pub(super) const fn with_shape(self, shape: Shape) -> Self {
        self.with(SHAPE, shape.bits())
    }

    /// One probe more is out. The turn makes every admission another word, so that a word which
    /// was read before one probe came back and another was let in is not found again; it comes
    /// again only after exactly 64 admissions.
    pub(super) fn admit_one(self) -> Self {
        let turn = if mutated("turns_stand_still") { 0 } else { 1 };
        self.with(OUT, self.out() + 1).with(TURN, self.get(TURN).wrapping_add(turn))
    }

    /// One probe is back.
    pub(super) const fn return_one(self) -> Self {
        self.with(OUT, self.out().saturating_sub(1))
    }

    /// The next generation, in `state`, with no probes out, nothing tallied, the same strain and
    /// shape.
    pub(super) const fn next(self, state: BreakerState) -> Self {
        self.with(STATE, state as u32)
            .with(GENERATION, self.generation().wrapping_add(1))
            .with(OUT, 0)
            .with(TALLY, 0)
    }

    /// In a generation of any number, for tests of what happens when numbers come again.
    #[cfg(test)]
    pub(super) const fn with_generation(self, generation: u32) -> Self {
        self.with(GENERATION, generation)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("state", &self.state())
            .field("generation", &self.generation())
            .field("strain", &self.strain())
            .field("out", &self.out())
            .field("tally", &self.tally())
            .field("shape", &self.shape())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU8, NonZeroU32};

    use super::{Control, GENERATIONS, OUT_MAX, STRAIN_MAX, TALLY_MAX};
    use crate::gate::settings::Window;
    use crate::gate::shape::Shape;
    use crate::gate::state::BreakerState;

    fn shape() -> Shape {
        let calls = NonZeroU32::new(100).unwrap();
        Shape::of(Window::Calls { calls, slices: NonZeroU8::new(10).unwrap() })
    }

    #[test]
    fn fields_keep_apart_at_their_ends() {
        let mut control = Control::new(shape()).with_generation(GENERATIONS - 1);
        for _ in 0..OUT_MAX {
            control = control.admit_one();
        }
        control = control.with_tally(TALLY_MAX).with_strain(STRAIN_MAX + 5);
        assert_eq!(control.state(), BreakerState::Closed);
        assert_eq!(control.generation(), GENERATIONS - 1);
        assert_eq!((control.out(), control.tally()), (OUT_MAX, TALLY_MAX));
        assert_eq!((control.strain(), control.shape()), (STRAIN_MAX, shape()));
        let next = control.next(BreakerState::MetricsOnly);
        assert_eq!((next.generation(), next.state()), (0, BreakerState::MetricsOnly));
        assert_eq!((next.out(), next.tally()), (0, 0));
        assert_eq!((next.strain(), next.shape()), (STRAIN_MAX, shape()));
    }

    #[test]
    fn an_admission_leaves_a_trace_after_it_is_back() {
        let before = Control::new(shape());
        let after = before.admit_one().return_one();
        assert_eq!(after.out(), before.out());
        assert_ne!(before, after);
        let mut around = before;
        for _ in 0..64 {
            around = around.admit_one().return_one();
        }
        assert_eq!(around, before);
        assert_eq!(before.return_one().out(), 0);
    }

    #[test]
    fn three_states_let_everything_through() {
        for state in BreakerState::ALL {
            use BreakerState::{Closed, Disabled, MetricsOnly};
            let admits = [Closed, Disabled, MetricsOnly].contains(&state);
            assert_eq!(Control::new(shape()).next(state).admits_all(), admits, "{state}");
        }
    }
}
