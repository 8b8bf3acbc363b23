//! What do graphs that change cost, beside what criterion measures?
//!
//! `p99` compares the 99th percentile of 2-hop spreads while 100 change sets of 1,000 edges a
//! second are applied, and merged as the service does, with the same while nobody changes anything;
//! it says how many sets a second there really were. `many` opens 10,000 graphs of 500 nodes beside
//! one engine and says what each takes. `peak` adds the edges of one graph to another in a process
//! of its own, as one operation and one by one, and compares the most memory they took beyond the
//! graph itself.
//!
//! ```text
//! cargo run --release -p emanate-bench --bin live -- p99|many|peak [SCALE]
//! ```

use std::error::Error;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use emanate::change::{ApplyOptions, ChangeSet};
use emanate::{Engine, Graph, GraphBuilder, NodeId, SpreadRequest};
use emanate_bench::pairs::{COLUMNS, PAIRS, Question, print_row, quantile};
use emanate_bench::{EdgeList, GeneratedEdge, RMat, SplitMix64, Uniform};

/// Change sets a second, and edges of each.
const SETS_A_SECOND: u32 = 100;
const SET_EDGES: usize = 1000;
/// How long one round of spreads takes.
const ROUND: Duration = Duration::from_secs(1);
/// What the service gives a turn of maintenance, and how far apart turns begin.
const MAINTENANCE: Duration = Duration::from_millis(50);
const MAINTAINED_EVERY: Duration = Duration::from_millis(200);
/// Graphs of `many`, and their size.
const GRAPHS: u32 = 10_000;
const SMALL: Uniform = Uniform { nodes: 500, edges: 4000 };

type Tried<T> = Result<T, Box<dyn Error>>;

fn rmat(scale: u32, seed: u64, edges: usize) -> EdgeList {
    EdgeList::rmat(seed, RMat { scale, edges }).with_weights(seed, 0.001, 0.05)
}

fn put(set: &mut ChangeSet, edge: &GeneratedEdge) {
    set.upsert_edge((EdgeList::label(edge.source), EdgeList::label(edge.target)), edge.weight);
}

/// A line of what the system says of this process, in bytes.
fn status(name: &str) -> Tried<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
    let kilobytes = line.trim_start_matches(':').trim().trim_end_matches(" kB");
    Ok(kilobytes.parse::<f64>()? * 1024.0)
}

