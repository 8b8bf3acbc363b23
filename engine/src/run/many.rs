//! Many spreads on one snapshot, dealt out in batches to the caller and the workers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::estimate::estimate;
use super::pool::{Lease, Need};
use super::sampling::Sampling;
use super::scheduler::{Answer, Scheduler, Spread, caught};
use super::settings::Settings;
use crate::graph::Generation;
use crate::spread::{
    Conditions, SpreadError, SpreadRequest, is_saturated, is_shareable, lane_count,
};
use crate::sync::{Arc, AtomicUsize, Ordering, Ring, Waiters, mutated};
use crate::terms::Deadline;

/// The call: what all batches share.
#[derive(Debug)]
struct Call {
    scheduler: Arc<Scheduler>,
    graph: Arc<Generation>,
    requests: Vec<SpreadRequest>,
    /// What is run at once: positions of requests, one as a rule, several that share their edges.
    units: Vec<Box<[usize]>>,
    started: Instant,
}

/// Members that are dealt out together.
#[derive(Debug)]
struct Batch {
    call: Arc<Call>,
    settings: Arc<Settings>,
    /// Positions of the members among the call's units.
    members: Vec<usize>,
    /// How many are dealt out.
    dealt: AtomicUsize,
    /// What became of those dealt to workers; `None` where scratch was too small.
    done: Ring<(usize, Option<Vec<Answer>>)>,
    caller: Waiters,
    /// Whether nothing was left to run with it.
    is_last: bool,
}

/// Runs `requests`; their answers in the same order. The caller waits.
///
/// Those with the nearest deadline come first. The caller leases a scratch for each batch, or waits
/// for one until the deadline of the batch's first member, which is shed then; workers help where
/// there is scratch for them. The caller waits for members that a worker has begun, never for a
/// worker to begin: a batch is done although every worker is busy with something else.
pub(crate) fn many(
    scheduler: &Arc<Scheduler>,
    graph: &Arc<Generation>,
    requests: &[SpreadRequest],
) -> Vec<Answer> {
    let call = Arc::new(Call {
        scheduler: scheduler.clone(),
        graph: graph.clone(),
        requests: requests.to_vec(),
        units: units(scheduler, graph, requests),
        started: Instant::now(),
    });
    let mut answers = Answers::none(&call.units, requests.len());
    let mut rest = call.in_order(&mut answers);
    while let Some(&first) = rest.front() {
        let Some(mut leased) = scheduler.lease_by(call.need(first), call.deadline(first)) else {
            answers.refuse(&call.units[first], || scheduler.guard.refused(scheduler.shed()));
            rest.pop_front();
            continue;
        };
        let batch = call.next_batch(&mut rest);
        let sampling = Sampling::begin(scheduler, &batch.settings);
        batch.call_workers();
        let own = batch.work_as_caller(&mut leased.lease, &mut answers);
        // Back before the wait, which may be for somebody who needs it.
        drop(leased);
        batch.collect(own, &mut answers);
        batch.sample(sampling, &answers);
        // What found too little scratch goes to the front again; the first of a batch never does.
        let again = batch.members.iter().rev().filter(|unit| !answers.has(&call.units[**unit]));
        again.for_each(|unit| rest.push_front(*unit));
    }
    answers.0.into_iter().map(|answer| answer.expect("each is refused, shed or run")).collect()
}

/// What became of each request, as far as is known.
struct Answers(Vec<Option<Answer>>);

impl Answers {
    fn none(units: &[Box<[usize]>], count: usize) -> Self {
        debug_assert_eq!(units.iter().map(|unit| unit.len()).sum::<usize>(), count);
        Self((0..count).map(|_| None).collect())
    }

    fn refuse(&mut self, unit: &[usize], error: impl Fn() -> SpreadError) {
        unit.iter().for_each(|position| self.0[*position] = Some(Err(error())));
    }

    fn put(&mut self, unit: &[usize], answers: Option<Vec<Answer>>) {
        for (position, answer) in unit.iter().zip(answers.into_iter().flatten()) {
            self.0[*position] = Some(answer);
        }
    }

    fn has(&self, unit: &[usize]) -> bool {
        unit.iter().all(|position| self.0[*position].is_some())
    }
}

