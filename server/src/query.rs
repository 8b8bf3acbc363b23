//! What to spread, read from flags or from JSON.
//!
//! There is one intermediate, [`QueryArgs`]: `emanate spread` has it filled by its flags, [`parse`]
//! fills it from a JSON object, and both become a request in one place. A key of the object is the
//! long name of a flag, with underscores; one table, [`keys`], pairs each with its field, with what
//! its value may be and with the rules that have it.
//!
//! ```json
//! {"seeds": [["dog", 1.0]], "rule": "linear", "hops": 3, "threshold": 1e-4, "top": 10}
//! ```
//!
//! - `seeds` is an array whose elements are a label, `[label]`, `[label, activation]` or `[label,
//!   activation, time]`; `relation` is a name, or an array of names and of `[name, weight]`. Labels
//!   and names are taken as they are and never split; a host's integer key may be a number.
//! - Numbers are numbers; what a flag takes as a word is a string (`"auto"`, `"50ms"`, `"64MiB"`),
//!   what it takes as a pair is an array (`[0.15, 7]`) or the same string; switches are booleans.
//! - Defaults, ranges and refusals are those of the flags. An unknown key, one that the rule does
//!   not have and one that is given twice are errors.
//!
//! `retention_file` names a file of the machine that answers. Whoever takes queries from strangers
//! must refuse that key.

mod error;
mod json;
mod keys;
mod request;
mod spelling;
#[cfg(test)]
mod tests;

use emanate::spread::SpreadRequest;

use crate::args::QueryArgs;
use crate::seeds::Names;

pub(crate) use error::QueryError;
pub(crate) use keys::{KEYS, Owned};
pub(crate) use request::RequestError;
pub(crate) use spelling::Spelling;

/// A query that was read from JSON and found free of mistakes that show without a graph.
#[derive(Clone, Debug)]
pub(crate) struct Query(QueryArgs);

/// Reads a query from the text of one JSON object. Costs a pass over the text.
///
/// # Errors
/// [`QueryError`], which names the key.
pub(crate) fn parse(text: &str) -> Result<Query, QueryError> {
    let args = json::read(text)?;
    args.check()?;
    Ok(Query(args))
}

impl Query {
    /// Whether it names a file of the machine that answers.
    #[cfg(feature = "serve")]
    pub(crate) const fn names_file(&self) -> bool {
        self.0.parameters.retention_file.is_some()
    }

    /// The threads it asks for, where it does.
    #[cfg(feature = "serve")]
    pub(crate) const fn threads(&self) -> Option<u32> {
        self.0.bounds.threads
    }

    /// How many nodes it asks for; 0 for all.
    #[cfg(feature = "serve")]
    pub(crate) const fn top(&self) -> u64 {
        self.0.report.top
    }

    /// The request for a graph. Costs a look-up for each seed, and where one is unknown and
    /// suggestions are wanted, a search among the labels.
    ///
    /// # Errors
    /// [`QueryError::Request`] where a seed, a relation or a retention does not fit the graph.
    pub(crate) fn request(&self, names: Names<'_>) -> Result<SpreadRequest, QueryError> {
        Ok(self.0.request(names)?)
    }
}
