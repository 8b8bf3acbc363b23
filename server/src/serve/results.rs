//! What checks found, run by run, for as long as the configuration says.
//!
//! A check mostly finds the same as the time before, so runs in a row with one status and reason
//! are one entry, which says from when to when and how many there were.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use emanate::health::{CheckReading, HealthStatus};
use serde_json::{Value, json};

use super::journal::seconds;
use super::locked::Locked;
use crate::config::Health;

/// Runs in a row that found the same.
#[derive(Clone, Debug)]
struct Found {
    check: String,
    status: HealthStatus,
    reason: Option<String>,
    first: SystemTime,
    last: SystemTime,
    runs: u64,
}

impl Found {
    fn bytes(&self) -> u64 {
        let reason = self.reason.as_ref().map_or(0, String::len);
        (size_of::<Self>() + self.check.len() + reason) as u64
    }

    fn shown(&self) -> Value {
        json!({
            "status": self.status.name(),
            "reason": self.reason,
            "runs": self.runs,
            "from_s": seconds(self.first),
            "to_s": seconds(self.last),
        })
    }

    /// What [`Found::shown`] shows of a check.
    fn of(check: &str, value: &Value) -> Option<Self> {
        let status = value.get("status")?.as_str()?;
        let time = |key: &str| {
            let seconds = value.get(key)?.as_f64().filter(|seconds| *seconds >= 0.0)?;
            UNIX_EPOCH.checked_add(Duration::from_millis((seconds * 1e3).round() as u64))
        };
        Some(Self {
            check: check.to_owned(),
            status: HealthStatus::ALL.into_iter().find(|known| known.name() == status)?,
            reason: value.get("reason")?.as_str().map(str::to_owned),
            first: time("from_s")?,
            last: time("to_s")?,
            runs: value.get("runs")?.as_u64()?,
        })
    }
}

#[derive(Debug, Default)]
struct State {
    /// By the first of their runs, ascending.
    found: Vec<Found>,
    /// Verdicts of each check until now.
    runs: HashMap<String, u64>,
}

/// What checks found.
#[derive(Debug, Default)]
pub(crate) struct Results(Locked<State>);

impl Results {
    /// Takes what `checks` found since they were looked at last.
    pub(crate) fn note(&self, checks: &[CheckReading], config: &Health) {
        self.note_at(SystemTime::now(), checks, config);
    }

    fn note_at(&self, now: SystemTime, checks: &[CheckReading], config: &Health) {
        self.0.with(|state| {
            for check in checks {
                let Some(status) = check.last else { continue };
                let all = check.counts.passes + check.counts.failures;
                let before = state.runs.insert(check.name.to_string(), all);
                // A check that was made anew counts from 0.
                let runs = before.and_then(|before| all.checked_sub(before)).unwrap_or(all);
                if runs > 0 {
                    let reason = check.reason.as_ref().map(|reason| reason.as_str().to_owned());
                    state.add(&check.name, status, reason, now, runs);
                }
            }
            state.runs.retain(|name, _| checks.iter().any(|check| *check.name == **name));
            state.trim(now, config);
        });
    }

    /// Lets go what `check` found: another of its name is another check.
    pub(crate) fn forget(&self, check: &str) {
        self.0.with(|state| {
            state.found.retain(|found| found.check != check);
            state.runs.remove(check);
        });
    }

    /// The newest `most` results of a check, the latest first.
    pub(crate) fn shown(&self, check: &str, most: usize) -> Vec<Value> {
        self.0.with(|state| {
            let own = state.found.iter().rev().filter(|found| found.check == check);
            own.take(most).map(Found::shown).collect()
        })
    }

    /// All results, for [`Results::restore`].
    pub(crate) fn kept(&self) -> Value {
        let kept = |found: &Found| {
            let mut kept = found.shown();
            kept["check"] = json!(found.check);
            kept
        };
        self.0.with(|state| state.found.iter().map(kept).collect())
    }

    /// Goes on after what an earlier process [kept](Results::kept); `None`, and nothing changes,
    /// where that is something else.
    pub(crate) fn restore(&self, kept: &Value) -> Option<()> {
        let found = |value: &Value| Found::of(value.get("check")?.as_str()?, value);
        let found: Vec<Found> = kept.as_array()?.iter().map(found).collect::<Option<_>>()?;
        self.0.with(|state| state.found = found);
        Some(())
    }
}

impl State {
    fn add(
        &mut self,
        check: &str,
        status: HealthStatus,
        reason: Option<String>,
        now: SystemTime,
        runs: u64,
    ) {
        let last = self.found.iter_mut().rev().find(|found| found.check == check);
        match last {
            Some(last) if last.status == status && last.reason == reason => {
                last.runs += runs;
                last.last = now;
            }
            _ => {
                let check = check.to_owned();
                self.found.push(Found { check, status, reason, first: now, last: now, runs });
            }
        }
    }

