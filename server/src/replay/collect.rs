//! Puts together, second by second, what the threads of a replay tell.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use crossbeam_queue::ArrayQueue;

use super::recording::Recording;
use super::worker::Told;

/// Adds up what `workers` threads tell until the last of them has ended. Each second that none of
/// them is in any more is given to `second`, in order, also where nothing was recorded in it; the
/// last ones when all have ended. Recordings are cleared and go back to `spares`.
pub(super) fn collect(
    workers: usize,
    told: &Receiver<Told>,
    spares: &ArrayQueue<Box<Recording>>,
    mut second: impl FnMut(u64, &Recording),
) -> Recording {
    let mut total = Recording::new();
    let mut pending: BTreeMap<u64, Box<Recording>> = BTreeMap::new();
    let mut now_in = vec![0; workers];
    let mut next = 0;
    let nothing = Recording::new();
    let spare = |mut recording: Box<Recording>| {
        recording.clear();
        // Where there are enough, this one is freed.
        drop(spares.push(recording));
    };
    for Told { worker, now_in: now, recorded } in told {
        now_in[worker] = now;
        if let Some((at, recording)) = recorded {
            total.merge(&recording);
            match pending.get_mut(&at) {
                Some(held) => {
                    held.merge(&recording);
                    spare(recording);
                }
                None => {
                    pending.insert(at, recording);
                }
            }
        }
        let all_are_in = now_in.iter().copied().min().unwrap_or(u64::MAX);
        let last = pending.last_key_value().map_or(0, |(at, _)| at + 1);
        while next < if all_are_in == u64::MAX { last } else { all_are_in } {
            match pending.remove(&next) {
                Some(recording) => {
                    second(next, &recording);
                    spare(recording);
                }
                None => second(next, &nothing),
            }
            next += 1;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use emanate::terms::StopReason;

    use super::super::recording::{Ended, Times};
    use super::*;

    fn recording(spreads: u64) -> Box<Recording> {
        let mut recording = Recording::new();
        let zero = Duration::ZERO;
        for _ in 0..spreads {
            let times = Times { intended: zero, begin: zero, end: Duration::from_micros(1) };
            recording.add(times, Some(Ended { reason: StopReason::Exhausted, edges: 1 }));
        }
        Box::new(recording)
    }

    #[test]
    fn seconds_come_in_order_and_once_all_threads_have_left_them() {
        let (sender, receiver) = channel();
        let tell = |worker, now_in, recorded| {
            sender.send(Told { worker, now_in, recorded }).unwrap();
        };
        tell(0, 1, Some((0, recording(2))));
        tell(0, 3, Some((1, recording(4))));
        tell(1, 2, Some((0, recording(8))));
        tell(0, u64::MAX, Some((5, recording(16))));
        tell(1, u64::MAX, Some((2, recording(32))));
        drop(sender);
        let spares = ArrayQueue::new(2);
        let mut seen = Vec::new();
        let total = collect(2, &receiver, &spares, |at, of| seen.push((at, of.spreads())));
        assert_eq!(seen, [(0, 10), (1, 4), (2, 32), (3, 0), (4, 0), (5, 16)]);
        assert_eq!(total, *recording(62));
        assert_eq!(*spares.pop().unwrap(), Recording::new());
    }
}
