//! A file of queries.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use emanate::SpreadError;
use emanate::graph::Generation;
use emanate::spread::SpreadRequest;
use emanate::sync::FirstWins;

use crate::exit;
use crate::lines::{Lines, LinesError};
use crate::query::{self, Query, QueryError, RequestError};
use crate::seeds::{Names, Suggestions};

/// Lines named one by one, of those that are no query and of those that were refused.
const LINES_SHOWN: usize = 10;

/// Why a file of queries cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum QueriesError {
    /// The file cannot be read.
    Unreadable(LinesError),
    /// No line is a query.
    NoQuery {
        /// The file.
        file: PathBuf,
    },
    /// With `--strict`: some lines are no query.
    Rejected {
        /// The file.
        file: PathBuf,
        /// How many.
        count: u64,
    },
}

impl fmt::Display for QueriesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "--queries: {error}"),
            Self::NoQuery { file } => write!(
                f,
                "{}: no line is a query; write one JSON object a line, such as {{\"seeds\": \
                 [[\"dog\", 1.0]]}}",
                file.display()
            ),
            Self::Rejected { file, count } => {
                let lines = if *count == 1 { "line is" } else { "lines are" };
                write!(
                    f,
                    "{}: {count} {lines} no query and --strict was given, so nothing was \
                     replayed; correct them or leave --strict out",
                    file.display()
                )
            }
        }
    }
}

impl std::error::Error for QueriesError {}

/// The queries of a file, before there is a graph.
#[derive(Debug)]
pub(super) struct QueryFile {
    file: PathBuf,
    queries: Vec<(usize, Query)>,
    /// Lines that are no query.
    pub(super) rejected: u64,
}

/// Reads the queries in `file`. Lines that are none are named on standard error.
///
/// # Errors
/// [`QueriesError`].
pub(super) fn read(file: &Path, strict: bool) -> Result<QueryFile, QueriesError> {
    let lines = Lines::read(file).map_err(QueriesError::Unreadable)?;
    let mut queries = Vec::new();
    let mut rejected = 0;
    let mut reject = |line: usize, why: &dyn fmt::Display| {
        if rejected < LINES_SHOWN as u64 {
            exit::warn(&format_args!("{}:{line}: {why}", file.display()));
        }
        rejected += 1;
    };
    for (line, text) in lines.each() {
        match text.map(query::parse) {
            Some(Ok(query)) => queries.push((line, query)),
            Some(Err(error)) => reject(line, &error),
            None => reject(line, &"the line is not UTF-8; convert the file"),
        }
    }
    warn_of_more(file, rejected, ["line is no query", "lines are no queries"]);
    let file = file.to_path_buf();
    if strict && rejected > 0 {
        return Err(QueriesError::Rejected { file, count: rejected });
    }
    if queries.is_empty() {
        return Err(QueriesError::NoQuery { file });
    }
    Ok(QueryFile { file, queries, rejected })
}

/// Says how many of `count` lines were not named, with what is said of one and of several.
fn warn_of_more(file: &Path, count: u64, said: [&str; 2]) {
    let file = file.display();
    match count.saturating_sub(LINES_SHOWN as u64) {
        0 => {}
        1 => exit::warn(&format_args!("{file}: 1 more {}", said[0])),
        more => exit::warn(&format_args!("{file}: {more} more {}", said[1])),
    }
}

/// One query, ready to run.
#[derive(Debug)]
pub(super) struct Prepared {
    line: usize,
    /// What to run; an error where it does not fit the graph.
    request: Result<SpreadRequest, QueryError>,
    /// Why the spread was refused, where it was.
    refused: FirstWins<SpreadError>,
    /// Turns in which it was refused.
    errors: AtomicU64,
}

/// The queries of a file for one graph, in their order; at least one.
#[derive(Debug)]
pub(super) struct Queries {
    file: PathBuf,
    prepared: Vec<Prepared>,
}

impl QueryFile {
    /// Looks up seeds and relations in `graph`.
    pub(super) fn prepare(self, graph: &Generation) -> Queries {
        let mut unfit = 0;
        let prepared = self.queries.into_iter().map(|(line, query)| {
            // Only those that are named are worth a search for close names.
            let suggestions =
                if unfit < LINES_SHOWN { Suggestions::Wanted } else { Suggestions::Omitted };
            let request = query.request(Names { graph, suggestions });
            unfit += usize::from(request.is_err());
            Prepared { line, request, refused: FirstWins::default(), errors: AtomicU64::new(0) }
        });
        Queries { prepared: prepared.collect(), file: self.file }
    }
}

impl Queries {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.prepared.len()
    }

    /// Whose turn it is in turn `number`: they come in their order, again and again.
    pub(super) fn of_turn(&self, number: u64) -> &Prepared {
        let position = number % self.prepared.len() as u64;
        &self.prepared[usize::try_from(position).expect("it is below a length")]
    }

    /// Those that can be run, and why the first of the others cannot.
    pub(super) fn into_requests(self) -> (Vec<SpreadRequest>, Option<String>) {
        let (mut requests, mut first) = (Vec::new(), None);
        for query in self.prepared {
            match query.request {
                Ok(request) => requests.push(request),
                Err(error) => {
                    first.get_or_insert_with(|| format!("line {}: {error}", query.line));
                }
            }
        }
        (requests, first)
    }

    /// Names queries that were refused, on standard error.
    pub(super) fn warn_of_errors(&self) {
        let failed = |query: &&Prepared| query.errors.load(Ordering::Relaxed) > 0;
        for query in self.prepared.iter().filter(failed).take(LINES_SHOWN) {
            let times = match query.errors.load(Ordering::Relaxed) {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            };
            let why = match (&query.request, query.refused.get()) {
                (Err(error), _) => error.to_string(),
                (Ok(_), Some(error)) => {
                    QueryError::from(RequestError::from(error.clone())).to_string()
                }
                (Ok(_), None) => continue,
            };
            let (file, line) = (self.file.display(), query.line);
            exit::warn(&format_args!("{file}:{line}: refused {times}: {why}"));
        }
        let count = self.prepared.iter().filter(failed).count();
        warn_of_more(&self.file, count as u64, ["query was refused", "queries were refused"]);
    }
}

impl Prepared {
    /// What to run; `None` where it does not fit the graph.
    pub(super) fn request(&self) -> Option<&SpreadRequest> {
        self.request.as_ref().ok()
    }

    /// Notes why the spread was refused.
    pub(super) fn refuse(&self, error: SpreadError) {
        // Every turn is refused for the same reason; the first one is kept.
        let kept: Result<_, Infallible> = self.refused.get_or_try(|| Ok(error));
        debug_assert!(kept.is_ok(), "it cannot fail");
    }

    /// Counts a measured turn in which it was refused.
    pub(super) fn count_error(&self) {
        // Relaxed: additions commute, and the sum is read after the threads have ended.
        self.errors.fetch_add(1, Ordering::Relaxed);
    }
}
