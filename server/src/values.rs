//! Values of flags, parsed once where they enter.

use std::fmt;
use std::time::Duration;

use emanate::spread::{Hops, Inhibit, Squash};

/// Why the text after a flag is not a value of that flag. The flag is named by whoever reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueError {
    /// Not a finite decimal number.
    Number,
    /// Not a whole number from 0 on.
    Count,
    /// Not a whole number from 0 on that fits 32 bits.
    SmallCount,
    /// Not a whole number from 1 on.
    Positive,
    /// Not a whole number from 1 to [`THREADS_MAX`].
    Threads,
    /// Not a finite number above 0.
    Rate,
    /// Not a number above 0 with a unit of time.
    SomeTime,
    /// Not a number with a unit of time.
    Duration,
    /// Not a number of bytes.
    Bytes,
    /// Neither a whole number nor `auto`.
    Hops,
    /// Neither a whole number nor `none`.
    Time,
    /// Not a finite number and a whole number, with a comma between.
    Inhibit,
    /// Not two finite numbers with a comma between.
    Squash,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "give a finite number, such as 0.85",
            Self::Count => "give a whole number from 0 on",
            Self::SmallCount => "give a whole number from 0 to 4294967295",
            Self::Positive => "give a whole number from 1 on",
            Self::Threads => "give a whole number from 1 to 1024",
            Self::Rate => "give a finite number above 0, such as 1000",
            Self::SomeTime => "give a number above 0 with a unit (us, ms, s or m), such as 10s",
            Self::Duration => "give a number with a unit (us, ms, s or m), such as 50ms",
            Self::Bytes => "give a whole number of bytes, or one with KiB, MiB or GiB",
            Self::Hops => "give a whole number from 0 to 4294967295, or auto",
            Self::Time => "give a whole number of steps from 0 to 4294967295, or none",
            Self::Inhibit => "give BETA,M: a number and a whole number, such as 0.15,7",
            Self::Squash => "give GAIN,CENTER: two numbers, such as 5,0.5",
        })
    }
}

impl std::error::Error for ValueError {}

/// A finite number. No parameter of any rule may be anything else.
pub(crate) fn number(text: &str) -> Result<f64, ValueError> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or(ValueError::Number)
}

/// A whole number that fits 64 bits.
pub(crate) fn count(text: &str) -> Result<u64, ValueError> {
    text.parse().map_err(|_| ValueError::Count)
}

/// A whole number that fits 32 bits.
pub(crate) fn small_count(text: &str) -> Result<u32, ValueError> {
    text.parse().map_err(|_| ValueError::SmallCount)
}

/// A whole number above 0.
pub(crate) fn positive(text: &str) -> Result<u32, ValueError> {
    text.parse().ok().filter(|count| *count > 0).ok_or(ValueError::Positive)
}

/// A whole number above 0 that fits 64 bits.
pub(crate) fn positive_count(text: &str) -> Result<u64, ValueError> {
    text.parse().ok().filter(|count| *count > 0).ok_or(ValueError::Positive)
}

/// Most threads of a replay.
const THREADS_MAX: u32 = 1024;

/// A number of threads.
pub(crate) fn threads(text: &str) -> Result<u32, ValueError> {
    text.parse().ok().filter(|count| (1..=THREADS_MAX).contains(count)).ok_or(ValueError::Threads)
}

/// A number of events in a second.
pub(crate) fn rate(text: &str) -> Result<f64, ValueError> {
    number(text).ok().filter(|rate| *rate > 0.0).ok_or(ValueError::Rate)
}

/// A duration that is not 0.
pub(crate) fn some_time(text: &str) -> Result<Duration, ValueError> {
    duration(text).ok().filter(|time| !time.is_zero()).ok_or(ValueError::SomeTime)
}

/// `50ms`: a number of at least 0 and its unit.
pub(crate) fn duration(text: &str) -> Result<Duration, ValueError> {
    let digits =
        text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == 'µ');
    let seconds_per_unit = match &text[digits.len()..] {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err(ValueError::Duration),
    };
    let amount = number(digits).map_err(|_| ValueError::Duration)?;
    Duration::try_from_secs_f64(amount * seconds_per_unit).map_err(|_| ValueError::Duration)
}

/// `1048576`, `1024KiB` or `1MiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, ValueError> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let (digits, shift) = units
        .iter()
        .find_map(|(unit, shift)| text.strip_suffix(unit).map(|digits| (digits.trim_end(), *shift)))
        .unwrap_or((text, 0));
    let amount: u64 = digits.parse().map_err(|_| ValueError::Bytes)?;
    amount.checked_mul(1 << shift).ok_or(ValueError::Bytes)
}

