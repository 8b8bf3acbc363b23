//! Any history of a breaker in virtual time: it does what its sequential model does.
#![no_main]

use emanate_tests::breaker::{History, compare};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let history = History::from_bytes(bytes);
    if let Err(difference) = compare(&history) {
        panic!("{difference}\n{history:#?}");
    }
});