/// The 99th percentile, in seconds, of spreads from random nodes for [`ROUND`], while `sets` are
/// applied again and again where `is_changed`.
fn p99(
    engine: &Engine,
    graph: &Graph,
    sets: &[ChangeSet],
    applied: &AtomicU64,
    is_changed: bool,
) -> Tried<f64> {
    let is_over = AtomicBool::new(false);
    let nodes = u32::try_from(graph.snapshot().node_count())?;
    let goes_on = || is_changed && !is_over.load(Ordering::Relaxed);
    let write = || -> Result<(), String> {
        let (started, mut count) = (Instant::now(), 0);
        for set in sets.iter().cycle().take_while(|_| goes_on()) {
            engine
                .apply(graph, set, &ApplyOptions::default())
                .map_err(|error| error.to_string())?;
            count += 1;
            let due = started + ROUND * count / SETS_A_SECOND;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        // Relaxed, here and below: counts and flags that guard nothing.
        applied.fetch_add(u64::from(count), Ordering::Relaxed);
        Ok(())
    };
    let maintain = || {
        while goes_on() {
            engine.maintain(MAINTENANCE);
            thread::park_timeout(MAINTAINED_EVERY);
        }
    };
    thread::scope(|scope| {
        let (writer, keeper) = (scope.spawn(write), scope.spawn(maintain));
        let (started, mut times) = (Instant::now(), Vec::new());
        let mut random = SplitMix64::new(7);
        let mut spread = || {
            while started.elapsed() < ROUND {
                let seed = NodeId::new(random.below(nodes));
                let request = SpreadRequest::linear(2).seed(seed, 1.0).top(10);
                let began = Instant::now();
                engine.spread(graph, &request)?;
                times.push(began.elapsed().as_secs_f64());
            }
            Ok::<(), emanate::SpreadError>(())
        };
        let spreads = spread();
        is_over.store(true, Ordering::Relaxed);
        keeper.thread().unpark();
        writer.join().expect("the writer does not panic")?;
        keeper.join().expect("maintenance does not panic");
        spreads?;
        Ok(quantile(&mut times, 0.99))
    })
}

fn while_changed(scale: u32) -> Tried<()> {
    let graph = Graph::from(rmat(scale, 42, 16 << scale).to_generation()?);
    let engine = Engine::builder().threads(1).build()?;
    let edits = rmat(scale, 99, SET_EDGES << 8);
    let set = |edges: &[GeneratedEdge]| {
        let mut set = ChangeSet::new();
        edges.iter().for_each(|edge| put(&mut set, edge));
        set
    };
    let sets: Vec<ChangeSet> = edits.edges.chunks_exact(SET_EDGES).map(set).collect();
    let applied = AtomicU64::new(0);
    println!("{COLUMNS}");
    let question = Question {
        asked: &format!("99th percentile of 2-hop spreads, rmat{scale}"),
        sides: ["100 sets of 1000 edges a second", "none"],
        figure: "times as long",
        command: &format!("cargo run --release -p emanate-bench --bin live -- p99 {scale}"),
    };
    print_row(question, |is_changed| p99(&engine, &graph, &sets, &applied, is_changed))?;
    let sets_a_second = applied.into_inner() as f64 / (ROUND.as_secs_f64() * PAIRS as f64);
    println!("{sets_a_second:.1} sets a second were applied");
    Ok(())
}

fn many_graphs() -> Tried<()> {
    let list = EdgeList::uniform(5, SMALL).with_weights(5, 0.001, 0.05);
    let file = std::env::temp_dir().join(format!("emanate-many-{}.emg", std::process::id()));
    emanate::graph::write(&list.to_generation()?, &file)?;
    let engine = Engine::builder().threads(1).build()?;
    let one_edge = &list.edges[..1];
    for is_changed in [false, true] {
        let (before, started) = (status("VmRSS")?, Instant::now());
        let mut graphs = Vec::with_capacity(GRAPHS as usize);
        for _ in 0..GRAPHS {
            graphs.push(Graph::from(emanate::graph::open(&file)?));
        }
        let opened = started.elapsed() / GRAPHS;
        if is_changed {
            let mut set = ChangeSet::new();
            one_edge.iter().for_each(|edge| put(&mut set, edge));
            for graph in &graphs {
                engine.apply(graph, &set, &ApplyOptions::default())?;
            }
        }
        let request = SpreadRequest::linear(2).seed(EdgeList::label(0).as_str(), 1.0);
        for graph in &graphs {
            engine.spread(graph, &request)?;
        }
        let bytes = (status("VmRSS")? - before) / f64::from(GRAPHS);
        let state = if is_changed { "one edge changed and spread once" } else { "spread once" };
        println!(
            "{GRAPHS} graphs of {} nodes, {} edges, {state}: {bytes:.0} bytes each, \
             opened in {opened:.1?}",
            SMALL.nodes, SMALL.edges,
        );
    }
    std::fs::remove_file(file)?;
    Ok(())
}

/// Adds edges to a graph and prints the most memory that took, beyond what the graph took.
fn peak_of(way: &str, scale: u32) -> Tried<()> {
    let graph = Graph::from(rmat(scale, 1, 16 << scale).to_generation()?);
    let engine = Engine::builder().threads(1).build()?;
    let more = rmat(scale, 2, 16 << scale);
    // The peak is counted from here on: making the graph took more for a while than it has.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let (before, options) = (status("VmRSS")?, ApplyOptions::default());
    match way {
        "bulk" => {
            let mut builder = GraphBuilder::new();
            for edge in &more.edges {
                let ends = [edge.source, edge.target].map(EdgeList::label);
                builder.edge(&ends[0], &ends[1], edge.weight)?;
            }
            engine.load(&graph, builder, &options)?;
        }
        _ => {
            for (number, edge) in more.edges.iter().enumerate() {
                let mut set = ChangeSet::new();
                put(&mut set, edge);
                engine.apply(&graph, &set, &options)?;
                if number % SET_EDGES == 0 {
                    engine.maintain(MAINTENANCE);
                }
            }
        }
    }
    println!("{}", status("VmHWM")? - before);
    Ok(())
}

fn peak(scale: u32) -> Tried<()> {
    let measured = |way: &str| -> Tried<f64> {
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.args(["peak-of", way]).arg(scale.to_string()).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    };
    let [bulk, one_by_one] = [measured("bulk")?, measured("one-by-one")?];
    println!(
        "rmat{scale}, as many edges again: bulk {:.0} MB, one by one {:.0} MB: {:.2} of it",
        bulk / 1e6,
        one_by_one / 1e6,
        bulk / one_by_one,
    );
    Ok(())
}

fn main() -> Tried<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let scale = |place: usize, or: u32| given.get(place).map_or(Ok(or), |given| given.parse());
    match given.first().map(String::as_str) {
        Some("p99") => while_changed(scale(1, 18)?),
        Some("many") => many_graphs(),
        Some("peak") => peak(scale(1, 16)?),
        Some("peak-of") => peak_of(given.get(1).map_or("", |way| way), scale(2, 16)?),
        _ => Err("say which: p99, many or peak".into()),
    }
}
