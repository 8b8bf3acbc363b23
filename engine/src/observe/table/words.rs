//! The values of labels. Where another module has a type with these names, a test there compares
//! them.

use crate::terms::Tier;

/// The tiers, in the order of [`Tier::ALL`].
pub const TIERS: [&str; Tier::ALL.len()] = [Tier::Hot.name(), Tier::Warm.name(), Tier::Cold.name()];

/// The breakers: one for each tier, and one for each kind of operation.
pub const BREAKERS: [&str; 6] = ["hot", "warm", "cold", "spread", "mutation", "checkpoint"];

/// The states of a breaker.
pub const STATES: [&str; 6] =
    ["closed", "open", "half_open", "forced_open", "disabled", "metrics_only"];

/// Transitions that a breaker makes by itself, as positions in [`STATES`]. Their series exist from
/// the start; those that a person commands appear once they happened.
pub(super) const OWN_TRANSITIONS: [(usize, usize); 4] = [(0, 1), (1, 2), (2, 0), (2, 1)];

/// What comes of a call through a breaker: the last two are those it did not let in, and results
/// that came after it had changed its state.
pub const CALLS: [&str; 7] =
    ["success", "failure", "slow", "ignored", "cancelled", "rejected", "stale"];

/// The settings that the tuner changes.
pub const TUNED: [&str; 2] = ["batch_size", "hop_limit"];

/// The tuner's verdicts.
pub const VERDICTS: [&str; 8] =
    ["hold", "probe", "accept", "reject", "back_off", "rollback", "freeze", "sleep"];

/// What a check of health says.
pub const STATUSES: [&str; 4] = ["pass", "warn", "unknown", "fail"];

/// The kinds of changes to a graph.
pub const CHANGE_KINDS: [&str; 12] = [
    "add_node",
    "upsert_node",
    "rename_node",
    "remove_node",
    "add_edge",
    "set_weight",
    "upsert_edge",
    "remove_edge",
    "move_edge",
    "add_weight",
    "oja",
    "rebuild_row",
];

/// What came of a change.
pub const CHANGE_OUTCOMES: [&str; 2] = ["applied", "refused"];

/// Whether what a spread looked for was in memory.
pub(super) const CACHE_RESULTS: [&str; 2] = ["hit", "miss"];
