//! The block of facts: what is known of the graph as a whole, and the relations' names.

use super::layout::Fields;
use crate::graph::generation::{Facts, RelationFacts};
use crate::graph::relations::RelationNames;
use crate::terms::NODE_COUNT_MAX;

const SINGLE_WEIGHTS: u32 = 1;
const HAS_TIMES: u32 = 2;

/// Bytes of the facts of one relation: edges, and those of either sign.
const RELATION_BYTES: usize = 24;
/// Bytes of the id of a node.
const NODE_BYTES: usize = 4;

/// What the block of facts says.
pub(super) struct Content {
    pub(super) facts: Facts,
    pub(super) relation_names: RelationNames,
    /// The nodes that were removed, ascending.
    pub(super) removed: Vec<u32>,
}

const fn flag(flag: u32, set: bool) -> u32 {
    if set { flag } else { 0 }
}

/// The block's bytes.
///
/// # Panics
/// Where there is not exactly one more entry of relation facts than there are names.
pub(super) fn encode(facts: &Facts, relation_names: &[Box<str>], removed: &[u32]) -> Vec<u8> {
    assert_eq!(facts.relations.len(), relation_names.len() + 1, "edges without one come first");
    assert_eq!(facts.removed_nodes, removed.len() as u64, "all of them are named");
    let mut into = Vec::new();
    for count in [facts.nodes, facts.edges, facts.self_loops, facts.fan_out_max, facts.fan_in_max] {
        into.extend(count.to_le_bytes());
    }
    into.extend(facts.weight_min.to_le_bytes());
    into.extend(facts.weight_max.to_le_bytes());
    let flags = flag(SINGLE_WEIGHTS, facts.single_weights) | flag(HAS_TIMES, facts.has_times);
    into.extend(flags.to_le_bytes());
    into.extend((relation_names.len() as u64).to_le_bytes());
    for relation in &facts.relations {
        for count in [relation.edges, relation.negative, relation.positive] {
            into.extend(count.to_le_bytes());
        }
    }
    for name in relation_names {
        into.extend((name.len() as u64).to_le_bytes());
        into.extend(name.as_bytes());
    }
    into.extend((removed.len() as u64).to_le_bytes());
    removed.iter().for_each(|node| into.extend(node.to_le_bytes()));
    into
}

/// What the bytes mean; `None` where they contradict themselves.
pub(super) fn decode(bytes: &[u8]) -> Option<Content> {
    let mut fields = Fields(bytes);
    let mut facts = Facts {
        nodes: fields.u64()?,
        removed_nodes: 0,
        edges: fields.u64()?,
        self_loops: fields.u64()?,
        fan_out_max: fields.u64()?,
        fan_in_max: fields.u64()?,
        weight_min: fields.f64()?,
        weight_max: fields.f64()?,
        single_weights: false,
        has_times: false,
        relations: Vec::new(),
    };
    let flags = fields.u32()?;
    if flags & !(SINGLE_WEIGHTS | HAS_TIMES) != 0 {
        return None;
    }
    facts.single_weights = flags & SINGLE_WEIGHTS != 0;
    facts.has_times = flags & HAS_TIMES != 0;
    let relation_count = usize::try_from(fields.u64()?).ok()?;
    facts.relations = fields
        .numbers::<RELATION_BYTES>(relation_count.checked_add(1)?)?
        .iter()
        .map(|relation| decode_relation(relation))
        .collect::<Option<_>>()?;
    let names: Box<[Box<str>]> =
        (0..relation_count).map(|_| decode_name(&mut fields)).collect::<Option<_>>()?;
    let relation_names = RelationNames::new(names)?;
    facts.removed_nodes = fields.u64()?;
    let removed_count = usize::try_from(facts.removed_nodes).ok()?;
    let removed = fields.numbers::<NODE_BYTES>(removed_count)?.iter();
    let removed: Vec<u32> = removed.map(|node| u32::from_le_bytes(*node)).collect();
    let removed_ascend = removed.is_sorted_by(|a, b| a < b)
        && removed.last().is_none_or(|last| u64::from(*last) < facts.nodes);
    let whole = fields.0.is_empty() && removed_ascend && agree(&facts);
    whole.then_some(Content { facts, relation_names, removed })
}

fn decode_relation(bytes: &[u8]) -> Option<RelationFacts> {
    let mut fields = Fields(bytes);
    let [edges, negative, positive] = [fields.u64()?, fields.u64()?, fields.u64()?];
    let signs = negative.checked_add(positive)?;
    (signs <= edges).then_some(RelationFacts { edges, negative, positive })
}

fn decode_name(fields: &mut Fields<'_>) -> Option<Box<str>> {
    let length = usize::try_from(fields.u64()?).ok()?;
    let name = std::str::from_utf8(fields.bytes(length)?).ok()?;
    (!name.is_empty()).then(|| name.into())
}

/// Whether the facts can be true together.
fn agree(facts: &Facts) -> bool {
    let of_relations =
        facts.relations.iter().try_fold(0u64, |sum, relation| sum.checked_add(relation.edges));
    let fans = [facts.fan_out_max, facts.fan_in_max];
    facts.nodes <= NODE_COUNT_MAX
        && of_relations == Some(facts.edges)
        && u32::try_from(facts.relations.len() - 1).is_ok()
        && facts.self_loops <= facts.edges
        && fans.iter().all(|fan| *fan <= facts.edges && (*fan == 0) == (facts.edges == 0))
        && facts.weight_min.is_finite()
        && facts.weight_max.is_finite()
        && facts.weight_min <= facts.weight_max
}
