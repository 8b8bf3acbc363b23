//! What a spread is printed as.

mod csv;
mod dot;
mod json;
mod table;
pub(crate) mod text;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use emanate::graph::{DamagedBlock, Generation};
use emanate::spread::{Hops, Rule, Seed, SpreadOutcome, SpreadRequest, Step};
use emanate::terms::{Key, Label, NodeId, StopReason};

use crate::args::ReportFormat;

/// Whether output may use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It may.
    Yes,
    /// It may not.
    No,
}

impl Colour {
    /// The choice for a stream: only on a terminal that can, and only where `NO_COLOR` is unset or
    /// empty.
    pub(crate) fn for_stream(stream: &impl io::IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        if stream.is_terminal() && !refused && !dumb { Self::Yes } else { Self::No }
    }
}

/// A node's name as it is printed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Name<'a> {
    /// Text, or the hexadecimal digits of a 16-byte key.
    Text(Cow<'a, str>),
    /// A host's integer key.
    Number(u64),
}

impl<'a> From<Label<'a>> for Name<'a> {
    fn from(label: Label<'a>) -> Self {
        match label {
            Label::Text(text) => Self::Text(text.into()),
            Label::Key(key) => Self::Number(key),
            Label::WideKey(_) => Self::Text(label.to_string().into()),
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(key) => write!(f, "{key}"),
        }
    }
}

/// One reported node.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) node: NodeId,
    pub(crate) name: Name<'a>,
    pub(crate) activation: f64,
    pub(crate) hop: u32,
    pub(crate) latency_s: Option<f64>,
    /// The nodes of the strongest path, the seed first; `None` where no walk explains the node.
    pub(crate) path: Option<Vec<NodeId>>,
}

/// An outcome with all its names, so that nothing can fail while it is printed but the printing.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    graph: &'a Generation,
    request: &'a SpreadRequest,
    outcome: &'a SpreadOutcome,
    seeds: Vec<(Name<'a>, &'a Seed)>,
    rows: Vec<Row<'a>>,
    degraded: Vec<Name<'a>>,
}

impl<'a> Report<'a> {
    /// The report of `outcome`, which `request` gave on `graph`.
    ///
    /// # Errors
    /// [`DamagedBlock`] where a name had to be read from a file and could not be.
    pub(crate) fn new(
        graph: &'a Generation,
        request: &'a SpreadRequest,
        outcome: &'a SpreadOutcome,
    ) -> Result<Self, DamagedBlock> {
        let mut seeds = Vec::with_capacity(request.seeds.len());
        for seed in &request.seeds {
            // A seed that names no node was skipped.
            if let Some(node) = graph.find_key(&seed.node)? {
                seeds.push((graph.label(node)?.into(), seed));
            }
        }
        let mut rows = Vec::with_capacity(outcome.activations.len());
        for (position, reached) in outcome.activations.iter().enumerate() {
            let path = outcome.paths.get(position).and_then(Option::as_ref);
            if let Some(path) = path {
                for node in &path.nodes {
                    graph.label(*node)?;
                }
            }
            rows.push(Row {
                node: reached.node,
                name: graph.label(reached.node)?.into(),
                activation: reached.activation,
                hop: reached.hop,
                latency_s: reached.latency_s,
                path: path.map(|path| path.nodes.clone()),
            });
        }
        let degraded = outcome.degraded.nodes.iter().map(|node| graph.label(*node).map(Name::from));
        let degraded = degraded.collect::<Result<_, _>>()?;
        Ok(Self { graph, request, outcome, seeds, rows, degraded })
    }

    /// Prints the report.
    ///
    /// # Errors
    /// What writing to `out` gives.
    pub(crate) fn print(
        &self,
        format: ReportFormat,
        colour: Colour,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match format {
            ReportFormat::Table => table::print(self, colour, out),
            ReportFormat::Json => json::print(self, out),
            ReportFormat::Csv => csv::print(self, out),
            ReportFormat::Dot => dot::print(self, out),
        }
    }

    /// What deserves a word on standard error although the spread is done.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let outcome = self.outcome;
        if outcome.stats.seeds_skipped > 0 {
            let known = |key: &Key| matches!(self.graph.find_key(key), Ok(Some(_)));
            let unknown = self.request.seeds.iter().find(|seed| !known(&seed.node));
            let first =
                unknown.map_or_else(String::new, |seed| format!(", the first is {}", seed.node));
            let first = text::cut_quoted(&first);
            warnings.push(match outcome.stats.seeds_skipped {
                1 => format!("1 seed names no node and was left out{first}"),
                more => format!("{more} seeds name no node and were left out{first}"),
            });
        }
        if let Some(first) = self.degraded.first() {
            warnings.push(format!(
                "the edges of {} nodes could not be read, among them {:?}; the outcome is as if \
                 they had none; check the file with `emanate info --verify`",
                outcome.degraded.count,
                text::cut(&first.to_string())
            ));
        }
        warnings
    }

    fn name_of(&self, node: NodeId) -> Name<'a> {
        match self.graph.label(node) {
            Ok(label) => label.into(),
            // `new` has read every name that is printed, and a name once read stays in memory.
            Err(_) => Name::Text(format!("node {}", node.get()).into()),
        }
    }

    fn path_names(&self, path: &[NodeId]) -> Vec<Name<'a>> {
        path.iter().map(|node| self.name_of(*node)).collect()
    }

    fn hops_are_auto(&self) -> bool {
        matches!(&self.request.rule, Rule::Linear(linear) if linear.hops == Hops::Auto)
    }

    fn has_latency(&self) -> bool {
        matches!(self.request.rule, Rule::ActR(_))
    }

    fn steps(&self) -> Option<&[Step]> {
        self.request.by_step.then_some(&self.outcome.steps)
    }

    fn stop_reason(&self) -> StopReason {
        self.outcome.stop_reason
    }
}
