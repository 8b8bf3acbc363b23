//! Does a server stay well under load for as long as one cares to watch?
//!
//! ```text
//! soak MINUTES PROGRAM GRAPH                   what bench/soak/run calls
//! soak client ADDRESS SECONDS RATE SEED        the second process
//! ```
//!
//! A client in a process of its own asks as fast as answers come, which gives the capacity. Then
//! clients ask at 80 % of that, each until it is killed in the middle of what it does and the next
//! one begins. Requests are due at fixed times: one that waits because the one before it is late is
//! late itself. At the end
//! - every answer was one, or a shed (429 or 503);
//! - what was due was asked: at least 95 % of it while a client told of what it did, which clients
//!   did for at least 80 % of the time;
//! - memory is flat: at the end of the second half the server's is at most 5 % above what it was at
//!   the end of the first, each taken as the median of the last tenth of its half;
//! - the server stops with status 0.
#![forbid(unsafe_code)]

mod client;
mod http;
mod server;
mod tally;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, io};

use server::Server;
use tally::Tally;

/// The share of the capacity that is asked for.
const LOAD: f64 = 0.8;
/// Clients, each of which is killed but the last.
const CLIENTS: u32 = 10;
/// How many seconds the capacity is measured, and how many before that it is asked without
/// measuring: long enough for as many spreads to run at once as ever will.
const MEASURED: u32 = 60;
const WARMING: u32 = 15;
/// The share of what was due that must have been asked.
const ASKED_MIN: f64 = 0.95;
/// The share of the time, in whole seconds, that clients must have told of.
const TOLD_MIN: f64 = 0.8;
/// How much more memory the second half may end with than the first.
const GROWTH_MAX: f64 = 0.05;

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["client", address, seconds, rate, seed] => {
            ask(address, seconds, rate, seed).map(|()| true)
        }
        [minutes, program, graph] => watch(minutes, Path::new(program), Path::new(graph)),
        _ => Err("give MINUTES PROGRAM GRAPH; bench/soak/run does".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::from(2)
        }
    }
}

fn ask(address: &str, seconds: &str, rate: &str, seed: &str) -> Result<(), Failure> {
    client::run(address.parse()?, seconds.parse()?, rate.parse()?, seed.parse()?)?;
    Ok(())
}

/// A client, and the tallies that it tells.
struct Client {
    process: Child,
    told: Receiver<Tally>,
}