/// Puts requests together that share their edges with gain; each of the others alone.
fn units(
    scheduler: &Scheduler,
    graph: &Generation,
    requests: &[SpreadRequest],
) -> Vec<Box<[usize]>> {
    let settings = scheduler.settings.load();
    let mut units = Vec::with_capacity(requests.len());
    let mut open: Vec<Vec<usize>> = Vec::new();
    for (position, request) in requests.iter().enumerate() {
        if !gains(scheduler, graph, request, &settings) {
            units.push(Box::from([position]));
            continue;
        }
        let is_alike = |unit: &&mut Vec<usize>| {
            let first = &requests[unit[0]];
            first.rule == request.rule && first.edges == request.edges
        };
        match open.iter_mut().find(is_alike) {
            Some(unit) => unit.push(position),
            None => open.push(vec![position]),
        }
    }
    for unit in open {
        let lanes = lane_count(&requests[unit[0]].rule);
        for group in unit.chunks(lanes.min(settings.batch_size.get())) {
            if group.len() > lanes / 2 {
                units.push(Box::from(group));
            } else {
                // A line that is mostly empty costs as much as a full one.
                units.extend(group.iter().map(|position| Box::from([*position])));
            }
        }
    }
    units
}

/// Whether `request` gains by sharing its edges with others like it.
fn gains(
    scheduler: &Scheduler,
    graph: &Generation,
    request: &SpreadRequest,
    settings: &Settings,
) -> bool {
    let edges = || estimate(graph, request, settings.hop_limit).edges;
    is_shareable(request, graph)
        && scheduler.pool.check(Need::of_lanes(graph, &request.rule)).is_ok()
        && is_saturated(request, edges(), graph)
}

impl Call {
    /// The first request of a unit. What bounds a unit of several is the same for all of them.
    fn first(&self, unit: usize) -> &SpreadRequest {
        &self.requests[self.units[unit][0]]
    }

    fn need(&self, unit: usize) -> Need {
        let rule = &self.first(unit).rule;
        if self.units[unit].len() > 1 {
            Need::of_lanes(&self.graph, rule)
        } else {
            Need::of(&self.graph, rule)
        }
    }

    fn deadline(&self, unit: usize) -> Deadline {
        Deadline::of(self.started, self.first(unit).bounds.budget)
    }

    /// Units that can be run, by deadline; the others are refused.
    fn in_order(&self, answers: &mut Answers) -> VecDeque<usize> {
        let mut order = Vec::with_capacity(self.units.len());
        for (unit, positions) in self.units.iter().enumerate() {
            match self.scheduler.pool.check(self.need(unit)) {
                Ok(()) => order.push(unit),
                Err(error) => {
                    answers.refuse(positions, || self.scheduler.guard.refused(error.clone()));
                }
            }
        }
        // Those without a deadline last; equal ones as they were given.
        order.sort_by_key(|position| {
            let at = self.deadline(*position).instant();
            (at.is_none(), at)
        });
        order.into()
    }

    /// Takes the next batch off `rest`.
    fn next_batch(self: &Arc<Self>, rest: &mut VecDeque<usize>) -> Arc<Batch> {
        let settings = self.scheduler.settings.load();
        let len = self.batch_len(rest.make_contiguous(), &settings);
        let members: Vec<usize> = rest.drain(..len).collect();
        Arc::new(Batch {
            call: self.clone(),
            settings,
            // The first is the caller's.
            dealt: AtomicUsize::new(1),
            done: Ring::new(members.len()),
            is_last: rest.is_empty(),
            members,
            caller: Waiters::new(1),
        })
    }

    /// How many of `order` run together: as many as the setting allows, and as are likely to be
    /// done before the nearest deadline among them, which is the first's.
    fn batch_len(&self, order: &[usize], settings: &Settings) -> usize {
        let mut spreads = 0;
        let fit = order.iter().take_while(|unit| {
            spreads += self.units[**unit].len();
            spreads <= settings.batch_size.get()
        });
        let most = fit.count().max(1);
        let Some(end) = self.deadline(order[0]).instant() else { return most };
        let left = end.saturating_duration_since(Instant::now());
        let mut taken = Duration::ZERO;
        let done_in_time = order[..most].iter().take_while(|position| {
            let request = self.first(**position);
            let edges = estimate(&self.graph, request, settings.hop_limit).edges;
            taken = taken.saturating_add(self.scheduler.meter.time_of_edges(edges));
            taken <= left
        });
        done_in_time.count().max(1)
    }
}

