//! The one table of what a query may say.

use serde_json::Value;

use super::json::{self, Mismatch};
use crate::args::{PrecisionName, QueryArgs, RuleName};
use crate::values;

/// One parameter of a query. Its name is a key of JSON and, with hyphens, the long name of a flag.
pub(crate) struct Key {
    /// The name.
    pub(crate) name: &'static str,
    /// The rules that have it; `None` where all have.
    pub(crate) owned: Option<Owned>,
    /// Takes the value from JSON.
    pub(super) read: fn(&mut QueryArgs, &Value) -> Result<(), Mismatch>,
}

/// What only some rules have.
pub(crate) struct Owned {
    /// The rules that have it.
    pub(crate) owners: &'static [RuleName],
    /// Whether it was given.
    pub(crate) is_given: fn(&QueryArgs) -> bool,
    /// The only value that belongs to those rules; `None` where all values do.
    pub(crate) word: Option<&'static str>,
}

const LINEAR: &[RuleName] = &[RuleName::Linear];
const RETENTION: &[RuleName] = &[RuleName::Retention];
const PAGERANK: &[RuleName] = &[RuleName::Pagerank];
const ACT_R: &[RuleName] = &[RuleName::ActR];
const SYNAPSE: &[RuleName] = &[RuleName::Synapse];
const WITH_DECAY: &[RuleName] = &[RuleName::Linear, RuleName::Retention, RuleName::Synapse];
const WITH_REPORT_THRESHOLD: &[RuleName] = &[RuleName::Linear, RuleName::ActR];

/// A parameter of some rules: the field's name is the key.
macro_rules! owned {
    ($owners:expr, $field:ident, $read:expr) => {
        Key {
            name: stringify!($field),
            owned: Some(Owned {
                owners: $owners,
                is_given: |args| args.parameters.$field.is_some(),
                word: None,
            }),
            read: |args, value| {
                args.parameters.$field = Some($read(value)?);
                Ok(())
            },
        }
    };
}

/// A parameter every rule has.
macro_rules! common {
    ($name:ident, $($field:ident).+, $read:expr) => {
        Key {
            name: stringify!($name),
            owned: None,
            read: |args, value| {
                args.$($field).+ = $read(value)?.into();
                Ok(())
            },
        }
    };
}

/// How most values are read: a JSON number, as the flag's text is.
macro_rules! numbers {
    ($parse:path) => {
        |value| json::number(value, $parse)
    };
}

/// Every key of a query.
pub(crate) static KEYS: [Key; 49] = [
    common!(seeds, seeds, json::seeds),
    common!(rule, rule, json::choice::<RuleName>),
    owned!(WITH_DECAY, decay, numbers!(values::number)),
    owned!(WITH_REPORT_THRESHOLD, report_threshold, numbers!(values::number)),
    Key {
        name: "precision",
        owned: Some(Owned {
            owners: LINEAR,
            is_given: |args| args.parameters.precision == Some(PrecisionName::Single),
            word: Some("single"),
        }),
        read: |args, value| {
            args.parameters.precision = Some(json::choice(value)?);
            Ok(())
        },
    },
    owned!(LINEAR, hops, |value| json::number_or_word(value, values::hops)),
    owned!(LINEAR, threshold, numbers!(values::number)),
    owned!(LINEAR, share, json::choice),
    owned!(LINEAR, combine, json::choice),
    owned!(LINEAR, firing, json::choice),
    owned!(LINEAR, ceiling, numbers!(values::number)),
    owned!(LINEAR, fan_out_limit, numbers!(values::count)),
    owned!(LINEAR, inhibit, |value| json::pair(value, values::inhibit)),
    owned!(LINEAR, squash, |value| json::pair(value, values::squash)),
    owned!(RETENTION, retention, numbers!(values::number)),
    owned!(RETENTION, retention_file, json::file),
    owned!(RETENTION, time, |value| json::number_or_word(value, values::steps)),
    owned!(RETENTION, suppress, numbers!(values::number)),
    owned!(RETENTION, stop_threshold, numbers!(values::number)),
    owned!(PAGERANK, damping, numbers!(values::number)),
    owned!(PAGERANK, tolerance, numbers!(values::number)),
    owned!(PAGERANK, max_iterations, numbers!(values::small_count)),
    owned!(PAGERANK, epsilon, numbers!(values::number)),
    owned!(ACT_R, source_strength, numbers!(values::number)),
    owned!(ACT_R, source_activation, numbers!(values::number)),
    owned!(ACT_R, base_level, numbers!(values::number)),
    owned!(ACT_R, latency_factor, numbers!(values::number)),
    owned!(ACT_R, intercept, numbers!(values::number)),
    owned!(SYNAPSE, steps, numbers!(values::small_count)),
    owned!(SYNAPSE, spread, numbers!(values::number)),
    owned!(SYNAPSE, inhibition, numbers!(values::number)),
    owned!(SYNAPSE, competitors, numbers!(values::small_count)),
    owned!(SYNAPSE, gain, numbers!(values::number)),
    owned!(SYNAPSE, center, numbers!(values::number)),
    owned!(SYNAPSE, gate, numbers!(values::number)),
    common!(relation, edges.relations, json::relations),
    common!(direction, edges.direction, json::choice::<crate::args::DirectionName>),
    common!(age_rate, edges.age_rate, numbers!(values::number)),
    common!(at, edges.at, numbers!(values::number)),
    common!(timeout, bounds.timeout, |value| json::word(value, values::duration)),
    common!(max_edges, bounds.max_edges, numbers!(values::count)),
    common!(max_nodes, bounds.max_nodes, numbers!(values::count)),
    common!(max_memory, bounds.max_memory, |value| json::number_or_word(value, values::bytes)),
    common!(threads, bounds.threads, numbers!(values::positive)),
    common!(top, report.top, numbers!(values::count)),
    common!(exclude_seeds, report.exclude_seeds, json::switch),
    common!(skip_unknown, report.skip_unknown, json::switch),
    common!(by_step, report.by_step, json::switch),
    common!(explain, report.explain, json::switch),
];
