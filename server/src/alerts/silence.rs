//! Silences: what is not told until some time.

use serde_json::{Value, json};

use super::fields::{Fields, Lists, shown_lists, text};
use super::rule::{RuleError, Severity};
use super::sample::Labels;
use super::time::Time;

/// Most silences at once.
pub(crate) const SILENCES_MAX: usize = 256;

/// What is not told, and until when. Of each kind of matcher that is given, one must fit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Silence {
    pub(crate) id: u64,
    /// Names of rules; empty for any.
    pub(crate) alerts: Vec<String>,
    /// Severities; empty for any.
    pub(crate) severities: Vec<Severity>,
    /// Labels, each with the values that fit.
    pub(crate) labels: Lists,
    pub(crate) from: Time,
    pub(crate) until: Time,
    pub(crate) comment: String,
    pub(crate) by: String,
}

impl Silence {
    /// The silence that `value` writes, from `now` on.
    ///
    /// # Errors
    /// [`RuleError`] where it is none, or would silence everything.
    pub(crate) fn read(value: Value, by: &str, now: Time) -> Result<Self, RuleError> {
        let mut fields = Fields::of(value)?;
        let takes = "a list of info, warning and critical";
        let severities = fields.value("severities", takes, |value| severities(&value))?;
        let for_how_long = fields.needed("for", super::fields::TAKES_TIME, |value| {
            super::fields::time(&value).filter(|time| !time.is_zero())
        })?;
        let silence = Self {
            id: 0,
            alerts: fields.list("alerts")?.unwrap_or_default(),
            severities: severities.unwrap_or_default(),
            labels: fields.lists("labels")?,
            from: now,
            until: now.after(for_how_long),
            comment: fields.text("comment")?,
            by: by.to_owned(),
        };
        fields.end()?;
        let all =
            silence.alerts.is_empty() && silence.severities.is_empty() && silence.labels.is_empty();
        if all { Err(RuleError::SilencesAll) } else { Ok(silence) }
    }

    /// Whether it silences an alert of the rule `name` now.
    pub(crate) fn covers(
        &self,
        name: &str,
        severity: Severity,
        labels: &Labels,
        now: Time,
    ) -> bool {
        let has = |(name, values): (&String, &Vec<String>)| {
            labels.get(name).is_some_and(|value| values.contains(value))
        };
        self.until > now
            && (self.alerts.is_empty() || self.alerts.iter().any(|alert| alert == name))
            && (self.severities.is_empty() || self.severities.contains(&severity))
            && self.labels.iter().all(has)
    }

    /// As an object.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "alerts": self.alerts,
            "severities": self.severities.iter().map(|s| s.name()).collect::<Vec<_>>(),
            "labels": shown_lists(&self.labels),
            "from_s": self.from.seconds(),
            "until_s": self.until.seconds(),
            "comment": self.comment,
            "by": self.by,
        })
    }

    /// As it is kept in a file.
    pub(crate) fn kept(&self) -> Value {
        let mut kept = self.shown();
        kept["from_ms"] = json!(self.from.ms());
        kept["until_ms"] = json!(self.until.ms());
        kept
    }

    /// The silence that was kept; `None` where it is damaged.
    pub(crate) fn of_kept(value: &Value) -> Option<Self> {
        let strings = |key: &str| -> Option<Vec<String>> {
            let values = value.get(key)?.as_array()?.iter();
            values.map(|value| text(value.clone())).collect()
        };
        let time = |key: &str| value.get(key)?.as_u64().map(Time::from_ms);
        Some(Self {
            id: value.get("id")?.as_str()?.parse().ok()?,
            alerts: strings("alerts")?,
            severities: severities(value.get("severities")?)?,
            labels: Fields::of(value.clone()).ok()?.lists("labels").ok()?,
            from: time("from_ms")?,
            until: time("until_ms")?,
            comment: value.get("comment")?.as_str()?.to_owned(),
            by: value.get("by")?.as_str()?.to_owned(),
        })
    }
}

fn severities(value: &Value) -> Option<Vec<Severity>> {
    let names = value.as_array()?.iter();
    names.map(|name| Severity::named(name.as_str()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<Silence, RuleError> {
        Silence::read(value, "who", Time::from_ms(1000))
    }

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_silence_covers_what_it_names_until_it_ends() {
        let silence = read(json!({
            "alerts": ["a"], "severities": ["warning"], "labels": {"tier": ["hot", "warm"]},
            "for": "1m",
        }));
        let silence = silence.unwrap();
        let covers = |name, severity, tier, at| {
            silence.covers(name, severity, &labels(&[("tier", tier)]), Time::from_ms(at))
        };
        assert!(covers("a", Severity::Warning, "warm", 60_999));
        assert!(!covers("a", Severity::Warning, "warm", 61_000));
        assert!(!covers("b", Severity::Warning, "warm", 2000));
        assert!(!covers("a", Severity::Critical, "warm", 2000));
        assert!(!covers("a", Severity::Warning, "cold", 2000));
        assert!(!silence.covers("a", Severity::Warning, &Labels::new(), Time::from_ms(2000)));
        assert_eq!(Silence::of_kept(&silence.kept()), Some(silence));
    }

    #[test]
    fn everything_is_never_silenced_by_leaving_out() {
        assert_eq!(read(json!({"for": "1m"})), Err(RuleError::SilencesAll));
        assert!(read(json!({"for": "1m", "alerts": []})).is_err());
        assert!(read(json!({"alerts": ["a"]})).is_err());
        assert!(read(json!({"alerts": ["a"], "for": "0s"})).is_err());
        assert!(read(json!({"alerts": ["a"], "for": "1m", "untl": 1})).is_err());
        assert_eq!(Silence::of_kept(&json!({"id": "1"})), None);
    }
}
