//! Pulses become activations, and those that fire the next frontier.

use super::{Accumulate, Params};
use crate::spread::ledger::Ledger;
use crate::spread::marks::Marks;
use crate::spread::pulses::Finding;
use crate::spread::real::Real;
use crate::spread::run::{Halt, Run, entry};
use crate::spread::scratch::{Frontier, State};
use crate::terms::StopReason;

/// Adds the pulses of the last hop to the ledger; a node that they reach for the first time goes
/// straight to the report and never into the ledger. Returns how many there were.
pub(super) fn commit_last<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    hop: u32,
) -> u64 {
    run.start_ranking();
    let State { ledger, pulses, .. } = state;
    let instructions = run.execution.instructions;
    let floor = params.raw.report_threshold;
    let mut last = LastHop { run, ledger, params, hop, floor, new: 0, revisits: 0 };
    match pulses.finding() {
        Finding::Scan => instructions
            .run(|| pulses.take_scanned::<J>(|node, pulse| last.visit::<J>(node, pulse))),
        Finding::List => pulses.take_listed::<J>(|node, pulse| {
            last.visit::<J>(node, pulse);
            false
        }),
    }
    let LastHop { revisits, new, .. } = last;
    run.stats.revisits += revisits;
    new
}

/// What the last hop changes.
struct LastHop<'r, 'a, 'p, S> {
    run: &'r mut Run<'a>,
    ledger: &'r mut Ledger<S>,
    params: &'r Params<'p, S>,
    hop: u32,
    /// Nothing weaker is reported.
    floor: f64,
    new: u64,
    revisits: u64,
}

impl<S: Real> LastHop<'_, '_, '_, S> {
    #[inline(always)]
    fn visit<J: Accumulate<S>>(&mut self, node: u32, pulse: S) {
        if pulse <= S::ZERO {
            return;
        }
        if self.ledger.is_reached(node) {
            let held = self.ledger.activation(node);
            self.ledger.set(node, self.params.capped(J::accumulate(held, pulse)));
            self.revisits += 1;
            return;
        }
        self.new += 1;
        let activation = self.params.capped(J::accumulate(S::ZERO, pulse)).wide();
        if activation >= self.floor {
            self.offer(node, activation);
        }
    }

    /// Apart from `visit`, since few nodes come so far.
    #[inline(never)]
    fn offer(&mut self, node: u32, activation: f64) {
        self.run.offer(entry(node, activation, self.hop));
        self.floor = self.run.lists.ranking.floor().max(self.params.raw.report_threshold);
    }
}

/// The same for an earlier hop, from looking at all cells; also makes the next frontier.
pub(super) fn commit_scanned<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    last: bool,
) {
    let State { ledger, pulses, frontier, .. } = state;
    let fired = if params.once { Some(&run.lists.fired) } else { None };
    let mut hop = EarlierHop { ledger, frontier, fired, params, last, revisits: 0 };
    run.execution
        .instructions
        .run(|| pulses.take_scanned::<J>(|node, pulse| hop.visit::<J>(node, pulse)));
    run.stats.revisits += hop.revisits;
}

/// What a hop before the last changes.
struct EarlierHop<'r, 'p, S> {
    ledger: &'r mut Ledger<S>,
    frontier: &'r mut Frontier<S>,
    /// Who may not fire again.
    fired: Option<&'r Marks>,
    params: &'r Params<'p, S>,
    last: bool,
    revisits: u64,
}

impl<S: Real> EarlierHop<'_, '_, S> {
    #[inline(always)]
    fn visit<J: Accumulate<S>>(&mut self, node: u32, pulse: S) {
        if pulse <= S::ZERO {
            return;
        }
        let held = self.ledger.activation(node);
        let new = self.ledger.set(node, self.params.capped(J::accumulate(held, pulse)));
        self.revisits += u64::from(!new);
        let may_fire = self.fired.is_none_or(|fired| !fired.contains(node));
        if !self.last && pulse >= self.params.firing_threshold && may_fire {
            self.frontier.push(node, pulse);
        }
    }
}

/// Adds the pulses to the ledger and makes the next frontier. Nodes come in any order; those that
/// fire are put in ascending order through a bitmap, unless they are already.
pub(super) fn commit_listed<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    last: bool,
    ascending: bool,
) {
    let State { ledger, pulses, frontier, .. } = state;
    let mut revisits = 0;
    let fired = &run.lists.fired;
    pulses.take_listed::<J>(|node, pulse| {
        // Without negative weights a pulse is at least +0, and +0 changes nothing.
        if pulse <= S::ZERO {
            return false;
        }
        let held = ledger.activation(node);
        let new = ledger.set(node, params.capped(J::accumulate(held, pulse)));
        revisits += u64::from(!new);
        if last || pulse < params.firing_threshold || (params.once && fired.contains(node)) {
            return false;
        }
        if ascending {
            frontier.push(node, pulse);
        }
        !ascending
    });
    if !last && !ascending {
        pulses.take_firing(|node, pulse| frontier.push(node, pulse));
    }
    run.stats.revisits += revisits;
}

/// The same for every other case: nodes come in ascending order, each once, after all of them
/// were found finite, and of the new ones only the strongest where there are too many.
pub(super) fn commit_sorted<S: Real, J: Accumulate<S>>(
    run: &mut Run<'_>,
    state: &mut State<S>,
    params: &Params<'_, S>,
    last: bool,
) -> Result<bool, Halt> {
    let State { ledger, pulses, frontier, .. } = state;
    let mut finite = true;
    run.lists.entries.clear();
    pulses.for_each::<J>(|node, pulse| {
        finite &= J::accumulate(ledger.activation(node), pulse).wide().is_finite();
        if pulse > S::ZERO && !ledger.is_reached(node) {
            run.note_new(node, pulse.wide());
        }
    });
    if !finite {
        return Err(StopReason::Overflow.into());
    }
    let room = run.nodes_left(ledger.reached_count());
    let full = run.lists.entries.len() > room;
    if full {
        run.keep_strongest(room)?;
    }
    run.lists.entries.clear();

    let mut revisits = 0;
    let (fired, kept) = (&run.lists.fired, &run.lists.order);
    pulses.take_sorted::<J>(|node, pulse| {
        let reached = ledger.is_reached(node);
        if pulse <= S::ZERO {
            if reached && pulse < S::ZERO {
                let left = J::accumulate(ledger.activation(node), pulse);
                ledger.set(node, if left > S::ZERO { left } else { S::ZERO });
            }
            return;
        }
        if !reached && full && kept.binary_search(&node).is_err() {
            return;
        }
        let held = ledger.activation(node);
        ledger.set(node, params.capped(J::accumulate(held, pulse)));
        revisits += u64::from(reached);
        if !last && pulse >= params.firing_threshold && !(params.once && fired.contains(node)) {
            frontier.push(node, pulse);
        }
    });
    run.stats.revisits += revisits;
    Ok(full)
}
