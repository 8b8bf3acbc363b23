//! From what was written to a value of its kind, and back.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use emanate::change::store::FlushPolicy;
use toml::Value;

use super::alerting::SmtpSecurity;
use super::model::{Level, StderrFormat};
use crate::values;

/// A value as it was given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'a> {
    /// In the file, where texts, numbers, switches and lists differ.
    Toml(&'a Value),
    /// In the environment or in a flag, where all is text.
    Text(&'a str),
}

impl Given<'_> {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Toml(value) => value.as_str(),
            Self::Text(text) => Some(text),
        }
    }
}

/// A kind of value.
pub(super) trait Setting: Sized {
    /// What it takes, for a sentence: "give ..".
    const TAKES: &'static str;

    /// The value; `None` where it is of another kind.
    fn read(given: Given<'_>) -> Option<Self>;

    /// As the file writes it.
    fn show(&self) -> Value;
}

impl Setting for bool {
    const TAKES: &'static str = "true or false";

    fn read(given: Given<'_>) -> Option<Self> {
        match given {
            Given::Toml(value) => value.as_bool(),
            Given::Text(text) => text.parse().ok(),
        }
    }

    fn show(&self) -> Value {
        Value::from(*self)
    }
}

impl Setting for f64 {
    const TAKES: &'static str = "a number";

    fn read(given: Given<'_>) -> Option<Self> {
        match given {
            Given::Toml(Value::Integer(number)) => i32::try_from(*number).ok().map(Self::from),
            Given::Toml(value) => value.as_float(),
            Given::Text(text) => text.parse().ok(),
        }
    }

    fn show(&self) -> Value {
        Value::from(*self)
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {
        $(impl Setting for $number {
            const TAKES: &'static str = "a whole number from 0 on";

            fn read(given: Given<'_>) -> Option<Self> {
                match given {
                    Given::Toml(value) => value.as_integer()?.try_into().ok(),
                    Given::Text(text) => text.parse().ok(),
                }
            }

            fn show(&self) -> Value {
                Value::from(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        })+
    };
}

whole_numbers!(u32, u64, usize);

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) u64);

impl Setting for Bytes {
    const TAKES: &'static str = "a number of bytes, or one with KiB, MiB or GiB, such as \"1MiB\"";

    fn read(given: Given<'_>) -> Option<Self> {
        let bytes = match given {
            Given::Toml(Value::Integer(bytes)) => u64::try_from(*bytes).ok(),
            other => values::bytes(other.as_str()?).ok(),
        };
        // A number in the file has 63 bits, and what is printed must be readable again.
        bytes.filter(|bytes| i64::try_from(*bytes).is_ok()).map(Self)
    }

    fn show(&self) -> Value {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        let whole = |shift: &u32| self.0 > 0 && self.0.trailing_zeros() >= *shift;
        match units.iter().find(|(_, shift)| whole(shift)) {
            Some((unit, shift)) => Value::from(format!("{}{unit}", self.0 >> shift)),
            None => self.0.show(),
        }
    }
}

impl Setting for Duration {
    const TAKES: &'static str = "a time with its unit (us, ms, s or m), such as \"10s\"";

    fn read(given: Given<'_>) -> Option<Self> {
        values::duration(given.as_str()?).ok()
    }

    fn show(&self) -> Value {
        let nanos = self.as_nanos();
        Value::from(match nanos {
            0 => "0s".to_owned(),
            _ if nanos.is_multiple_of(60_000_000_000) => format!("{}m", nanos / 60_000_000_000),
            _ if nanos.is_multiple_of(1_000_000_000) => format!("{}s", nanos / 1_000_000_000),
            _ if nanos.is_multiple_of(1_000_000) => format!("{}ms", nanos / 1_000_000),
            _ => format!("{}us", nanos as f64 / 1000.0),
        })
    }
}

impl Setting for SocketAddr {
    const TAKES: &'static str = "an address and a port, such as \"127.0.0.1:7700\"";

    fn read(given: Given<'_>) -> Option<Self> {
        given.as_str()?.parse().ok()
    }

    fn show(&self) -> Value {
        Value::from(self.to_string())
    }
}

impl Setting for Option<PathBuf> {
    const TAKES: &'static str = "the path of a file, or \"\" for none";

    fn read(given: Given<'_>) -> Option<Self> {
        given.as_str().map(|text| (!text.is_empty()).then(|| text.into()))
    }

    fn show(&self) -> Value {
        Value::from(self.as_ref().map_or_else(String::new, |path| path.display().to_string()))
    }
}

impl Setting for Vec<String> {
    const TAKES: &'static str =
        "a list of texts, such as [\"one\", \"two\"] in the file or one,two elsewhere";

    fn read(given: Given<'_>) -> Option<Self> {
        match given {
            Given::Toml(value) => {
                let elements = value.as_array()?.iter();
                elements.map(|element| element.as_str().map(str::to_owned)).collect()
            }
            Given::Text("") => Some(Self::new()),
            Given::Text(text) => Some(text.split(',').map(|part| part.trim().to_owned()).collect()),
        }
    }

    fn show(&self) -> Value {
        Value::from(self.clone())
    }
}

impl Setting for Level {
    const TAKES: &'static str = "one of trace, debug, info, warn and error";

    fn read(given: Given<'_>) -> Option<Self> {
        Self::named(given.as_str()?)
    }

    fn show(&self) -> Value {
        Value::from(self.name())
    }
}

impl Setting for StderrFormat {
    const TAKES: &'static str = "one of off, text and json";

    fn read(given: Given<'_>) -> Option<Self> {
        let name = given.as_str()?;
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    fn show(&self) -> Value {
        Value::from(self.name())
    }
}

impl Setting for FlushPolicy {
    const TAKES: &'static str = "always, never, or every: and a time, such as \"every:10ms\"";

    fn read(given: Given<'_>) -> Option<Self> {
        match given.as_str()? {
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            other => values::duration(other.strip_prefix("every:")?).ok().map(Self::Every),
        }
    }

    fn show(&self) -> Value {
        Value::from(match self {
            Self::Always => "always".to_owned(),
            Self::Never => "never".to_owned(),
            Self::Every(time) => format!("every:{}", time.show().as_str().unwrap_or_default()),
        })
    }
}

impl Setting for String {
    const TAKES: &'static str = "a text, or \"\" for none";

    fn read(given: Given<'_>) -> Option<Self> {
        given.as_str().map(str::to_owned)
    }

    fn show(&self) -> Value {
        Value::from(self.clone())
    }
}

impl Setting for SmtpSecurity {
    const TAKES: &'static str = "one of starttls, tls and none";

    fn read(given: Given<'_>) -> Option<Self> {
        let name = given.as_str()?;
        Self::ALL.into_iter().find(|security| security.name() == name)
    }

    fn show(&self) -> Value {
        Value::from(self.name())
    }
}
