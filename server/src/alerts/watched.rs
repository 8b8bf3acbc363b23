//! One rule with its alerts: one for each group of series.

use std::collections::BTreeMap;
use std::time::Duration;

use super::condition::{Condition, Judged, judge};
use super::machine::{Alert, Standing};
use super::measure::{Measure, Measured, measured};
use super::ring::Ring;
use super::rule::Rule;
use super::sample::{Gathered, Labels, MetricKind, Raw};
use super::time::Time;

/// Most alerts of one rule. What more groups there are is left out, and said to be.
pub(crate) const GROUPS_MAX: usize = 64;

/// One group of series.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) alert: Alert,
    /// What the series said.
    raw: Ring<Raw>,
    /// The numbers made of it.
    past: Ring<f64>,
    /// Whether it was there at the last look.
    present: bool,
}

impl Group {
    /// A group of `rule` that nothing is known of yet.
    pub(crate) fn new(rule: &Rule, alert: Alert) -> Self {
        let window = match rule.measure {
            Measure::Value => Duration::ZERO,
            Measure::Rate | Measure::Mean | Measure::Quantile(_) => rule.window,
        };
        let past = Ring::new(rule.condition.history());
        Self { alert, raw: Ring::new(window), past, present: false }
    }

    fn look(&mut self, rule: &Rule, kind: MetricKind, raw: Raw, now: Time) -> Judged {
        self.raw.push(now, raw);
        self.present = true;
        match measured(kind, rule.measure, &self.raw) {
            Measured::TooSoon => Judged::Unknown,
            Measured::Nothing => Judged::Clear(None),
            Measured::Number(number) => {
                let fires = self.alert.fires();
                let judged = judge(rule.condition, number, &self.past, now, fires);
                if !rule.condition.history().is_zero() {
                    self.past.push(now, number);
                }
                judged
            }
        }
    }
}

/// One rule with its alerts.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) rule: Rule,
    pub(crate) groups: BTreeMap<Labels, Group>,
    /// Groups for which there is no room.
    pub(crate) left_out: usize,
}

impl Watched {
    /// A rule that was not looked at yet.
    pub(crate) fn new(rule: Rule) -> Self {
        Self { rule, groups: BTreeMap::new(), left_out: 0 }
    }

    /// What the rule finds for each group that there is or was. Costs a pass over the series of
    /// its metric and over what is kept of each group.
    pub(crate) fn look(&mut self, gathered: &Gathered, now: Time) -> Vec<(Labels, Judged)> {
        let metric = self.rule.selector.metric(gathered);
        if self.rule.condition == Condition::Absence {
            let there = metric.is_some_and(|metric| !self.rule.selector.groups(metric).is_empty());
            let judged = if there { Judged::Clear(None) } else { Judged::Holds(0.0) };
            let rule = &self.rule;
            let group = self.groups.entry(Labels::new());
            group.or_insert_with(|| Group::new(rule, Alert::default())).present = true;
            return vec![(Labels::new(), judged)];
        }
        let Some(metric) = metric else {
            return self.groups.keys().map(|labels| (labels.clone(), Judged::Unknown)).collect();
        };
        self.groups.values_mut().for_each(|group| group.present = false);
        self.left_out = 0;
        let mut judged = Vec::new();
        for (labels, raw) in self.rule.selector.groups(metric) {
            if !self.groups.contains_key(&labels) && self.groups.len() >= GROUPS_MAX {
                self.left_out += 1;
                continue;
            }
            let rule = &self.rule;
            let group = self.groups.entry(labels.clone());
            let group = group.or_insert_with(|| Group::new(rule, Alert::default()));
            judged.push((labels, group.look(rule, metric.kind, raw, now)));
        }
        let gone = self.groups.iter().filter(|(_, group)| !group.present);
        judged.extend(gone.map(|(labels, _)| (labels.clone(), Judged::Clear(None))));
        judged
    }

    /// Forgets groups that are gone and of which nothing is left to be told.
    pub(crate) fn forget(&mut self, cooldown: Duration, now: Time) {
        let cooldown = self.rule.cooldown.unwrap_or(cooldown);
        self.groups.retain(|_, group| {
            let cool = group.alert.told_at.is_none_or(|told| now.since(told) >= cooldown);
            group.present || group.alert.standing != Standing::Clear || !cool
        });
    }

    /// The worst standing of its alerts.
    pub(crate) fn state(&self) -> &'static str {
        let standings = || self.groups.values().map(|group| &group.alert.standing);
        if standings().any(|standing| matches!(standing, Standing::Firing(_))) {
            return "firing";
        }
        let pending = standings().any(|standing| matches!(standing, Standing::Pending { .. }));
        if pending { "pending" } else { "clear" }
    }
}
