//! A change set as bytes, for a log.
//!
//! ```text
//! set    = encoding:u8  count:varint  change*
//! change = kind:u8  fields
//! key    = 0 id:varint | 1 text | 2 u64 | 3 u128
//! text   = length:varint  UTF-8 bytes
//! edge   = source:key  target:key  flags:u8  [relation:text]  [time:f64]
//! ```
//!
//! Integers of fixed width and numbers are little-endian, a varint is LEB128 of at most 10 bytes.
//! Each kind has its byte for ever; a change to the meaning of bytes takes a new [`ENCODING`].
//! Nothing here says whether the bytes are whole: a log adds lengths and checksums of its own.

use std::fmt;

use super::set::{Change, ChangeSet, EdgeEnd, EdgeKey, RowEdge};
use crate::terms::{Key, NodeId};

/// The first byte of every encoded set; raised when bytes change their meaning.
pub const ENCODING: u8 = 1;

/// Why bytes are no change set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeSetError {
    /// They were written by a later Emanate; read them with that one.
    Encoding {
        /// The encoding they begin with.
        found: u8,
    },
    /// They end before the set does.
    Truncated,
    /// They go on after the set has ended.
    Trailing {
        /// How many bytes too many there are.
        bytes: usize,
    },
    /// A byte that says what follows has no meaning.
    Tag {
        /// The byte.
        found: u8,
    },
    /// A name is not UTF-8.
    NotText,
    /// A number is longer than its type.
    Overlong,
}

impl fmt::Display for ChangeSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding { found } => write!(
                f,
                "the change set has encoding {found}, but this version reads up to {ENCODING}; \
                 use a newer one"
            ),
            Self::Truncated => {
                f.write_str("the change set ends too early; restore the log it comes from")
            }
            Self::Trailing { bytes } => write!(
                f,
                "{bytes} bytes follow the change set; give exactly the bytes that were encoded"
            ),
            Self::Tag { found } => write!(
                f,
                "the change set holds the byte {found} where it has no meaning; restore the log \
                 it comes from"
            ),
            Self::NotText => {
                f.write_str("a name in the change set is not UTF-8; restore the log it comes from")
            }
            Self::Overlong => {
                f.write_str("a number in the change set is too long; restore the log it comes from")
            }
        }
    }
}

impl std::error::Error for ChangeSetError {}

/// Bytes of the kinds of change.
mod kind {
    pub(super) const ADD_NODE: u8 = 1;
    pub(super) const UPSERT_NODE: u8 = 2;
    pub(super) const RENAME_NODE: u8 = 3;
    pub(super) const REMOVE_NODE: u8 = 4;
    pub(super) const ADD_EDGE: u8 = 5;
    pub(super) const SET_WEIGHT: u8 = 6;
    pub(super) const UPSERT_EDGE: u8 = 7;
    pub(super) const REMOVE_EDGE: u8 = 8;
    pub(super) const MOVE_SOURCE: u8 = 9;
    pub(super) const MOVE_TARGET: u8 = 10;
    pub(super) const ADD_WEIGHT: u8 = 11;
    pub(super) const OJA: u8 = 12;
    pub(super) const REBUILD_ROW: u8 = 13;
}

const HAS_RELATION: u8 = 1;
const HAS_TIME: u8 = 2;

impl ChangeSet {
    /// Appends the set to `into`: the same bytes for the same set, in every version.
    pub fn encode(&self, into: &mut Vec<u8>) {
        into.push(ENCODING);
        put_varint(into, self.len() as u64);
        self.changes().iter().for_each(|change| put_change(into, change));
    }

    /// The set that `bytes` are, all of them.
    ///
    /// # Errors
    /// [`ChangeSetError`] where they are not what [`ChangeSet::encode`] appends. Whatever they
    /// are, no more memory is taken than a small multiple of their length.
    pub fn decode(bytes: &[u8]) -> Result<Self, ChangeSetError> {
        let mut bytes = Bytes(bytes);
        match bytes.byte()? {
            ENCODING => {}
            found => return Err(ChangeSetError::Encoding { found }),
        }
        let count = bytes.varint()?;
        let set = (0..count).map(|_| bytes.change()).collect::<Result<Self, _>>()?;
        match bytes.0.len() {
            0 => Ok(set),
            bytes => Err(ChangeSetError::Trailing { bytes }),
        }
    }
}

