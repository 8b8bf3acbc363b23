//! How a host names a node.

use std::fmt;

/// A node's name as the graph stores it, borrowed from the graph.
///
/// All nodes of one graph have the same kind of name. Labels order by their bytes, keys by value;
/// that order breaks ties wherever two nodes are otherwise equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Label<'a> {
    /// Arbitrary UTF-8 text.
    Text(&'a str),
    /// The host's own integer key.
    Key(u64),
    /// The host's own 16-byte key (a UUID, say), as a big-endian integer.
    WideKey(u128),
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Key(key) => write!(f, "{key}"),
            Self::WideKey(key) => write!(f, "{key:032x}"),
        }
    }
}

impl<'a> Label<'a> {
    /// The text of a label; `None` for keys.
    #[must_use]
    pub const fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Key(_) | Self::WideKey(_) => None,
        }
    }

    /// An owned copy, to name the node in a request.
    #[must_use]
    pub fn to_key(self) -> Key {
        match self {
            Self::Text(text) => Key::Label(text.into()),
            Self::Key(key) => Key::Number(key),
            Self::WideKey(key) => Key::Wide(key),
        }
    }
}

/// How a request names a node: by label, by the host's key, or by the id of an earlier outcome.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// The id the graph gave the node. Resolving it costs nothing.
    Id(crate::terms::NodeId),
    /// The node's label.
    Label(Box<str>),
    /// The host's own integer key.
    Number(u64),
    /// The host's own 16-byte key.
    Wide(u128),
}

impl Key {
    /// The name it is; `None` for an id.
    #[must_use]
    pub fn as_label(&self) -> Option<Label<'_>> {
        match self {
            Self::Id(_) => None,
            Self::Label(label) => Some(Label::Text(label)),
            Self::Number(key) => Some(Label::Key(*key)),
            Self::Wide(key) => Some(Label::WideKey(*key)),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "node {}", id.get()),
            Self::Label(label) => write!(f, "{label:?}"),
            Self::Number(key) => write!(f, "key {key}"),
            Self::Wide(key) => write!(f, "key {key:032x}"),
        }
    }
}

impl From<&str> for Key {
    fn from(label: &str) -> Self {
        Self::Label(label.into())
    }
}

impl From<String> for Key {
    fn from(label: String) -> Self {
        Self::Label(label.into())
    }
}

impl From<u64> for Key {
    fn from(key: u64) -> Self {
        Self::Number(key)
    }
}

impl From<u128> for Key {
    fn from(key: u128) -> Self {
        Self::Wide(key)
    }
}

impl From<[u8; 16]> for Key {
    fn from(key: [u8; 16]) -> Self {
        Self::Wide(u128::from_be_bytes(key))
    }
}

impl From<crate::terms::NodeId> for Key {
    fn from(id: crate::terms::NodeId) -> Self {
        Self::Id(id)
    }
}
