//! Rows a spread could not read, and goes on without.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::outcome::{DEGRADED_NODES_MAX, Degraded};
use crate::terms::{NodeId, Tier};

/// Where rows are not read from, because a breaker is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shut {
    /// Rows that are in memory.
    pub(crate) hot: bool,
    /// Rows that would have to be read out of a file.
    pub(crate) warm: bool,
    /// Rows that would have to be read out of a file and decompressed.
    pub(crate) cold: bool,
}

impl Shut {
    /// Whether rows of `tier` are not read.
    pub(crate) const fn is(self, tier: Tier) -> bool {
        match tier {
            Tier::Hot => self.hot,
            Tier::Warm => self.warm,
            Tier::Cold => self.cold,
        }
    }
}

/// Nodes whose edges could not be read. Their rows are empty for the rest of the spread, also where
/// a later attempt would succeed: else one row would be two in one outcome.
#[derive(Debug)]
pub(crate) struct Unread {
    /// Whether every row can be read, as far as is known.
    none: Cell<bool>,
    shut: Shut,
    noted: RefCell<Option<Box<Noted>>>,
    /// Rows that an earlier attempt at this spread could not read.
    known: BTreeSet<u32>,
    /// Whether a row was noted that no earlier attempt knew of.
    found: Cell<bool>,
    hot_alone: bool,
}

#[derive(Debug, Default)]
struct Noted {
    nodes: BTreeSet<u32>,
    /// Those of the hop that runs; a hop that is discarded leaves none.
    fresh: BTreeSet<u32>,
}

impl Unread {
    /// No row yet. A row in a place that is shut counts as unreadable, and no attempt is made.
    pub(crate) fn new(shut: Shut) -> Self {
        Self {
            none: Cell::new(shut == Shut::default()),
            shut,
            noted: RefCell::new(None),
            known: BTreeSet::new(),
            found: Cell::new(false),
            hot_alone: false,
        }
    }

    /// What to begin the spread with once more, where a row could not be read that no earlier
    /// attempt knew of: a row that comes and goes may have been read in an earlier hop, and an
    /// outcome without it must be without it from the start.
    pub(crate) fn again(&self) -> Option<Self> {
        self.found.get().then(|| {
            let noted = self.noted.borrow();
            let noted = noted.iter().flat_map(|noted| noted.nodes.iter());
            Self {
                none: Cell::new(false),
                known: self.known.iter().chain(noted).copied().collect(),
                ..Self::new(self.shut)
            }
        })
    }

    /// The same for the last attempt, which reads nothing: rows are those that are hot now. Nothing
    /// can fail then.
    pub(crate) fn hot_alone(self) -> Self {
        Self { hot_alone: true, ..self }
    }

    /// Whether no row is read but those that are hot.
    pub(crate) const fn is_hot_alone(&self) -> bool {
        self.hot_alone
    }

    /// Whether an earlier attempt could not read the row of `node`; it is noted then.
    pub(crate) fn remembers(&self, node: u32) -> bool {
        let is_known = self.known.contains(&node);
        if is_known {
            self.note(node);
        }
        is_known
    }

    /// Whether there is no such row, and none is known to come.
    #[inline(always)]
    pub(crate) const fn is_none(&self) -> bool {
        self.none.get()
    }

    /// Where no attempt is made.
    pub(crate) const fn shut(&self) -> Shut {
        self.shut
    }

    pub(crate) fn contains(&self, node: u32) -> bool {
        self.noted.borrow().as_ref().is_some_and(|noted| noted.nodes.contains(&node))
    }

    /// Notes that the row of `node` could not be read in the hop that runs.
    #[cold]
    pub(crate) fn note(&self, node: u32) {
        self.none.set(false);
        self.found.set(self.found.get() || !self.known.contains(&node));
        let mut noted = self.noted.borrow_mut();
        let noted = noted.get_or_insert_default();
        if noted.nodes.insert(node) {
            noted.fresh.insert(node);
        }
    }

    /// Keeps what the hop noted.
    #[inline]
    pub(crate) fn end_hop(&self) {
        if !self.is_none() {
            self.keep_fresh();
        }
    }

    #[cold]
    fn keep_fresh(&self) {
        if let Some(noted) = &mut *self.noted.borrow_mut() {
            noted.fresh.clear();
        }
    }

    /// The nodes noted in hops that count, ascending.
    pub(crate) fn report(&self, degraded: &mut Degraded) {
        let noted = self.noted.borrow();
        let Some(Noted { nodes, fresh }) = noted.as_deref() else { return };
        let counted = nodes.iter().filter(|node| !fresh.contains(node));
        degraded.count = (nodes.len() - fresh.len()) as u64;
        degraded.nodes.extend(counted.take(DEGRADED_NODES_MAX).map(|node| NodeId::new(*node)));
    }
}

#[cfg(test)]
mod tests {
    use super::{Shut, Unread};
    use crate::spread::Degraded;
    use crate::terms::{NodeId, Tier};

    #[test]
    fn a_discarded_hop_leaves_no_row() {
        let unread = Unread::new(Shut::default());
        assert!(unread.is_none());
        unread.note(7);
        unread.note(3);
        unread.end_hop();
        unread.note(5);
        unread.note(7);
        assert!(!unread.is_none() && unread.contains(5));
        let mut degraded = Degraded::default();
        unread.report(&mut degraded);
        assert_eq!(degraded.nodes, [NodeId::new(3), NodeId::new(7)]);
        assert_eq!(degraded.count, 2);
    }

    #[test]
    fn an_attempt_remembers_what_the_one_before_it_could_not_read() {
        let first = Unread::new(Shut::default());
        assert!(first.again().is_none());
        first.note(7);
        let second = first.again().unwrap();
        assert!(!second.is_none() && !second.contains(7) && !second.remembers(8));
        assert!(second.remembers(7) && second.contains(7));
        assert!(second.again().is_none(), "nothing new was found");
        second.note(9);
        let third = second.again().unwrap().hot_alone();
        assert!(third.is_hot_alone() && third.remembers(7) && third.remembers(9));
        let mut degraded = Degraded::default();
        Unread::new(Shut::default()).report(&mut degraded);
        assert_eq!(degraded.count, 0, "what is remembered counts where it is asked for");
    }

    #[test]
    fn where_anything_is_shut_no_row_is_taken_for_granted() {
        let open = Shut::default();
        for (shut, tier) in [
            (Shut { hot: true, ..open }, Tier::Hot),
            (Shut { warm: true, ..open }, Tier::Warm),
            (Shut { cold: true, ..open }, Tier::Cold),
        ] {
            assert!(!Unread::new(shut).is_none());
            assert!(Tier::ALL.iter().all(|other| shut.is(*other) == (*other == tier)));
        }
    }
}
