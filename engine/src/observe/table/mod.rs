//! The one table of the engine's metrics.
//!
//! Whatever is exported, documented, drawn on a dashboard or alerted on is a row of [`TABLE`], with
//! all values its labels can have. Series of listed labels exist from the start, at 0, so that a
//! rate or an alert over them has something to stand on before the first event.
//!
//! A metric's name is `emanate_`, what is measured, and the base unit it is measured in; `_total`
//! ends the names of counters. Where something is in one of several states, each state has a series
//! that is 1 or 0: numbers for states are read wrongly sooner or later.

mod family;
mod rows;
mod words;

pub use family::{Family, Kind, Label, Values};
pub use rows::TABLE;
pub use words::{
    BREAKERS, CALLS, CHANGE_KINDS, CHANGE_OUTCOMES, STATES, STATUSES, TIERS, TUNED, VERDICTS,
};

use super::families::Families;
use super::reading::Reading;

/// Every family of the table with what `reading` says.
pub(crate) fn fill(reading: &Reading) -> Families {
    Families::new(TABLE.iter().map(|family| family.fill(reading)).collect())
}

/// The table in Markdown, for the documentation.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("| name | kind | labels | what it says |\n|---|---|---|---|\n");
    for family in TABLE {
        text.push_str(&family.markdown());
    }
    text
}
