//! Many spreads on one snapshot, dealt out in batches to the caller and the workers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::estimate::estimate;
use super::pool::{Lease, Need};
use super::scheduler::{Answer, Scheduler, Spread, caught};
use super::settings::Settings;
use super::waiters::Waiters;
use crate::graph::Generation;
use crate::spread::{Conditions, SpreadRequest};
use crate::sync::{Arc, ArrayQueue, AtomicUsize, Ordering};
use crate::terms::Deadline;

/// The call: what all batches share.
#[derive(Debug)]
struct Call {
    scheduler: Arc<Scheduler>,
    graph: Arc<Generation>,
    requests: Vec<SpreadRequest>,
    started: Instant,
}

/// Members that are dealt out together.
#[derive(Debug)]
struct Batch {
    call: Arc<Call>,
    settings: Arc<Settings>,
    /// Positions of the members in the call.
    members: Vec<usize>,
    /// How many are dealt out.
    dealt: AtomicUsize,
    /// What became of those dealt to workers; `None` where scratch was too small.
    done: ArrayQueue<(usize, Option<Answer>)>,
    caller: Waiters,
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
        started: Instant::now(),
    });
    let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
    let mut rest = call.in_order(&mut answers);
    while let Some(&first) = rest.front() {
        let Some(mut leased) = scheduler.lease_by(call.need(first), call.deadline(first)) else {
            answers[first] = Some(Err(scheduler.shed()));
            rest.pop_front();
            continue;
        };
        let batch = call.next_batch(&mut rest);
        batch.call_workers();
        let own = batch.work_as_caller(&mut leased.lease, &mut answers);
        // Back before the wait, which may be for somebody who needs it.
        drop(leased);
        batch.collect(own, &mut answers);
        // What found too little scratch goes to the front again; the first of a batch never does.
        let again = batch.members.iter().rev().filter(|position| answers[**position].is_none());
        again.for_each(|position| rest.push_front(*position));
    }
    answers.into_iter().map(|answer| answer.expect("each is refused, shed or run")).collect()
}

impl Call {
    fn need(&self, position: usize) -> Need {
        Need::of(&self.graph, &self.requests[position].rule)
    }

    fn deadline(&self, position: usize) -> Deadline {
        Deadline::of(self.started, self.requests[position].bounds.budget)
    }

    /// Positions of those that can be run, by deadline; the others are refused.
    fn in_order(&self, answers: &mut [Option<Answer>]) -> VecDeque<usize> {
        let mut order = Vec::with_capacity(answers.len());
        for (position, answer) in answers.iter_mut().enumerate() {
            match self.scheduler.pool.check(self.need(position)) {
                Ok(()) => order.push(position),
                Err(error) => *answer = Some(Err(error)),
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
            done: ArrayQueue::new(members.len()),
            members,
            caller: Waiters::new(),
        })
    }

    /// How many of `order` run together: as many as the setting allows, and as are likely to be
    /// done before the nearest deadline among them, which is the first's.
    fn batch_len(&self, order: &[usize], settings: &Settings) -> usize {
        let most = order.len().min(settings.batch_size.get());
        let Some(end) = self.deadline(order[0]).instant() else { return most };
        let left = end.saturating_duration_since(Instant::now());
        let mut taken = Duration::ZERO;
        let done_in_time = order[..most].iter().take_while(|position| {
            let request = &self.requests[**position];
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
        // Relaxed: each number is given out once; what a member needs was there before the batch.
        self.members.get(self.dealt.fetch_add(1, Ordering::Relaxed)).copied()
    }

    fn is_dealt_out(&self) -> bool {
        // Relaxed: who sees it late deals and gets nothing.
        self.dealt.load(Ordering::Relaxed) >= self.members.len()
    }

    /// Runs the first member, which `lease` fits, and others until none is left; how many.
    fn work_as_caller(&self, lease: &mut Lease<'_>, answers: &mut [Option<Answer>]) -> usize {
        let (mut own, mut next) = (0, self.members.first().copied());
        while let Some(position) = next {
            answers[position] = self.run(position, lease);
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
        while let Some(position) = self.deal() {
            let answer = self.run(position, &mut leased.lease);
            let refused = self.done.push((position, answer)).is_err();
            assert!(!refused, "there is room for every member");
            self.caller.wake_all();
        }
    }

    /// Waits for the members that workers have begun: all but the caller's `own`.
    fn collect(&self, own: usize, answers: &mut [Option<Answer>]) {
        for _ in own..self.members.len() {
            let done = self.caller.wait_for(Deadline::NEVER, || self.done.pop());
            let (position, answer) =
                done.expect("a wait without deadline ends with what it is for");
            answers[position] = answer;
        }
    }

    /// One spread; `None` where scratch is too small.
    fn run(&self, position: usize, lease: &mut Lease<'_>) -> Option<Answer> {
        let Call { scheduler, graph, requests, started } = &*self.call;
        if !lease.fit(self.call.need(position)) {
            return None;
        }
        let request = &requests[position];
        let pause = || {
            caught(|| scheduler.pause(&self.settings));
        };
        let conditions = Conditions {
            deadline: self.call.deadline(position),
            hop_limit_auto: self.settings.hop_limit,
            abandoned: None,
            // A caller's own thread runs what the caller asked for and nothing else.
            between_slices: if scheduler.is_worker() { Some(&pause) } else { None },
            workers: scheduler.workers_for(request),
        };
        let spread = Spread { graph, request, started: *started, conditions };
        Some(scheduler.run_caught(spread, lease))
    }
}
