//! The floors of the engine: a module imports from lower floors only.

use crate::paths::{NamedPath, paths};
use crate::source::{Finding, Source};

/// Rooms of the engine and the floor each is on. The two files of the face are one room.
const ROOMS: [(&str, usize); 11] = [
    ("sync", 0),
    ("terms", 0),
    ("graph", 1),
    ("gate", 1),
    ("observe", 1),
    ("spread", 2),
    ("change", 2),
    ("run", 3),
    ("health", 3),
    ("engine", FACE),
    ("builder", FACE),
];
const FACE: usize = 4;

/// Floor 0 has one exception: the vocabulary is written with the door's words, since both are
/// below everything else and the door imports nothing.
const BESIDE: [(&str, &str); 1] = [("terms", "sync")];

/// Crates and modules that only the door may name, by the first segments of a path.
const BEHIND_THE_DOOR: [&[&str]; 19] = [
    &["std", "sync"],
    &["core", "sync"],
    &["alloc", "sync"],
    &["std", "thread"],
    &["std", "cell", "UnsafeCell"],
    &["core", "cell", "UnsafeCell"],
    &["fail"],
    &["loom"],
    &["shuttle"],
    &["atomic"],
    &["arc_swap"],
    &["once_cell"],
    &["crossbeam"],
    &["crossbeam_channel"],
    &["crossbeam_deque"],
    &["crossbeam_epoch"],
    &["crossbeam_queue"],
    &["crossbeam_utils"],
    &["parking_lot"],
];

/// Crates the library never names: they belong to whoever serves it.
const SERVERS_OWN: [&str; 7] = [
    "tokio",
    "serde",
    "serde_json",
    "axum",
    "opentelemetry",
    "opentelemetry_sdk",
    "opentelemetry_otlp",
];

/// Where a library may name one of them nevertheless: a task for those who have the runtime
/// anyhow, behind a feature that is off by default.
const FOR_ITS_USERS: [(&str, &str); 2] =
    [("tuner/src/driver/on_tokio.rs", "tokio"), ("tuner/Cargo.toml", "tokio")];

const ENGINE: &str = "engine/src/";

/// Segments of the module a file of the engine is: `graph/mod.rs` is `[graph]`.
fn module_of(path: &str) -> Option<Vec<&str>> {
    let inside = path.strip_prefix(ENGINE)?.strip_suffix(".rs")?;
    if inside == "lib" {
        return Some(Vec::new());
    }
    Some(inside.strip_suffix("/mod").unwrap_or(inside).split('/').collect())
}

fn floor_of(room: &str) -> Option<usize> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|&(_, floor)| floor)
}

/// The room of the engine that `path` leads into; empty for the crate's root, `None` where it
/// leads out of the crate or to something local.
fn room_named(source: &Source, module: &[&str], path: &NamedPath) -> Option<String> {
    let mut base: Vec<&str> = module.to_vec();
    let inline = source.inline_modules();
    base.extend(inline.iter().filter(|(at, _)| at.contains(&path.position)).map(|(_, n)| *n));
    let mut segments = path.segments.iter().map(String::as_str).peekable();
    match segments.next()? {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            base.pop();
        }
        _ => return None,
    }
    while segments.next_if_eq(&"super").is_some() {
        base.pop();
    }
    let first = base.first().copied().or_else(|| segments.next());
    Some(first.unwrap_or_default().to_owned())
}

/// Imports that climb a floor, cross to a sibling, or go round by the crate's root.
pub(crate) fn climbs(source: &Source) -> Vec<Finding> {
    let Some(module) = module_of(&source.path) else { return Vec::new() };
    let Some(&own) = module.first() else { return Vec::new() };
    let Some(floor) = floor_of(own) else {
        let rule = format!("module `{own}` has no floor; give it one in the table of floors");
        return vec![source.finding(1, rule)];
    };
    let mut found = Vec::new();
    for path in paths(source) {
        let Some(room) = room_named(source, &module, &path) else { continue };
        let written = path.segments.join("::");
        let rule = match floor_of(&room) {
            _ if room == own => continue,
            None => {
                format!("`{written}` goes through the crate's root; name the item's own module")
            }
            Some(FACE) if floor == FACE => continue,
            Some(below) if below < floor => continue,
            Some(_) if BESIDE.contains(&(own, &room)) => continue,
            Some(other) => format!(
                "`{own}` (floor {floor}) imports `{written}` of `{room}` (floor {other}); \
                 a module imports from lower floors only"
            ),
        };
        found.push(source.finding(path.line, rule));
    }
    found
}

/// What only `sync` may name, named elsewhere. Tests may use threads: no model runs them.
pub(crate) fn past_the_door(source: &Source) -> Vec<Finding> {
    let Some(module) = module_of(&source.path) else { return Vec::new() };
    if module.first() == Some(&"sync") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for path in paths(source) {
        let named: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        let behind = BEHIND_THE_DOOR.iter().any(|closed| named.starts_with(closed));
        let shared = named.get(1..3) == Some(&["sync", "Arc"]);
        if behind && !shared && !source.in_test(path.position) {
            let written = path.segments.join("::");
            let rule = format!("`{written}` is taken from `crate::sync` only");
            found.push(source.finding(path.line, rule));
        }
    }
    found
}

/// Crates of the server, named in a library.
pub(crate) fn servers_own(source: &Source) -> Vec<Finding> {
    let library = source.path.starts_with(ENGINE) || source.path.starts_with("tuner/src/");
    let words = source.tokens.iter().filter(|token| library && token.is_word());
    words
        .filter(|token| SERVERS_OWN.contains(&token.text.as_str()))
        .filter(|token| !FOR_ITS_USERS.contains(&(&*source.path, &*token.text)))
        .map(|token| {
            source.finding(token.line, format!("only the server may name `{}`", token.text))
        })
        .collect()
}