impl Batch {
    /// Asks workers to help: one less than there are threads, for the caller works too.
    fn call_workers(self: &Arc<Self>) {
        if self.members.len() < 2 {
            return;
        }
        let Ok(workers) = self.call.scheduler.workers() else { return };
        for _ in 1..workers.count().min(self.members.len()) {
            let batch = self.clone();
            workers.spawn(move || {
                caught(move || batch.work_as_worker());
            });
        }
    }

    fn deal(&self) -> Option<usize> {
        if mutated("members_are_dealt_twice") {
            let next = self.dealt.load(Ordering::Relaxed);
            self.dealt.store(next + 1, Ordering::Relaxed);
            return self.members.get(next).copied();
        }
        // Relaxed: each number is given out once; what a member needs was there before the batch.
        self.members.get(self.dealt.fetch_add(1, Ordering::Relaxed)).copied()
    }

    fn is_dealt_out(&self) -> bool {
        // Relaxed: who sees it late deals and gets nothing.
        self.dealt.load(Ordering::Relaxed) >= self.members.len()
    }

    /// Runs the first member, which `lease` fits, and others until none is left; how many.
    fn work_as_caller(&self, lease: &mut Lease<'_>, answers: &mut Answers) -> usize {
        let (mut own, mut next) = (0, self.members.first().copied());
        while let Some(unit) = next {
            answers.put(&self.call.units[unit], self.run(unit, lease));
            own += 1;
            next = self.deal();
        }
        own
    }

    /// Runs members until none is left, where there is scratch.
    fn work_as_worker(&self) {
        let scheduler = &self.call.scheduler;
        let needs = self.members.iter().map(|position| self.call.need(*position));
        let Some(need) = needs.max_by_key(|need| need.bytes) else { return };
        if self.is_dealt_out() {
            return;
        }
        let Some(lease) = scheduler.pool.try_lease(need) else { return };
        let mut leased = scheduler.leased(lease);
        while let Some(unit) = self.deal() {
            let answers = self.run(unit, &mut leased.lease);
            let refused = self.done.push((unit, answers)).is_err();
            assert!(!refused, "there is room for every member");
            self.caller.wake_all();
        }
    }

    /// Waits for the members that workers have begun: all but the caller's `own`.
    fn collect(&self, own: usize, answers: &mut Answers) {
        for _ in own..self.members.len() {
            let done = self.caller.wait_for(None, || self.done.pop());
            let (unit, done) = done.expect("a wait without deadline ends with what it is for");
            answers.put(&self.call.units[unit], done);
        }
    }

    /// Notes what the batch took.
    fn sample(&self, mut sampling: Sampling<'_>, answers: &Answers) {
        let positions = self.members.iter().flat_map(|unit| &*self.call.units[*unit]);
        for answer in positions.filter_map(|position| answers.0[*position].as_ref()) {
            sampling.add(answer.as_ref().ok().map(|outcome| outcome.stats.hops));
        }
        sampling.end(self.is_last);
    }

    /// One unit; `None` where scratch is too small.
    fn run(&self, unit: usize, lease: &mut Lease<'_>) -> Option<Vec<Answer>> {
        let Call { scheduler, graph, requests, units, started } = &*self.call;
        if !lease.fit(self.call.need(unit)) {
            return None;
        }
        let request = self.call.first(unit);
        let pause = || {
            caught(|| scheduler.pause(&self.settings));
        };
        let conditions = Conditions {
            deadline: self.call.deadline(unit),
            hop_limit_auto: self.settings.hop_limit,
            execution: scheduler.execution,
            abandoned: None,
            // A caller's own thread runs what the caller asked for and nothing else.
            between_slices: if scheduler.is_worker() { Some(&pause) } else { None },
            team: scheduler.team_for(request),
            ..Conditions::alone()
        };
        let positions = &*units[unit];
        if positions.len() > 1 {
            let group: Vec<_> = positions.iter().map(|position| &requests[*position]).collect();
            let done = scheduler.run_group(graph, &group, *started, &conditions, lease);
            if done.is_some() {
                return done;
            }
        }
        let alone = |position: &usize| {
            let request = &requests[*position];
            let spread = Spread { graph, request, started: *started, conditions };
            lease.fit(Need::of(graph, &request.rule)).then(|| scheduler.run_caught(spread, lease))
        };
        positions.iter().map(alone).collect()
    }
}
