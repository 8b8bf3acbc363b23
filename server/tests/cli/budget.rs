//! A graph larger than the memory it may take, under a limit that the system enforces.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use emanate::GraphBuilder;
use emanate::graph::{ColdEdges, WriteOptions, write_with};
use serde_json::Value;

use crate::support::{command, emanate, path_text};

/// Most memory that graph and scratch may take.
const BUDGET: u64 = 24 << 20;
/// What the program takes whatever the graph: itself, a block while it is read, what it prints.
const PROGRAM: u64 = 14 << 20;
/// What the system lets the process have: a tenth more than the budget, beside the program.
const LIMIT: u64 = BUDGET / 10 * 11 + PROGRAM;
const NODES: u64 = 1 << 16;
const FAN: u64 = 66;

/// A group of processes with a limit of memory, removed when this is dropped.
struct Limited(PathBuf);

impl Limited {
    /// # Errors
    /// Why no such group can be made here.
    fn new() -> Result<Self, String> {
        let name = format!("emanate-budget-{}", std::process::id());
        let mut why = "no hierarchy of control groups is mounted at /sys/fs/cgroup".to_owned();
        for (hierarchy, file) in [("", "memory.max"), ("memory", "memory.limit_in_bytes")] {
            let group = Path::new("/sys/fs/cgroup").join(hierarchy).join(&name);
            if let Err(error) = fs::create_dir(&group) {
                why = format!("{} cannot be made: {error}", group.display());
                continue;
            }
            let group = Self(group);
            // Under the first version the root is an ordinary directory, which takes any file.
            if !group.0.join("cgroup.procs").exists() {
                why = format!("{} is no control group", group.0.display());
                continue;
            }
            match fs::write(group.0.join(file), LIMIT.to_string()) {
                Ok(()) => {
                    // Where there is no such file, swap is not accounted for, and as a rule is off.
                    let _ = fs::write(group.0.join("memory.swap.max"), "0");
                    let both = group.0.join("memory.memsw.limit_in_bytes");
                    let _ = fs::write(both, LIMIT.to_string());
                    return Ok(group);
                }
                Err(error) => why = format!("{file} cannot be written: {error}"),
            }
        }
        Err(why)
    }

    /// Runs `command` in the group, from its first instruction on.
    fn run(&self, command: &Command) -> Output {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]);
        shell.arg(self.0.join("cgroup.procs")).arg(command.get_program()).args(command.get_args());
        shell.output().expect("there is a shell")
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// A graph of weights that take eight bytes, in a file; its bytes in memory.
fn write_graph(path: &str) -> u64 {
    let mut builder = GraphBuilder::new();
    let labels: Vec<String> = (0..NODES).map(|node| format!("n{node}")).collect();
    let mut state = 1u64;
    for (source, label) in (0u64..).zip(&labels) {
        for edge in 0..FAN {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(source | 1);
            let target = &labels[((state >> 33) % NODES) as usize];
            builder.edge(label, target, 0.001 + edge as f64 / 3000.0).expect("a good edge");
        }
    }
    let graph = builder.build().expect("a good graph");
    write_with(&graph, path, &WriteOptions::default().cold(ColdEdges::All)).expect("it has room");
    let bytes = |name| {
        let sections = graph.sections();
        let found = sections.iter().find(|section| section.name == name);
        found.map_or(0, |section| section.resident_bytes)
    };
    bytes("out-edges") + bytes("in-edges")
}

/// What was printed, but for the time it took.
fn answer(out: &str) -> Value {
    let mut answer: Value = serde_json::from_str(out).expect("one JSON object");
    let stats = answer["stats"].as_object_mut().expect("there are stats");
    stats.remove("elapsed_us").expect("it took some time");
    answer
}

#[test]
fn a_graph_of_four_times_the_budget_gives_the_same_bits_and_is_never_killed() {
    let graph = path_text("budget.emg");
    let bytes = write_graph(&graph);
    assert!(bytes >= 4 * BUDGET, "the graph takes {bytes} bytes, too few for this test");
    let runs: &[&[&str]] = &[
        &["--hops", "3", "--threshold", "0"],
        &["--hops", "2", "--share", "weight", "--direction", "both"],
        &["--rule", "pagerank", "--max-iterations", "3", "--tolerance", "1e-300"],
        &["--rule", "retention", "--time", "3"],
    ];
    let budget = BUDGET.to_string();
    let limited = Limited::new();
    let mut killed_without = false;
    for flags in runs {
        let common = ["spread", "--graph", &graph, "--format", "json", "--top", "500"];
        let seeds = ["--seed", "n7", "--seed", "n4711=0.5"];
        let plain: Vec<&str> = common.iter().chain(&seeds).chain(*flags).copied().collect();
        let within = [&plain[..], &["--memory-budget", &budget]].concat();
        let expected = answer(&emanate(&plain).quiet());
        assert_eq!(answer(&emanate(&within).quiet()), expected, "{flags:?}");
        let Ok(limited) = &limited else { continue };
        let output = limited.run(&command(&within));
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.signal(), None, "{flags:?} was killed: {err}");
        assert!(output.status.success(), "{flags:?}: {err}");
        assert_eq!(answer(&String::from_utf8_lossy(&output.stdout)), expected, "{flags:?}");
        killed_without |= limited.run(&command(&plain)).status.signal() == Some(9);
    }
    match limited {
        Ok(_) => assert!(killed_without, "the limit is one: what keeps all it read is killed"),
        Err(why) => eprintln!("SKIPPED: the limit of {LIMIT} bytes, since {why}"),
    }
    fs::remove_file(graph).expect("it is there");
}

#[test]
fn a_budget_that_is_too_small_says_what_it_takes_and_an_edge_list_has_none() {
    let edges = crate::support::file_text("budget-pets.tsv", crate::support::PETS);
    let graph = path_text("budget-pets.emg");
    emanate(["import", &edges, "-o", &graph, "--cold"]).quiet();
    let spread = |graph: &str, budget: &str| {
        emanate(["spread", "--graph", graph, "--seed", "dog", "--memory-budget", budget])
    };
    let refused = spread(&graph, "100").refused();
    assert!(refused.contains("of memory at least, but the budget is 100"), "{refused}");
    assert!(spread(&graph, "1000000").quiet().contains("cat"));
    let refused = spread(&edges, "1000000").refused();
    assert!(refused.ends_with("import it first"), "{refused}");
    let info = emanate(["info", &graph]).quiet();
    assert!(info.contains("cold") && info.contains("warm"), "{info}");
}
