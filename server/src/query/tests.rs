//! JSON and flags say the same.

use clap::{Args, Command, FromArgMatches};
use emanate::graph::Generation;
use emanate::{Engine, Graph, GraphBuilder};
use serde_json::{Value, json};

use super::*;
use crate::args::{QueryArgs, ReportFormat, SpreadArgs};
use crate::output::{Colour, Report};
use crate::seeds::Suggestions;

/// A graph in which every rule and every filter finds something: a cycle, a hub, relations, times.
fn graph() -> Generation {
    let mut builder = GraphBuilder::new();
    let edges = [
        ("dog", "cat", 0.5, Some("chases"), Some(10.0)),
        ("cat", "mouse", 0.75, Some("chases"), Some(20.0)),
        ("mouse", "dog", 0.25, Some("fears"), None),
        ("dog", "wolf", 0.9, Some("is a"), Some(5.0)),
        ("dog", "a=1", 0.2, None, None),
        ("a=1", "wolf", 0.4, None, Some(30.0)),
        ("wolf", "wolf", 0.1, Some("is a"), None),
    ];
    for (source, target, weight, relation, time) in edges {
        let (source, target) = (source.into(), target.into());
        builder.add(&emanate::Edge { source, target, weight, relation, time }).unwrap();
    }
    builder.build().unwrap()
}

fn typed(flags: &[&str]) -> QueryArgs {
    let command = QueryArgs::augment_args(Command::new("test").no_binary_name(true));
    QueryArgs::from_arg_matches(&command.try_get_matches_from(flags).unwrap()).unwrap()
}

