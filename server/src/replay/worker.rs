//! One thread of a replay.

use std::sync::mpsc::Sender;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use super::clock::Clock;
use super::recording::{Ended, Recording, Times};
use super::turns::{Turn, Turns};

/// Longest time a thread waits before it looks up: for an interrupt, and for the second to change.
const LOOK_UP: Duration = Duration::from_millis(50);

/// What a thread tells when its clock passes into another second.
#[derive(Debug)]
pub(super) struct Told {
    /// Which thread.
    pub(super) worker: usize,
    /// The second it is in, from the end of the warm-up; nothing earlier will follow.
    /// [`u64::MAX`] at its end.
    pub(super) now_in: u64,
    /// What it recorded in one second before.
    pub(super) recorded: Option<(u64, Box<Recording>)>,
}

/// A thread's own recording of the second it is in.
#[derive(Debug)]
struct Recorder<'a> {
    worker: usize,
    warm_up: Duration,
    second: u64,
    recording: Box<Recording>,
    /// Cleared recordings, so that a thread need not make one between spreads.
    spares: &'a ArrayQueue<Box<Recording>>,
    told: Sender<Told>,
}

impl Recorder<'_> {
    /// Tells what was recorded where `now` lies in another second.
    fn advance(&mut self, now: Duration) {
        let second = now.saturating_sub(self.warm_up).as_secs();
        if second > self.second {
            self.tell(second);
            self.second = second;
        }
    }

    fn tell(&mut self, now_in: u64) {
        let recorded = (!self.recording.is_empty()).then(|| {
            let fresh = self.spares.pop().unwrap_or_else(|| Box::new(Recording::new()));
            (self.second, std::mem::replace(&mut self.recording, fresh))
        });
        // Who listens ends after all threads have.
        let _ = self.told.send(Told { worker: self.worker, now_in, recorded });
    }
}

/// What the threads of a replay share.
#[derive(Debug)]
pub(super) struct Shared<'a, C> {
    /// Time.
    pub(super) clock: &'a C,
    /// Whose turn it is.
    pub(super) turns: &'a Turns,
    /// Recordings to use again.
    pub(super) spares: &'a ArrayQueue<Box<Recording>>,
}

/// Runs turns until there are none any more. `spread` runs the one of this turn; `None` where it
/// was refused.
pub(super) fn work<C: Clock>(
    shared: &Shared<'_, C>,
    worker: usize,
    told: Sender<Told>,
    mut spread: impl FnMut(&Turn) -> Option<Ended>,
) {
    let &Shared { clock, turns, spares } = shared;
    let warm_up = turns.plan().warm_up;
    let recording = Box::new(Recording::new());
    let mut recorder = Recorder { worker, warm_up, second: 0, recording, spares, told };
    clock.wait_until(Duration::ZERO);
    while let Some(turn) = turns.take() {
        let Some(begin) = wait(clock, turns, &turn, &mut recorder) else { break };
        let ended = spread(&turn);
        let end = clock.now();
        turns.answered(end);
        recorder.advance(end);
        if turn.measured {
            recorder.recording.add(Times { intended: turn.intended, begin, end }, ended);
        }
    }
    recorder.tell(u64::MAX);
}

/// Waits for `turn` and gives the instant it begins; `None` where it will not begin any more.
fn wait<C: Clock>(
    clock: &C,
    turns: &Turns,
    turn: &Turn,
    recorder: &mut Recorder<'_>,
) -> Option<Duration> {
    loop {
        let now = clock.now();
        if now >= turn.intended {
            return (now < turns.gives_up_at()).then_some(now);
        }
        if turns.is_interrupted() {
            return None;
        }
        recorder.advance(now);
        clock.wait_until(turn.intended.min(now.saturating_add(LOOK_UP)));
    }
}