/// The same crates in a library's manifest.
pub(crate) fn servers_own_in_manifest(path: &str, manifest: &str) -> Vec<Finding> {
    let lines = manifest.lines().enumerate();
    lines
        .filter_map(|(at, line)| {
            let key = line.split(['=', '.', ' ']).next().unwrap_or_default().replace('-', "_");
            let owned =
                SERVERS_OWN.contains(&key.as_str()) && !FOR_ITS_USERS.contains(&(path, &*key));
            let rule = format!("only the server may depend on `{key}`");
            owned.then(|| Finding { file: path.to_owned(), line: at + 1, rule })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{climbs, past_the_door, servers_own, servers_own_in_manifest};
    use crate::source::Source;

    fn climbs_in(path: &str, text: &str) -> usize {
        climbs(&Source::new(path, text)).len()
    }

    #[test]
    fn a_lower_floor_may_be_imported() {
        let text = "use crate::{graph::Row, terms::{Key, NodeId}, sync}; use super::params::X;
            mod tests { use super::super::params::Y; use super::Z; }";
        assert_eq!(climbs_in("engine/src/spread/push.rs", text), 0);
        assert_eq!(climbs_in("engine/src/terms/deadline.rs", "use crate::sync::Arc;"), 0);
        assert_eq!(climbs_in("engine/src/builder.rs", "use crate::engine::Engine;"), 0);
        assert_eq!(climbs_in("engine/src/lib.rs", "pub use engine::Engine;"), 0);
        assert_eq!(climbs_in("server/src/main.rs", "use crate::anything;"), 0);
    }

    #[test]
    fn climbing_is_found() {
        let at = "engine/src/graph/edges.rs";
        assert_eq!(climbs_in(at, "use crate::spread::Rule;"), 1);
        assert_eq!(climbs_in(at, "use crate::{terms::Key, run::{Pool, Slot}};"), 2);
        assert_eq!(climbs_in(at, "fn f() { crate::engine::run(); }"), 1);
        assert_eq!(climbs_in(at, "use super::super::spread::Rule;"), 1);
        assert_eq!(climbs_in(at, "mod tests { use super::super::super::spread::Rule; }"), 1);
        assert_eq!(climbs_in("engine/src/graph/mod.rs", "use super::spread::Rule;"), 1);
        let message = &climbs(&Source::new(at, "\nuse crate::spread::Rule;"))[0];
        assert!(message.to_string().starts_with("engine/src/graph/edges.rs:2: `graph` (floor 1)"));
    }

    #[test]
    fn siblings_are_found() {
        assert_eq!(climbs_in("engine/src/graph/edges.rs", "use crate::gate::Permit;"), 1);
        assert_eq!(climbs_in("engine/src/run/mod.rs", "use crate::health::Check;"), 1);
        assert_eq!(climbs_in("engine/src/sync/mod.rs", "use crate::terms::Key;"), 1);
    }

    #[test]
    fn a_detour_or_a_room_without_floor_is_found() {
        assert_eq!(climbs_in("engine/src/run/mod.rs", "use crate::NodeId;"), 1);
        assert_eq!(climbs_in("engine/src/run/mod.rs", "use super::*;"), 1);
        assert_eq!(climbs_in("engine/src/extras.rs", ""), 1);
    }

    #[test]
    fn the_door_is_the_only_door() {
        let door = |path: &str, text: &str| past_the_door(&Source::new(path, text)).len();
        let at = "engine/src/graph/blocks.rs";
        assert_eq!(door(at, "use std::sync::Arc; use std::cell::Cell;"), 0);
        assert_eq!(door(at, "use std::sync::{Arc, Mutex, atomic::AtomicU32};"), 2);
        assert_eq!(door(at, "fn f() { std::thread::yield_now(); }"), 1);
        assert_eq!(door(at, "use once_cell::race::OnceBox; use arc_swap::ArcSwap;"), 2);
        assert_eq!(door(at, "use std::{sync, fmt};"), 1);
        assert_eq!(door(at, "#[cfg(test)] mod tests { use std::thread; }"), 0);
        assert_eq!(door("engine/src/sync/mod.rs", "pub use std::sync::atomic::AtomicU32;"), 0);
    }

    #[test]
    fn the_servers_crates_stay_there() {
        let source = Source::new("engine/src/run/mod.rs", "use tokio::spawn; // serde\n");
        assert_eq!(servers_own(&source).len(), 1);
        assert_eq!(servers_own(&Source::new("server/src/main.rs", "use tokio::spawn;")).len(), 0);
        let on_tokio = "use tokio::spawn; use serde::Serialize;";
        assert_eq!(servers_own(&Source::new("tuner/src/driver/on_tokio.rs", on_tokio)).len(), 1);
        assert_eq!(servers_own(&Source::new("tuner/src/driver/mod.rs", on_tokio)).len(), 2);
        let manifest =
            "[dependencies]\nserde = \"1\"\nserde-json.workspace = true\nhashbrown = \"0\"";
        assert_eq!(servers_own_in_manifest("engine/Cargo.toml", manifest).len(), 2);
        let manifest = "tokio = { version = \"1\", optional = true }\naxum = \"0\"";
        assert_eq!(servers_own_in_manifest("engine/Cargo.toml", manifest).len(), 2);
        assert_eq!(servers_own_in_manifest("tuner/Cargo.toml", manifest).len(), 1);
    }
}