    /// Lets go what is too old, and then what is too much, the oldest first.
    fn trim(&mut self, now: SystemTime, config: &Health) {
        if let Some(oldest) = now.checked_sub(config.keep_time) {
            self.found.retain(|found| found.last >= oldest);
        }
        let mut bytes: u64 = self.found.iter().map(Found::bytes).sum();
        while bytes > config.keep_size {
            let places = 0..self.found.len();
            let Some(oldest) = places.min_by_key(|place| self.found[*place].last) else { return };
            bytes -= self.found.remove(oldest).bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, UNIX_EPOCH};

    use emanate::Engine;
    use emanate::health::{CheckJob, CheckKind, CheckPolicy, Registry, Verdict};

    use super::*;

    /// A registry with a check that says the next of `verdicts` each time it is run.
    fn registry(verdicts: Vec<Verdict>) -> Registry {
        let registry = Registry::new(Arc::clone(Engine::new().clock()));
        let next = AtomicUsize::new(0);
        let policy = CheckPolicy { period: Duration::from_nanos(1), ..CheckPolicy::default() };
        let check = move |_: &_| {
            let place = next.fetch_add(1, Ordering::Relaxed);
            verdicts.get(place).cloned().unwrap_or(Verdict::Pass)
        };
        registry.register("it", CheckKind::Ready, policy, check).unwrap();
        registry
    }

    fn texts(results: &Results) -> Vec<String> {
        let shown = results.shown("it", 100).into_iter().rev();
        shown.map(|r| format!("{} {} {}", r["status"], r["reason"], r["runs"])).collect()
    }

    #[test]
    fn runs_that_find_the_same_are_one_entry() {
        let fail = |reason: &str| Verdict::fail(reason.to_owned());
        let verdicts = vec![Verdict::Pass, Verdict::Pass, fail("a"), fail("b"), fail("b")];
        let registry = registry(verdicts);
        let results = Results::default();
        for second in 0..6 {
            registry.tick(CheckJob::run);
            let checks = registry.reading().checks;
            let now = UNIX_EPOCH + Duration::from_secs(second);
            results.note_at(now, &checks, &Health::default());
            // Looked at again, nothing is counted twice.
            results.note_at(now, &checks, &Health::default());
        }
        let found = texts(&results);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("\"pass\"") && found[0].ends_with(" 2"), "{found:?}");
        assert!(found[1].starts_with("\"fail\" \"a\" 1"), "{found:?}");
        assert!(found[2].starts_with("\"fail\" \"b\" 2"), "{found:?}");
        let shown = results.shown("it", 2);
        assert_eq!(shown.len(), 2);
        assert_eq!((&shown[1]["from_s"], &shown[1]["to_s"]), (&json!(3.0), &json!(4.0)));
        assert!(results.shown("other", 9).is_empty());
    }

    #[test]
    fn another_check_of_the_same_name_begins_anew() {
        let registry = registry(vec![Verdict::fail("a".to_owned()); 2]);
        let results = Results::default();
        let note = |checks: &[CheckReading]| {
            results.note_at(UNIX_EPOCH, checks, &Health::default());
        };
        registry.tick(CheckJob::run);
        note(&registry.reading().checks);
        results.forget("it");
        assert!(texts(&results).is_empty());
        registry.remove("it");
        note(&registry.reading().checks);
        assert!(results.0.with(|state| state.runs.is_empty()), "a name is held for ever");
    }

    #[test]
    fn another_process_goes_on_after_what_was_kept() {
        let note = |results: &Results, registry: &Registry, second: u64| {
            registry.tick(CheckJob::run);
            // As seconds, this is no number of 64 bits exactly.
            let now = UNIX_EPOCH + Duration::from_millis(1_795_265_620_869 + 1000 * second);
            results.note_at(now, &registry.reading().checks, &Health::default());
        };
        let (results, checks) = (Results::default(), registry(vec![Verdict::fail("a".to_owned())]));
        note(&results, &checks, 1);
        note(&results, &checks, 2);
        let kept = results.kept();
        let next = Results::default();
        assert_eq!(next.restore(&kept), Some(()));
        assert_eq!(texts(&next), texts(&results));
        note(&next, &registry(Vec::new()), 5);
        assert_eq!(texts(&next), ["\"fail\" \"a\" 1", "\"pass\" null 2"]);
        assert_eq!(next.shown("it", 9)[1], results.shown("it", 9)[1]);
        assert_eq!(next.shown("it", 1)[0]["from_s"], 1_795_265_622.869, "the same is found on");
        for (key, bad) in [("status", "well"), ("from_s", "soon"), ("runs", "many")] {
            let mut kept = kept.clone();
            kept[1][key] = json!(bad);
            assert_eq!(next.restore(&kept), None, "{key}");
        }
        assert_eq!(texts(&next).len(), 2, "what is damaged changes nothing");
    }

    #[test]
    fn age_and_size_are_bounded() {
        let verdicts = (0..100).map(|number| Verdict::fail(format!("{number:0100}"))).collect();
        let registry = registry(verdicts);
        let results = Results::default();
        let config = Health { keep_size: 3000, ..Health::default() };
        let note = |second: u64, config: &Health| {
            registry.tick(CheckJob::run);
            let now = UNIX_EPOCH + Duration::from_secs(second);
            results.note_at(now, &registry.reading().checks, config);
        };
        (0..50).for_each(|second| note(second, &config));
        let found = texts(&results);
        assert!((5..=20).contains(&found.len()), "{}", found.len());
        assert!(found.last().unwrap().contains("0049"), "the newest are kept");
        let short = Health { keep_time: Duration::from_secs(3), ..config };
        note(50, &short);
        assert_eq!(texts(&results).len(), 4);
        note(100, &short);
        assert_eq!(texts(&results).len(), 1);
    }
}
