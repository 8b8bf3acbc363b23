//! What Prometheus takes for a name.

use super::error::RegisterMetricError;
use super::registry::MetricSpec;
use crate::observe::table::Kind;

/// Most letters of a name.
const NAME_MAX: usize = 200;
const RESERVED: &str = "emanate_";
/// Endings that the format or its users give a meaning.
const TAKEN_ENDINGS: [&str; 5] = ["_total", "_bucket", "_sum", "_count", "_info"];

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && name.len() <= NAME_MAX && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_label(label: &str) -> bool {
    is_name(label) && !label.starts_with("__") && !["le", "quantile"].contains(&label)
}

/// Whether `spec` may be a metric of `kind`.
pub(super) fn check(spec: &MetricSpec<'_>, kind: Kind) -> Result<(), RegisterMetricError> {
    let name = spec.name.to_owned();
    if !is_name(&name) {
        return Err(RegisterMetricError::BadName { name });
    }
    if name.starts_with(RESERVED) {
        return Err(RegisterMetricError::ReservedName { name });
    }
    let fits = match kind {
        Kind::Counter => name.ends_with("_total"),
        _ => !TAKEN_ENDINGS.iter().any(|ending| name.ends_with(ending)),
    };
    if !fits {
        return Err(RegisterMetricError::BadEnding { name });
    }
    if spec.help.is_empty() {
        return Err(RegisterMetricError::NoHelp { name });
    }
    for (at, label) in spec.labels.iter().enumerate() {
        if !is_label(label) || spec.labels[..at].contains(label) {
            return Err(RegisterMetricError::BadLabel { label: (*label).to_owned() });
        }
    }
    Ok(())
}

/// Whether `bounds` are finite and ascending.
pub(super) fn check_bounds(name: &str, bounds: &[f64]) -> Result<(), RegisterMetricError> {
    let finite = bounds.iter().all(|bound| bound.is_finite());
    if finite && bounds.is_sorted_by(|one, next| one < next) {
        return Ok(());
    }
    Err(RegisterMetricError::BadBounds { name: name.to_owned() })
}
