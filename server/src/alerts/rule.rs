//! Rules: which series are looked at, when that is an alert, and what becomes of it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::condition::Condition;
use super::fields::{FieldError, Lists};
use super::machine::Policy;
use super::measure::Measure;
use super::sample::{Gathered, Labels, Metric, MetricKind, Raw};
use super::time::written;
use crate::output::text::cut;
use crate::suggest::{self, DidYouMean};

/// Most letters of a rule's name.
pub(crate) const NAME_LETTERS_MAX: usize = 64;
/// Names that paths of the service have for other things.
pub(crate) const RESERVED: [&str; 2] = ["history", "silences"];
/// Longest window of a rate, a mean or a quantile.
pub(crate) const WINDOW_MAX: Duration = Duration::from_secs(24 * 3600);

/// How bad something is; ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look, in working hours.
    Warning,
    /// Somebody must look now.
    Critical,
}

impl Severity {
    pub(crate) const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// Where notices go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Channel {
    /// A file, as lines of JSON.
    Log,
    /// A POST of JSON.
    Webhook,
    /// Mail.
    Smtp,
}

impl Channel {
    pub(crate) const ALL: [Self; 3] = [Self::Log, Self::Webhook, Self::Smtp];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Webhook => "webhook",
            Self::Smtp => "smtp",
        }
    }

    /// The channel of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// When the severity of what fires is raised, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Escalation {
    pub(crate) after: Duration,
    pub(crate) severity: Severity,
}

/// Which series of a metric, and how they are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) metric: String,
    /// Labels that a series must have, each with one of these values.
    pub(crate) labels: Lists,
    /// Labels that a series must not have with one of these values.
    pub(crate) except: Lists,
    /// Series that have the same values of these labels are added up.
    pub(crate) by: Vec<String>,
}

impl Selector {
    /// The metric; `None` where there is none of that name now.
    pub(crate) fn metric<'a>(&self, gathered: &'a Gathered) -> Option<&'a Metric> {
        gathered.0.get(&self.metric)
    }

    /// The series that are meant, added up by group. Costs a pass over the metric's series.
    pub(crate) fn groups(&self, metric: &Metric) -> Vec<(Labels, Raw)> {
        let mut groups: BTreeMap<Labels, Raw> = BTreeMap::new();
        for series in metric.series.iter().filter(|series| self.means(&series.labels)) {
            let label = |name: &String| {
                let value = series.labels.get(name).cloned().unwrap_or_default();
                (name.clone(), value)
            };
            let group: Labels = self.by.iter().map(label).collect();
            match groups.entry(group) {
                Entry::Vacant(free) => {
                    free.insert(series.raw.clone());
                }
                Entry::Occupied(mut sum) => {
                    sum.get_mut().add(&series.raw);
                }
            }
        }
        groups.into_iter().collect()
    }

    /// Whether there are such a metric and such labels.
    ///
    /// # Errors
    /// [`RuleError::UnknownMetric`] and [`RuleError::UnknownLabel`].
    pub(crate) fn check(&self, gathered: &Gathered) -> Result<(), RuleError> {
        let Some(metric) = self.metric(gathered) else {
            let meant = suggest::among(gathered.0.keys().map(String::as_str), &self.metric);
            return Err(RuleError::UnknownMetric { name: self.metric.clone(), meant });
        };
        let series = metric.series.iter();
        let known: BTreeSet<&str> =
            series.flat_map(|series| series.labels.keys()).map(String::as_str).collect();
        let mut named = self.labels.keys().chain(self.except.keys()).chain(&self.by);
        match named.find(|name| !known.contains(name.as_str())) {
            Some(name) if !metric.series.is_empty() => {
                let (metric, name) = (self.metric.clone(), name.clone());
                let meant = suggest::among(known, &name);
                Err(RuleError::UnknownLabel { metric, name, meant })
            }
            _ => Ok(()),
        }
    }

    fn means(&self, labels: &Labels) -> bool {
        let has = |(name, values): (&String, &Vec<String>)| {
            let value = labels.get(name).map_or("", String::as_str);
            values.iter().any(|wanted| wanted == value)
        };
        self.labels.iter().all(has) && !self.except.iter().any(has)
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) selector: Selector,
    pub(crate) measure: Measure,
    /// Over what time a rate, a mean or a quantile is taken.
    pub(crate) window: Duration,
    pub(crate) condition: Condition,
    /// How long it must hold before it fires.
    pub(crate) hold: Duration,
    /// How long it must not have held before it ends.
    pub(crate) keep: Duration,
    /// `None` for the service's own.
    pub(crate) cooldown: Option<Duration>,
    pub(crate) severity: Severity,
    pub(crate) escalation: Option<Escalation>,
    /// `None` for all there are.
    pub(crate) channels: Option<Vec<Channel>>,
    pub(crate) summary: String,
    pub(crate) enabled: bool,
}

impl Rule {
    /// How it treats its alerts, where `cooldown` is the service's own.
    pub(crate) fn policy(&self, cooldown: Duration) -> Policy {
        Policy {
            hold: self.hold,
            keep: self.keep,
            cooldown: self.cooldown.unwrap_or(cooldown),
            escalate_after: self.escalation.map(|escalation| escalation.after),
        }
    }

