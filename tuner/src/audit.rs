//! Why settings are what they are: every decision, and what it takes to make them again.

use std::collections::VecDeque;

use crate::decision::{Proposal, Reason, Verdict};
use crate::reading::{Reading, SettingName, Settings};
use crate::steering::{Command, Steering};

/// Decisions kept.
pub const DECISIONS_MAX: usize = 1024;
/// Inputs kept in each of the two halves of a recording.
pub const INPUTS_MAX: usize = 2048;

/// One decision with its evidence. Ticks that change nothing and decide nothing are not kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Ticks since the tuner was made.
    pub tick: u64,
    /// The reading that led to it: the evidence.
    pub reading: Reading,
    /// Settings in force before.
    pub before: Settings,
    /// The answer: settings after, verdict, reason, predicted and measured effect.
    pub proposal: Proposal,
}

impl Decision {
    /// The setting it is about: the hop limit where that changed or was tried, kept or given up;
    /// else the batch size.
    #[must_use]
    pub fn setting(&self) -> SettingName {
        let about_hops = matches!(
            self.proposal.reason,
            Reason::TryingHops { .. }
                | Reason::HopsSuffice { .. }
                | Reason::HopsMiss { .. }
                | Reason::HopsGainNothing { .. }
                | Reason::RecallFell { .. }
        );
        if about_hops || self.before.hop_limit != self.proposal.settings.hop_limit {
            SettingName::HopLimit
        } else {
            SettingName::BatchSize
        }
    }
}

/// What came in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Input {
    Reading(Reading),
    Command(Command),
}

/// Inputs since a known state.
#[derive(Clone, Debug)]
struct Half {
    begin: Box<Steering>,
    inputs: Vec<Input>,
}

/// Answers by setting and verdict.
type Counts = [[u64; Verdict::ALL.len()]; SettingName::ALL.len()];

/// Bounded history of a tuner.
///
/// Besides the decisions it keeps inputs, in two halves, each with the state at its begin; when
/// the newer is full, the older is dropped. So between [`INPUTS_MAX`] and twice as many of the
/// newest inputs can be played again.
#[derive(Clone, Debug)]
pub struct Audit {
    decisions: VecDeque<Decision>,
    older: Option<Half>,
    newer: Half,
    counts: Counts,
}

impl Audit {
    pub(crate) fn new(begin: &Steering) -> Self {
        let newer = Half { begin: Box::new(begin.clone()), inputs: Vec::new() };
        let counts = Counts::default();
        Self { decisions: VecDeque::new(), older: None, newer, counts }
    }

    fn push(&mut self, input: Input, state: &Steering) {
        if self.newer.inputs.len() == INPUTS_MAX {
            let begin = Box::new(state.clone());
            let full = std::mem::replace(&mut self.newer, Half { begin, inputs: Vec::new() });
            self.older = Some(full);
        }
        self.newer.inputs.push(input);
    }

    /// Keeps a command, with the state before it.
    pub(crate) fn command(&mut self, command: Command, state: &Steering) {
        self.push(Input::Command(command), state);
    }

    /// Keeps a reading, with the state before it.
    pub(crate) fn reading(&mut self, reading: &Reading, state: &Steering) {
        self.push(Input::Reading(*reading), state);
    }

    /// Keeps what was answered, if it decided or changed anything.
    pub(crate) fn answered(&mut self, decision: Decision) {
        self.counts[decision.setting() as usize][decision.proposal.verdict as usize] += 1;
        if !is_kept(&decision) {
            return;
        }
        if self.decisions.len() == DECISIONS_MAX {
            self.decisions.pop_front();
        }
        self.decisions.push_back(decision);
    }

    /// The decisions, the oldest first; at most [`DECISIONS_MAX`].
    pub fn decisions(&self) -> impl DoubleEndedIterator<Item = &Decision> + ExactSizeIterator {
        self.decisions.iter()
    }

    /// Answers with each verdict since the tuner was made.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> u64 {
        SettingName::ALL.iter().map(|setting| self.count_of(*setting, verdict)).sum()
    }

    /// Those of them that were about `setting`.
    #[must_use]
    pub const fn count_of(&self, setting: SettingName, verdict: Verdict) -> u64 {
        self.counts[setting as usize][verdict as usize]
    }

    /// The decisions that the kept inputs lead to when played again; bit for bit the newest of
    /// [`Self::decisions`]. Takes as long as the ticks did.
    #[must_use]
    pub fn replay(&self) -> Vec<Decision> {
        let begin = self.older.as_ref().unwrap_or(&self.newer);
        let mut state = begin.begin.clone();
        let older = self.older.iter().flat_map(|half| &half.inputs);
        let mut decisions = Vec::new();
        for input in older.chain(&self.newer.inputs) {
            match input {
                Input::Command(command) => state.obey(*command),
                Input::Reading(reading) => {
                    let decision = decide(&mut state, reading);
                    if is_kept(&decision) {
                        decisions.push(decision);
                    }
                }
            }
        }
        decisions
    }
}

fn is_kept(decision: &Decision) -> bool {
    let proposal = &decision.proposal;
    proposal.settings != decision.before
        || !matches!(proposal.verdict, Verdict::Hold | Verdict::Sleep | Verdict::Probe)
}

/// One answer and what it followed from.
pub(crate) fn decide(state: &mut Steering, reading: &Reading) -> Decision {
    let before = state.current().unwrap_or(reading.settings);
    let proposal = state.answer(reading);
    Decision { tick: state.tick(), reading: *reading, before, proposal }
}
