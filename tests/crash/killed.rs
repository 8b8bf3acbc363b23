//! A process that writes to a store is killed, again and again.
//!
//! The test starts itself as another process, which stores change sets and says of each that it is
//! acknowledged; it is killed after a number of them that chance gives. What it has said must be
//! there, each set whole. `EMANATE_KILLS=200 cargo test -p emanate-tests --test crash killed` kills
//! oftener.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use emanate::change::store::{FlushPolicy, Folder, StoreOptions};
use emanate::change::{ChangeSet, check_graph};
use emanate::{ApplyOptions, Engine, Generation, Graph, NodeId, OpenedGraph};
use emanate_bench::SplitMix64;

const KILLS: u64 = 12;
const EDGES_PER_SET: u64 = 20;
const NODES: u64 = 40;
/// Names the directory to the process that is to be killed.
const DIRECTORY: &str = "EMANATE_KILLED_DIRECTORY";
const POLICY: &str = "EMANATE_KILLED_POLICY";
const SAID: &str = "acknowledged ";

/// Source, target and weight of each edge of the set that leads to `generation`.
fn edges(generation: u64) -> impl Iterator<Item = (u64, u64, f64)> {
    (0..EDGES_PER_SET).map(move |at| {
        let mixed = (generation * EDGES_PER_SET + at).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed >> 8) % NODES, (mixed >> 40) % NODES, generation as f64 + at as f64 / 64.0)
    })
}

fn options(policy: &str) -> StoreOptions {
    let flush = match policy {
        "always" => FlushPolicy::Always,
        "every" => FlushPolicy::Every(Duration::from_millis(5)),
        _ => FlushPolicy::Never,
    };
    StoreOptions::default().create().flush(flush)
}

/// What the process does that is to be killed: it stores sets until then.
fn store_until_killed(directory: &Path, policy: &str) {
    let OpenedGraph { graph, store, .. } = Graph::open(directory, &options(policy)).unwrap();
    let engine = Engine::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                store.checkpoint_graph(|| graph.snapshot()).unwrap();
                store.maintain().unwrap();
            }
        });
        loop {
            let generation = graph.snapshot().number() + 1;
            let mut changes = ChangeSet::new();
            for (source, target, weight) in edges(generation) {
                let ends = (format!("n{source}"), format!("n{target}"));
                changes.upsert_edge((ends.0.as_str(), ends.1.as_str()), weight);
            }
            engine.apply(&graph, &changes, &ApplyOptions::default()).unwrap();
            println!("{SAID}{generation}");
        }
    });
}

fn weights(graph: &Generation) -> BTreeMap<(String, String), f64> {
    let name = |node| graph.label(node).unwrap().to_string();
    let mut weights = BTreeMap::new();
    for id in 0..graph.node_count() as u32 {
        let row = graph.out_row(NodeId::new(id)).unwrap();
        for (at, target) in row.targets.iter().enumerate() {
            let ends = (name(NodeId::new(id)), name(NodeId::new(*target)));
            weights.insert(ends, row.weights.at(at));
        }
    }
    weights
}

/// Starts a process, lets it say `sets` times that a set is acknowledged, and kills it. Returns the
/// last generation it named.
fn kill_after(sets: u64, directory: &Path, policy: &str) -> u64 {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "killed::what_a_killed_process_acknowledged_is_there", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(POLICY, policy)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut last = 0;
    let mut said = 0;
    let mut read = |line: String| {
        if let Some((_, generation)) = line.split_once(SAID) {
            last = generation.parse().unwrap();
            said += 1;
        }
        said
    };
    for line in lines.by_ref() {
        if read(line.unwrap()) >= sets {
            break;
        }
    }
    // On Unix this is the signal that no process can catch.
    process.kill().unwrap();
    process.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        // The last line may be cut.
        if line.split_once(SAID).is_some_and(|(_, generation)| generation.parse::<u64>().is_ok()) {
            read(line);
        }
    }
    assert!(said >= sets, "the process ended by itself");
    last
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    if let (Some(directory), Ok(policy)) = (env::var_os(DIRECTORY), env::var(POLICY)) {
        store_until_killed(&PathBuf::from(directory), &policy);
    }
    let kills = env::var("EMANATE_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("killed");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    let mut random = SplitMix64::new(17);
    let mut expected = BTreeMap::new();
    let mut applied = 0;
    for kill in 0..kills {
        let policy = ["always", "every", "never"][kill as usize % 3];
        let acknowledged = kill_after(1 + u64::from(random.below(40)), &directory, policy);
        let (graph, report) = check_graph(&Folder::at(&directory)).unwrap();
        let generation = graph.number();
        assert!(generation >= acknowledged, "{generation} of {acknowledged}, kill {kill}");
        assert_eq!(report.opened.repairs, []);
        for number in applied + 1..=generation {
            for (source, target, weight) in edges(number) {
                expected.insert((format!("n{source}"), format!("n{target}")), weight);
            }
        }
        applied = generation;
        assert_eq!(weights(&graph), expected, "kill {kill}");
    }
    println!("killed {kills} times, {applied} sets");
    fs::remove_dir_all(&directory).unwrap();
}
