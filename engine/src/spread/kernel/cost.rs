//! What each way of running a hop costs.

/// Costs of the kernels' steps, in any one unit of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    /// Following an edge and adding to its cell.
    push_edge: f64,
    /// Noting an edge's target and visiting it later.
    list_edge: f64,
    /// Looking at one cell.
    scan_node: f64,
    /// Adding one edge of the dense layout.
    dense_edge: f64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { push_edge: 1.0, list_edge: 0.5, scan_node: 0.04, dense_edge: 0.4 }
    }
}

impl Costs {
    /// Whether looking at all cells costs less than listing the targets of `edges` edges.
    pub(crate) fn scan_pays(&self, edges: u64, nodes: u64) -> bool {
        edges as f64 * self.list_edge > nodes as f64 * self.scan_node
    }

    /// Whether a dense hop over `all` edges costs less than following `edges` of them.
    pub(crate) fn dense_pays(&self, edges: u64, all: u64, nodes: u64) -> bool {
        let dense = all as f64 * self.dense_edge + nodes as f64 * self.scan_node;
        edges as f64 * self.push_edge > dense
    }
}