/// A hop limit or `auto`.
pub(crate) fn hops(text: &str) -> Result<Hops, ValueError> {
    match text {
        "auto" => Ok(Hops::Auto),
        _ => text.parse().map(Hops::Limit).map_err(|_| ValueError::Hops),
    }
}

/// How many steps rule `retention` runs; `None` runs until its stop threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps(pub(crate) Option<u32>);

/// A number of steps or `none`.
pub(crate) fn steps(text: &str) -> Result<Steps, ValueError> {
    match text {
        "none" => Ok(Steps(None)),
        _ => text.parse().map(|steps| Steps(Some(steps))).map_err(|_| ValueError::Time),
    }
}

/// `BETA,M`.
pub(crate) fn inhibit(text: &str) -> Result<Inhibit, ValueError> {
    let (beta, competitors) = text.split_once(',').ok_or(ValueError::Inhibit)?;
    Ok(Inhibit {
        beta: number(beta.trim()).map_err(|_| ValueError::Inhibit)?,
        competitors: competitors.trim().parse().map_err(|_| ValueError::Inhibit)?,
    })
}

/// `GAIN,CENTER`.
pub(crate) fn squash(text: &str) -> Result<Squash, ValueError> {
    let (gain, center) = text.split_once(',').ok_or(ValueError::Squash)?;
    Ok(Squash {
        gain: number(gain.trim()).map_err(|_| ValueError::Squash)?,
        center: number(center.trim()).map_err(|_| ValueError::Squash)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_finite() {
        assert_eq!(number("-1e-4"), Ok(-1e-4));
        for text in ["nan", "NaN", "inf", "-inf", "1e999", "", "0,5", "1 "] {
            assert_eq!(number(text), Err(ValueError::Number), "{text:?}");
        }
    }

    #[test]
    fn a_duration_needs_its_unit() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("250us"), duration("250µs"));
        assert_eq!(duration("250us"), Ok(Duration::from_micros(250)));
        assert_eq!(duration("0ms"), Ok(Duration::ZERO));
        for text in ["50", "ms", "-1s", "nans", "1h", "1e300m", "", "50 ms "] {
            assert_eq!(duration(text), Err(ValueError::Duration), "{text:?}");
        }
    }

    #[test]
    fn bytes_are_counted_in_powers_of_two() {
        assert_eq!(bytes("0"), Ok(0));
        assert_eq!(bytes("3KiB"), Ok(3072));
        assert_eq!(bytes("1 MiB"), Ok(1 << 20));
        assert_eq!(bytes("2GiB"), Ok(2 << 30));
        for text in ["-1", "1.5MiB", "1MB", "KiB", "18446744073709551615GiB"] {
            assert_eq!(bytes(text), Err(ValueError::Bytes), "{text:?}");
        }
    }

    #[test]
    fn a_word_stands_for_no_number() {
        assert_eq!(hops("auto"), Ok(Hops::Auto));
        assert_eq!(hops("0"), Ok(Hops::Limit(0)));
        assert_eq!(hops("none"), Err(ValueError::Hops));
        assert_eq!(steps("none"), Ok(Steps(None)));
        assert_eq!(steps("7"), Ok(Steps(Some(7))));
        assert_eq!(steps("-1"), Err(ValueError::Time));
        assert_eq!(positive("0"), Err(ValueError::Positive));
        assert_eq!(positive_count("0"), Err(ValueError::Positive));
        assert_eq!(positive_count("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn a_load_is_more_than_nothing() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for text in ["0", "-0", "-1", "nan", "inf", "many"] {
            assert_eq!(rate(text), Err(ValueError::Rate), "{text:?}");
        }
        assert_eq!(threads("1024"), Ok(THREADS_MAX));
        for text in ["0", "-1", "1025", "1.5"] {
            assert_eq!(threads(text), Err(ValueError::Threads), "{text:?}");
        }
        assert!(ValueError::Threads.to_string().contains(&THREADS_MAX.to_string()));
        assert_eq!(some_time("1us"), Ok(Duration::from_micros(1)));
        for text in ["0s", "-1s", "5"] {
            assert_eq!(some_time(text), Err(ValueError::SomeTime), "{text:?}");
        }
    }

    #[test]
    fn pairs_have_one_comma() {
        assert_eq!(inhibit("0.15, 7"), Ok(Inhibit { beta: 0.15, competitors: 7 }));
        assert_eq!(inhibit("0.15"), Err(ValueError::Inhibit));
        assert_eq!(inhibit("0.15,7.5"), Err(ValueError::Inhibit));
        assert_eq!(squash("5,0.5"), Ok(Squash { gain: 5.0, center: 0.5 }));
        assert_eq!(squash("5,nan"), Err(ValueError::Squash));
        assert_eq!(squash("5,1,2"), Err(ValueError::Squash));
    }
}