fn put_change(into: &mut Vec<u8>, change: &Change) {
    let mut of_node = |kind: u8, node: &Key| {
        into.push(kind);
        put_key(into, node);
    };
    match change {
        Change::AddNode { node } => of_node(kind::ADD_NODE, node),
        Change::UpsertNode { node } => of_node(kind::UPSERT_NODE, node),
        Change::RemoveNode { node } => of_node(kind::REMOVE_NODE, node),
        Change::RenameNode { node, name } => {
            of_node(kind::RENAME_NODE, node);
            put_key(into, name);
        }
        Change::RemoveEdge { edge } => put_edge(into, kind::REMOVE_EDGE, edge, &[]),
        Change::AddEdge { edge, weight } => put_edge(into, kind::ADD_EDGE, edge, &[*weight]),
        Change::SetWeight { edge, weight } => put_edge(into, kind::SET_WEIGHT, edge, &[*weight]),
        Change::UpsertEdge { edge, weight } => put_edge(into, kind::UPSERT_EDGE, edge, &[*weight]),
        Change::AddWeight { edge, amount } => put_edge(into, kind::ADD_WEIGHT, edge, &[*amount]),
        Change::Oja { edge, source_activation, target_activation, rate } => {
            put_edge(into, kind::OJA, edge, &[*source_activation, *target_activation, *rate]);
        }
        Change::MoveEdge { edge, end, to } => {
            let kind = match end {
                EdgeEnd::Source => kind::MOVE_SOURCE,
                EdgeEnd::Target => kind::MOVE_TARGET,
            };
            put_edge(into, kind, edge, &[]);
            put_key(into, to);
        }
        Change::RebuildRow { node, edges } => {
            of_node(kind::REBUILD_ROW, node);
            put_varint(into, edges.len() as u64);
            for edge in edges {
                put_key(into, &edge.target);
                put_relation_and_time(into, edge.relation.as_deref(), edge.time);
                into.extend(edge.weight.to_le_bytes());
            }
        }
    }
}

fn put_edge(into: &mut Vec<u8>, kind: u8, edge: &EdgeKey, numbers: &[f64]) {
    into.push(kind);
    put_key(into, &edge.source);
    put_key(into, &edge.target);
    put_relation_and_time(into, edge.relation.as_deref(), edge.time);
    numbers.iter().for_each(|number| into.extend(number.to_le_bytes()));
}

fn put_relation_and_time(into: &mut Vec<u8>, relation: Option<&str>, time: Option<f64>) {
    let has_relation = if relation.is_some() { HAS_RELATION } else { 0 };
    let has_time = if time.is_some() { HAS_TIME } else { 0 };
    into.push(has_relation | has_time);
    if let Some(relation) = relation {
        put_text(into, relation);
    }
    if let Some(time) = time {
        into.extend(time.to_le_bytes());
    }
}

fn put_key(into: &mut Vec<u8>, key: &Key) {
    match key {
        Key::Id(id) => {
            into.push(0);
            put_varint(into, u64::from(id.get()));
        }
        Key::Label(label) => {
            into.push(1);
            put_text(into, label);
        }
        Key::Number(key) => {
            into.push(2);
            into.extend(key.to_le_bytes());
        }
        Key::Wide(key) => {
            into.push(3);
            into.extend(key.to_le_bytes());
        }
    }
}

fn put_text(into: &mut Vec<u8>, text: &str) {
    put_varint(into, text.len() as u64);
    into.extend(text.as_bytes());
}

