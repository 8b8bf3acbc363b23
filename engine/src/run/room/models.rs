//! Room under every schedule.

use super::{Amount, Room};
use crate::sync::checker::{both, check};
use crate::sync::{Arc, AtomicU64, Ordering};

const ONE: Amount = Amount { slots: 1, bytes: 10 };

/// Never is more out than there was, and all is back at last.
#[test]
fn never_is_more_out_than_there_was() {
    check(30, || {
        let shared = Arc::new((Room::new(ONE), AtomicU64::new(0)));
        let taking = || {
            let shared = Arc::clone(&shared);
            move || {
                let (room, out) = &*shared;
                if room.take(ONE).is_some() {
                    assert_eq!(out.fetch_add(1, Ordering::Relaxed), 0, "taken twice");
                    out.fetch_sub(1, Ordering::Relaxed);
                    room.give(ONE);
                }
            }
        };
        both(taking(), taking());
        assert_eq!(shared.0.left(), ONE, "taken twice, or not given back");
    });
}

/// Who says that it waits and then takes in vain is seen by who gives back: the room's operations
/// are in one order, the one that takes nothing among them.
#[cfg(emanate_loom)]
#[test]
fn who_takes_in_vain_is_seen() {
    check(30, || {
        let none = Amount { slots: 0, bytes: 0 };
        let shared = Arc::new((Room::new(none), AtomicU64::new(0)));
        let (giver, taker) = (Arc::clone(&shared), Arc::clone(&shared));
        let (seen, taken) = both(
            move || {
                giver.0.give(ONE);
                // Relaxed, both: the room orders them, which is what is shown.
                giver.1.load(Ordering::Relaxed) == 1
            },
            move || {
                taker.1.store(1, Ordering::Relaxed);
                taker.0.take(ONE).is_some()
            },
        );
        assert!(seen || taken, "it waits for ever");
    });
}
