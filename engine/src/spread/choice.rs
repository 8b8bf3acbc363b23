//! Which kernel runs a hop.

use super::kernel::{Kernel, Work, measured_dense_cost, measured_push_costs};
use super::run::{Halt, Run};
use crate::graph::{DenseEdges, Edges, PushCosts};
use crate::sync::Team;

/// The kernel for one hop.
pub(crate) enum Chosen<'a> {
    List,
    Scan,
    Dense(&'a DenseEdges),
}

/// Fewer edges than this are listed, whatever the graph.
const LISTED_EDGES: u64 = 1 << 12;
/// Graphs with fewer nodes lie in the first two caches, where costs are known.
const SMALL_NODES: usize = 1 << 15;

/// The kernel that costs least for a hop that follows `followed` of `edges`, which are those the
/// spread sees.
pub(crate) fn choose<'a>(
    run: &Run<'_>,
    edges: &'a Edges,
    followed: u64,
) -> Result<Chosen<'a>, Halt> {
    let graph = run.view.graph();
    let nodes = graph.node_count();
    // The dense layout is one of the blocks alone, and is made again once changes are merged.
    let has_layout = !edges.is_overlaid();
    // Only a list can be put in order, and looked through for what may be reached.
    if run.view.has_negative() || run.request.bounds.nodes_max.is_some() {
        return Ok(Chosen::List);
    }
    match run.execution.kernel {
        Kernel::List => return Ok(Chosen::List),
        Kernel::Scan => return Ok(Chosen::Scan),
        Kernel::Dense if !has_layout => return Ok(Chosen::List),
        // What cannot be made since a block cannot be read is gone without.
        Kernel::Dense => {
            return Ok(edges.dense.make(edges, nodes).map_or(Chosen::List, Chosen::Dense));
        }
        Kernel::Auto if followed < LISTED_EDGES => return Ok(Chosen::List),
        Kernel::Auto => {}
    }
    let threads = run.team.map_or(1, Team::threads);
    let all_edges = graph.edge_count();
    let work = Work { edges: followed, all_edges, nodes: nodes as u64, threads };
    // Measuring and making take milliseconds, which a spread with a deadline may not have.
    let in_a_hurry = run.request.bounds.budget.is_some();
    let costs = match edges.dense.push_costs.get() {
        Some(costs) => *costs,
        None if in_a_hurry || nodes < SMALL_NODES => PushCosts::default(),
        None => {
            let measure = || measured_push_costs(edges, nodes, run.execution.instructions);
            edges.dense.push_costs.get_or_try(|| measure().ok_or(())).copied().unwrap_or_default()
        }
    };
    let layout = &edges.dense;
    match layout.get() {
        _ if !has_layout => {}
        Some(dense) if work.is_dense(costs, layout.edge_cost.get().copied()) => {
            return Ok(Chosen::Dense(dense));
        }
        None if !in_a_hurry
            && work.is_dense(costs, None)
            && layout.note(followed, work.all_edges) =>
        {
            if let Ok(dense) = layout.make(edges, nodes) {
                let measure = || Ok(measured_dense_cost(dense, nodes, run.execution.instructions));
                layout.edge_cost.get_or_try(measure).map_err(Halt::Fail)?;
            }
        }
        _ => {}
    }
    Ok(if work.is_scanned(costs) { Chosen::Scan } else { Chosen::List })
}
