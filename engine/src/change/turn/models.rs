//! The turn under every schedule. Nobody who waits for it is woken by time here.

use super::Turn;
use crate::sync::Arc;
use crate::sync::checker::{both, check};

/// Both of two who want the turn have it, one after the other, and neither undoes the other's step.
#[test]
fn who_waits_has_it_next() {
    check(40, || {
        let turn = Arc::new(Turn::new(0_u32));
        let stepping = || {
            let turn = Arc::clone(&turn);
            move || *turn.wait(None, 1).expect("one may wait") += 1
        };
        both(stepping(), stepping());
        assert_eq!(turn.take().map(|held| *held), Some(2), "a step was lost");
        assert_eq!(turn.waiting(), 0);
    });
}
