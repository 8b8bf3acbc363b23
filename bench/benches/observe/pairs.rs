//! Recording a duration, ours and `hdrhistogram`'s, in turn.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use emanate::observe::{Histogram, NANOS_MAX};

/// Pairs of runs; the interval below is for so many.
const PAIRS: usize = 30;
/// Ranks, from 0, between which the median of [`PAIRS`] lies with at least 95 % certainty, by the
/// binomial distribution.
const INTERVAL: [usize; 2] = [9, 20];
/// Times each thread goes through [`durations`] in a run.
const ROUNDS: usize = 500;
const DURATIONS: usize = 2048;

/// Durations from 10 us to 10 ms, as many in each octave, in no order.
pub(crate) fn durations() -> Vec<Duration> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..DURATIONS).map(|_| Duration::from_secs_f64(1e-5 * 1000_f64.powf(next()))).collect()
}

/// Takes the time that the calling thread is on a processor, where Linux says so: what else the
/// machine runs does not count. Elsewhere, takes the time.
struct Stopwatch {
    begun: Instant,
    on_processor: Option<u64>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { on_processor: Self::told(), begun: Instant::now() }
    }

    fn told() -> Option<u64> {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        told.split(' ').next()?.parse().ok()
    }

    fn elapsed(&self) -> Duration {
        let on_processor = self.on_processor.zip(Self::told()).map(|(begun, now)| now - begun);
        on_processor.map_or_else(|| self.begun.elapsed(), Duration::from_nanos)
    }
}

/// Mean time of one record, in nanoseconds, where each of `recorders` records on a thread of its
/// own.
fn time(recorders: Vec<impl FnMut(Duration) + Send>) -> f64 {
    let durations = durations();
    let awaited = AtomicUsize::new(recorders.len());
    let times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = recorders
            .into_iter()
            .map(|mut record| {
                let (durations, awaited) = (&durations, &awaited);
                scope.spawn(move || {
                    durations.iter().copied().for_each(&mut record);
                    // All begin together. Relaxed: the number is all there is to agree on.
                    awaited.fetch_sub(1, Ordering::Relaxed);
                    while awaited.load(Ordering::Relaxed) > 0 {
                        std::thread::yield_now();
                    }
                    let watch = Stopwatch::start();
                    for _ in 0..ROUNDS {
                        for duration in durations {
                            record(black_box(*duration));
                        }
                    }
                    watch.elapsed()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    let sum: Duration = times.iter().sum();
    sum.as_nanos() as f64 / (times.len() * ROUNDS * DURATIONS) as f64
}

fn ours(threads: usize) -> f64 {
    let histogram = Histogram::new(threads);
    let writers = (0..threads).map(|_| histogram.writer().expect("one for each thread"));
    let recorders: Vec<_> =
        writers.map(|mut writer| move |duration: Duration| writer.record(duration)).collect();
    let time = time(recorders);
    let count = threads * (ROUNDS + 1) * DURATIONS;
    assert_eq!(histogram.distribution().count(), count as u64, "records are lost");
    time
}

fn theirs(threads: usize) -> f64 {
    let histogram = hdrhistogram::Histogram::<u64>::new_with_bounds(1, NANOS_MAX, 3);
    let mut histogram = histogram.expect("three digits of an hour fit").into_sync();
    let recorders: Vec<_> = (0..threads)
        .map(|_| {
            let mut recorder = histogram.recorder();
            move |duration: Duration| recorder.saturating_record(duration.as_nanos() as u64)
        })
        .collect();
    let time = time(recorders);
    histogram.refresh();
    let count = threads * (ROUNDS + 1) * DURATIONS;
    assert_eq!(histogram.len(), count as u64, "records are lost");
    time
}

/// Prints how many times as long theirs takes as ours, on 1 and 2 threads.
pub(crate) fn run() {
    println!(
        "| threads | pairs | ours ns | hdrhistogram sync Recorder ns | times | interval 95 % |"
    );
    println!("|---|---|---|---|---|---|");
    for threads in [1, 2] {
        let mut pairs: Vec<(f64, f64)> = (0..PAIRS)
            .map(|turn| {
                // Who goes first changes from pair to pair.
                if turn % 2 == 0 {
                    let ours = ours(threads);
                    (ours, theirs(threads))
                } else {
                    let theirs = theirs(threads);
                    (ours(threads), theirs)
                }
            })
            .collect();
        pairs.sort_by(|one, other| (one.1 / one.0).total_cmp(&(other.1 / other.0)));
        let ratio = |rank: usize| pairs[rank].1 / pairs[rank].0;
        let [low, high] = INTERVAL.map(ratio);
        let median = f64::midpoint(ratio(PAIRS / 2 - 1), ratio(PAIRS / 2));
        let middle = |side: fn(&(f64, f64)) -> f64| {
            let mut times: Vec<f64> = pairs.iter().map(side).collect();
            times.sort_by(f64::total_cmp);
            times[PAIRS / 2]
        };
        let (ours, theirs) = (middle(|pair| pair.0), middle(|pair| pair.1));
        print!("| {threads} | {PAIRS} | {ours:.2} | {theirs:.2} | ");
        println!("{median:.2} | {low:.2} to {high:.2} |");
    }
}
