//! Pulses become activations, and those that fire the next frontier.

use std::marker::PhantomData;

use super::{Accumulate, Params};
use crate::spread::ledger::Ledger;
use crate::spread::marks::{Marks, places};
use crate::spread::pulses::{Cells, Finding, Visit, bits_of};
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
    let join = PhantomData::<J>;
    let mut last = LastHop { run, ledger, params, hop, floor, new: 0, revisits: 0, join };
    match pulses.finding() {
        Finding::Scan => pulses.take_scanned::<J, _>(instructions, &mut last),
        Finding::List => pulses.take_listed::<J>(|node, pulse| {
            last.take(node, pulse);
            false
        }),
    }
    let LastHop { revisits, new, .. } = last;
    run.stats.revisits += revisits;
    new
}

/// What the last hop changes.
struct LastHop<'r, 'a, 'p, S, J> {
    run: &'r mut Run<'a>,
    ledger: &'r mut Ledger<S>,
    params: &'r Params<'p, S>,
    hop: u32,
    /// Nothing weaker is reported.
    floor: f64,
    new: u64,
    revisits: u64,
    join: PhantomData<J>,
}

impl<S: Real, J: Accumulate<S>> LastHop<'_, '_, '_, S, J> {
    #[inline(always)]
    fn take(&mut self, node: u32, pulse: S) {
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

    /// Apart from `take`, since few nodes come so far.
    #[inline(never)]
    fn offer(&mut self, node: u32, activation: f64) {
        self.run.offer(entry(node, activation, self.hop));
        self.floor = self.run.lists.ranking.floor().max(self.params.raw.report_threshold);
    }
}

impl<S: Real, J: Accumulate<S>> Visit<S> for LastHop<'_, '_, '_, S, J> {
    #[inline(always)]
    fn visit(&mut self, first: u32, cells: &Cells<S>, above: u64) {
        let reached = self.ledger.reached_bits(first);
        for place in places(above & reached) {
            self.take(first + place, J::pulse(cells[place as usize]));
        }
        let new = above & !reached;
        if new == 0 {
            return;
        }
        self.new += u64::from(new.count_ones());
        // No number of this width lies between the floor and the nearest one on its other side.
        let floor = S::of(self.floor);
        let activation = |cell| self.params.capped(J::accumulate(S::ZERO, J::pulse(cell)));
        let strong = new & bits_of(cells, |cell| activation(cell) >= floor);
        for place in places(strong) {
            let activation = activation(cells[place as usize]).wide();
            if activation >= self.floor {
                self.offer(first + place, activation);
            }
        }
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
    let join = PhantomData::<J>;
    let mut hop = EarlierHop { ledger, frontier, fired, params, last, revisits: 0, join };
    pulses.take_scanned::<J, _>(run.execution.instructions, &mut hop);
    run.stats.revisits += hop.revisits;
}

/// What a hop before the last changes.
struct EarlierHop<'r, 'p, S, J> {
    ledger: &'r mut Ledger<S>,
    frontier: &'r mut Frontier<S>,
    /// Who may not fire again.
    fired: Option<&'r Marks>,
    params: &'r Params<'p, S>,
    last: bool,
    revisits: u64,
    join: PhantomData<J>,
}

impl<S: Real, J: Accumulate<S>> Visit<S> for EarlierHop<'_, '_, S, J> {
    #[inline(always)]
    fn visit(&mut self, first: u32, cells: &Cells<S>, above: u64) {
        self.revisits += u64::from((above & self.ledger.reached_bits(first)).count_ones());
        self.ledger.set_each(first, above, |place, held| {
            self.params.capped(J::accumulate(held, J::pulse(cells[place])))
        });
        if self.last {
            return;
        }
        let threshold = self.params.firing_threshold;
        for place in places(above & bits_of(cells, |cell| J::pulse(cell) >= threshold)) {
            let node = first + place;
            if self.fired.is_none_or(|fired| !fired.contains(node)) {
                self.frontier.push(node, J::pulse(cells[place as usize]));
            }
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
