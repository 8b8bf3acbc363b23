//! Published pointers as the engine uses them.

use super::Published;
use crate::sync::Arc;
use crate::sync::checker::{both, check};

/// Rivals that each make the next value of the present one lose none of them.
#[test]
fn no_update_is_lost() {
    check(15, || {
        let published = Arc::new(Published::new(Arc::new(Vec::new())));
        let adding = |number: u32| {
            let published = Arc::clone(&published);
            move || {
                published.update(|before: &Vec<u32>| {
                    let mut next = before.clone();
                    next.push(number);
                    next
                });
            }
        };
        both(adding(1), adding(2));
        assert_eq!(published.load().len(), 2, "an update was lost");
    });
}
