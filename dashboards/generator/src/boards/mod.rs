//! The dashboards.

mod breakers;
mod host;
mod spread;
mod tiers;
mod tuner;

use crate::board::Board;
use crate::query::Query;

/// Every dashboard.
#[must_use]
pub fn all() -> Vec<Board> {
    let query = Query::default();
    let mut boards = vec![
        spread::board(&query),
        tiers::board(&query),
        breakers::board(&query),
        tuner::board(&query),
        host::board(&query),
    ];
    for (_, panels) in boards.iter_mut().flat_map(|board| &mut board.rows) {
        for panel in panels {
            let mut named: Vec<&str> = Vec::new();
            let words = panel.targets.iter().flat_map(|target| words(&target.expr));
            for word in words {
                let parts = ["_bucket", "_sum", "_count"];
                let family = parts.iter().find_map(|part| word.strip_suffix(part));
                let name = family.filter(|name| !query.help(name).is_empty()).unwrap_or(word);
                if !named.contains(&name) && !query.help(name).is_empty() {
                    named.push(name);
                }
            }
            let helps = named.iter().map(|name| format!("\n\n`{name}`: {}", query.help(name)));
            panel.description.extend(helps);
        }
    }
    boards
}

/// The words of an expression; those that name a recorded series keep their colons.
fn words(expr: &str) -> impl Iterator<Item = &str> {
    expr.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_metric_is_on_a_dashboard() {
        let boards = all();
        let exprs: Vec<&str> = boards
            .iter()
            .flat_map(|board| board.panels())
            .flat_map(|panel| &panel.targets)
            .flat_map(|target| super::words(&target.expr))
            .collect();
        let shown = |name: &str| {
            exprs.iter().any(|word| {
                let rest = word.strip_prefix(name);
                rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
            })
        };
        let missing: Vec<&str> = Catalogue::default()
            .iter()
            .map(|metric| metric.name)
            // Alerts are marks on every panel.
            .filter(|name| *name != "ALERTS" && !shown(name))
            .collect();
        assert_eq!(missing, Vec::<&str>::new(), "metrics that no panel shows");
    }

    #[test]
    fn descriptions_hold_what_the_table_says() {
        let boards = all();
        let panel = boards[0].panels().find(|panel| panel.title == "Queue").expect("a panel");
        assert!(panel.description.ends_with("`emanate_queue_depth`: Submitted spreads that wait."));
    }
}
