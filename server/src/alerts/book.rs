//! All rules with their alerts, silences and what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::machine::{Acknowledgement, Alert, Happened, Standing, Step};
use super::notice::Notice;
use super::past::{Past, Record};
use super::rule::{Rule, RuleError, Severity};
use super::sample::{Gathered, Labels};
use super::silence::{SILENCES_MAX, Silence};
use super::time::Time;
use super::watched::Watched;
use crate::suggest;

/// What bounds a [`Book`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most rules.
    pub(crate) rules: usize,
    /// Least time between two tellings that one alert fires, where its rule says nothing else.
    pub(crate) cooldown: Duration,
    /// Most records of what happened.
    pub(crate) keep: usize,
    /// How long a record is kept.
    pub(crate) keep_time: Duration,
}

/// Who acknowledges what.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledge {
    /// The rule.
    pub(crate) name: String,
    /// The alert; `None` for all of the rule that fire.
    pub(crate) labels: Option<Labels>,
    pub(crate) by: String,
    pub(crate) note: String,
}

/// All rules with their alerts, silences and what happened.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    pub(super) rules: BTreeMap<String, Watched>,
    pub(super) silences: Vec<Silence>,
    pub(super) past: Past,
    pub(super) last_silence: u64,
    pub(super) limits: Limits,
    changes: u64,
}

impl Book {
    /// A book of `rules`, whose names differ.
    pub(crate) fn new(limits: Limits, rules: Vec<Rule>) -> Self {
        let rules = rules.into_iter().map(|rule| (rule.name.clone(), Watched::new(rule)));
        Self {
            rules: rules.collect(),
            silences: Vec::new(),
            past: Past::default(),
            last_silence: 0,
            limits,
            changes: 0,
        }
    }

    /// Goes by `limits` from now on.
    pub(crate) fn set(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Rises with every change that must outlive the process.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Looks at every rule; gives what is to be told. Costs a pass over the series of each rule.
    pub(crate) fn look(&mut self, gathered: &Gathered, now: Time) -> Vec<Notice> {
        let mut told = Vec::new();
        let before = self.silences.len();
        self.silences.retain(|silence| silence.until > now);
        if before != self.silences.len() {
            self.changes += 1;
        }
        for (name, watched) in &mut self.rules {
            if !watched.rule.enabled {
                continue;
            }
            let policy = watched.rule.policy(self.limits.cooldown);
            for (labels, judged) in watched.look(gathered, now) {
                let Some(group) = watched.groups.get_mut(&labels) else { continue };
                let severity = group.alert.severity(&watched.rule);
                let silenced = self.silences.iter().any(|s| s.covers(name, severity, &labels, now));
                let since = since(&group.alert, now);
                let step = group.alert.step(&policy, judged, now, silenced);
                let alert = group.alert.clone();
                let about = About { rule: &watched.rule, labels: &labels, alert: &alert };
                about.write(step, since, now, &mut self.past, &mut told, &mut self.changes);
            }
            watched.forget(self.limits.cooldown, now);
        }
        self.past.cut(self.limits.keep, self.limits.keep_time, now);
        told
    }

    /// Adds a rule.
    ///
    /// # Errors
    /// [`RuleError::NameTaken`] and [`RuleError::TooMany`].
    pub(crate) fn add(&mut self, rule: Rule) -> Result<(), RuleError> {
        if self.rules.contains_key(&rule.name) {
            return Err(RuleError::NameTaken { name: rule.name });
        }
        if self.rules.len() >= self.limits.rules {
            return Err(RuleError::TooMany { most: self.limits.rules });
        }
        self.rules.insert(rule.name.clone(), Watched::new(rule));
        self.changes += 1;
        Ok(())
    }

    /// Puts `rule` in the place of the one of its name, whose alerts end; gives what is to be told.
    ///
    /// # Errors
    /// [`RuleError::NoRule`].
    pub(crate) fn replace(&mut self, rule: Rule, now: Time) -> Result<Vec<Notice>, RuleError> {
        let told = self.end(&rule.name, now)?;
        self.rules.insert(rule.name.clone(), Watched::new(rule));
        Ok(told)
    }

    /// Removes a rule, whose alerts end; gives what is to be told.
    ///
    /// # Errors
    /// [`RuleError::NoRule`].
    pub(crate) fn remove(&mut self, name: &str, now: Time) -> Result<Vec<Notice>, RuleError> {
        let told = self.end(name, now)?;
        self.rules.remove(name);
        Ok(told)
    }

    /// Ends every alert of a rule.
    fn end(&mut self, name: &str, now: Time) -> Result<Vec<Notice>, RuleError> {
        let mut told = Vec::new();
        let Some(watched) = self.rules.get_mut(name) else { return Err(self.no_rule(name)) };
        for (labels, group) in &mut watched.groups {
            let severity = group.alert.severity(&watched.rule);
            let silenced = self.silences.iter().any(|s| s.covers(name, severity, labels, now));
            let since = since(&group.alert, now);
            let mut step = Step::default();
            group.alert.resolve(silenced, &mut step);
            let about = About { rule: &watched.rule, labels, alert: &group.alert };
            about.write(step, since, now, &mut self.past, &mut told, &mut self.changes);
        }
        self.changes += 1;
        Ok(told)
    }

    fn no_rule(&self, name: &str) -> RuleError {
        let meant = suggest::among(self.rules.keys().map(String::as_str), name);
        RuleError::NoRule { name: name.to_owned(), meant }
    }

    /// Notes that somebody sees to alerts that fire; says how many.
    ///
    /// # Errors
    /// [`RuleError::NoRule`] and [`RuleError::NotFiring`].
    pub(crate) fn acknowledge(
        &mut self,
        wanted: &Acknowledge,
        now: Time,
    ) -> Result<usize, RuleError> {
        let name = &wanted.name;
        let Some(watched) = self.rules.get_mut(name) else { return Err(self.no_rule(name)) };
        let mut count = 0;
        for (labels, group) in &mut watched.groups {
            let meant = wanted.labels.as_ref().is_none_or(|wanted| wanted == labels);
            let severity = group.alert.severity(&watched.rule);
            let value = group.alert.value;
            let Standing::Firing(firing) = &mut group.alert.standing else { continue };
            if !meant {
                continue;
            }
            let (by, note) = (wanted.by.clone(), wanted.note.clone());
            firing.acknowledged = Some(Acknowledgement { by: by.clone(), note, at: now });
            count += 1;
            self.past.add(Record {
                id: 0,
                at: now,
                happened: Happened::Acknowledged,
                alert: name.clone(),
                labels: labels.clone(),
                severity,
                value,
                told: false,
                by: Some(by),
            });
        }
        if count == 0 {
            return Err(RuleError::NotFiring { name: name.clone() });
        }
        self.changes += 1;
        Ok(count)
    }

    /// Adds a silence; gives it as it is kept.
    ///
    /// # Errors
    /// [`RuleError::TooManySilences`], and what [`Silence::read`] gives.
    pub(crate) fn silence(
        &mut self,
        value: Value,
        by: &str,
        now: Time,
    ) -> Result<Silence, RuleError> {
        let mut silence = Silence::read(value, by, now)?;
        if self.silences.len() >= SILENCES_MAX {
            return Err(RuleError::TooManySilences { most: SILENCES_MAX });
        }
        self.last_silence += 1;
        silence.id = self.last_silence;
        self.silences.push(silence.clone());
        self.changes += 1;
        Ok(silence)
    }

    /// Takes a silence away.
    ///
    /// # Errors
    /// [`RuleError::NoSilence`].
    pub(crate) fn unsilence(&mut self, id: &str) -> Result<Silence, RuleError> {
        let id: u64 = id.parse().map_err(|_| RuleError::NoSilence)?;
        let place = self.silences.iter().position(|silence| silence.id == id);
        let place = place.ok_or(RuleError::NoSilence)?;
        self.changes += 1;
        Ok(self.silences.remove(place))
    }

    /// The silences.
    pub(crate) fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// A rule with its alerts.
    ///
    /// # Errors
    /// [`RuleError::NoRule`].
    pub(crate) fn watched(&self, name: &str) -> Result<&Watched, RuleError> {
        self.rules.get(name).ok_or_else(|| self.no_rule(name))
    }

    /// All rules with their alerts, by name.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = &Watched> {
        self.rules.values()
    }

