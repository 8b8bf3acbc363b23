//! Why the host's metric or series was refused.

use std::fmt;

/// Why a metric was not registered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RegisterMetricError {
    /// The name is none that Prometheus takes: letters of English, digits and `_`, no digit first,
    /// at most 200 of them.
    BadName {
        /// The name.
        name: String,
    },
    /// Names that begin with `emanate_` are the engine's.
    ReservedName {
        /// The name.
        name: String,
    },
    /// A counter's name must end with `_total`, and no other may end with that, nor with `_bucket`,
    /// `_sum`, `_count` or `_info`.
    BadEnding {
        /// The name.
        name: String,
    },
    /// There is no help. Say in a sentence what is counted.
    NoHelp {
        /// The metric.
        name: String,
    },
    /// A label's name is none that Prometheus takes, is `le` or `quantile`, begins with `__`, or
    /// is there twice.
    BadLabel {
        /// The label's name.
        label: String,
    },
    /// A bound is not finite, or the bounds are not ascending.
    BadBounds {
        /// The metric.
        name: String,
    },
    /// There is another metric of this name, of another kind or with other labels, bounds, help or
    /// room.
    NameTaken {
        /// The name.
        name: String,
    },
    /// There are as many metrics as there may be.
    TooManyMetrics {
        /// The greatest number.
        limit: usize,
    },
    /// The series that it may have are more than there is room for.
    TooManySeries {
        /// Series that it may have, as a server counts them: a histogram is one for each bound and
        /// three more.
        wanted: u64,
        /// How many there is room for.
        left: u64,
    },
}

impl fmt::Display for RegisterMetricError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName { name } => write!(
                f,
                "a metric cannot be called {name:?}; use letters, digits and _, no digit first, at \
                 most 200 in all"
            ),
            Self::ReservedName { name } => write!(
                f,
                "{name} begins as the engine's own metrics do; begin with the name of your program"
            ),
            Self::BadEnding { name } => write!(
                f,
                "the name {name} does not fit its kind; end counters with _total, and nothing \
                 else with _total, _bucket, _sum, _count or _info"
            ),
            Self::NoHelp { name } => {
                write!(f, "metric {name} has no help; say in a sentence what it counts")
            }
            Self::BadLabel { label } => write!(
                f,
                "a label cannot be called {label:?}; use letters, digits and _, each name once, \
                 and neither le nor quantile nor what begins with __"
            ),
            Self::BadBounds { name } => {
                write!(f, "the bounds of {name} must be finite and ascending; correct them")
            }
            Self::NameTaken { name } => write!(
                f,
                "there is another metric called {name}; choose another name, or register it with \
                 the same kind, labels, help and room"
            ),
            Self::TooManyMetrics { limit } => {
                write!(f, "there are {limit} metrics, the most there may be; use labels instead")
            }
            Self::TooManySeries { wanted, left } => write!(
                f,
                "the metric may have {wanted} series, but there is room for {left}; let it have \
                 fewer, or make more room"
            ),
        }
    }
}

impl std::error::Error for RegisterMetricError {}

/// Why there is no series for these values of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeriesError {
    /// There are not as many values as the metric has labels.
    LabelCount {
        /// Labels of the metric.
        labels: usize,
        /// Values given.
        values: usize,
    },
    /// A value is too long.
    LongValue {
        /// Its bytes.
        bytes: usize,
        /// The most it may have.
        bytes_max: usize,
    },
    /// The metric has as many series as it may, and this is none of them.
    TooMany {
        /// The greatest number.
        limit: usize,
    },
}

impl fmt::Display for SeriesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LabelCount { labels, values } => {
                write!(f, "the metric has {labels} labels, but {values} values were given")
            }
            Self::LongValue { bytes, bytes_max } => write!(
                f,
                "a label's value has {bytes} bytes, but at most {bytes_max} are taken; shorten it"
            ),
            Self::TooMany { limit } => write!(
                f,
                "the metric has {limit} series, the most it may; use labels with fewer values"
            ),
        }
    }
}

impl std::error::Error for SeriesError {}
