//! A change set as JSON.
//!
//! ```json
//! {"changes": [{"change": "upsert_edge", "source": "dog", "target": "bone", "weight": 0.5},
//!              {"change": "rename_node", "node": "cat", "name": "tabby"}],
//!  "commit": "atomic", "only_if": 7, "dry_run": false}
//! ```
//!
//! One table, [`SHAPES`], says which keys each kind of change has; the reader and the OpenAPI
//! document go by it.

use emanate::change::{
    ApplyOptions, Change, ChangeKind, ChangeSet, Commit, EdgeEnd, EdgeKey, RowEdge, Run,
};
use emanate::terms::Key;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::output::text::cut;
use crate::seeds::Names;

/// What may be said beside the changes.
pub(crate) const OPTIONS: [&str; 5] =
    ["commit", "dry_run", "only_if", "stop_on_first_error", "failures_max"];

/// Keys of each kind of change, those that may be missing last, and how many must be there.
pub(crate) const SHAPES: [(ChangeKind, &[&str], usize); 12] = [
    (ChangeKind::AddNode, &["node"], 1),
    (ChangeKind::UpsertNode, &["node"], 1),
    (ChangeKind::RenameNode, &["node", "name"], 2),
    (ChangeKind::RemoveNode, &["node"], 1),
    (ChangeKind::AddEdge, &["source", "target", "weight", "relation", "time"], 3),
    (ChangeKind::SetWeight, &["source", "target", "weight", "relation", "time"], 3),
    (ChangeKind::UpsertEdge, &["source", "target", "weight", "relation", "time"], 3),
    (ChangeKind::RemoveEdge, &["source", "target", "relation", "time"], 2),
    (ChangeKind::MoveEdge, &["source", "target", "end", "to", "relation", "time"], 4),
    (ChangeKind::AddWeight, &["source", "target", "amount", "relation", "time"], 3),
    (
        ChangeKind::Oja,
        &["source", "target", "source_activation", "target_activation", "rate", "relation", "time"],
        5,
    ),
    (ChangeKind::RebuildRow, &["node", "edges"], 2),
];

/// Reads a change set and how it is to be applied; names are made keys of the graph of `names`.
///
/// # Errors
/// 400 where the text is no JSON object, 422 where it is no change set or has more than `most`
/// changes, 500 where the graph's names cannot be read.
pub(crate) fn read(
    text: &str,
    names: Names<'_>,
    most: usize,
) -> Result<(ChangeSet, ApplyOptions), Problem> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        Problem::malformed(format!("the change set is not JSON ({error}); correct it"))
    })?;
    let Value::Object(object) = value else {
        let detail = "the change set is not a JSON object; write one such as {\"changes\": [..]}";
        return Err(Problem::malformed(detail));
    };
    let fields = Fields { place: String::new(), object: &object, names };
    fields.only(&[&["changes"], &OPTIONS[..]].concat())?;
    let Some(Value::Array(elements)) = object.get("changes") else {
        return Err(fields.wrong("changes", "an array of changes"));
    };
    if elements.len() > most {
        return Err(Problem::unprocessable(format!(
            "\"changes\" has {} changes, but a set may have {most} here; send several sets",
            elements.len()
        )));
    }
    let mut changes = ChangeSet::new();
    for (position, element) in elements.iter().enumerate() {
        let place = format!("changes[{position}]");
        changes.push(change(&Fields::of(place, element, names)?)?);
    }
    Ok((changes, options(&fields)?))
}

fn options(fields: &Fields<'_>) -> Result<ApplyOptions, Problem> {
    let mut options = ApplyOptions::default();
    options.commit = match fields.object.get("commit").map(Value::as_str) {
        None | Some(Some("atomic")) => Commit::Atomic,
        Some(Some("best_effort")) => Commit::BestEffort,
        Some(_) => return Err(fields.wrong("commit", "\"atomic\" or \"best_effort\"")),
    };
    if fields.switch("dry_run")? {
        options.run = Run::Dry;
    }
    options.stop_on_first_error = fields.switch("stop_on_first_error")?;
    options.only_if = fields.count("only_if")?;
    if let Some(most) = fields.count("failures_max")? {
        options.failures_max = usize::try_from(most).unwrap_or(usize::MAX);
    }
    Ok(options)
}

