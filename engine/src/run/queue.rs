//! Spreads that wait for a worker.

use super::room::{Amount, Room};
use crate::sync::{Ring, mutated};

/// Which line a spread stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Spreads that may run while a large one pauses.
    Small,
    /// Spreads that run in slices.
    Large,
}

/// What became of a spread that came to the queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered<T> {
    /// It is in.
    In,
    /// It had to stand before the door; so many came in from there since, it perhaps among them.
    Stood(usize),
    /// Before the door is no room either.
    Full(T),
}

/// What is done with one that stands before the door when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It goes in.
    Enter,
    /// It is let go.
    Leave,
}

/// Two lines that share a bounded number of places, and a bounded number before the door.
///
/// A place is held from entering until the spread begins, so one that is taken out and cannot
/// begin goes back in without waiting. Who gives a place up lets in who stands before the door.
///
/// # Orderings
/// Who comes is put before the door, then a place is tried for; who gives a place up does so, then
/// looks before the door. That neither misses the other is [`Room`]'s protocol.
///
/// # Progress
/// Lock-free.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    places: Room,
    standing: Room,
    small: Ring<T>,
    large: Ring<T>,
    before: Ring<(Line, T)>,
}

impl<T> Queue<T> {
    /// A queue of `places`, at least one, and as many before the door.
    pub(crate) fn new(places: u16) -> Self {
        let slots = usize::from(places);
        let room = Amount { slots: u64::from(places), bytes: 0 };
        Self {
            places: Room::new(room),
            standing: Room::new(room),
            small: Ring::new(slots),
            large: Ring::new(slots),
            before: Ring::new(slots),
        }
    }

    fn line(&self, line: Line) -> &Ring<T> {
        match line {
            Line::Small => &self.small,
            Line::Large => &self.large,
        }
    }

    /// Puts `item` in, or before the door; `turn` is asked of each that stands there and has its
    /// turn, `item` among them.
    pub(crate) fn enter(&self, line: Line, item: T, turn: impl Fn(&T) -> Turn) -> Entered<T> {
        // Nobody overtakes those before the door.
        if self.before.is_empty() && self.places.take(Amount::SLOT).is_some() {
            self.put_back(line, item);
            return Entered::In;
        }
        let stands = self.standing.take(Amount::SLOT).is_some() || {
            self.tidy(&turn);
            self.standing.take(Amount::SLOT).is_some()
        };
        if !stands {
            return Entered::Full(item);
        }
        self.stand(line, item);
        if mutated("who_stands_waits") {
            return Entered::Stood(0);
        }
        Entered::Stood(self.let_in(turn))
    }

    fn stand(&self, line: Line, item: T) {
        let refused = self.before.push((line, item)).is_err();
        assert!(!refused, "before the door is room for all who may stand there");
    }

    /// Lets go of those before the door who are to leave.
    fn tidy(&self, turn: &impl Fn(&T) -> Turn) {
        for _ in 0..self.before.len() {
            let Some((line, item)) = self.before.pop() else { return };
            match turn(&item) {
                Turn::Enter => self.stand(line, item),
                Turn::Leave => self.standing.give(Amount::SLOT),
            }
        }
    }

    /// Takes the next before the door whose turn it is to enter.
    fn next_before(&self, turn: &impl Fn(&T) -> Turn) -> Option<(Line, T)> {
        loop {
            let (line, item) = self.before.pop()?;
            self.standing.give(Amount::SLOT);
            if turn(&item) == Turn::Enter {
                return Some((line, item));
            }
        }
    }

    /// Lets in who stands before the door, while there are places; how many came in.
    fn let_in(&self, turn: impl Fn(&T) -> Turn) -> usize {
        let mut entered = 0;
        while !self.before.is_empty() {
            if self.places.take(Amount::SLOT).is_none() {
                break;
            }
            match self.next_before(&turn) {
                Some((line, item)) => {
                    self.put_back(line, item);
                    entered += 1;
                }
                // Others took them; the place may be what somebody else just missed, so look again.
                None => self.places.give(Amount::SLOT),
            }
            if mutated("door_is_looked_at_once") {
                break;
            }
        }
        entered
    }

    /// Takes the first of `line` out; it keeps its place.
    pub(crate) fn take(&self, line: Line) -> Option<T> {
        self.line(line).pop()
    }

    /// Puts an item that has a place at the end of `line`.
    pub(crate) fn put_back(&self, line: Line, item: T) {
        let refused = self.line(line).push(item).is_err();
        assert!(!refused, "a line has as much room as there are places");
    }

    /// Gives up the place of an item that was taken out; how many came in from before the door.
    pub(crate) fn give_up_place(&self, turn: impl Fn(&T) -> Turn) -> usize {
        self.places.give(Amount::SLOT);
        self.let_in(turn)
    }

    /// Whether nobody stands in `line`.
    pub(crate) fn is_empty(&self, line: Line) -> bool {
        self.line(line).is_empty()
    }

    /// How many wait, about.
    pub(crate) fn len(&self) -> usize {
        self.small.len() + self.large.len() + self.before.len()
    }
}

#[cfg(test)]
#[cfg(any(emanate_loom, emanate_shuttle))]
mod models;
#[cfg(test)]
#[cfg(not(any(emanate_loom, emanate_shuttle)))]
mod tests {
    use super::{Entered, Line, Queue, Turn};

    fn enter(_: &u32) -> Turn {
        Turn::Enter
    }

    #[test]
    fn who_finds_no_place_stands_before_the_door_and_then_nowhere() {
        let queue = Queue::new(2);
        let entered: Vec<_> = (1..=4).map(|item| queue.enter(Line::Small, item, enter)).collect();
        let stood = Entered::Stood(0);
        assert_eq!(entered, [Entered::In, Entered::In, stood, Entered::Stood(0)]);
        assert_eq!(queue.enter(Line::Large, 5, enter), Entered::Full(5));
        assert_eq!(queue.len(), 4);
    }

    #[test]
    fn a_place_given_up_lets_in_the_first_before_the_door() {
        let queue = Queue::new(1);
        for item in 1..=2 {
            queue.enter(Line::Small, item, enter);
        }
        assert_eq!(queue.take(Line::Small), Some(1));
        assert_eq!(queue.take(Line::Small), None, "the place is still held");
        assert_eq!(queue.give_up_place(enter), 1);
        assert_eq!(queue.take(Line::Small), Some(2));
    }

    #[test]
    fn those_who_are_to_leave_make_room() {
        let queue = Queue::new(1);
        for item in 1..=2 {
            queue.enter(Line::Small, item, enter);
        }
        let no_two = |item: &u32| if *item == 2 { Turn::Leave } else { Turn::Enter };
        assert_eq!(queue.enter(Line::Small, 3, no_two), Entered::Stood(0));
        assert_eq!(queue.take(Line::Small), Some(1));
        assert_eq!(queue.give_up_place(no_two), 1);
        assert_eq!(queue.take(Line::Small), Some(3));
    }

    #[test]
    fn what_is_put_back_has_its_place() {
        let queue = Queue::new(1);
        queue.enter(Line::Large, 1, enter);
        let item = queue.take(Line::Large).unwrap();
        assert_eq!(queue.enter(Line::Small, 2, enter), Entered::Stood(0));
        queue.put_back(Line::Large, item);
        assert_eq!(queue.take(Line::Large), Some(1));
    }
}
