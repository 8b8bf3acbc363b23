//! The ring itself under every schedule. Everybody else's models have a stand-in for it.

use super::{Numbers, Ring};
use crate::sync::Arc;
use crate::sync::checker::{both, check, spawn};

/// What is left in `ring`, first to last. Looks more often than there is room, since who passed by
/// in vain may have left a gap.
fn drain(ring: &Ring<u32>) -> Vec<u32> {
    let looks = 0..=2 * ring.places.len();
    looks.filter_map(|_| ring.pop()).collect()
}

/// Of two who push and pop, each value comes out once, whoever gets it.
#[test]
fn every_value_comes_out_once() {
    check(400, || {
        let ring = Arc::new(Ring::new(2));
        let acting = |value: u32| {
            let ring = Arc::clone(&ring);
            move || {
                assert_eq!(ring.push(value), Ok(()), "there is room for all");
                ring.pop()
            }
        };
        let (one, other) = both(acting(1), acting(2));
        let mut all: Vec<u32> = one.into_iter().chain(other).chain(drain(&ring)).collect();
        all.sort_unstable();
        assert_eq!(all, [1, 2], "a value was lost or doubled");
    });
}

/// Values come out whole and in the order in which they went in, although their places are used
/// again.
#[test]
fn values_keep_their_order() {
    check(800, || {
        let ring = Arc::new(Ring::new(1));
        let (pushing, popping) = (Arc::clone(&ring), Arc::clone(&ring));
        let (pushed, mut popped) = both(
            move || [1, 2].into_iter().filter(|value| pushing.push(*value).is_ok()).collect(),
            move || [popping.pop(), popping.pop()].into_iter().flatten().collect::<Vec<u32>>(),
        );
        popped.extend(drain(&ring));
        let pushed: Vec<u32> = pushed;
        assert_eq!(popped, pushed, "not what was pushed");
    });
}

/// Who passes by an entry that is still in use leaves no trap for a value that comes later.
#[test]
fn nothing_is_put_where_all_have_passed() {
    check(1000, || {
        let ring = Arc::new(Ring::new(1));
        assert_eq!(ring.push(1), Ok(()));
        let (using, passing) = (Arc::clone(&ring), Arc::clone(&ring));
        let (used, passed) = both(
            move || (using.pop(), using.push(2).is_ok()),
            move || [passing.pop(), passing.pop()],
        );
        let (popped, is_pushed) = used;
        let mut all: Vec<u32> = popped.into_iter().chain(passed.into_iter().flatten()).collect();
        all.extend(drain(&ring));
        all.sort_unstable();
        assert_eq!(all, if is_pushed { vec![1, 2] } else { vec![1] }, "a value was lost");
    });
}

/// Those who look while there is nothing, and count it only later, hide no value that comes in
/// between. Three are the fewest whom the bound of the source overlooks, and take minutes; that two
/// are overlooked where nobody is counted shows the same.
#[test]
fn a_crowd_that_came_too_early_hides_nothing() {
    check(1000, || {
        let numbers = Arc::new(Numbers::none(1));
        numbers.put(0);
        assert_eq!(numbers.take(), Some(0));
        let looking = [0, 1].map(|thread| {
            let numbers = Arc::clone(&numbers);
            spawn(thread, move || numbers.take())
        });
        let putting = Arc::clone(&numbers);
        let put = spawn(2, move || putting.put(0));
        let found = looking.map(|thread| thread.join().expect("a look does not panic"));
        put.join().expect("it is not full");
        let taken = found.into_iter().chain([numbers.take()]).flatten().count();
        assert_eq!(taken, 1, "a value is hidden");
    });
}
