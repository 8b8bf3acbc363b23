//! Many nodes and edges as one change.

use std::num::NonZeroUsize;

use super::apply::{Applying, Ending, Means, apply, with_turn};
use super::error::ApplyError;
use super::live::Live;
use super::options::{ApplyOptions, Chunk, Commit};
use super::report::{ApplyReport, Totals};
use super::set::{Change, ChangeSet, EdgeKey};
use crate::graph::{Collected, GraphBuilder, LoadFailure, Loaded};
use crate::terms::Key;

/// Adds all that `builder` has collected to the graph, as one change.
pub(crate) fn load(
    live: &Live,
    builder: GraphBuilder,
    options: &ApplyOptions,
    means: Means<'_>,
) -> Result<ApplyReport, ApplyError> {
    if live.journal().is_some() {
        // What is stored are edits, and replaying them must give every node the same id.
        let set = edits(&builder.collected()?);
        let len = NonZeroUsize::new(set.len()).unwrap_or(NonZeroUsize::MIN);
        let chunk = Chunk::Fixed(len);
        let options = ApplyOptions { commit: Commit::Atomic, chunk, ..options.clone() };
        let report = apply(live, &set, &options, means)?;
        return Ok(ApplyReport { successes: Vec::new(), ..report });
    }
    with_turn(live, options, means, |applying| applying.load(builder))
}

impl Applying<'_> {
    fn load(&mut self, builder: GraphBuilder) -> Result<(), Ending> {
        let refused = |error: ApplyError| Ending::Error(error);
        if self.is_of_nothing() {
            let built = builder.build().map_err(|error| refused(error.into()))?;
            let totals = Totals {
                nodes_added: built.facts().nodes,
                edges_added: built.facts().edges,
                ..Totals::default()
            };
            self.admit_one(&built)?;
            self.publish(built, totals);
            return Ok(());
        }
        let collected = builder.collected().map_err(|error| refused(error.into()))?;
        let loaded = match self.draft().map_err(LoadFailure::from).and_then(|d| d.load(&collected))
        {
            Ok(loaded) => loaded,
            Err(LoadFailure::Refused(error)) => return Err(refused(error.into())),
            Err(LoadFailure::Damaged(block)) => return Err(refused(block.into())),
        };
        let Loaded { nodes_added, edges_added, edges_changed } = loaded;
        let totals = Totals { nodes_added, edges_added, edges_changed, ..Totals::default() };
        if self.is_late() {
            return Err(Ending::Late);
        }
        if totals != Totals::default() {
            self.admit()?;
            self.publish_draft(totals);
        }
        Ok(())
    }
}

/// The edits that do the same, in the order in which they number nodes and relations.
fn edits(collected: &Collected) -> ChangeSet {
    let Collected { names, relations, rows } = collected;
    let key = |node: usize| -> Key { names.at(node).to_key() };
    let nodes = (0..names.len()).map(|node| Change::UpsertNode { node: key(node) });
    let edges = (0..names.len()).flat_map(|node| {
        rows.range(node).map(move |at| {
            let relation = rows.relations.get(at).copied().unwrap_or(0) as usize;
            let time = rows.times.get(at).copied().filter(|time| !time.is_nan());
            let edge = EdgeKey {
                source: key(node),
                target: key(rows.targets[at] as usize),
                relation: relation.checked_sub(1).map(|number| relations[number].clone()),
                time,
            };
            Change::UpsertEdge { edge, weight: rows.weights.at(at) }
        })
    });
    nodes.chain(edges).collect()
}
