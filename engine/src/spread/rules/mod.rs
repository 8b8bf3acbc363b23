//! The five rules, each with its formula, its source and its cost.

pub mod act_r;
pub mod linear;
pub mod pagerank;
pub mod retention;
pub mod synapse;

mod flow;
pub(crate) mod push;

use super::run::{Run, entry};
use super::scratch::State;

/// Offers every node with activation above 0 to the report.
fn offer_above_zero(run: &mut Run<'_>, state: &State<f64>) {
    for (node, activation, hop) in state.ledger.entries() {
        if activation > 0.0 {
            run.offer(entry(node, activation, hop));
        }
    }
}
