//! From the text of a JSON object to what was given.

use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::error::QueryError;
use super::keys::{KEYS, Key};
use crate::args::QueryArgs;
use crate::seeds::{RelationArg, SeedArg};
use crate::suggest;
use crate::values::ValueError;

/// What a key takes, said where it was given something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// What its flag takes.
    AsFlag(ValueError),
    /// One of these words.
    OneOf(Vec<String>),
    /// `true` or `false`.
    Switch,
    /// The name of a file.
    File,
    /// Labels with amounts.
    Seeds,
    /// Names with factors.
    Relations,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsFlag(error) => write!(f, "{error}"),
            Self::OneOf(words) => write!(f, "give one of {}", words.join(", ")),
            Self::Switch => f.write_str("give true or false"),
            Self::File => f.write_str("give the name of a file"),
            Self::Seeds => f.write_str(
                "give an array of labels, [label, activation] or [label, activation, time], such \
                 as [\"cat\", [\"dog\", 0.5]]",
            ),
            Self::Relations => f.write_str(
                "give a name, or an array of names and [name, weight], such as [\"is a\", \
                 [\"part of\", 0.5]]",
            ),
        }
    }
}

/// A value that a key does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// The value, or the element of it that is wrong.
    given: Value,
    expected: Expected,
}

impl Mismatch {
    fn new(given: &Value, expected: Expected) -> Self {
        Self { given: given.clone(), expected }
    }
}

/// Reads what was given; nothing is checked but that each value is one its key takes.
///
/// # Errors
/// [`QueryError`], but not [`QueryError::Request`].
pub(super) fn read(text: &str) -> Result<QueryArgs, QueryError> {
    let entries = match serde_json::from_str(text) {
        Ok(Document::Object(entries)) => entries,
        Ok(Document::Other) => return Err(QueryError::NotAnObject),
        Err(error) => return Err(QueryError::Syntax(error)),
    };
    let mut args = QueryArgs::default();
    let mut seen = [false; KEYS.len()];
    for (name, value) in entries {
        let Some(position) = KEYS.iter().position(|key| key.name == name) else {
            let meant = suggest::among(KEYS.iter().map(|key| key.name), &name);
            return Err(QueryError::UnknownKey { key: name, meant });
        };
        let Key { name: key, read, .. } = KEYS[position];
        if std::mem::replace(&mut seen[position], true) {
            return Err(QueryError::KeyTwice { key });
        }
        read(&mut args, &value).map_err(|Mismatch { given, expected }| QueryError::Value {
            key,
            given: given.to_string(),
            expected,
        })?;
    }
    Ok(args)
}

/// The whole text. Entries are kept as they come, so that a key given twice is seen.
enum Document {
    Object(Vec<(String, Value)>),
    Other,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

/// What a JSON document may be other than an object.
macro_rules! other {
    ($($visit:ident($given:ty)),+ $(,)?) => {
        $(fn $visit<E>(self, _: $given) -> Result<Document, E> {
            Ok(Document::Other)
        })+
    };
}

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Document::Object(entries))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Document, A::Error> {
        while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Document::Other)
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Other)
    }

    other!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));
}

/// How the text after a flag is read.
type Parse<T> = fn(&str) -> Result<T, ValueError>;

/// What `parse` makes of a number. The digits of a JSON number are those of a flag's.
pub(super) fn number<T>(value: &Value, parse: Parse<T>) -> Result<T, Mismatch> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    parse(&text).map_err(|error| Mismatch::new(value, Expected::AsFlag(error)))
}

/// What `parse` makes of a string.
pub(super) fn word<T>(value: &Value, parse: Parse<T>) -> Result<T, Mismatch> {
    parse(value.as_str().unwrap_or_default())
        .map_err(|error| Mismatch::new(value, Expected::AsFlag(error)))
}

/// What `parse` makes of a number or a string.
pub(super) fn number_or_word<T>(value: &Value, parse: Parse<T>) -> Result<T, Mismatch> {
    if value.is_string() { word(value, parse) } else { number(value, parse) }
}

/// What `parse` makes of two numbers, in an array or in a string with a comma between.
pub(super) fn pair<T>(value: &Value, parse: Parse<T>) -> Result<T, Mismatch> {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::Number(first), Value::Number(second)]) => parse(&format!("{first},{second}"))
            .map_err(|error| Mismatch::new(value, Expected::AsFlag(error))),
        _ => word(value, parse),
    }
}

/// One of the words that `T` stands for.
pub(super) fn choice<T: ValueEnum>(value: &Value) -> Result<T, Mismatch> {
    let chosen = value.as_str().and_then(|text| T::from_str(text, false).ok());
    chosen.ok_or_else(|| {
        let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names = names.map(|name| name.get_name().to_owned()).collect();
        Mismatch::new(value, Expected::OneOf(names))
    })
}

/// A boolean.
pub(super) fn switch(value: &Value) -> Result<bool, Mismatch> {
    value.as_bool().ok_or_else(|| Mismatch::new(value, Expected::Switch))
}

/// The name of a file.
pub(super) fn file(value: &Value) -> Result<PathBuf, Mismatch> {
    let name = value.as_str().map(PathBuf::from);
    name.ok_or_else(|| Mismatch::new(value, Expected::File))
}

/// Labels with their amounts.
pub(super) fn seeds(value: &Value) -> Result<Vec<SeedArg>, Mismatch> {
    let wrong = |value: &Value| Mismatch::new(value, Expected::Seeds);
    let elements = value.as_array().ok_or_else(|| wrong(value))?;
    let seed = |element: &Value| {
        let parts = element.as_array().map_or(std::slice::from_ref(element), Vec::as_slice);
        let [label, amounts @ ..] = parts else { return None };
        let [activation, time] = match amounts {
            [] => [1.0, 0.0],
            [activation] => [activation.as_f64()?, 0.0],
            [activation, time] => [activation.as_f64()?, time.as_f64()?],
            _ => return None,
        };
        Some(SeedArg::Exact { label: name(label)?, activation, time })
    };
    elements.iter().map(|element| seed(element).ok_or_else(|| wrong(element))).collect()
}

/// Names with their factors.
pub(super) fn relations(value: &Value) -> Result<Vec<RelationArg>, Mismatch> {
    let wrong = |value: &Value| Mismatch::new(value, Expected::Relations);
    let relation = |element: &Value| match element {
        Value::String(name) => Some(RelationArg::Exact { name: name.clone(), weight: 1.0 }),
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(name), weight] => {
                Some(RelationArg::Exact { name: name.clone(), weight: weight.as_f64()? })
            }
            _ => None,
        },
        _ => None,
    };
    let elements = match value {
        Value::Array(elements) => elements.as_slice(),
        _ => std::slice::from_ref(value),
    };
    elements.iter().map(|element| relation(element).ok_or_else(|| wrong(element))).collect()
}

/// A label, or the digits of a host's integer key.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(label) => Some(label.clone()),
        Value::Number(key) => key.as_u64().map(|key| key.to_string()),
        _ => None,
    }
}
