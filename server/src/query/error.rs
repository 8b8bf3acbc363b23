//! Why a text is no query.

use std::fmt;

use super::json::Expected;
use super::request::RequestError;
use super::spelling::Spelling;
use crate::output::text::cut;
use crate::suggest::DidYouMean;

/// Why a text is no query, or does not fit the graph.
#[derive(Debug)]
pub(crate) enum QueryError {
    /// It is not JSON.
    Syntax(serde_json::Error),
    /// It is JSON, but not an object.
    NotAnObject,
    /// No flag has this name.
    UnknownKey {
        /// The key.
        key: String,
        /// Keys there are.
        meant: DidYouMean,
    },
    /// A key was given twice.
    KeyTwice {
        /// The key.
        key: &'static str,
    },
    /// The value is not one that the key takes.
    Value {
        /// The key.
        key: &'static str,
        /// The value, or the element of it that is wrong, as JSON.
        given: String,
        /// What it takes.
        expected: Expected,
    },
    /// The values do not go together, are out of range or do not fit the graph.
    Request(RequestError),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => {
                // A query is one line of a file or one body, so its line says nothing.
                let text = error.to_string();
                let what = text.split_once(" at line ").map_or(text.as_str(), |(what, _)| what);
                write!(f, "the query is not JSON ({what} at column {}); correct it", error.column())
            }
            Self::NotAnObject => f.write_str(
                "the query is not a JSON object; write one such as {\"seeds\": [[\"dog\", 1.0]]}",
            ),
            Self::UnknownKey { key, meant } => {
                write!(f, "a query has no key {:?}; ", cut(key))?;
                meant.write(
                    f,
                    "its keys are the long names of the flags of `emanate spread`, with \
                     underscores",
                )
            }
            Self::KeyTwice { key } => write!(f, "the key {key:?} is given twice; keep one"),
            Self::Value { key, given, expected } => {
                write!(f, "{key:?} has the value {}; {expected}", cut(given))
            }
            Self::Request(error) => write!(f, "{}", error.spelled(Spelling::Key)),
        }
    }
}

impl std::error::Error for QueryError {}

impl From<RequestError> for QueryError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}