fn change(fields: &Fields<'_>) -> Result<Change, Problem> {
    let name = fields.object.get("change").and_then(Value::as_str).unwrap_or_default();
    let shape = SHAPES.iter().find(|(kind, ..)| kind.name() == name);
    let Some((kind, keys, _)) = shape else {
        let kinds: Vec<&str> = SHAPES.iter().map(|(kind, ..)| kind.name()).collect();
        return Err(fields.wrong("change", &format!("one of {}", kinds.join(", "))));
    };
    fields.only(&[&["change"], *keys].concat())?;
    let (node, number) = (|key| fields.node(key), |key| fields.number(key));
    Ok(match kind {
        ChangeKind::AddNode => Change::AddNode { node: node("node")? },
        ChangeKind::UpsertNode => Change::UpsertNode { node: node("node")? },
        ChangeKind::RenameNode => Change::RenameNode { node: node("node")?, name: node("name")? },
        ChangeKind::RemoveNode => Change::RemoveNode { node: node("node")? },
        ChangeKind::RebuildRow => Change::RebuildRow { node: node("node")?, edges: fields.row()? },
        ChangeKind::AddEdge => Change::AddEdge { edge: fields.edge()?, weight: number("weight")? },
        ChangeKind::SetWeight => {
            Change::SetWeight { edge: fields.edge()?, weight: number("weight")? }
        }
        ChangeKind::UpsertEdge => {
            Change::UpsertEdge { edge: fields.edge()?, weight: number("weight")? }
        }
        ChangeKind::RemoveEdge => Change::RemoveEdge { edge: fields.edge()? },
        ChangeKind::MoveEdge => {
            Change::MoveEdge { edge: fields.edge()?, end: fields.end()?, to: node("to")? }
        }
        ChangeKind::AddWeight => {
            Change::AddWeight { edge: fields.edge()?, amount: number("amount")? }
        }
        ChangeKind::Oja => Change::Oja {
            edge: fields.edge()?,
            source_activation: number("source_activation")?,
            target_activation: number("target_activation")?,
            rate: number("rate")?,
        },
        other => {
            return Err(fields.wrong("change", &format!("another kind than {other}")));
        }
    })
}

/// One object, and where it stands.
struct Fields<'a> {
    /// `changes[3].edges[0]`; empty for the whole.
    place: String,
    object: &'a Map<String, Value>,
    names: Names<'a>,
}

impl<'a> Fields<'a> {
    fn of(place: String, value: &'a Value, names: Names<'a>) -> Result<Self, Problem> {
        match value {
            Value::Object(object) => Ok(Self { place, object, names }),
            _ => Err(Problem::unprocessable(format!("{place} is not an object; give one"))),
        }
    }

    fn path(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    fn wrong(&self, key: &str, takes: &str) -> Problem {
        let given = self.object.get(key).map_or_else(|| "missing".to_owned(), Value::to_string);
        Problem::unprocessable(format!("{} is {}; give {takes}", self.path(key), cut(&given)))
    }

    /// Refuses keys that are not `known`.
    fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.object.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(Problem::unprocessable(format!(
                "there is no key {} here; give {}",
                cut(&self.path(key)),
                known.join(", ")
            ))),
        }
    }

    fn switch(&self, key: &str) -> Result<bool, Problem> {
        let value = self.object.get(key).unwrap_or(&Value::Bool(false));
        value.as_bool().ok_or_else(|| self.wrong(key, "true or false"))
    }

    fn count(&self, key: &str) -> Result<Option<u64>, Problem> {
        let Some(value) = self.object.get(key) else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| self.wrong(key, "a whole number from 0 on"))
    }

    fn number(&self, key: &str) -> Result<f64, Problem> {
        let value = self.object.get(key).and_then(Value::as_f64);
        value.ok_or_else(|| self.wrong(key, "a number"))
    }

    /// A label, or a host's integer key.
    fn node(&self, key: &str) -> Result<Key, Problem> {
        let name = match self.object.get(key) {
            Some(Value::String(label)) => label.clone(),
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            _ => return Err(self.wrong(key, "a label, or a whole number as a key")),
        };
        self.names.key(&name).map_err(|block| Problem::internal(block.to_string()))
    }

    fn relation(&self) -> Result<Option<Box<str>>, Problem> {
        let Some(value) = self.object.get("relation") else { return Ok(None) };
        let name = value.as_str().ok_or_else(|| self.wrong("relation", "a text"))?;
        Ok((!name.is_empty()).then(|| name.into()))
    }

    fn time(&self) -> Result<Option<f64>, Problem> {
        self.object.get("time").map(|_| self.number("time")).transpose()
    }

    fn edge(&self) -> Result<EdgeKey, Problem> {
        let mut edge = EdgeKey::new(self.node("source")?, self.node("target")?);
        edge.relation = self.relation()?;
        edge.time = self.time()?;
        Ok(edge)
    }

    fn end(&self) -> Result<EdgeEnd, Problem> {
        match self.object.get("end").and_then(Value::as_str) {
            Some("source") => Ok(EdgeEnd::Source),
            Some("target") => Ok(EdgeEnd::Target),
            _ => Err(self.wrong("end", "\"source\" or \"target\"")),
        }
    }

    fn row(&self) -> Result<Vec<RowEdge>, Problem> {
        let Some(Value::Array(elements)) = self.object.get("edges") else {
            return Err(self.wrong("edges", "an array of edges"));
        };
        let edge = |(position, element): (usize, &'a Value)| {
            let place = format!("{}[{position}]", self.path("edges"));
            let fields = Self::of(place, element, self.names)?;
            fields.only(&["target", "weight", "relation", "time"])?;
            Ok(RowEdge {
                target: fields.node("target")?,
                weight: fields.number("weight")?,
                relation: fields.relation()?,
                time: fields.time()?,
            })
        };
        elements.iter().enumerate().map(edge).collect()
    }
}

