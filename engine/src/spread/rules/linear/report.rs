//! What is reported of the activations.

use crate::spread::error::SpreadError;
use crate::spread::params::Linear;
use crate::spread::real::Real;
use crate::spread::run::{Run, entry};
use crate::spread::scratch::State;
use crate::spread::shape;

/// Whether the last hop has offered nodes to the report already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reporting {
    NotBegun,
    Begun,
}

/// Offers what was reached to the report, after inhibition and the logistic.
pub(super) fn report<S: Real>(
    run: &mut Run<'_>,
    state: &State<S>,
    linear: &Linear,
    reporting: Reporting,
) -> Result<(), SpreadError> {
    if reporting == Reporting::NotBegun {
        run.start_ranking();
    }
    let reported = |activation: f64| activation > 0.0 && activation >= linear.report_threshold;
    if linear.inhibit.is_none() && linear.squash.is_none() {
        // Tested first for what most nodes fail.
        let mut floor = run.lists.ranking.floor();
        for (hop, nodes) in state.ledger.by_hop() {
            for &node in nodes {
                let activation = state.ledger.held(node).wide();
                if activation >= floor && reported(activation) {
                    run.offer(entry(node, activation, hop));
                    floor = run.lists.ranking.floor();
                }
            }
        }
        return Ok(());
    }
    let mut entries = std::mem::take(&mut run.lists.entries);
    entries.clear();
    entries.extend(state.ledger.entries().map(|(node, a, hop)| entry(node, a.wide(), hop)));
    if let Some(inhibit) = linear.inhibit {
        shape::inhibit(run.view.graph(), &mut entries, inhibit, &mut run.lists.ranking)?;
        run.start_ranking();
    }
    for found in &mut entries {
        if let Some(squash) = linear.squash {
            found.activation = shape::squash(found.activation, squash);
        }
        if reported(found.activation) {
            run.offer(*found);
        }
    }
    run.lists.entries = entries;
    Ok(())
}
