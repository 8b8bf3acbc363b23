//! A Graphviz digraph: the reported nodes and the paths that explain them.
//!
//! Nodes stand in the order of the report, then those only a path passes, dashed; a node's outline
//! is the wider the stronger it is. Edges ascend by the ends' places in that order. Numbers name
//! the nodes and labels label them, so that any label can be drawn.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use emanate::terms::NodeId;

use super::Report;

/// Widest outline, in points, of the strongest node; the least is 1.
const PEN_WIDTH_MAX: f64 = 5.0;

/// Prints the report.
pub(super) fn print(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut places: HashMap<NodeId, usize> = HashMap::new();
    let mut passed: Vec<NodeId> = Vec::new();
    for (place, row) in report.rows.iter().enumerate() {
        places.insert(row.node, place);
    }
    let mut edges: BTreeSet<(usize, usize)> = BTreeSet::new();
    for path in report.rows.iter().filter_map(|row| row.path.as_deref()) {
        for node in path {
            let next = places.len();
            places.entry(*node).or_insert_with(|| {
                passed.push(*node);
                next
            });
        }
        edges.extend(path.windows(2).map(|ends| (places[&ends[0]], places[&ends[1]])));
    }

    writeln!(out, "digraph emanate {{")?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(out, "  node [shape=box, style=rounded];")?;
    for (place, row) in report.rows.iter().enumerate() {
        let strength = report.outcome.confidence(row.activation).clamp(0.0, 1.0);
        let width = 1.0 + (PEN_WIDTH_MAX - 1.0) * strength;
        let label = quoted(&row.name.to_string());
        let shown = super::text::activation(row.activation);
        writeln!(out, "  n{place} [label=\"{label}\\n{shown}\", penwidth={width:.2}];")?;
    }
    for node in &passed {
        let (place, name) = (places[node], report.name_of(*node).to_string());
        writeln!(out, "  n{place} [label=\"{}\", style=\"rounded,dashed\"];", quoted(&name))?;
    }
    for (source, target) in edges {
        writeln!(out, "  n{source} -> n{target};")?;
    }
    writeln!(out, "}}")
}

/// `text` inside a quoted label: backslashes and quotes escaped, control characters visible.
fn quoted(text: &str) -> String {
    super::text::visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn labels_cannot_leave_their_quotes() {
        assert_eq!(quoted("say \"hi\""), "say \\\"hi\\\"");
        assert_eq!(quoted("back\\slash"), "back\\\\slash");
        assert_eq!(quoted("end\\\""), "end\\\\\\\"");
        assert_eq!(quoted("two\nlines"), "two\\\\nlines");
    }
}
