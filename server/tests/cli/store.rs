//! `check`, `backup` and `export`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use emanate::change::store::{Folder, StoreOptions, import};
use emanate::change::{ChangeSet, EdgeKey, GraphSegment, StoredGraph, open_graph};
use emanate::graph::{LoadOptions, load_from};
use emanate::sync::MonotonicClock;
use emanate::{ApplyOptions, Engine, Graph};
use serde_json::json;

use crate::support::{PETS, emanate, file_text, fresh, path, path_text};

fn empty_directory(name: &str) -> PathBuf {
    let directory = fresh(name);
    fs::create_dir_all(&directory).expect("there is room");
    directory
}

fn open(directory: &Path) -> StoredGraph {
    let options = StoreOptions::default().create();
    let disk = Arc::new(Folder::at(directory));
    open_graph(disk, &options, Arc::new(MonotonicClock::new())).expect("a store").0
}

/// A store of the pets, changed: an edge more, a node and its edges less.
fn pets(name: &str) -> (PathBuf, String) {
    let directory = empty_directory(name);
    let pets =
        load_from(PETS.as_bytes(), "pets.tsv", &LoadOptions::default()).expect("good lines").graph;
    import(&Folder::at(&directory), &GraphSegment(&pets)).expect("an empty folder");
    let StoredGraph { generation, store } = open(&directory);
    let graph = Graph::journaled(generation, store);
    let mut changes = ChangeSet::new();
    changes.upsert_edge(EdgeKey::new("mouse", "cheese").relation("likes").time(9.5), 0.75);
    changes.remove_node("@home");
    Engine::new().apply(&graph, &changes, &ApplyOptions::default()).expect("good changes");
    let text = directory.to_str().expect("a plain name").to_owned();
    (directory, text)
}

#[test]
fn check_says_what_a_store_holds() {
    let (_, store) = pets("store-checked");
    let report = emanate(["check", &store, "--format", "json"]).json();
    assert_eq!(report["generation"], 2);
    assert_eq!((&report["segment_generation"], &report["sets_replayed"]), (&json!(1), &json!(1)));
    assert_eq!((&report["nodes"], &report["edges"]), (&json!(8), &json!(8)));
    assert_eq!((&report["unfinished_bytes"], &report["idle_files"]), (&json!(0), &json!(0)));
    let table = emanate(["check", &store]).quiet();
    for line in ["checked       every file is right\n", "generation    2\n", "nodes         8\n"] {
        assert!(table.contains(line), "{table}");
    }
}

#[test]
fn check_refuses_what_is_damaged_by_file_and_place() {
    let (directory, store) = pets("store-damaged");
    let mut seen = Vec::new();
    for entry in fs::read_dir(&directory).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let whole = fs::read(&file).unwrap();
        for position in (0..whole.len()).step_by(37) {
            let mut bytes = whole.clone();
            bytes[position] ^= 0x10;
            fs::write(&file, &bytes).unwrap();
            let said = emanate(["check", &store]).refused();
            assert!(said.starts_with(file.to_str().unwrap()), "{said}");
        }
        for length in [0, whole.len() / 2] {
            fs::write(&file, &whole[..length]).unwrap();
            if name != "lock" {
                emanate(["check", &store]).refused();
            }
        }
        fs::write(&file, &whole).unwrap();
        seen.push(name.split(['-', '.']).next().unwrap().to_owned());
    }
    seen.sort();
    assert_eq!(seen, ["lock", "log", "manifest", "segment"]);
    emanate(["check", &store]).quiet();
    fs::remove_file(directory.join("manifest")).unwrap();
    let said = emanate(["check", &store]).refused();
    assert!(said.contains("manifest: damaged or missing, but the other files say the same"));
    drop(open(&directory));
    emanate(["check", &store]).quiet();
}

#[test]
fn a_store_in_use_is_copied_and_exported_but_not_checked() {
    let (directory, store) = pets("store-used");
    let held = open(&directory);
    let said = emanate(["check", &store]).refused();
    let expected =
        format!("{store}: another process has this store open; stop it, or use another directory");
    assert_eq!(said, expected);
    fresh("store-copy");
    let copy = path_text("store-copy");
    let said = emanate(["backup", &store, &copy]).quiet();
    assert!(said.starts_with(&format!("{copy}: generation 2, ")), "{said}");
    emanate(["check", &copy]).quiet();
    let exported = emanate(["export", &store]).quiet();
    drop(held);
    assert_eq!(emanate(["export", &copy]).quiet(), exported);
    let said = emanate(["backup", &store, &copy]).refused();
    assert!(said.contains("holds other files"), "{said}");
}

#[test]
fn what_is_no_store_is_refused() {
    let empty = empty_directory("store-none");
    let empty = empty.to_str().unwrap();
    let nowhere = path_text("store-nowhere");
    for (directory, expected) in [
        (empty, "there is no store in this directory; check the path"),
        (&*nowhere, "there is no such directory; check the path"),
    ] {
        let expected = format!("{directory}: {expected}");
        assert_eq!(emanate(["check", directory]).refused(), expected);
        fresh("store-none-copy");
        let copy = path_text("store-none-copy");
        assert_eq!(emanate(["backup", directory, &copy]).refused(), expected);
        assert!(!Path::new(&copy).exists());
    }
    assert_eq!(emanate(["export", empty]).refused().split(": ").next().unwrap(), empty);
    let text = file_text("store-file.tsv", PETS);
    let said = emanate(["backup", empty, &text]).refused();
    assert!(said.starts_with(&text), "{said}");
}

/// The sorted lines of an edge list.
fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn an_export_holds_what_the_graph_holds() {
    let (_, store) = pets("store-exported");
    let out = emanate(["export", &store]).quiet();
    let expected = "\
source\ttarget\tweight\trelation\ttime
dog\tcat\t0.5\tchases
cat\tmouse\t0.5\tchases
cat\tdog\t0.25\tfears
dog\thot dog\t0.1\tsounds like
dog\ta=1\t0.2
dog\tdog\t0.125
and/or\tdog\t2.0
mouse\tcheese\t0.75\tlikes\t9.5
lonely
";
    assert_eq!(lines(&out), lines(expected));
    assert!(out.starts_with("source\ttarget\tweight\trelation\ttime\n"), "{out}");
}

#[test]
fn what_was_exported_is_imported_to_the_same_file() {
    let nasty = "source,target,weight,relation,time\n\
        \"a,b\",\"say \"\"x\"\"\",1e-300,\"two\nlines\",-1.5\n\
        \u{fc},\"tab\there\",-0.1,,0.30000000000000004\n\
        source,target,1.7976931348623157e308\nalone\n";
    let edges = file_text("nasty.csv", nasty);
    let (native, again) = (path_text("nasty.emg"), path_text("nasty-again.emg"));
    emanate(["import", &edges, "-o", &native]).quiet();
    let exported = path_text("nasty-exported.csv");
    emanate(["export", &native, "-o", &exported]).quiet();
    emanate(["import", &exported, "-o", &again, "--strict"]).quiet();
    assert_eq!(fs::read(&native).unwrap(), fs::read(&again).unwrap());

    let said = emanate(["export", &native, "-o", &path_text("nasty-exported.tsv")]).refused();
    assert!(said.contains("export to a file whose name has .csv"), "{said}");
    assert!(!path("nasty-exported.tsv").exists());
    let said = emanate(["export", &native, "-o", &native]).refused();
    assert!(said.contains("name another file to write"), "{said}");
    let nowhere = path_text("no-such-directory/edges.tsv");
    assert!(emanate(["export", &native, "-o", &nowhere]).refused().starts_with(&nowhere));
}
