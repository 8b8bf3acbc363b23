//! Alerts, for those who have no Alertmanager: rules over metrics, looked at now and then.
//!
//! ```text
//!  metrics -> sample: series -> rule: which, added up by group -> ring: the recent past
//!          -> measure: one number (value, rate, mean, quantile)
//!          -> condition: holds, does not, unknown (limit, absence, deviation, trend)
//!          -> machine: clear, pending, firing; what happened, what is to be told
//!          -> book: all rules, silences, what happened -> notices
//! ```
//!
//! Everything here is a function of what was gathered and of the time, which is an argument: no
//! clock, no thread, no network. Who gathers, tells and keeps the book in a file is the service.

mod book;
mod condition;
mod defaults;
mod fields;
mod machine;
mod measure;
mod notice;
mod past;
mod read;
mod ring;
mod rule;
mod sample;
mod show;
mod silence;
mod state;
#[cfg(test)]
mod tests;
mod time;
mod watched;

pub(crate) use book::{Acknowledge, Book, Limits};
pub(crate) use condition::{Bound, Side};
pub(crate) use defaults::rules as default_rules;
pub(crate) use fields::{FieldError, Fields, shown_lists, text, time as read_time};
pub(crate) use machine::Happened;
pub(crate) use notice::Notice;
pub(crate) use past::labels_of;
pub(crate) use read::{KINDS, bound, rule as read_rule, selector, shown_bound};
pub(crate) use rule::{Channel, RuleError, Selector, Severity};
pub(crate) use sample::{Buckets, Gathered, Metric, MetricKind, Raw, Series};
pub(crate) use show::watched as shown_watched;
pub(crate) use state::{kept, restored};
pub(crate) use time::{Time, written};