#[cfg(test)]
mod tests {
    use emanate::GraphBuilder;

    use super::*;
    use crate::seeds::Suggestions;

    fn read_text(text: &str) -> Result<(ChangeSet, ApplyOptions), Problem> {
        let mut builder = GraphBuilder::new();
        builder.edge("dog", "cat", 1.0).unwrap();
        let graph = builder.build().unwrap();
        let names = Names { graph: &graph, suggestions: Suggestions::Omitted };
        read(text, names, 12)
    }

    /// A value for each key of a change.
    fn value(key: &str) -> Value {
        match key {
            "weight" | "time" | "amount" | "source_activation" | "target_activation" | "rate" => {
                Value::from(0.5)
            }
            "end" => Value::from("source"),
            "edges" => serde_json::json!([{"target": "cat", "weight": 1}]),
            _ => Value::from("dog"),
        }
    }

    #[test]
    fn every_kind_is_read_and_needs_its_keys() {
        assert_eq!(SHAPES.map(|(kind, ..)| kind), ChangeKind::ALL);
        for (kind, keys, least) in SHAPES {
            let read_with = |keys: &[&str]| {
                let mut change = serde_json::json!({"change": kind.name()});
                for key in keys {
                    change[*key] = value(key);
                }
                read_text(&serde_json::json!({"changes": [change]}).to_string())
            };
            let (changes, _) = read_with(keys).unwrap();
            assert_eq!(changes.changes()[0].kind(), kind);
            assert!(read_with(&keys[..least]).is_ok(), "{kind}");
            let problem = read_with(&keys[..least - 1]).unwrap_err();
            assert_eq!(problem.status.as_u16(), 422, "{kind}");
            let missing = format!("changes[0].{} is missing", keys[least - 1]);
            assert!(problem.detail.contains(&missing), "{kind}: {}", problem.detail);
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let said = |text: &str| read_text(text).unwrap_err().detail;
        assert!(said("{").contains("is not JSON"));
        assert!(said("[]").contains("is not a JSON object"));
        assert!(said("{}").starts_with("changes is missing"));
        assert!(said("{\"changes\":[],\"dryrun\":true}").contains("no key dryrun"));
        assert!(said("{\"changes\":[7]}").starts_with("changes[0] is not an object"));
        assert!(said("{\"changes\":[{}]}").contains("give one of add_node, upsert_node"));
        assert!(said("{\"changes\":[],\"commit\":\"some\"}").starts_with("commit is \"some\""));
        let row = "{\"changes\":[{\"change\":\"rebuild_row\",\"node\":\"dog\",\"edges\":[\
                   {\"target\":\"cat\",\"weight\":\"1\"}]}]}";
        assert_eq!(said(row), "changes[0].edges[0].weight is \"1\"; give a number");
        let many = format!("{{\"changes\":[{}0]}}", "0,".repeat(12));
        assert!(said(&many).contains("has 13 changes, but a set may have 12"));
    }

    #[test]
    fn options_are_taken() {
        let text = "{\"changes\":[],\"commit\":\"best_effort\",\"dry_run\":true,\"only_if\":3,\
                    \"stop_on_first_error\":true,\"failures_max\":0}";
        let (_, options) = read_text(text).unwrap();
        assert_eq!((options.commit, options.run), (Commit::BestEffort, Run::Dry));
        assert_eq!((options.only_if, options.failures_max), (Some(3), 0));
        assert!(options.stop_on_first_error);
    }
}
