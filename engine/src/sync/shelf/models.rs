//! The shelf under every schedule.

use super::Shelf;
use crate::sync::Arc;
use crate::sync::checker::{both, check};

/// What is left, first to last.
fn drain(shelf: &Shelf<u32>) -> Vec<u32> {
    std::iter::from_fn(|| shelf.take()).collect()
}

/// Of two who take a value, change it and put it back, each has it alone, and nothing is lost.
#[test]
fn a_value_is_in_one_hand_and_comes_back() {
    check(400, || {
        let shelf = Arc::new(Shelf::new(2));
        [10, 20].into_iter().for_each(|value| assert_eq!(shelf.put(value), Ok(())));
        let using = || {
            let shelf = Arc::clone(&shelf);
            move || {
                let Some(value) = shelf.take() else { return 0 };
                assert_eq!(shelf.put(value + 1), Ok(()), "there is room for all");
                1
            }
        };
        let (one, other) = both(using(), using());
        assert_eq!(
            drain(&shelf).iter().sum::<u32>(),
            30 + one + other,
            "a value was lost or doubled"
        );
    });
}

/// What one puts the other takes whole and once, although both values lie in the same place.
/// Shuttle lets nobody come between a number and the place that it is of.
#[cfg(emanate_loom)]
#[test]
fn what_one_puts_the_other_takes() {
    check(60, || {
        let shelf = Arc::new(Shelf::new(1));
        let (putting, taking) = (Arc::clone(&shelf), Arc::clone(&shelf));
        let (put, taken) = both(
            move || [7, 8].into_iter().filter(|value| putting.put(*value).is_ok()).collect(),
            move || [taking.take(), taking.take()],
        );
        let put: Vec<u32> = put;
        let found: Vec<u32> = taken.into_iter().flatten().chain(drain(&shelf)).collect();
        assert_eq!(found, put, "a value was lost or doubled");
    });
}
