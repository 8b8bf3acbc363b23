//! The ten strongest nodes of an answer.

/// How many nodes a query asks for.
pub const TOP: usize = 10;

/// A node and its activation.
pub type Strongest = Vec<(u64, f64)>;

/// The [`TOP`] largest of `nodes`, descending, ties by node.
#[must_use]
pub fn strongest(mut nodes: Vec<(u64, f64)>) -> Strongest {
    let order = |a: &(u64, f64), b: &(u64, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if nodes.len() > TOP {
        nodes.select_nth_unstable_by(TOP, order);
        nodes.truncate(TOP);
    }
    nodes.sort_unstable_by(order);
    nodes
}
