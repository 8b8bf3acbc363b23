//! `emanate spread`: one spread, printed.

use std::io::{self, BufWriter, Write};

use emanate::{Engine, Graph};

use crate::args::{ReportFormat, SpreadArgs};
use crate::exit::{self, Failure, Printed};
use crate::graph_file;
use crate::output::{Colour, Report};
use crate::query::RequestError;
use crate::seeds::{Names, Suggestions};

/// Spreads as `args` say and prints what was reached.
///
/// # Errors
/// [`Failure`]. What can be refused without the graph is refused before it is read.
pub(crate) fn run(args: &SpreadArgs) -> Result<Printed, Failure> {
    args.query.check()?;
    let mut snapshot = match args.memory_budget {
        Some(bytes) => Graph::from(graph_file::read_within(&args.graph, bytes)?).snapshot(),
        None => {
            let file = graph_file::read(&args.graph, &[])?;
            if let Some(report) = &file.report {
                graph_file::warn_of_bad_lines(&args.graph, report);
            }
            Graph::from(file.graph).snapshot()
        }
    };

    let names = Names { graph: &snapshot, suggestions: Suggestions::Wanted };
    let mut request = args.query.request(names)?;
    request.explain |= args.format == ReportFormat::Dot;
    let engine = Engine::builder().threads(request.threads.get() as usize).build();
    let engine = engine.expect("the other options are the default ones, which fit each other");
    if let Some(bytes) = args.memory_budget {
        // What scratch takes is known once the request is; the graph gets the rest.
        let scratch = engine.estimate(&snapshot, &request).scratch_bytes;
        drop(snapshot);
        let rest = bytes.saturating_sub(scratch);
        snapshot = Graph::from(graph_file::read_within(&args.graph, rest)?).snapshot();
    }
    let outcome = engine.spread_at(&snapshot, &request).map_err(RequestError::from)?;

    let report = Report::new(&snapshot, &request, &outcome)?;
    for warning in report.warnings() {
        exit::warn(&warning);
    }
    let stdout = io::stdout().lock();
    let colour = Colour::for_stream(&stdout);
    let mut out = BufWriter::new(stdout);
    report.print(args.format, colour, &mut out)?;
    out.flush()?;
    Ok(Printed)
}