/// What `emanate spread --format json` would print, but for the time it took.
fn answer(request: &SpreadRequest, graph: &Graph) -> String {
    let snapshot = graph.snapshot();
    let mut outcome = Engine::new().spread_at(&snapshot, request).unwrap();
    outcome.stats.elapsed = std::time::Duration::ZERO;
    let mut bytes = Vec::new();
    let report = Report::new(&snapshot, request, &outcome).unwrap();
    report.print(ReportFormat::Json, Colour::No, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// Flags, and the query that says the same. Among their numbers is one that a JSON reader which
/// does not round exactly takes for its neighbour.
fn pairs() -> Vec<(&'static str, Value)> {
    let mut pairs = vec![
        ("--seed dog", json!({"seeds": ["dog"]})),
        ("--seed a=1 --seed dog=0.5", json!({"seeds": ["a=1", ["dog", 0.5]], "rule": "linear"})),
        (
            "--seed dog --hops 5 --decay 0.9856906946328695 --threshold 1e-3 --report-threshold \
             0.01 --share weight --combine max --firing once --ceiling 0.8 --fan-out-limit 3",
            json!({"seeds": [["dog"]], "hops": 5, "decay": 0.9856906946328695, "threshold": 1e-3,
                "report_threshold": 0.01, "share": "weight", "combine": "max", "firing": "once",
                "ceiling": 0.8, "fan_out_limit": 3}),
        ),
        (
            "--seed dog --hops auto --inhibit 0.15,3 --squash 5,0.5 --precision single",
            json!({"seeds": ["dog"], "hops": "auto", "inhibit": [0.15, 3], "squash": "5,0.5",
                "precision": "single"}),
        ),
        (
            "--seed dog --relation chases=2 --relation fears --direction both --age-rate 0.1 --at \
             30 --by-step --explain",
            json!({"seeds": ["dog"], "relation": [["chases", 2], "fears"], "direction": "both",
                "age_rate": 0.1, "at": 30, "by_step": true, "explain": true}),
        ),
        (
            "--seed dog --seed nobody --skip-unknown --exclude-seeds --top 2 --timeout 1m \
             --max-edges 100 --max-nodes 3 --max-memory 64MiB --threads 2 --relation chases",
            json!({"seeds": ["dog", "nobody"], "skip_unknown": true, "exclude_seeds": true,
                "top": 2, "timeout": "1m", "max_edges": 100, "max_nodes": 3,
                "max_memory": "64MiB", "threads": 2, "relation": "chases"}),
        ),
        (
            "--seed dog=1@2 --seed cat --rule retention --retention 0.8 --time 6 --decay 0.05 \
             --suppress 1e-3 --stop-threshold 1e-6",
            json!({"seeds": [["dog", 1, 2], "cat"], "rule": "retention", "retention": 0.8,
                "time": 6, "decay": 0.05, "suppress": 1e-3, "stop_threshold": 1e-6}),
        ),
        (
            "--seed dog --rule retention --time none --stop-threshold 1e-3",
            json!({"time": "none", "stop_threshold": 1e-3, "rule": "retention", "seeds": ["dog"]}),
        ),
    ];
    pairs.extend([
        (
            "--seed dog --rule pagerank --damping 0.5 --tolerance 1e-6 --max-iterations 7 --top 0",
            json!({"seeds": ["dog"], "rule": "pagerank", "damping": 0.5, "tolerance": 1e-6,
                "max_iterations": 7, "top": 0}),
        ),
        (
            "--seed dog --rule pagerank --epsilon 1e-4",
            json!({"seeds": ["dog"], "rule": "pagerank", "epsilon": 1e-4}),
        ),
        (
            "--seed dog --seed cat --rule act-r --source-strength 2 --source-activation 0.5 \
             --base-level 0.1 --latency-factor 0.9 --intercept 0.2 --report-threshold -1",
            json!({"seeds": ["dog", "cat"], "rule": "act-r", "source_strength": 2,
                "source_activation": 0.5, "base_level": 0.1, "latency_factor": 0.9,
                "intercept": 0.2, "report_threshold": -1}),
        ),
        (
            "--seed dog --rule synapse --steps 2 --decay 0.3 --spread 0.9 --inhibition 0.2 \
             --competitors 2 --gain 4 --center 0.1 --gate 0.05 --direction in",
            json!({"seeds": ["dog"], "rule": "synapse", "steps": 2, "decay": 0.3, "spread": 0.9,
                "inhibition": 0.2, "competitors": 2, "gain": 4, "center": 0.1, "gate": 0.05,
                "direction": "in"}),
        ),
    ]);
    pairs
}

#[test]
fn a_query_answers_as_its_flags_do() {
    let graph = Graph::from(graph());
    let snapshot = graph.snapshot();
    let names = Names { graph: &snapshot, suggestions: Suggestions::Omitted };
    let mut said = std::collections::BTreeSet::from(["retention_file".to_owned()]);
    for (flags, query) in pairs() {
        let typed = typed(&flags.split_whitespace().collect::<Vec<_>>());
        typed.check().unwrap();
        let read = parse(&query.to_string()).unwrap();
        let [typed, read] = [typed.request(names).unwrap(), read.request(names).unwrap()];
        assert_eq!(format!("{:#?}", typed), format!("{:#?}", read), "{flags}");
        assert_eq!(answer(&typed, &graph), answer(&read, &graph), "{flags}");
        said.extend(query.as_object().unwrap().keys().cloned());
    }
    assert_eq!(said.len(), KEYS.len(), "some key stands in no query above: {said:?}");
}

/// Flags that say where to read and how to print, which a query does not.
const NOT_OF_A_QUERY: [&str; 3] = ["graph", "format", "memory-budget"];

#[test]
fn every_flag_is_a_key_and_every_key_a_flag() {
    let command = SpreadArgs::augment_args(Command::new("test"));
    let flags = command.get_arguments().filter_map(|arg| arg.get_long());
    let mut of_clap: Vec<String> = flags
        .filter(|flag| !NOT_OF_A_QUERY.contains(flag))
        .map(|flag| if flag == "seed" { "seeds".to_owned() } else { flag.replace('-', "_") })
        .collect();
    let mut of_table: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    of_clap.sort_unstable();
    of_table.sort_unstable();
    assert_eq!(of_clap, of_table);
}

#[test]
fn a_retention_file_is_read_as_its_flag_reads_it() {
    let graph = graph();
    let names = Names { graph: &graph, suggestions: Suggestions::Wanted };
    let query = json!({"seeds": ["dog"], "rule": "retention", "retention_file": "no such file"});
    let said = parse(&query.to_string()).unwrap().request(names).unwrap_err().to_string();
    assert!(said.starts_with("\"retention_file\": no such file cannot be read"), "{said}");
}

#[test]
fn what_is_no_query_is_refused() {
    let cases = [
        ("", "the query is not JSON (EOF while parsing a value at column 0)"),
        ("{\"seeds\": [\"dog\"]", "the query is not JSON (EOF while parsing an object at column"),
        ("{\"seeds\": [\"dog\"]} x", "the query is not JSON (trailing characters at column 20)"),
        ("{\"seeds\": [\"dog\"], \"decay\": NaN}", "the query is not JSON (expected value"),
        ("{\"seeds\": [\"dog\"], \"decay\": 1e999}", "the query is not JSON (number out of range"),
        ("[\"dog\"]", "the query is not a JSON object"),
        ("\"dog\"", "the query is not a JSON object"),
        ("null", "the query is not a JSON object"),
        ("-1", "the query is not a JSON object"),
        ("0.5", "the query is not a JSON object"),
        ("true", "the query is not a JSON object"),
        ("{}", "no seed was given"),
        ("{\"seeds\": []}", "no seed was given"),
        ("{\"seeds\": [\"a\"], \"seeds\": [\"b\"]}", "the key \"seeds\" is given twice"),
        ("{\"seed\": [\"a\"]}", "a query has no key \"seed\"; did you mean \"seeds\"?"),
        (
            "{\"seeds\": [\"a\"], \"report-threshold\": 1}",
            "a query has no key \"report-threshold\"; did you mean \"report_threshold\"?",
        ),
        (
            "{\"seeds\": [\"a\"], \"treshold\": 1}",
            "a query has no key \"treshold\"; did you mean \"threshold\"?",
        ),
        ("{\"graph\": \"g\"}", "a query has no key \"graph\"; its keys are the long names"),
    ];
    for (text, expected) in cases {
        let said = refused(text);
        assert!(said.starts_with(expected), "{text}: {said}");
    }
}

#[test]
fn a_wrong_value_is_named_with_its_key() {
    let cases = [
        (json!({"decay": "0.5"}), "\"decay\" has the value \"0.5\"; give a finite number"),
        (json!({"decay": null}), "\"decay\" has the value null; give a finite number"),
        (json!({"hops": -1}), "\"hops\" has the value -1; give a whole number from 0 to"),
        (json!({"hops": 2.5}), "\"hops\" has the value 2.5; give a whole number"),
        (json!({"hops": "many"}), "\"hops\" has the value \"many\"; give a whole number"),
        (json!({"top": -1}), "\"top\" has the value -1; give a whole number from 0 on"),
        (json!({"threads": 0}), "\"threads\" has the value 0; give a whole number from 1 on"),
        (json!({"timeout": 50}), "\"timeout\" has the value 50; give a number with a unit"),
        (json!({"max_memory": "1MB"}), "\"max_memory\" has the value \"1MB\"; give a whole"),
        (json!({"inhibit": [1]}), "\"inhibit\" has the value [1]; give BETA,M"),
        (json!({"squash": [1, "2"]}), "\"squash\" has the value [1,\"2\"]; give GAIN,CENTER"),
        (json!({"explain": 1}), "\"explain\" has the value 1; give true or false"),
        (json!({"share": "half"}), "\"share\" has the value \"half\"; give one of none, weight"),
        (json!({"rule": "pagrank"}), "\"rule\" has the value \"pagrank\"; give one of linear, "),
        (json!({"seeds": "dog"}), "\"seeds\" has the value \"dog\"; give an array of labels"),
        (json!({"seeds": ["a", ["b", "c"]]}), "\"seeds\" has the value [\"b\",\"c\"]; give an"),
        (json!({"seeds": [["a", 1, 2, 3]]}), "\"seeds\" has the value [\"a\",1,2,3]; give an"),
        (json!({"seeds": [[]]}), "\"seeds\" has the value []; give an array"),
        (json!({"seeds": [1.5]}), "\"seeds\" has the value 1.5; give an array"),
        (json!({"relation": ["is a", 2]}), "\"relation\" has the value 2; give a name, or an"),
        (json!({"retention_file": 1}), "\"retention_file\" has the value 1; give the name"),
    ];
    for (mut query, expected) in cases {
        let entries = query.as_object_mut().unwrap();
        entries.entry("seeds").or_insert_with(|| json!(["dog"]));
        let said = refused(&query.to_string());
        assert!(said.starts_with(expected), "{query}: {said}");
    }
}

#[test]
fn what_the_flags_refuse_a_query_refuses_in_its_own_words() {
    let cases = [
        (json!({"decay": 0}), "\"decay\" is 0, but must be above 0 and at most 1"),
        (json!({"gate": 1}), "rule linear has no \"gate\", which belongs to rule synapse; leave "),
        (json!({"rule": "pagerank", "hops": 1}), "rule pagerank has no \"hops\""),
        (json!({"age_rate": 1}), "\"age_rate\" needs the instant ages are counted from; give it"),
        (json!({"rule": "retention", "time": "none"}), "\"time\": \"none\" never ends without"),
        (
            json!({"rule": "pagerank", "epsilon": 1e-4, "tolerance": 1e-4}),
            "\"epsilon\" computes pagerank by push, but \"tolerance\" belongs to power iteration",
        ),
    ];
    for (mut query, expected) in cases {
        query["seeds"] = json!(["dog"]);
        let said = refused(&query.to_string());
        assert!(said.starts_with(expected), "{query}: {said}");
    }
}

#[test]
fn names_are_checked_against_the_graph() {
    let graph = graph();
    let names = Names { graph: &graph, suggestions: Suggestions::Wanted };
    let said =
        |query: Value| parse(&query.to_string()).unwrap().request(names).unwrap_err().to_string();
    assert_eq!(
        said(json!({"seeds": ["dgo"]})),
        "the graph has no node \"dgo\"; did you mean \"dog\"?"
    );
    assert_eq!(
        said(json!({"seeds": ["nobody at all"]})),
        "the graph has no node \"nobody at all\"; correct it, or leave unknown seeds out with \
         \"skip_unknown\": true"
    );
    // What is typed as a flag splits here; in a query the name ends where it ends.
    assert!(said(json!({"seeds": ["dog=1"]})).starts_with("the graph has no node \"dog=1\""));
    assert!(said(json!({"seeds": [["dog", -1]]})).starts_with("the activation of seed \"dog\""));
    assert!(said(json!({"seeds": ["dog"], "relation": "fear"})).contains("\"fears\"?"));
}

#[test]
fn a_key_of_the_host_may_be_a_number() {
    let mut builder = GraphBuilder::with_keys();
    builder.edge(7u64, u64::MAX, 1.0).unwrap();
    let graph = builder.build().unwrap();
    let names = Names { graph: &graph, suggestions: Suggestions::Wanted };
    for seeds in [json!([[7, 2.0]]), json!([["7", 2.0]])] {
        let request = parse(&json!({"seeds": seeds}).to_string()).unwrap().request(names).unwrap();
        assert_eq!(request.seeds[0].node, emanate::Key::Number(7));
    }
    let largest = json!({"seeds": [u64::MAX]}).to_string();
    assert!(parse(&largest).unwrap().request(names).is_ok());
}
