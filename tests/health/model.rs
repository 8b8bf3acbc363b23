//! The registry against a sequential model over random histories, in virtual time.
//!
//! The model keeps the whole history of a check's verdicts and reads its status off that by the
//! definition, where the registry counts. Time moves in steps; jobs end when a step has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use emanate::health::{CheckJob, CheckKind, CheckPolicy, HealthStatus, Verdict};
use emanate_tests::plans::config;
use proptest::prelude::*;
use std::num::NonZeroU32;

use crate::{check, registry};

const STEP: Duration = Duration::from_millis(100);

/// What one run of the check does.
#[derive(Clone, Copy, Debug)]
struct Script {
    /// Steps until it answers.
    takes: u64,
    status: HealthStatus,
}

/// The policy in steps, and how often the registry is ticked.
#[derive(Clone, Copy, Debug)]
struct Plan {
    initial_delay: u64,
    period: u64,
    budget: u64,
    failures: u32,
    successes: u32,
}

impl Plan {
    fn policy(self) -> CheckPolicy {
        let steps = |n: u64| STEP * u32::try_from(n).expect("small");
        CheckPolicy {
            initial_delay: steps(self.initial_delay),
            period: steps(self.period),
            budget: steps(self.budget),
            failures: NonZeroU32::new(self.failures).expect("not 0"),
            successes: NonZeroU32::new(self.successes).expect("not 0"),
        }
    }

    /// The status by definition, from every verdict so far.
    fn status(self, history: &[HealthStatus]) -> HealthStatus {
        let mut status = HealthStatus::Unknown;
        for end in 1..=history.len() {
            let run_of = |works: bool| {
                history[..end].iter().rev().take_while(|v| v.works() == works).count()
            };
            let last = history[end - 1];
            if last.works() {
                if status.works() || run_of(true) >= self.successes as usize {
                    status = last;
                }
            } else if run_of(false) >= self.failures as usize {
                status = HealthStatus::Fail;
            }
        }
        status
    }
}

/// The model of one check.
struct Model {
    plan: Plan,
    history: Vec<HealthStatus>,
    due: Option<u64>,
    /// When it was started and will answer what, and whether it was given up.
    run: Option<(u64, u64, HealthStatus, bool)>,
    runs: usize,
    late: u64,
}

impl Model {
    /// A tick at step `now`; `script` tells what a run that begins would do.
    fn tick(&mut self, now: u64, script: &[Script]) {
        let Plan { period, budget, initial_delay, .. } = self.plan;
        if let Some((start, end, status, given_up)) = self.run
            && end <= now
        {
            self.run = None;
            match (given_up, end - start >= budget) {
                (true, _) => self.late += 1,
                (false, true) => self.history.push(HealthStatus::Fail),
                (false, false) => self.history.push(status),
            }
        }
        let due = *self.due.get_or_insert(now + initial_delay);
        let is_due = due <= now;
        if is_due {
            // The first time on the grid that is still to come, or a period from a late start.
            self.due = Some(if due + period > now { due + period } else { now + period });
        }
        #[expect(clippy::collapsible_match, reason = "else the next arm would take what is early")]
        match &mut self.run {
            Some((start, _, _, given_up)) if !*given_up => {
                if now - *start >= budget {
                    *given_up = true;
                    self.history.push(HealthStatus::Fail);
                }
            }
            Some(_) if is_due => self.history.push(HealthStatus::Fail),
            None if is_due => {
                let Script { takes, status } = script[self.runs % script.len()];
                self.runs += 1;
                self.run = Some((now, now + takes, status, false));
            }
            _ => {}
        }
    }
}

fn statuses() -> impl Strategy<Value = HealthStatus> {
    prop_oneof![Just(HealthStatus::Pass), Just(HealthStatus::Warn), Just(HealthStatus::Fail)]
}

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let takes = prop_oneof![4 => 0_u64..4, 1 => 4_u64..40];
    let script = (takes, statuses()).prop_map(|(takes, status)| Script { takes, status });
    proptest::collection::vec(script, 1..12)
}

fn plans() -> impl Strategy<Value = Plan> {
    (0_u64..6, 1_u64..12, 1_u64..8, 1_u32..5, 1_u32..4).prop_map(
        |(initial_delay, period, budget, failures, successes)| Plan {
            initial_delay,
            period,
            budget,
            failures,
            successes,
        },
    )
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_registry_does_what_the_model_does(
        plan in plans(),
        script in scripts(),
        ticks in proptest::collection::vec(any::<bool>(), 150),
    ) {
        let (registry, clock) = registry();
        let run = Arc::new(AtomicUsize::new(0));
        let (number, said) = (run.clone(), script.clone());
        let verdict = move |_: &_| {
            match said[number.fetch_add(1, Ordering::Relaxed) % said.len()].status {
                HealthStatus::Pass => Verdict::Pass,
                HealthStatus::Warn => Verdict::warn("scripted"),
                _ => Verdict::fail("scripted"),
            }
        };
        registry.register("a", CheckKind::Live, plan.policy(), verdict).expect("good");
        let mut model =
            Model { plan, history: Vec::new(), due: None, run: None, runs: 0, late: 0 };
        let mut job: Option<(u64, CheckJob)> = None;
        for (now, ticked) in ticks.into_iter().enumerate() {
            let now = now as u64;
            if let Some((_, ended)) = job.take_if(|(end, _)| *end <= now) {
                ended.run();
            }
            if ticked {
                model.tick(now, &script);
                let takes = model.run.map_or(0, |(_, end, _, _)| end);
                registry.tick(|started| {
                    assert!(job.is_none(), "two jobs of one check at once");
                    job = Some((takes, started));
                });
                // A job that takes no time has ended before the next tick looks.
                let stands = check(&registry, "a");
                prop_assert_eq!(stands.status, plan.status(&model.history), "step {}", now);
                let counts = stands.counts;
                prop_assert_eq!(counts.passes + counts.failures, model.history.len() as u64);
                prop_assert_eq!((counts.runs, counts.late), (model.runs as u64, model.late));
                prop_assert_eq!(stands.hangs, model.run.is_some_and(|run| run.3));
            }
            if let Some((_, ended)) = job.take_if(|(end, _)| *end <= now) {
                ended.run();
            }
            clock.advance(STEP);
        }
    }
}