    /// What happened, the latest first.
    pub(crate) fn past(&self) -> impl Iterator<Item = &Record> {
        self.past.records().rev()
    }

    /// Whether an alert of `rule` is silenced now.
    pub(crate) fn is_silenced(
        &self,
        rule: &Rule,
        labels: &Labels,
        alert: &Alert,
        now: Time,
    ) -> bool {
        let severity = alert.severity(rule);
        self.silences.iter().any(|silence| silence.covers(&rule.name, severity, labels, now))
    }

    /// How many alerts fire, by severity as in [`Severity::ALL`].
    pub(crate) fn firing(&self) -> [usize; Severity::ALL.len()] {
        let mut counts = [0; Severity::ALL.len()];
        for watched in self.rules.values() {
            let firing = watched.groups.values().filter(|group| group.alert.fires());
            for group in firing {
                let severity = group.alert.severity(&watched.rule);
                let place = Severity::ALL.iter().position(|known| *known == severity);
                counts[place.expect("all of them are listed")] += 1;
            }
        }
        counts
    }
}

/// Since when an alert fires.
fn since(alert: &Alert, now: Time) -> Time {
    match &alert.standing {
        Standing::Firing(firing) => firing.since,
        _ => now,
    }
}

/// Whose step is written down.
struct About<'a> {
    rule: &'a Rule,
    labels: &'a Labels,
    alert: &'a Alert,
}

impl About<'_> {
    /// Writes down what happened and what is to be told.
    fn write(
        &self,
        step: Step,
        since: Time,
        now: Time,
        past: &mut Past,
        told: &mut Vec<Notice>,
        changes: &mut u64,
    ) {
        let severity = self.alert.severity(self.rule);
        for happened in &step.happened {
            past.add(Record {
                id: 0,
                at: now,
                happened: *happened,
                alert: self.rule.name.clone(),
                labels: self.labels.clone(),
                severity,
                value: self.alert.value,
                told: step.told.contains(happened),
                by: None,
            });
        }
        // What is told is part of an alert's state even where nothing happened to it.
        *changes += u64::from(!step.happened.is_empty() || !step.told.is_empty());
        told.extend(step.told.into_iter().map(|happened| Notice {
            happened,
            alert: self.rule.name.clone(),
            labels: self.labels.clone(),
            severity,
            value: self.alert.value,
            summary: self.rule.summary.clone(),
            since,
            at: now,
            channels: self.rule.channels.clone(),
            test: false,
        }));
    }
}