    /// Whether what is there now can be looked at as the rule says.
    ///
    /// # Errors
    /// [`RuleError`] where there is no such metric or label, or the metric is of another kind. A
    /// rule about absence may name what is not there.
    pub(crate) fn check(&self, gathered: &Gathered) -> Result<(), RuleError> {
        let absence = self.condition == Condition::Absence;
        let Some(metric) = self.selector.metric(gathered) else {
            return if absence { Ok(()) } else { self.selector.check(gathered) };
        };
        if !absence && !self.measure.fits(metric.kind) {
            return Err(RuleError::Unfit {
                measure: self.measure.to_string(),
                metric: self.selector.metric.clone(),
                kind: metric.kind,
            });
        }
        self.selector.check(gathered)
    }
}

/// Why a rule cannot be had.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub(crate) enum RuleError {
    /// A key is wrong.
    Field(FieldError),
    /// Its name cannot be one.
    Name,
    /// There is a rule of this name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// There is no rule of this name.
    NoRule {
        /// The name.
        name: String,
        /// Names there are.
        meant: DidYouMean,
    },
    /// The name of the metric cannot be one.
    MetricName,
    /// There is no such metric.
    UnknownMetric {
        /// The name.
        name: String,
        /// Metrics there are.
        meant: DidYouMean,
    },
    /// The metric has no such label.
    UnknownLabel {
        /// The metric.
        metric: String,
        /// The label.
        name: String,
        /// Its labels.
        meant: DidYouMean,
    },
    /// The number cannot be made of a metric of this kind.
    Unfit {
        /// What is looked at.
        measure: String,
        /// The metric.
        metric: String,
        /// The metric's kind.
        kind: MetricKind,
    },
    /// There is no limit, or there are two.
    Limit,
    /// An alert that fires would never end.
    Clear,
    /// A number must be above 0.
    NotAbove {
        /// The key.
        key: &'static str,
    },
    /// A time is longer than it may be.
    Long {
        /// The key.
        key: &'static str,
        /// The longest.
        most: Duration,
    },
    /// The severity is raised to one that is no higher.
    Escalation,
    /// A rate has a measure of its own.
    RateMeasure,
    /// There are as many rules as may be.
    TooMany {
        /// The greatest number.
        most: usize,
    },
    /// A silence says nothing about what it silences.
    SilencesAll,
    /// There are as many silences as may be.
    TooManySilences {
        /// The greatest number.
        most: usize,
    },
    /// There is no such silence.
    NoSilence,
    /// No alert fires that could be acknowledged.
    NotFiring {
        /// The rule.
        name: String,
    },
}

impl From<FieldError> for RuleError {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(error) => write!(f, "{error}"),
            Self::Name => write!(
                f,
                "\"name\" cannot be a rule's; use a letter and then up to {} more letters, \
                 digits, -, _ and ., and not {} or {}",
                NAME_LETTERS_MAX - 1,
                RESERVED[0],
                RESERVED[1]
            ),
            Self::NameTaken { name } => write!(
                f,
                "there is a rule {:?} already; change it by PUT, or choose another name",
                cut(name)
            ),
            Self::NoRule { name, meant } => {
                write!(f, "there is no rule {:?}; ", cut(name))?;
                meant.write(f, "see /v1/alerts")
            }
            Self::MetricName => f.write_str("\"metric\" cannot be a metric's name; see /metrics"),
            Self::UnknownMetric { name, meant } => {
                write!(f, "there is no metric {:?}; ", cut(name))?;
                meant.write(f, "see /metrics")
            }
            Self::UnknownLabel { metric, name, meant } => {
                write!(f, "the metric {:?} has no label {:?}; ", cut(metric), cut(name))?;
                meant.write(f, "see /metrics")
            }
            Self::Unfit { measure, metric, kind } => write!(
                f,
                "no {measure} can be taken of the {} {:?}; see what \"measure\" may be",
                kind.name(),
                cut(metric)
            ),
            Self::Limit => f.write_str("give \"above\" or \"below\", and not both"),
            Self::Clear => f.write_str(
                "\"clear\" is on the wrong side of the limit, so the alert would never end; put \
                 it on the other",
            ),
            Self::NotAbove { key } => write!(f, "{key:?} must be above 0"),
            Self::Long { key, most } => {
                write!(f, "{key:?} is too long; give at most {:?}", written(*most))
            }
            Self::Escalation => f.write_str(
                "\"escalate\" must raise the severity; give a higher one than the rule's",
            ),
            Self::RateMeasure => {
                f.write_str("a condition of kind \"rate\" looks at the rate; leave \"measure\" out")
            }
            Self::TooMany { most } => {
                write!(f, "there are {most} rules, as many as alerts.rules allows; delete some")
            }
            Self::SilencesAll => f.write_str(
                "this would silence everything; name \"alerts\", \"severities\" or \"labels\"",
            ),
            Self::TooManySilences { most } => {
                write!(f, "there are {most} silences, and no more can be; delete some")
            }
            Self::NoSilence => f.write_str("there is no such silence; see /v1/alerts/silences"),
            Self::NotFiring { name } => {
                write!(f, "no such alert of {:?} fires; see /v1/alerts", cut(name))
            }
        }
    }
}

impl std::error::Error for RuleError {}