impl Client {
    fn start(server: &Server, time: Duration, rate: f64, seed: u32) -> io::Result<Self> {
        let (address, seconds) = (server.address.to_string(), time.as_secs_f64().to_string());
        let mut process = Command::new(env::current_exe()?)
            .args(["client", &address, &seconds, &rate.to_string(), &seed.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let (tell, told) = channel();
        let lines = process.stdout.take().map(BufReader::new);
        thread::spawn(move || {
            let Some(mut lines) = lines else { return };
            let mut line = String::new();
            // What it was about to say when it was killed is no tally: its line has no end.
            while lines.read_line(&mut line).is_ok_and(|_| line.ends_with('\n')) {
                if line.trim_end().parse().is_ok_and(|tally| tell.send(tally).is_err()) {
                    return;
                }
                line.clear();
            }
        });
        Ok(Self { process, told })
    }

    /// Waits until it has ended by itself; what it told.
    fn wait(mut self) -> Result<Vec<Tally>, Failure> {
        if !self.process.wait()?.success() {
            return Err("a client failed; see above".into());
        }
        Ok(self.told.iter().collect())
    }

    /// Kills it, which must still be at work; what it told until then.
    fn kill(mut self) -> io::Result<Vec<Tally>> {
        if self.process.try_wait()?.is_some() {
            return Err(io::Error::other("a client ended by itself; see above"));
        }
        self.process.kill()?;
        self.process.wait()?;
        Ok(self.told.iter().collect())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // One that has ended cannot be killed, which is as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Answers a second where they are asked for as fast as they come.
fn capacity(server: &Server) -> Result<f64, Failure> {
    let time = Duration::from_secs((WARMING + MEASURED).into());
    let told = Client::start(server, time, 0.0, 0)?.wait()?;
    let measured: Vec<&Tally> =
        told.iter().skip(WARMING as usize).take(MEASURED as usize).collect();
    let ok: u64 = measured.iter().map(|tally| tally.ok).sum();
    if ok == 0 {
        return Err("the server answers nothing".into());
    }
    Ok(ok as f64 / measured.len() as f64)
}

/// What was seen while the server was driven.
#[derive(Default)]
struct Seen {
    tally: Tally,
    /// Whole seconds of which clients told.
    seconds: u32,
    killed: u32,
    /// The server's memory, a sample a second.
    resident: Vec<u64>,
}

/// Drives the server for `time` at `rate`.
fn drive(server: &Server, time: Duration, rate: f64) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let began = Instant::now();
    for number in 1..=CLIENTS {
        let last = number == CLIENTS;
        let end = began + time * number / CLIENTS;
        // Those that are killed would go on for longer.
        let left = end.saturating_duration_since(Instant::now());
        let lives = if last { left } else { left * 2 + Duration::from_secs(5) };
        let client = Client::start(server, lives, rate, number)?;
        while Instant::now() < end {
            thread::sleep(
                Duration::from_secs(1).min(end.saturating_duration_since(Instant::now())),
            );
            seen.resident.push(server.resident()?);
        }
        let mut told = if last { client.wait()? } else { client.kill()? };
        seen.killed += u32::from(!last);
        if last {
            // The rest of a second is no second, but a failure is one.
            seen.tally.other += told.pop().unwrap_or_default().other;
        }
        seen.seconds += u32::try_from(told.len())?;
        told.iter().for_each(|tally| seen.tally += tally);
    }
    Ok(seen)
}

/// The median of the last tenth of `samples`.
fn end_of(samples: &[u64]) -> u64 {
    let mut last = samples[samples.len() - samples.len().div_ceil(10)..].to_vec();
    last.sort_unstable();
    last.get(last.len() / 2).copied().unwrap_or(0)
}

/// Drives the server and says what was seen; whether all is well.
fn watch(minutes: &str, program: &Path, graph: &Path) -> Result<bool, Failure> {
    let minutes: f64 = minutes.parse()?;
    let time = Duration::try_from_secs_f64(minutes * 60.0)?;
    let server = Server::start(program, graph)?;
    judge(server, time).or_else(|error| {
        println!("NO  it could not be watched to its end: {error}");
        Ok(false)
    })
}

fn judge(server: Server, time: Duration) -> Result<bool, Failure> {
    let begun_with = server.resident()?;
    let capacity = capacity(&server)?;
    let rate = LOAD * capacity;
    let minutes = time.as_secs_f64() / 60.0;
    println!("capacity {capacity:.0} answers a second; driven at {rate:.0} for {minutes} minutes");
    let seen = drive(&server, time, rate)?;
    let stopped = server.stop()?;
    let halves = seen.resident.split_at(seen.resident.len() / 2);
    let (first, second) = (end_of(halves.0), end_of(halves.1));
    let growth = second as f64 / first.max(1) as f64 - 1.0;
    let asked = seen.tally.answers() as f64 / (rate * f64::from(seen.seconds));
    let told = f64::from(seen.seconds) / time.as_secs_f64();
    print(&seen, asked);
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "memory {:.1} MiB at the start, {:.1} MiB after half, {:.1} MiB at the end: {:+.1} %",
        mebibytes(begun_with),
        mebibytes(first),
        mebibytes(second),
        growth * 100.0
    );
    let promises = [
        (seen.tally.other == 0, "every answer was one, or a shed"),
        (asked >= ASKED_MIN, "what was due was asked"),
        (told >= TOLD_MIN, "the clients told of nearly all of the time"),
        (growth <= GROWTH_MAX, "memory stayed flat"),
        (stopped, "the server stopped by itself, with status 0"),
    ];
    for (is_kept, promise) in promises {
        println!("{} {promise}", if is_kept { "yes" } else { "NO " });
    }
    Ok(promises.iter().all(|(is_kept, _)| *is_kept))
}

fn print(seen: &Seen, asked: f64) {
    let Seen { tally, seconds, killed, .. } = seen;
    println!(
        "{} answers in {seconds} s of {CLIENTS} clients, of which {killed} were killed: {} ok, {} \
         shed, {} other; {:.1} % of what was due",
        tally.answers(),
        tally.ok,
        tally.shed,
        tally.other,
        asked * 100.0
    );
    let milliseconds = |quantile| tally.quantile(quantile).as_secs_f64() * 1e3;
    println!(
        "from when they were due: median {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, longest {:.1} ms",
        milliseconds(0.5),
        milliseconds(0.99),
        milliseconds(0.999),
        milliseconds(1.0)
    );
}

#[cfg(test)]
mod tests {
    use super::end_of;

    #[test]
    fn the_end_of_a_half_is_the_median_of_its_last_tenth() {
        let mut samples = vec![1; 90];
        samples.extend([7, 9, 8, 7, 9, 900, 8, 8, 9, 1]);
        assert_eq!(end_of(&samples), 8);
        assert_eq!((end_of(&[5]), end_of(&[])), (5, 0));
    }
}
