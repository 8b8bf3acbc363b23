//! The window: outcomes by slice, in a ring, on several stripes.
//!
//! A stripe holds a ring of slices, and a slice three words, one for each class of outcome. A word
//! is the name of its slice (generation and number) beside a count. Whoever records picks the
//! stripe of its thread and exchanges one word: where the word names the present slice, the count
//! grows by one; where it names an older one, it begins again at one. So nothing is ever swept, no
//! background work exists, and a generation that has just begun finds its window empty.
//!
//! A count that is replaced is added to the stripe's past counts, so that totals lose nothing.
//!
//! # Orderings
//! - The exchange of a word is Release and pairs with the Acquire loads of [`Ring::tally`].
//! - Two threads that each record a failure and then add up must not both miss the other's: each
//!   has a SeqCst fence between. Of two fences one is later, and what follows it sees what
//!   precedes the other.
//! - A past count grows, with Release, after the exchange that dropped its words' counts.
//!   [`Ring::totals`] reads past counts first, with Acquire: a total may lack, for a moment, what
//!   is on its way from a word to the past, and never counts it twice.
//!
//! # Progress
//! Recording is lock-free: an exchange is repeated only where another thread of the same stripe
//! succeeded. Adding up is wait-free.

use super::control::Control;
use super::verdict::WindowTally;
use crate::sync::{AtomicU64, Ordering, fence, mutated, stripe, stripes};

/// Slices in the ring of a stripe; a power of two above the most slices of a window.
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
const RING: usize = 16;
#[cfg(any(emanate_loom, emanate_shuttle))]
const RING: usize = 2;

/// In slices that are not fine, only each such success looks whether the slice is full.
const EACH: u64 = 4;

/// Outcomes a window counts, as indices of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    Success,
    Failure,
    Slow,
}

const CLASSES: usize = 3;

const COUNT_BITS: u32 = 24;
const SLICE_BITS: u32 = 28;
const GENERATION_BITS: u32 = 12;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

/// A word is newer than an outcome only if it is so by less than so many generations, and, in one
/// generation, by less than so many slices; else its number has come again, and it is old.
const GENERATIONS_LATE: u64 = 64;
const SLICES_LATE: u64 = 1024;

/// The name of a slice: the low bits of its generation and of its number.
///
/// Names come again: a slice of the same generation after 2^28 slices, which is a month of slices
/// of 10 ms. A word that nobody wrote to in exactly that time is taken for a present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name(u64);

impl Name {
    const fn new(generation: u32, number: u64) -> Self {
        let generation = generation as u64 & ((1 << GENERATION_BITS) - 1);
        Self(generation << SLICE_BITS | number & ((1 << SLICE_BITS) - 1))
    }

    /// Whether `self` is of the same generation as `other` and a later slice, or of a later
    /// generation and no earlier slice. A word that was left alone while thousands of generations
    /// went by may look later by its generation, but its slice tells that it is not.
    const fn is_after(self, other: Self) -> bool {
        let generations = (self.0 >> SLICE_BITS).wrapping_sub(other.0 >> SLICE_BITS);
        let generations = generations & ((1 << GENERATION_BITS) - 1);
        let slices = self.0.wrapping_sub(other.0) & ((1 << SLICE_BITS) - 1);
        if generations == 0 {
            slices != 0 && slices < SLICES_LATE
        } else {
            generations < GENERATIONS_LATE && slices < 1 << (SLICE_BITS - 1)
        }
    }
}

/// The name of a slice and a count, as one word.
#[derive(Clone, Copy)]
struct Word(u64);

impl Word {
    const fn new(name: Name, count: u64) -> Self {
        Self(name.0 << COUNT_BITS | count)
    }

    const fn name(self) -> Name {
        Name(self.0 >> COUNT_BITS)
    }

    const fn count(self) -> u64 {
        self.0 & COUNT_MAX
    }

