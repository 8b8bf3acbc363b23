//! Reading an object of JSON key by key: each key once, of the right kind, and none left over.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::output::text::cut;
use crate::suggest::{self, DidYouMean};
use crate::values;

/// Why an object cannot be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub(crate) enum FieldError {
    /// It is no object.
    NotAnObject,
    /// A key that must be there is not.
    Missing {
        /// The key.
        key: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// A key holds what it does not take.
    Kind {
        /// The key.
        key: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// There is no such key.
    Unknown {
        /// The key.
        key: String,
        /// Keys there are.
        meant: DidYouMean,
    },
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("this is no object; give one of JSON"),
            Self::Missing { key, takes } => write!(f, "{key:?} is missing; give {takes}"),
            Self::Kind { key, takes } => write!(f, "{key:?} cannot be that; give {takes}"),
            Self::Unknown { key, meant } => {
                write!(f, "there is no key {:?} here; ", cut(key))?;
                meant.write(f, "leave it out")
            }
        }
    }
}

impl std::error::Error for FieldError {}

/// Keys that may be null for what is not given, as they are shown then.
const OR_NULL: [&str; 4] = ["cooldown", "escalate", "channels", "status"];
/// Longest text of one value, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 512;
/// Most entries of a list.
pub(crate) const LIST_MAX: usize = 32;
/// What a time takes.
pub(crate) const TAKES_TIME: &str =
    "a time in whole milliseconds up to 90 days, such as \"250ms\", \"30s\" or \"5m\"";
/// Longest time.
pub(crate) const TIME_MAX: Duration = Duration::from_secs(90 * 24 * 3600);

/// An object whose keys are taken one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    left: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The keys of `value`.
    ///
    /// # Errors
    /// [`FieldError::NotAnObject`].
    pub(crate) fn of(value: Value) -> Result<Self, FieldError> {
        match value {
            Value::Object(left) => Ok(Self { left, known: Vec::new() }),
            _ => Err(FieldError::NotAnObject),
        }
    }

    /// What `key` holds; `None` where it is not there, or null and may be.
    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        let value = self.left.shift_remove(key);
        value.filter(|value| !value.is_null() || !OR_NULL.contains(&key))
    }

    /// What `read` makes of what `key` holds.
    ///
    /// # Errors
    /// [`FieldError::Kind`] where it makes nothing of it.
    pub(crate) fn value<T>(
        &mut self,
        key: &'static str,
        takes: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        read(value).map(Some).ok_or(FieldError::Kind { key, takes })
    }

    /// As [`Fields::value`], of a key that must be there.
    ///
    /// # Errors
    /// [`FieldError::Missing`] and [`FieldError::Kind`].
    pub(crate) fn needed<T>(
        &mut self,
        key: &'static str,
        takes: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<T, FieldError> {
        self.value(key, takes, read)?.ok_or(FieldError::Missing { key, takes })
    }

    /// A time above 0; `default` where there is none.
    ///
    /// # Errors
    /// [`FieldError::Kind`].
    pub(crate) fn time(
        &mut self,
        key: &'static str,
        default: Duration,
    ) -> Result<Duration, FieldError> {
        let read = |value: Value| time(&value).filter(|time| !time.is_zero());
        Ok(self.value(key, TAKES_TIME, read)?.unwrap_or(default))
    }

    /// A time from 0 on; `default` where there is none.
    ///
    /// # Errors
    /// [`FieldError::Kind`].
    pub(crate) fn span(
        &mut self,
        key: &'static str,
        default: Duration,
    ) -> Result<Duration, FieldError> {
        let read = |value: Value| time(&value);
        Ok(self.value(key, TAKES_TIME, read)?.unwrap_or(default))
    }

    /// A number.
    ///
    /// # Errors
    /// [`FieldError::Kind`].
    pub(crate) fn number(&mut self, key: &'static str) -> Result<Option<f64>, FieldError> {
        self.value(key, "a number", |value| number(&value))
    }

    /// `true` or `false`; `default` where there is neither.
    ///
    /// # Errors
    /// [`FieldError::Kind`].
    pub(crate) fn switch(&mut self, key: &'static str, default: bool) -> Result<bool, FieldError> {
        let read = |value: Value| value.as_bool();
        Ok(self.value(key, "true or false", read)?.unwrap_or(default))
    }

    /// A text of at most [`TEXT_BYTES_MAX`] bytes; empty where there is none.
    ///
    /// # Errors
    /// [`FieldError::Kind`].
    pub(crate) fn text(&mut self, key: &'static str) -> Result<String, FieldError> {
        Ok(self.value(key, "a text of at most 512 bytes", text)?.unwrap_or_default())
    }

    /// Lists of texts by name, such as `{"state": ["open", "half_open"]}`; one text stands for a
    /// list of one.
    ///
    /// # Errors
    /// [`FieldError::Kind`].
    pub(crate) fn lists(&mut self, key: &'static str) -> Result<Lists, FieldError> {
        let takes = "at most 32 labels, each with a value or a list of at most 32";
        Ok(self.value(key, takes, lists)?.unwrap_or_default())
    }

    /// A list of at most [`LIST_MAX`] texts; `None` where there is none.
    ///
    /// # Errors
    /// [`FieldError::Kind`].
    pub(crate) fn list(&mut self, key: &'static str) -> Result<Option<Vec<String>>, FieldError> {
        self.value(key, "a list of at most 32 texts", list)
    }

    /// Ends, where no key is left.
    ///
    /// # Errors
    /// [`FieldError::Unknown`].
    pub(crate) fn end(self) -> Result<(), FieldError> {
        let Some(key) = self.left.keys().next() else { return Ok(()) };
        let meant = suggest::among(self.known, key);
        Err(FieldError::Unknown { key: key.clone(), meant })
    }
}