#[expect(clippy::cast_possible_truncation, reason = "the low seven bits are what is wanted")]
fn put_varint(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// What is left to decode.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ChangeSetError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(ChangeSetError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], ChangeSetError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ChangeSetError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, ChangeSetError> {
        self.fixed().map(|[byte]| byte)
    }

    fn varint(&mut self) -> Result<u64, ChangeSetError> {
        let mut number = 0u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(ChangeSetError::Overlong);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(ChangeSetError::Overlong)
    }

    fn number(&mut self) -> Result<f64, ChangeSetError> {
        self.fixed().map(f64::from_le_bytes)
    }

    fn text(&mut self) -> Result<Box<str>, ChangeSetError> {
        let len = usize::try_from(self.varint()?).map_err(|_| ChangeSetError::Truncated)?;
        let text = std::str::from_utf8(self.take(len)?);
        text.map(Box::from).map_err(|_| ChangeSetError::NotText)
    }

    fn key(&mut self) -> Result<Key, ChangeSetError> {
        Ok(match self.byte()? {
            0 => {
                let id = u32::try_from(self.varint()?).map_err(|_| ChangeSetError::Overlong)?;
                Key::Id(NodeId::new(id))
            }
            1 => Key::Label(self.text()?),
            2 => Key::Number(u64::from_le_bytes(self.fixed()?)),
            3 => Key::Wide(u128::from_le_bytes(self.fixed()?)),
            found => return Err(ChangeSetError::Tag { found }),
        })
    }

    fn relation_and_time(&mut self) -> Result<(Option<Box<str>>, Option<f64>), ChangeSetError> {
        let flags = self.byte()?;
        if flags & !(HAS_RELATION | HAS_TIME) != 0 {
            return Err(ChangeSetError::Tag { found: flags });
        }
        let relation = (flags & HAS_RELATION != 0).then(|| self.text()).transpose()?;
        let time = (flags & HAS_TIME != 0).then(|| self.number()).transpose()?;
        Ok((relation, time))
    }

    fn edge(&mut self) -> Result<EdgeKey, ChangeSetError> {
        let (source, target) = (self.key()?, self.key()?);
        let (relation, time) = self.relation_and_time()?;
        Ok(EdgeKey { source, target, relation, time })
    }

    fn row_edge(&mut self) -> Result<RowEdge, ChangeSetError> {
        let target = self.key()?;
        let (relation, time) = self.relation_and_time()?;
        Ok(RowEdge { target, weight: self.number()?, relation, time })
    }

    fn change(&mut self) -> Result<Change, ChangeSetError> {
        Ok(match self.byte()? {
            kind::ADD_NODE => Change::AddNode { node: self.key()? },
            kind::UPSERT_NODE => Change::UpsertNode { node: self.key()? },
            kind::RENAME_NODE => Change::RenameNode { node: self.key()?, name: self.key()? },
            kind::REMOVE_NODE => Change::RemoveNode { node: self.key()? },
            kind::ADD_EDGE => Change::AddEdge { edge: self.edge()?, weight: self.number()? },
            kind::SET_WEIGHT => Change::SetWeight { edge: self.edge()?, weight: self.number()? },
            kind::UPSERT_EDGE => Change::UpsertEdge { edge: self.edge()?, weight: self.number()? },
            kind::REMOVE_EDGE => Change::RemoveEdge { edge: self.edge()? },
            kind::MOVE_SOURCE => {
                Change::MoveEdge { edge: self.edge()?, end: EdgeEnd::Source, to: self.key()? }
            }
            kind::MOVE_TARGET => {
                Change::MoveEdge { edge: self.edge()?, end: EdgeEnd::Target, to: self.key()? }
            }
            kind::ADD_WEIGHT => Change::AddWeight { edge: self.edge()?, amount: self.number()? },
            kind::OJA => Change::Oja {
                edge: self.edge()?,
                source_activation: self.number()?,
                target_activation: self.number()?,
                rate: self.number()?,
            },
            kind::REBUILD_ROW => {
                let node = self.key()?;
                let count = self.varint()?;
                let edges = (0..count).map(|_| self.row_edge()).collect::<Result<_, _>>()?;
                Change::RebuildRow { node, edges }
            }
            found => return Err(ChangeSetError::Tag { found }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeSetError, ENCODING};
    use crate::change::{Change, ChangeKind, ChangeSet, EdgeEnd, EdgeKey, RowEdge};
    use crate::terms::NodeId;

    /// One change of every kind, with keys of every kind.
    fn every_kind() -> ChangeSet {
        let mut set = ChangeSet::new();
        set.add_node("a").upsert_node(7u64).rename_node(u128::MAX, "é").remove_node("");
        set.add_edge((NodeId::new(300), "b"), 0.5).set_weight(("a", "b"), -0.25);
        set.upsert_edge(EdgeKey::new("a", "b").relation("likes").time(1.5), 1e-300);
        set.remove_edge(EdgeKey::new("a", "b").time(-2.0));
        set.move_edge(("a", "b"), EdgeEnd::Source, "c");
        set.move_edge(("a", "b"), EdgeEnd::Target, "d");
        set.add_weight(("a", "b"), 0.125);
        set.oja([(EdgeKey::new("a", "b").relation("r"), 0.5, 0.75)], 0.1);
        let edge = |weight| RowEdge { target: "b".into(), weight, relation: None, time: Some(3.0) };
        set.rebuild_row("a", vec![edge(1.0), edge(2.0)]).rebuild_row("a", Vec::new());
        set
    }

    fn encoded(set: &ChangeSet) -> Vec<u8> {
        let mut bytes = Vec::new();
        set.encode(&mut bytes);
        bytes
    }

    #[test]
    fn every_kind_of_change_comes_back() {
        let set = every_kind();
        for kind in ChangeKind::ALL {
            assert!(set.changes().iter().any(|change| change.kind() == kind), "{kind}");
        }
        assert_eq!(ChangeSet::decode(&encoded(&set)), Ok(set));
    }

    #[test]
    fn bytes_stay_what_they_are() {
        let mut set = ChangeSet::new();
        set.upsert_edge(EdgeKey::new("a", 7u64).relation("r").time(1.0), 0.5);
        let mut expected = vec![ENCODING, 1, 7, 1, 1, b'a', 2, 7, 0, 0, 0, 0, 0, 0, 0, 3, 1, b'r'];
        expected.extend(1.0f64.to_le_bytes());
        expected.extend(0.5f64.to_le_bytes());
        assert_eq!(encoded(&set), expected);
        set.remove_node(NodeId::new(300));
        expected[1] = 2;
        expected.extend([4, 0, 0xac, 0x02]);
        assert_eq!(encoded(&set), expected);
    }

    #[test]
    fn no_beginning_of_a_set_is_a_set() {
        let bytes = encoded(&every_kind());
        for end in 0..bytes.len() {
            assert_eq!(ChangeSet::decode(&bytes[..end]), Err(ChangeSetError::Truncated), "{end}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(ChangeSet::decode(&longer), Err(ChangeSetError::Trailing { bytes: 1 }));
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        let decode = ChangeSet::decode;
        assert_eq!(decode(&[9, 0]), Err(ChangeSetError::Encoding { found: 9 }));
        assert_eq!(decode(&[ENCODING, 1, 99]), Err(ChangeSetError::Tag { found: 99 }));
        assert_eq!(decode(&[ENCODING, 1, 1, 4]), Err(ChangeSetError::Tag { found: 4 }));
        assert_eq!(decode(&[ENCODING, 1, 1, 1, 1, 0xff]), Err(ChangeSetError::NotText));
        let edge = [ENCODING, 1, 8, 1, 0, 1, 0, 4];
        assert_eq!(decode(&edge), Err(ChangeSetError::Tag { found: 4 }));
        let id = [ENCODING, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x1f];
        assert_eq!(decode(&id), Err(ChangeSetError::Overlong));
        let count = [&[ENCODING][..], &[0xff; 9], &[2]].concat();
        assert_eq!(decode(&count), Err(ChangeSetError::Overlong));
        // A great number of changes is announced, and no memory taken for them.
        let many = [&[ENCODING][..], &[0xff; 9], &[1]].concat();
        assert_eq!(decode(&many), Err(ChangeSetError::Truncated));
    }

    #[test]
    fn changes_keep_their_order() {
        let set: ChangeSet = every_kind().changes().iter().rev().cloned().collect();
        assert!(matches!(set.changes()[0], Change::RebuildRow { .. }));
        assert_eq!(ChangeSet::decode(&encoded(&set)), Ok(set));
    }

    #[test]
    fn what_is_wrong_with_a_set_is_said_with_what_to_do() {
        let expected = [
            (
                ChangeSetError::Encoding { found: 9 },
                format!("has encoding 9, but this version reads up to {ENCODING}; use a newer one"),
            ),
            (ChangeSetError::Truncated, "ends too early; restore the log it comes from".into()),
            (
                ChangeSetError::Trailing { bytes: 3 },
                "3 bytes follow the change set; give exactly the bytes that were encoded".into(),
            ),
            (
                ChangeSetError::Tag { found: 99 },
                "the byte 99 where it has no meaning; restore the log it comes from".into(),
            ),
            (ChangeSetError::NotText, "is not UTF-8; restore the log it comes from".into()),
            (ChangeSetError::Overlong, "is too long; restore the log it comes from".into()),
        ];
        for (error, end) in expected {
            let said = error.to_string();
            assert!(said.contains("the change set") && said.ends_with(&end), "{said}");
        }
    }
}