    /// The count, if it is of the slice called `name`.
    fn count_in(self, name: Name) -> u64 {
        if self.name() == name { self.count() } else { 0 }
    }
}

/// What a thread writes to.
#[derive(Debug)]
#[repr(align(128))]
struct Stripe {
    slices: [[AtomicU64; CLASSES]; RING],
    past: [AtomicU64; CLASSES],
}

impl Stripe {
    fn new() -> Self {
        // No slice is called so: the highest generation comes before generation 0.
        let nothing = Word::new(Name::new(u32::MAX, 0), 0).0;
        let words = || std::array::from_fn(|_| AtomicU64::new(nothing));
        Self {
            slices: std::array::from_fn(|_| words()),
            past: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Counts one outcome in the slice called `name`: how many there are now of this class, or
    /// `None` where that slice is past, or full.
    #[inline]
    fn add(&self, at: usize, class: Counted, name: Name) -> Option<u64> {
        let word = &self.slices[at][class as usize];
        // Relaxed: a guess, which the exchange confirms.
        let mut seen = word.load(Ordering::Relaxed);
        loop {
            let old = Word(seen);
            let new = if old.name() == name {
                if old.count() == COUNT_MAX {
                    break;
                }
                Word(seen + 1)
            } else if old.name().is_after(name) {
                break;
            } else {
                Word::new(name, 1)
            };
            if mutated("window_stores") {
                // Relaxed: wrong on purpose.
                word.store(new.0, Ordering::Relaxed);
                return Some(new.count());
            }
            // Release: pairs with the Acquire in `tally`. Relaxed on failure: another guess.
            match word.compare_exchange(seen, new.0, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => {
                    if old.name() != name && old.count() > 0 {
                        self.keep(class, old.count());
                    }
                    return Some(new.count());
                }
                Err(newer) => seen = newer,
            }
        }
        self.keep(class, 1);
        None
    }

    #[cold]
    fn keep(&self, class: Counted, count: u64) {
        // Release: pairs with the Acquire in `totals`; whoever sees the sum sees that the word
        // it came from holds it no more.
        self.past[class as usize].fetch_add(count, Ordering::Release);
    }

    /// Outcomes in the slice called `name`.
    #[inline]
    fn tally(&self, at: usize, name: Name) -> WindowTally {
        // Acquire: pairs with the Release in `add`.
        let count = |class: Counted| {
            Word(self.slices[at][class as usize].load(Ordering::Acquire)).count_in(name)
        };
        WindowTally {
            successes: count(Counted::Success),
            failures: count(Counted::Failure),
            slow: count(Counted::Slow),
        }
    }
}

/// The number of the newest slice, where calls fill slices.
#[derive(Debug)]
#[repr(align(128))]
struct Front(AtomicU64);

/// The ring of all stripes, and totals since the beginning.
#[derive(Debug)]
pub(super) struct Ring {
    front: Front,
    stripes: Box<[Stripe]>,
    /// Totals as read last; no later reading falls below them.
    seen: [AtomicU64; CLASSES],
}

impl Ring {
    pub(super) fn new() -> Self {
        Self {
            front: Front(AtomicU64::new(0)),
            stripes: (0..stripes()).map(|_| Stripe::new()).collect(),
            seen: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// The number of the newest slice of the window of `control`.
    #[inline]
    fn newest(&self, control: Control, now_ns: u64) -> u64 {
        let shape = control.shape();
        if shape.is_timed() {
            shape.slice_at(now_ns)
        } else {
            // Relaxed: a number that is late by one makes the outcome one of the slice before.
            // After the fence of `tally` it is late for nothing that precedes the other's fence.
            self.front.0.load(Ordering::Relaxed)
        }
    }

    /// Counts one outcome in the window of the generation of `control`. `now_ns` matters only
    /// where slices are spans of time.
    #[inline]
    pub(super) fn add(&self, control: Control, class: Counted, now_ns: u64) {
        let number = self.newest(control, now_ns);
        let name = Name::new(control.generation(), number);
        let at = number as usize & (RING - 1);
        let own = &self.stripes[stripe() & (self.stripes.len() - 1)];
        let Some(count) = own.add(at, class, name) else { return };
        let shape = control.shape();
        let looks = class != Counted::Success || count % EACH == 0 || shape.is_fine();
        if looks && !shape.is_timed() {
            let span = u64::from(control.shape().span());
            let calls = own.tally(at, name).calls();
            if calls >= span || calls & (self.turn(span) - 1) == 0 {
                self.end_slice(name, number, span);
            }
        }
    }

    /// After how many outcomes of its own a stripe looks whether a slice of `span` calls is full:
    /// a power of two, at most `span / stripes`.
    #[inline]
    fn turn(&self, span: u64) -> u64 {
        1 << (span >> self.stripes.len().trailing_zeros() | 1).ilog2()
    }

    /// Begins the next slice if this one is full.
    fn end_slice(&self, name: Name, number: u64, span: u64) {
        let at = number as usize & (RING - 1);
        let calls: u64 = self.stripes.iter().map(|stripe| stripe.tally(at, name).calls()).sum();
        if calls >= span {
            // Relaxed: see `newest`. Where it fails, another thread began the next slice.
            let next = number.wrapping_add(1);
            let (order, failed) = (Ordering::Relaxed, Ordering::Relaxed);
            let _ = self.front.0.compare_exchange(number, next, order, failed);
        }
    }

    /// What the window of the generation of `control` holds. Whoever has recorded before sees, of
    /// any two that do so at the same time, at least one both.
    pub(super) fn tally(&self, control: Control, now_ns: u64) -> WindowTally {
        if !mutated("window_without_fence") {
            // SeqCst: pairs with itself in another thread; see the module's protocol.
            fence(Ordering::SeqCst);
        }
        let newest = self.newest(control, now_ns);
        let mut sum = WindowTally::default();
        let reach = u64::from(control.shape().slices()).min(RING as u64 - 1);
        for back in 0..=reach {
            let number = newest.wrapping_sub(back);
            let name = Name::new(control.generation(), number);
            let at = number as usize & (RING - 1);
            let looked_at = if mutated("one_stripe_is_added_up") { 1 } else { self.stripes.len() };
            for stripe in &self.stripes[..looked_at] {
                let part = stripe.tally(at, name);
                sum.successes += part.successes;
                sum.failures += part.failures;
                sum.slow += part.slow;
            }
        }
        sum
    }

    /// Outcomes since the beginning. Never less than an earlier reading; exact whenever nobody is
    /// recording.
    pub(super) fn totals(&self) -> WindowTally {
        let total = |class: Counted| {
            let past = |stripe: &Stripe| stripe.past[class as usize].load(Ordering::Acquire);
            let present = |stripe: &Stripe| {
                let words = stripe.slices.iter();
                // Relaxed: what is seen of a word's last exchange or the one before is either
                // there or on its way to the past.
                let words = words.map(|slice| slice[class as usize].load(Ordering::Relaxed));
                words.map(|word| Word(word).count()).sum::<u64>()
            };
            let (early, late): (u64, u64) = if mutated("totals_read_past_last") {
                let early = self.stripes.iter().map(present).sum();
                (early, self.stripes.iter().map(past).sum())
            } else {
                // Acquire, in `past`: pairs with the Release in `keep`; words read afterwards
                // no longer hold what is counted here.
                let early = self.stripes.iter().map(past).sum();
                (early, self.stripes.iter().map(present).sum())
            };
            let sum = early + late;
            // Relaxed: the sum is all there is to see.
            self.seen[class as usize].fetch_max(sum, Ordering::Relaxed).max(sum)
        };
        WindowTally {
            successes: total(Counted::Success),
            failures: total(Counted::Failure),
            slow: total(Counted::Slow),
        }
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests;
