//! Random histories, against a sequential model.

use emanate_tests::plans::config;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::changes::driver::run;
use crate::changes::model::Mistake;
use crate::changes::plan::histories;

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_history_leaves_what_the_model_says_and_merging_changes_no_bit(history in histories()) {
        run(&history, Mistake::None);
    }
}

/// Histories within which a mistake must be found.
const CASES: u32 = 400;

#[test]
fn a_mistake_of_the_model_is_found() {
    for mistake in [
        Mistake::KeepsEdgesInto,
        Mistake::MovesOnto,
        Mistake::SetsInsteadOfAdding,
        Mistake::KeepsLastOfEqual,
    ] {
        let config = Config { max_shrink_iters: 0, ..config(CASES) };
        let found = TestRunner::new(config).run(&histories(), |history| {
            run(&history, mistake);
            Ok(())
        });
        assert!(found.is_err(), "{mistake:?} was not found in {CASES} histories");
    }
}
