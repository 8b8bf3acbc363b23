//! Lateral inhibition and the logistic, which `linear` may end with and `synapse` always uses.

use super::effective::EffectiveGraph;
use super::journal::Journal;
use super::sum::sum;
use crate::spread::{Inhibit, Squash};

/// `v_i = max(0, u_i - beta * sum over k in T, u_k > u_i, of (u_k - u_i))` for every `i` in
/// `among`, where `T` are the `competitors` nodes of `among` with the largest `u` (ties: label).
/// Elsewhere 0. Costs nodes times competitors.
pub(super) fn inhibit(
    graph: &EffectiveGraph,
    u: &[f64],
    among: &[usize],
    inhibit: Inhibit,
    journal: &mut Journal<'_>,
) -> Vec<f64> {
    let mut competitors = among.to_vec();
    competitors.sort_by(|&a, &b| {
        u[b].total_cmp(&u[a]).then_with(|| graph.label_rank(a).cmp(&graph.label_rank(b)))
    });
    competitors.truncate(inhibit.competitors as usize);
    let mut v = vec![0.0; u.len()];
    for &i in among {
        let stronger = competitors.iter().filter(|&&k| u[k] > u[i]).map(|&k| u[k] - u[i]);
        let loss = inhibit.beta * sum(stronger);
        if loss > 0.0 {
            journal.compared(u[i], loss, u[i]);
        }
        v[i] = (u[i] - loss).max(0.0);
    }
    v
}

/// `1 / (1 + exp(-gain (v - center)))` where `v > 0`, else 0.
pub(super) fn squash(v: f64, squash: Squash) -> f64 {
    if v > 0.0 { 1.0 / (1.0 + libm::exp(-squash.gain * (v - squash.center))) } else { 0.0 }
}
