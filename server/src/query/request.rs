//! From what was given to a request.

use std::fmt;
use std::num::NonZeroU32;

use emanate::SpreadError;
use emanate::spread::{Bounds, EdgeFilter, SpreadRequest, UnknownSeeds};

use super::spelling::Spelling;
use crate::args::QueryArgs;
use crate::output::text::{cut_quoted, given};
use crate::rules::{self, RuleError};
use crate::seeds::{NameError, Names};

/// Why what was given makes no request, or one that is refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RequestError {
    /// The parameters do not make a rule.
    Rule(RuleError),
    /// Seeds, relations or retentions do not fit the graph.
    Name(NameError),
    /// The spread was refused.
    Spread(SpreadError),
}

impl RequestError {
    /// One sentence that says what is wrong, with names of parameters as they were written.
    pub(crate) fn spelled(&self, spelling: Spelling) -> impl fmt::Display {
        fmt::from_fn(move |f| match self {
            Self::Rule(error) => error.write(f, spelling),
            Self::Name(error) => error.write(f, spelling),
            Self::Spread(error) => write_refusal(f, error, spelling),
        })
    }
}

/// The library speaks of parameters as a host sees them; a query has other names for some.
fn write_refusal(
    f: &mut fmt::Formatter<'_>,
    error: &SpreadError,
    spelling: Spelling,
) -> fmt::Result {
    match error {
        SpreadError::Parameter(error) => {
            let (name, value) = (spelling.name(error.name), given(error.value));
            write!(f, "{name} is {value}, but must be {}", error.range)
        }
        SpreadError::AgeWithoutTime => write!(
            f,
            "{} needs the instant ages are counted from; give it with {}",
            spelling.name("age_rate"),
            spelling.name("at")
        ),
        SpreadError::Endless => write!(
            f,
            "{} never ends without {}; give a number of steps or a threshold",
            spelling.with_word("time", "none"),
            spelling.name("stop_threshold")
        ),
        SpreadError::NodesMaxBelowSeeds { nodes_max, seeds } => write!(
            f,
            "{} is {nodes_max}, but there are {seeds} seeds; allow at least as many",
            spelling.name("max_nodes")
        ),
        // It names a file, not a label.
        error @ SpreadError::Damaged(_) => write!(f, "{error}"),
        error => f.write_str(&cut_quoted(&error.to_string())),
    }
}

impl From<RuleError> for RequestError {
    fn from(error: RuleError) -> Self {
        Self::Rule(error)
    }
}

impl From<NameError> for RequestError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

impl From<SpreadError> for RequestError {
    fn from(error: SpreadError) -> Self {
        Self::Spread(error)
    }
}

impl QueryArgs {
    /// Refuses what can be refused without a graph.
    ///
    /// # Errors
    /// [`RequestError::Rule`] or [`RequestError::Spread`].
    pub(crate) fn check(&self) -> Result<(), RequestError> {
        if self.seeds.is_empty() {
            return Err(SpreadError::NoSeeds.into());
        }
        rules::rule(self, Vec::new())?.check()?;
        Ok(self.edge_filter(Vec::new()).check()?)
    }

    /// The request for the graph of `names`.
    ///
    /// # Errors
    /// [`RequestError::Rule`] or [`RequestError::Name`]. What only a spread can see (seeds that add
    /// up to too much, say) it refuses when it begins.
    pub(crate) fn request(&self, names: Names<'_>) -> Result<SpreadRequest, RequestError> {
        let per_node = match &self.parameters.retention_file {
            Some(file) => names.retentions(file)?,
            None => Vec::new(),
        };
        let edges = self.edge_filter(names.relations(&self.edges.relations)?);
        let unknown_seeds =
            if self.report.skip_unknown { UnknownSeeds::Skip } else { UnknownSeeds::Refuse };
        Ok(SpreadRequest {
            seeds: names.seeds(&self.seeds, unknown_seeds)?,
            rule: rules::rule(self, per_node)?,
            edges,
            nodes: None,
            bounds: Bounds {
                budget: self.bounds.timeout,
                cancel: None,
                edges_max: self.bounds.max_edges,
                nodes_max: self.bounds.max_nodes,
                memory_bytes_max: self.bounds.max_memory,
            },
            top: match self.report.top {
                0 => None,
                // More than can be counted is all.
                most => usize::try_from(most).ok(),
            },
            exclude_seeds: self.report.exclude_seeds,
            unknown_seeds,
            explain: self.report.explain,
            by_step: self.report.by_step,
            threads: self.bounds.threads.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN),
        })
    }

    fn edge_filter(&self, relations: Vec<(String, f64)>) -> EdgeFilter {
        EdgeFilter {
            relations,
            direction: self.edges.direction.into(),
            age_rate: self.edges.age_rate.unwrap_or(0.0),
            at: self.edges.at,
        }
    }
}
