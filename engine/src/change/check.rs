//! What can be said of an edit without looking at the graph.

use super::error::ChangeError;
use super::set::{Change, EdgeKey, RowEdge};
use crate::sync::Workers;
use crate::terms::Key;

/// Most bytes of a label that a change gives: 1,024 of them fit one block.
pub const LABEL_BYTES_MAX: usize = (u32::MAX >> 10) as usize;

/// Checks every edit; one result each, in order. By all threads of `workers`, where there are any.
pub(super) fn check_all(
    changes: &[Change],
    workers: Option<&Workers>,
) -> Vec<Result<(), ChangeError>> {
    use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

    match workers {
        None => changes.iter().map(check).collect(),
        Some(workers) => workers.pool().install(|| changes.par_iter().map(check).collect()),
    }
}

/// Whether an edit's numbers are finite and the names it gives can be names.
fn check(change: &Change) -> Result<(), ChangeError> {
    match change {
        Change::AddNode { node } | Change::UpsertNode { node } => given(node),
        Change::RenameNode { name, .. } => given(name),
        Change::RemoveNode { .. } => Ok(()),
        Change::AddEdge { edge, weight } | Change::SetWeight { edge, weight } => {
            named(edge)?;
            finite("weight", *weight)
        }
        Change::UpsertEdge { edge, weight } => {
            for end in [&edge.source, &edge.target] {
                if !matches!(end, Key::Id(_)) {
                    given(end)?;
                }
            }
            named(edge)?;
            finite("weight", *weight)
        }
        Change::RemoveEdge { edge } | Change::MoveEdge { edge, .. } => named(edge),
        Change::AddWeight { edge, amount } => {
            named(edge)?;
            finite("amount", *amount)
        }
        Change::Oja { edge, source_activation, target_activation, rate } => {
            named(edge)?;
            finite("source_activation", *source_activation)?;
            finite("target_activation", *target_activation)?;
            finite("rate", *rate)
        }
        Change::RebuildRow { edges, .. } => edges.iter().try_for_each(row_edge),
    }
}

fn row_edge(edge: &RowEdge) -> Result<(), ChangeError> {
    finite("weight", edge.weight)?;
    edge.time.map_or(Ok(()), |time| finite("time", time))
}

fn named(edge: &EdgeKey) -> Result<(), ChangeError> {
    edge.time.map_or(Ok(()), |time| finite("time", time))
}

fn finite(name: &'static str, value: f64) -> Result<(), ChangeError> {
    if value.is_finite() { Ok(()) } else { Err(ChangeError::NotFinite { name, value }) }
}

/// Whether a node can be given this name.
fn given(node: &Key) -> Result<(), ChangeError> {
    match node {
        Key::Id(_) => Err(ChangeError::IdAsName { node: node.clone() }),
        Key::Label(label) if label.is_empty() => Err(ChangeError::EmptyLabel),
        Key::Label(label) if label.len() > LABEL_BYTES_MAX => {
            Err(ChangeError::LabelTooLong { bytes: label.len(), most: LABEL_BYTES_MAX })
        }
        Key::Label(_) | Key::Number(_) | Key::Wide(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{LABEL_BYTES_MAX, check_all};
    use crate::change::{ChangeError, ChangeSet, EdgeEnd, EdgeKey, RowEdge};
    use crate::sync::Workers;
    use crate::terms::NodeId;

    #[test]
    fn what_no_graph_can_take_is_found_by_any_number_of_threads() {
        let nan = f64::NAN;
        let timed = EdgeKey::new("a", "b").time(f64::INFINITY);
        let mut set = ChangeSet::new();
        set.add_node("a").add_node("").upsert_node(NodeId::new(3)).rename_node("a", "");
        set.add_node("x".repeat(LABEL_BYTES_MAX)).add_node("x".repeat(LABEL_BYTES_MAX + 1));
        set.add_edge(("a", "b"), nan).set_weight(("a", "b"), f64::INFINITY);
        set.upsert_edge(("", "b"), 1.0).upsert_edge((NodeId::new(0), "b"), 1.0);
        set.remove_edge(timed.clone()).move_edge(timed.clone(), EdgeEnd::Source, "c");
        set.add_weight(("a", "b"), nan).add_weight(timed.clone(), 1.0);
        set.oja([(EdgeKey::new("a", "b"), nan, 1.0), (EdgeKey::new("a", "b"), 1.0, nan)], 1.0);
        set.oja([(EdgeKey::new("a", "b"), 1.0, 1.0)], nan);
        let row = |weight, time| RowEdge { target: "b".into(), weight, relation: None, time };
        set.rebuild_row("a", vec![row(1.0, None), row(nan, None)]);
        set.rebuild_row("a", vec![row(1.0, Some(nan))]).rebuild_row("a", vec![row(1.0, Some(1.0))]);
        let found = check_all(set.changes(), None);
        let good: Vec<usize> = (0..found.len()).filter(|index| found[*index].is_ok()).collect();
        assert_eq!(good, [0, 4, 9, 19]);
        assert_eq!(found[1], Err(ChangeError::EmptyLabel));
        assert!(matches!(found[6], Err(ChangeError::NotFinite { name: "weight", .. })));
        let workers = Workers::start(2).unwrap();
        let together = check_all(set.changes(), Some(&workers));
        // NaN differs from itself, so the sentences are compared.
        assert_eq!(format!("{together:?}"), format!("{found:?}"));
    }
}
