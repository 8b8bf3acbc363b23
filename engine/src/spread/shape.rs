//! Lateral inhibition and the logistic, over the activations of a whole spread.

use super::params::{Inhibit, Squash};
use super::rank::Ranking;
use crate::graph::{DamagedBlock, Generation};
use crate::spread::NodeActivation;

/// `v_i = max(0, u_i - beta * sum over k in T, u_k > u_i, of (u_k - u_i))`, where `T` is the
/// strongest `competitors` nodes (ties: label). The sum runs from the strongest down.
///
/// Costs `nodes * competitors`. `ranking` is used to find `T`.
pub(crate) fn inhibit(
    graph: &Generation,
    entries: &mut [NodeActivation],
    inhibit: Inhibit,
    ranking: &mut Ranking,
) -> Result<(), DamagedBlock> {
    ranking.start(Some(inhibit.competitors as usize));
    for entry in entries.iter().filter(|entry| entry.activation > 0.0) {
        ranking.offer(graph, *entry);
    }
    let strongest = ranking.finish(graph)?;
    for entry in entries {
        let held = entry.activation;
        let excess: f64 = strongest
            .iter()
            .map(|competitor| competitor.activation)
            .take_while(|competitor| *competitor > held)
            .fold(0.0, |sum, competitor| sum + (competitor - held));
        let left = held - inhibit.beta * excess;
        entry.activation = if left > 0.0 { left } else { 0.0 };
    }
    Ok(())
}

/// `1 / (1 + exp(-gain (a - center)))` where `a > 0`, else 0.
pub(crate) fn squash(activation: f64, squash: Squash) -> f64 {
    if activation > 0.0 {
        1.0 / (1.0 + libm::exp(-squash.gain * (activation - squash.center)))
    } else {
        0.0
    }
}
