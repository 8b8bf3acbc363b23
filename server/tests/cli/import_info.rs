//! `import` and `info`.

use std::fs;

use serde_json::json;

use crate::support::{PETS, emanate, file_text, path, path_text};

#[test]
fn import_says_what_it_wrote() {
    let edges = file_text("import.tsv", PETS);
    let native = path_text("import.emg");
    let out = emanate(["import", &edges, "-o", &native]).quiet();
    let bytes = fs::metadata(&native).unwrap().len();
    assert!(out.starts_with(&format!("{native}: 8 nodes, 8 edges, ")), "{out}");
    assert_eq!(out.split(", ").nth(2).unwrap().replace(',', ""), format!("{bytes} bytes"));
    // The same input gives the same file, whatever stood there.
    let first = fs::read(&native).unwrap();
    emanate(["import", &edges, "--output", &native]).quiet();
    assert_eq!(fs::read(&native).unwrap(), first);
}

#[test]
fn strict_writes_nothing_where_a_line_is_bad() {
    let edges = file_text("import-bad.tsv", "a\tb\nc\td\tx\n");
    let native = path_text("import-bad.emg");
    let _ = fs::remove_file(&native);
    let run = emanate(["import", &edges, "-o", &native, "--strict"]);
    assert_eq!((run.status, &*run.out), (2, ""));
    assert!(run.err.contains(&format!("{edges}:2: the weight is not a number")), "{}", run.err);
    assert!(run.err.contains("1 line cannot be used and --strict was given"), "{}", run.err);
    assert!(!path("import-bad.emg").exists());

    let run = emanate(["import", &edges, "-o", &native]);
    assert_eq!(run.status, 0);
    assert!(run.err.contains(&format!("{edges}:2: the weight is not a number")), "{}", run.err);
    assert!(run.out.contains("2 nodes, 1 edges"), "{}", run.out);

    let good = file_text("import-good.tsv", "a\tb\n");
    emanate(["import", &good, "-o", &native, "--strict"]).quiet();
}

#[test]
fn nodes_may_come_from_a_list() {
    let edges = file_text("with-nodes.tsv", "a\tb\n");
    let nodes = file_text("nodes.txt", "b\r\nhot dog\nx\n");
    let native = path_text("with-nodes.emg");
    let out = emanate(["import", &edges, "-o", &native, "--nodes", &nodes]).quiet();
    assert!(out.contains(": 4 nodes, 1 edges"), "{out}");
    let flags = ["--seed", "hot dog", "--format", "json"];
    let answer = emanate(["spread", "--graph", &native].iter().chain(&flags)).json();
    assert_eq!(answer["activations"], json!([{"node": "hot dog", "activation": 1.0, "hop": 0}]));

    let said = emanate(["import", &edges, "-o", &native, "--nodes", "no-list"]).refused();
    assert!(said.starts_with("--nodes: no-list cannot be read"), "{said}");
}

#[test]
fn what_cannot_be_imported_is_refused() {
    let edges = file_text("refused.tsv", "a\tb\n");
    let native = path_text("refused.emg");
    emanate(["import", &edges, "-o", &native]).quiet();
    let said = emanate(["import", &native, "-o", &path_text("twice.emg")]).refused();
    assert!(said.contains("native file already"), "{said}");
    let nowhere = path_text("no-such-directory/graph.emg");
    let said = emanate(["import", &edges, "-o", &nowhere]).refused();
    assert!(said.starts_with(&nowhere), "{said}");
    let said = emanate(["import", &edges, "-o", env!("CARGO_TARGET_TMPDIR")]).refused();
    assert!(said.contains("not a file"), "{said}");
    let said = emanate(["import", "no-edges.tsv", "-o", &native]).refused();
    assert!(said.starts_with("no-edges.tsv: "), "{said}");
}

#[test]
fn what_is_read_is_never_replaced() {
    let edges = file_text("onto-itself.tsv", "a\tb\n");
    let nodes = file_text("onto-itself.txt", "x\n");
    let roundabout = path_text("../tmp/./onto-itself.tsv");
    let link = path_text("onto-itself.link");
    let _ = fs::remove_file(&link);
    #[cfg(unix)]
    std::os::unix::fs::symlink(&edges, &link).unwrap();
    #[cfg(not(unix))]
    fs::write(&link, "a\tb\n").unwrap();
    let mut cases = vec![(&edges, &edges), (&edges, &nodes), (&edges, &roundabout)];
    if cfg!(unix) {
        cases.extend([(&edges, &link), (&link, &edges)]);
    }
    for (read, written) in cases {
        let said = emanate(["import", read, "-o", written, "--nodes", &nodes]).refused();
        let expected =
            format!("--output {written} is a file that is read; name another file to write");
        assert_eq!(said, expected);
    }
    assert_eq!(fs::read_to_string(&edges).unwrap(), "a\tb\n");
    assert_eq!(fs::read_to_string(&nodes).unwrap(), "x\n");
}

#[test]
fn info_counts_what_is_there() {
    let edges = file_text("info.tsv", "a\tb\t1\tknows\t5\na\tc\t-0.5\tfears\nd\td\t2\nlonely\n");
    let native = path_text("info.emg");
    emanate(["import", &edges, "-o", &native]).quiet();
    for graph in [&edges, &native] {
        let info = emanate(["info", graph, "--verify", "--format", "json"]).json();
        assert_eq!((&info["nodes"], &info["edges"]), (&json!(5), &json!(3)));
        assert_eq!((&info["isolated"], &info["self_loops"]), (&json!(1), &json!(1)));
        assert_eq!(info["components"], json!({"count": 3, "largest": 3}));
        assert_eq!(info["out_degree"]["max"], 2);
        assert_eq!(info["in_degree"]["mean"], 0.6);
        assert_eq!(info["weights"]["min"], -0.5);
        assert_eq!(info["weights"]["negative"], 1);
        assert_eq!(info["times"], json!({"edges": 1, "first": 5.0, "last": 5.0}));
        assert_eq!(
            info["relations"],
            json!([
                {"name": null, "edges": 1},
                {"name": "fears", "edges": 1},
                {"name": "knows", "edges": 1},
            ])
        );
        let sections = info["sections"].as_array().unwrap();
        assert!(sections.iter().any(|section| section["name"] == "out-edges"), "{info}");
        assert_eq!(info["kind"], if *graph == native { "native" } else { "edge list" });
    }
    let sections = emanate(["info", &native, "--format", "json"]).json();
    let bytes: u64 = sections["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["file_bytes"].as_u64().unwrap())
        .sum();
    assert_eq!(bytes, fs::metadata(&native).unwrap().len());

    let out = emanate(["info", &native, "--verify"]).quiet();
    for expected in ["nodes         5\n", "verified      all ", "fears  ", "warm"] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
}
