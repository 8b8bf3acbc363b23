//! `emanate spread`: one spread, printed.

use std::io::{self, BufWriter, Write};
use std::num::NonZeroU32;

use emanate::spread::{Bounds, EdgeFilter, SpreadRequest, UnknownSeeds};
use emanate::{Engine, Graph};

use crate::args::{ReportFormat, SpreadArgs};
use crate::exit::{self, Failure, Printed};
use crate::graph_file;
use crate::output::{Colour, Report};
use crate::{rules, seeds};

/// Spreads as `args` say and prints what was reached.
///
/// # Errors
/// [`Failure`]. What can be refused without the graph is refused before it is read.
pub(crate) fn run(args: &SpreadArgs) -> Result<Printed, Failure> {
    rules::rule(args.rule, &args.parameters, Vec::new())?.check()?;
    let mut edges = EdgeFilter {
        relations: Vec::new(),
        direction: args.edges.direction.into(),
        age_rate: args.edges.age_rate.unwrap_or(0.0),
        at: args.edges.at,
    };
    edges.check()?;
    let file = graph_file::read(&args.graph, &[])?;
    if let Some(report) = &file.report {
        graph_file::warn_of_bad_lines(&args.graph, report);
    }
    let snapshot = Graph::from(file.graph).snapshot();

    let per_node = match &args.parameters.retention_file {
        Some(file) => seeds::retentions(&snapshot, file)?,
        None => Vec::new(),
    };
    edges.relations = seeds::relations(&snapshot, &args.edges.relations)?;
    let unknown_seeds =
        if args.report.skip_unknown { UnknownSeeds::Skip } else { UnknownSeeds::Refuse };
    let request = SpreadRequest {
        seeds: seeds::seeds(&snapshot, &args.seeds, unknown_seeds)?,
        rule: rules::rule(args.rule, &args.parameters, per_node)?,
        edges,
        nodes: None,
        bounds: Bounds {
            budget: args.bounds.timeout,
            cancel: None,
            edges_max: args.bounds.max_edges,
            nodes_max: args.bounds.max_nodes,
            memory_bytes_max: args.bounds.max_memory,
        },
        top: match args.report.top {
            0 => None,
            // More than can be counted is all.
            most => usize::try_from(most).ok(),
        },
        exclude_seeds: args.report.exclude_seeds,
        unknown_seeds,
        explain: args.report.explain || args.report.format == ReportFormat::Dot,
        by_step: args.report.by_step,
        threads: args.bounds.threads.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN),
    };
    let outcome = Engine::new().spread_at(&snapshot, &request)?;

    let report = Report::new(&snapshot, &request, &outcome)?;
    for warning in report.warnings() {
        exit::warn(&warning);
    }
    let stdout = io::stdout().lock();
    let colour = Colour::for_stream(&stdout);
    let mut out = BufWriter::new(stdout);
    report.print(args.report.format, colour, &mut out)?;
    out.flush()?;
    Ok(Printed)
}