/// Lists of texts by name.
pub(crate) type Lists = BTreeMap<String, Vec<String>>;

/// A time of whole milliseconds, at most [`TIME_MAX`].
pub(crate) fn time(value: &Value) -> Option<Duration> {
    let time = values::duration(value.as_str()?).ok()?;
    (time <= TIME_MAX && time.subsec_nanos().is_multiple_of(1_000_000)).then_some(time)
}

/// A number that is one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

/// A text that is not too long.
pub(crate) fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if text.len() <= TEXT_BYTES_MAX => Some(text),
        _ => None,
    }
}

fn list(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) if values.len() <= LIST_MAX => values.into_iter().map(text).collect(),
        _ => None,
    }
}

fn lists(value: Value) -> Option<Lists> {
    let Value::Object(object) = value else { return None };
    if object.len() > LIST_MAX {
        return None;
    }
    let entry = |(name, value): (String, Value)| {
        let values = if value.is_string() { vec![text(value)?] } else { list(value)? };
        (name.len() <= TEXT_BYTES_MAX && !values.is_empty()).then_some((name, values))
    };
    object.into_iter().map(entry).collect()
}

/// Lists as [`Fields::lists`] reads them.
pub(crate) fn shown_lists(lists: &Lists) -> Value {
    lists.iter().map(|(name, values)| (name.clone(), Value::from(values.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        Fields::of(value).unwrap()
    }

    #[test]
    fn every_key_is_taken_once_and_none_is_left() {
        let mut all = fields(json!({"a": 1.5, "b": "2m", "c": {"x": "y", "z": ["1", "2"]}}));
        assert_eq!(all.number("a"), Ok(Some(1.5)));
        assert_eq!(all.time("b", TIME_MAX), Ok(Duration::from_secs(120)));
        let lists = all.lists("c").unwrap();
        assert_eq!(lists["x"], ["y"]);
        assert_eq!(lists["z"], ["1", "2"]);
        assert_eq!(all.end(), Ok(()));
        let mut typo = fields(json!({"severty": 1}));
        assert_eq!(typo.text("severity"), Ok(String::new()));
        let said = typo.end().unwrap_err().to_string();
        assert_eq!(said, "there is no key \"severty\" here; did you mean \"severity\"?");
    }

    #[test]
    fn what_a_key_does_not_take_is_refused() {
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        for bad in [json!(""), json!("1"), json!("-1s"), json!("1.5us"), json!("99999999m")] {
            assert!(fields(json!({"k": bad})).span("k", TIME_MAX).is_err(), "{bad}");
        }
        assert!(fields(json!({"k": "0s"})).time("k", TIME_MAX).is_err());
        assert!(fields(json!({"k": "0s"})).span("k", TIME_MAX).is_ok());
        assert!(fields(json!({"k": long.clone()})).text("k").is_err());
        assert!(fields(json!({"k": vec!["a"; LIST_MAX + 1]})).list("k").is_err());
        for bad in [json!([]), json!({"a": []}), json!({"a": [1]}), json!({"a": long})] {
            assert!(fields(json!({"k": bad})).lists("k").is_err(), "{bad}");
        }
        assert!(fields(json!({"k": null})).text("k").is_err());
        assert_eq!(fields(json!({"status": null})).number("status"), Ok(None));
        assert!(fields(json!({"k": "1"})).number("k").is_err());
        assert_eq!(Fields::of(json!([])).unwrap_err(), FieldError::NotAnObject);
    }
}
