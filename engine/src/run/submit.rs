//! Spreads that a caller does not wait for: into the queue, and out of it by the workers.

use std::time::Instant;

use super::estimate::estimate;
use super::future::SpreadFuture;
use super::pool::Need;
use super::queue::{Entered, Line};
use super::sampling::Sampling;
use super::scheduler::{Leased, Scheduler, Spread, caught, is_nested};
use super::settings::Settings;
use super::ticket::Ticket;
use crate::graph::Generation;
use crate::spread::{Conditions, SpreadRequest};
use crate::sync::{Arc, mutated};

/// Submits `request`; the answer comes through the future.
pub(crate) fn submit(
    scheduler: &Arc<Scheduler>,
    graph: Arc<Generation>,
    request: SpreadRequest,
) -> SpreadFuture {
    let ticket = Arc::new(Ticket::new(graph, request));
    let need = Need::of(&ticket.graph, &ticket.request.rule);
    match scheduler.workers().and_then(|_| scheduler.pool.check(need)) {
        Err(error) => ticket.refuse(&scheduler.guard, error),
        Ok(()) => {
            let settings = scheduler.settings.load();
            let estimate = estimate(&ticket.graph, &ticket.request, settings.hop_limit);
            let large = estimate.edges > settings.large_edges as f64;
            let line = if large { Line::Large } else { Line::Small };
            match scheduler.queue.enter(line, ticket.clone(), |t| t.turn(scheduler)) {
                Entered::In => scheduler.call_workers(1),
                Entered::Stood(let_in) => {
                    ticket.note_stood();
                    scheduler.call_workers(let_in);
                }
                Entered::Full(_) => ticket.refuse(&scheduler.guard, scheduler.shed()),
            }
        }
    }
    SpreadFuture::new(scheduler.clone(), ticket)
}

/// How a worker runs what it takes out of the queue.
#[derive(Clone, Copy)]
struct Shift<'a> {
    scheduler: &'a Arc<Scheduler>,
    settings: &'a Settings,
    /// Whether small spreads may run between slices.
    pauses: bool,
}

/// What a worker found in a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// A spread, which is done; its hops, where it gave an outcome.
    Spread(Option<u32>),
    /// A spread, which must wait for scratch.
    NoScratch,
    /// Nothing.
    Nothing,
}

impl Scheduler {
    /// Runs a batch of small spreads, then one large one. Who gives the scratch back sees to it
    /// that somebody goes on where there is more.
    pub(crate) fn work(self: &Arc<Self>) {
        let settings = self.settings.load();
        let shift = Shift { scheduler: self, settings: &settings, pauses: !is_nested() };
        let mut held = None;
        let mut sampling = Sampling::begin(self, &settings);
        let mut ran_out = None;
        for _ in 0..settings.batch_size.get() {
            match shift.next(Line::Small, &mut held) {
                Found::Spread(hops) => sampling.add(hops),
                found => {
                    ran_out = Some(found);
                    break;
                }
            }
        }
        sampling.end(ran_out == Some(Found::Nothing));
        if ran_out != Some(Found::NoScratch) {
            let mut sampling = Sampling::begin(self, &settings);
            if let Found::Spread(hops) = shift.next(Line::Large, &mut held) {
                sampling.add(hops);
            }
            sampling.end(self.queue.is_empty(Line::Large));
        }
    }

    /// Runs small spreads inside a large one that has reached the end of a slice.
    pub(crate) fn pause(self: &Arc<Self>, settings: &Settings) {
        if settings.pause_max.is_zero() || self.queue.is_empty(Line::Small) {
            return;
        }
        let begun = Instant::now();
        let shift = Shift { scheduler: self, settings, pauses: false };
        let mut held = None;
        while let Found::Spread(_) = shift.next(Line::Small, &mut held) {
            if begun.elapsed() >= settings.pause_max {
                break;
            }
        }
    }
}

impl<'a> Shift<'a> {
    /// Runs the first of `line` in the scratch that is held, or in one that is leased for it.
    fn next(self, line: Line, held: &mut Option<Leased<'a>>) -> Found {
        let scheduler = self.scheduler;
        loop {
            let Some(ticket) = scheduler.queue.take(line) else { return Found::Nothing };
            let need = Need::of(&ticket.graph, &ticket.request.rule);
            if ticket.reply.is_claimed() || self.hold(need, held) {
                let let_in = scheduler.queue.give_up_place(|t| t.turn(scheduler));
                scheduler.call_workers(let_in);
                ticket.shed_if_late(scheduler);
                if let Some(held) = held.as_mut().filter(|_| ticket.reply.claim()) {
                    return Found::Spread(self.run(&ticket, held));
                }
                continue;
            }
            scheduler.queue.put_back(line, ticket);
            // While it was out, a scratch may have come back and nobody been found to need it.
            if mutated("worker_leaves_at_once") || !scheduler.pool.might_lease(need) {
                return Found::NoScratch;
            }
        }
    }

    /// Sees that what is held fits `need`.
    fn hold(self, need: Need, held: &mut Option<Leased<'a>>) -> bool {
        if held.as_mut().is_some_and(|held| held.lease.fit(need)) {
            return true;
        }
        // What does not fit goes back before another is leased.
        *held = None;
        *held = self.scheduler.pool.try_lease(need).map(|lease| self.scheduler.leased(lease));
        held.is_some()
    }

    /// Runs a spread; its hops, where it gave an outcome.
    fn run(self, ticket: &Ticket, held: &mut Leased<'_>) -> Option<u32> {
        // Nothing that goes wrong in a guest is this spread's concern.
        let pause = || {
            caught(|| self.scheduler.pause(self.settings));
        };
        let conditions = Conditions {
            deadline: ticket.deadline,
            hop_limit_auto: self.settings.hop_limit,
            execution: self.scheduler.execution,
            abandoned: Some(&ticket.abandoned),
            between_slices: if self.pauses { Some(&pause) } else { None },
            team: self.scheduler.team_for(&ticket.request),
            ..Conditions::alone()
        };
        let spread = Spread {
            graph: &ticket.graph,
            request: &ticket.request,
            started: ticket.submitted,
            conditions,
        };
        let answer = self.scheduler.run_caught(spread, &mut held.lease);
        let hops = answer.as_ref().ok().map(|outcome| outcome.stats.hops);
        ticket.reply.put(answer);
        hops
    }
}
