//! One window as a line of JSON.

use std::fmt;

use emanate_tuner::{Reading, Settings, Shadow};
use serde_json::{Map, Value};

use crate::output::text::cut;

/// Why a line is no window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WindowError {
    /// Not UTF-8.
    NotText,
    /// Not one JSON object.
    NotAnObject {
        /// What the parser found.
        found: String,
    },
    /// A key is not there.
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key has a value that it cannot have.
    Wrong {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What it may be.
        range: &'static str,
    },
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText => f.write_str("the line is not UTF-8; write windows as JSON"),
            Self::NotAnObject { found } => {
                write!(f, "the line is not one JSON object ({found}); write a window a line")
            }
            Self::Missing { key } => write!(f, "the window has no {key:?}; add it"),
            Self::Wrong { key, value, range } => {
                write!(f, "{key:?} is {}, but must be {range}", cut(value))
            }
        }
    }
}

impl std::error::Error for WindowError {}

const COUNT: &str = "a whole number from 0";
const SMALL: &str = "a whole number from 0 to 4294967295";
const FIGURE: &str = "a number or null";
const SWITCH: &str = "true or false";

/// Reads a window. A figure that is null or not finite is one that says nothing.
pub(crate) fn read(line: &[u8]) -> Result<Reading, WindowError> {
    let text = str::from_utf8(line).map_err(|_| WindowError::NotText)?;
    let text = without_bare_words(text.trim_start_matches('\u{feff}'));
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| WindowError::NotAnObject { found: error.to_string() })?;
    let Value::Object(object) = value else {
        return Err(WindowError::NotAnObject { found: "another value".to_owned() });
    };
    let settings = Settings {
        batch_size: small(&object, "batch_size")?,
        hop_limit: small(&object, "hop_limit")?,
    };
    let shadow_spreads = optional(&object, "shadow_spreads", COUNT, as_count)?.unwrap_or(0);
    let recall = optional(&object, "recall", FIGURE, Value::as_f64)?;
    let shadow = recall.map(|recall| Shadow {
        hop_limit: settings.hop_limit,
        spreads: shadow_spreads,
        recall,
    });
    Ok(Reading {
        window: count(&object, "window")?,
        settings,
        spreads: count(&object, "spreads")?,
        throughput_per_second: figure(&object, "throughput_per_second")?,
        samples: count(&object, "samples")?,
        over_budget: count(&object, "over_budget")?,
        app_limited: optional(&object, "app_limited", SWITCH, Value::as_bool)?.unwrap_or(false),
        shadow,
    })
}

/// `NaN` and `Infinity`, which some writers of JSON put for figures that are none, as `null`.
fn without_bare_words(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "-NaN", "NaN"]
            .into_iter()
            .find(|word| !quoted && rest.starts_with(word));
        if let Some(word) = word {
            clean.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = quoted && letter == '\\' && !escaped;
        clean.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    clean
}

fn wrong(key: &'static str, value: &Value, range: &'static str) -> WindowError {
    WindowError::Wrong { key, value: value.to_string(), range }
}

fn optional<T>(
    object: &Map<String, Value>,
    key: &'static str,
    range: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, WindowError> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| wrong(key, value, range)),
    }
}

/// A whole number, also where it is written as `3.0`.
fn as_count(value: &Value) -> Option<u64> {
    let exact = |x: f64| x >= 0.0 && x <= (1_u64 << 53) as f64 && x.fract() == 0.0;
    value.as_u64().or_else(|| value.as_f64().filter(|x| exact(*x)).map(|x| x as u64))
}

fn count(object: &Map<String, Value>, key: &'static str) -> Result<u64, WindowError> {
    let value = object.get(key).ok_or(WindowError::Missing { key })?;
    as_count(value).ok_or_else(|| wrong(key, value, COUNT))
}

fn small(object: &Map<String, Value>, key: &'static str) -> Result<u32, WindowError> {
    let value = object.get(key).ok_or(WindowError::Missing { key })?;
    let number = as_count(value).and_then(|count| u32::try_from(count).ok());
    number.ok_or_else(|| wrong(key, value, SMALL))
}

fn figure(object: &Map<String, Value>, key: &'static str) -> Result<f64, WindowError> {
    match object.get(key) {
        None => Err(WindowError::Missing { key }),
        Some(Value::Null) => Ok(f64::NAN),
        Some(value) => value.as_f64().ok_or_else(|| wrong(key, value, FIGURE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"window":7,"batch_size":64,"hop_limit":3,"spreads":900,
        "throughput_per_second":3600.5,"samples":200,"over_budget":1,"app_limited":false,
        "shadow_spreads":20,"recall":0.99}"#;

    fn said(line: &str) -> String {
        read(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_window_is_read_whole() {
        let reading = read(LINE.as_bytes()).unwrap();
        let settings = Settings { batch_size: 64, hop_limit: 3 };
        let shadow = Shadow { hop_limit: 3, spreads: 20, recall: 0.99 };
        let expected = Reading {
            window: 7,
            settings,
            spreads: 900,
            throughput_per_second: 3600.5,
            samples: 200,
            over_budget: 1,
            app_limited: false,
            shadow: Some(shadow),
        };
        assert_eq!(reading, expected);
        let without = LINE.replace("0.99", "null").replace("\"app_limited\":false,", "");
        assert_eq!(read(without.as_bytes()).unwrap(), Reading { shadow: None, ..expected });
    }

    #[test]
    fn figures_may_say_nothing() {
        for word in ["NaN", "-Infinity", "Infinity", "null"] {
            let reading = read(LINE.replace("3600.5", word).as_bytes()).unwrap();
            assert!(reading.throughput_per_second.is_nan(), "{word}");
        }
        let line = LINE.replace("{\"w", "{\"a\\\"NaN\":\"NaN\",\"w").replace("900", "900.0");
        assert_eq!(read(line.as_bytes()).unwrap().spreads, 900);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(said("dog").contains("not one JSON object"));
        assert!(said("[1]").contains("not one JSON object"));
        assert!(said("{}").contains("no \"batch_size\""));
        assert!(said(&LINE.replace("900", "-1")).contains("\"spreads\" is -1"));
        assert!(said(&LINE.replace("64", "64.5")).contains("\"batch_size\" is 64.5"));
        assert!(said(&LINE.replace("64", "4294967296")).contains("to 4294967295"));
        assert!(said(&LINE.replace("false", "0")).contains("true or false"));
        assert!(said(&LINE.replace("0.99", "\"x\"")).contains("\"recall\" is \"x\""));
        assert!(said(&LINE.replace("3600.5", "[]")).contains("a number or null"));
        assert_eq!(read(b"\xff"), Err(WindowError::NotText));
    }
}
