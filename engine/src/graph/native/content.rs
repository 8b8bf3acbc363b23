//! What the blocks of each section hold, and the rules it must keep.

use super::layout::Fields;
use crate::graph::edges::{EdgeBlock, Weights};
use crate::graph::names::LabelBlock;

/// What is known of a block before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Nodes the block belongs to.
    pub(crate) rows: usize,
    /// Names, ids or edges in it.
    pub(crate) items: usize,
    /// Bytes of a weight.
    pub(crate) width: u32,
    /// Every id in it is below this.
    pub(crate) id_end: u64,
    /// Whether two edges of a row may have one target, because relation or time differ.
    pub(crate) has_parallel_edges: bool,
}

/// A block as it is used in memory, and as it lies in a file.
pub(crate) trait Stored: Sized {
    /// Names, ids or edges in it.
    fn items(&self) -> usize;

    /// Bytes of its arrays in memory.
    fn resident_bytes(&self) -> usize;

    /// Appends it to `into`.
    fn encode(&self, into: &mut Vec<u8>);

    /// The block these bytes mean; `None` where they break a rule. Allocates no more than a small
    /// multiple of the length of `bytes`.
    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self>;
}

fn encode_u32s(numbers: &[u32], into: &mut Vec<u8>) {
    into.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn decode_u32s(fields: &mut Fields<'_>, count: usize) -> Option<Box<[u32]>> {
    Some(fields.numbers(count)?.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
}

/// Offsets of `rows` rows that end at `end`, from 0, none below the one before.
fn decode_offsets(fields: &mut Fields<'_>, rows: usize, end: usize) -> Option<Box<[u32]>> {
    let offsets = decode_u32s(fields, rows.checked_add(1)?)?;
    let ends_fit =
        offsets.first() == Some(&0) && offsets.last().is_some_and(|last| *last as usize == end);
    (ends_fit && offsets.is_sorted()).then_some(offsets)
}

/// `value`, where all bytes were taken.
fn complete<T>(fields: &Fields<'_>, value: T) -> Option<T> {
    fields.0.is_empty().then_some(value)
}

impl Stored for EdgeBlock {
    fn items(&self) -> usize {
        self.targets.len()
    }

    fn resident_bytes(&self) -> usize {
        let weights = match &self.weights {
            Weights::Single(weights) => size_of_val(&**weights),
            Weights::Double(weights) => size_of_val(&**weights),
        };
        size_of_val(&*self.offsets) + size_of_val(&*self.targets) + weights
    }

    fn encode(&self, into: &mut Vec<u8>) {
        encode_u32s(&self.offsets, into);
        encode_u32s(&self.targets, into);
        match &self.weights {
            Weights::Single(weights) => {
                into.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
            }
            Weights::Double(weights) => {
                into.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
            }
        }
    }

    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self> {
        let mut fields = Fields(bytes);
        let offsets = decode_offsets(&mut fields, shape.rows, shape.items)?;
        let targets = decode_u32s(&mut fields, shape.items)?;
        let weights = decode_weights(&mut fields, shape)?;
        let rows_ascend = offsets.windows(2).all(|range| {
            let row = &targets[range[0] as usize..range[1] as usize];
            if shape.has_parallel_edges { row.is_sorted() } else { row.is_sorted_by(|a, b| a < b) }
        });
        let targets_exist = targets.iter().all(|&target| u64::from(target) < shape.id_end);
        let block = Self { offsets, targets, weights };
        if rows_ascend && targets_exist { complete(&fields, block) } else { None }
    }
}

fn decode_weights(fields: &mut Fields<'_>, shape: &Shape) -> Option<Weights> {
    if shape.width == 4 {
        let numbers = fields.numbers(shape.items)?;
        let weights: Box<[f32]> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let all_finite = weights.iter().all(|weight| weight.is_finite());
        all_finite.then_some(Weights::Single(weights))
    } else {
        let numbers = fields.numbers(shape.items)?;
        let weights: Box<[f64]> = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        let all_finite = weights.iter().all(|weight| weight.is_finite());
        all_finite.then_some(Weights::Double(weights))
    }
}

impl Stored for LabelBlock {
    fn items(&self) -> usize {
        self.offsets.len() - 1
    }

    fn resident_bytes(&self) -> usize {
        size_of_val(&*self.offsets) + self.text.len()
    }

    fn encode(&self, into: &mut Vec<u8>) {
        encode_u32s(&self.offsets, into);
        into.extend(self.text.as_bytes());
    }

    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self> {
        let mut fields = Fields(bytes);
        let offset_bytes = shape.rows.checked_add(1)?.checked_mul(4)?;
        let text_bytes = bytes.len().checked_sub(offset_bytes)?;
        let offsets = decode_offsets(&mut fields, shape.rows, text_bytes)?;
        let text = std::str::from_utf8(fields.bytes(text_bytes)?).ok()?;
        let no_label_is_empty = offsets.is_sorted_by(|a, b| a < b);
        let labels_are_text = offsets.iter().all(|&offset| text.is_char_boundary(offset as usize));
        let block = || Self { offsets, text: text.into() };
        (no_label_is_empty && labels_are_text).then(block)
    }
}

/// Raw ids: of nodes in the sorted order, or of relations.
impl Stored for Box<[u32]> {
    fn items(&self) -> usize {
        self.len()
    }

    fn resident_bytes(&self) -> usize {
        size_of_val(&**self)
    }

    fn encode(&self, into: &mut Vec<u8>) {
        encode_u32s(self, into);
    }

    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self> {
        let mut fields = Fields(bytes);
        let ids = decode_u32s(&mut fields, shape.items)?;
        let ids_exist = ids.iter().all(|&id| u64::from(id) < shape.id_end);
        if ids_exist { complete(&fields, ids) } else { None }
    }
}

/// A host's integer keys.
impl Stored for Box<[u64]> {
    fn items(&self) -> usize {
        self.len()
    }

    fn resident_bytes(&self) -> usize {
        size_of_val(&**self)
    }

    fn encode(&self, into: &mut Vec<u8>) {
        into.extend(self.iter().flat_map(|key| key.to_le_bytes()));
    }

    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self> {
        let mut fields = Fields(bytes);
        let keys = fields.numbers(shape.items)?.iter().map(|key| u64::from_le_bytes(*key));
        complete(&fields, keys.collect())
    }
}

/// A host's 16-byte keys.
impl Stored for Box<[u128]> {
    fn items(&self) -> usize {
        self.len()
    }

    fn resident_bytes(&self) -> usize {
        size_of_val(&**self)
    }

    fn encode(&self, into: &mut Vec<u8>) {
        into.extend(self.iter().flat_map(|key| key.to_le_bytes()));
    }

    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self> {
        let mut fields = Fields(bytes);
        let keys = fields.numbers(shape.items)?.iter().map(|key| u128::from_le_bytes(*key));
        complete(&fields, keys.collect())
    }
}

/// Times in seconds, NaN for none.
impl Stored for Box<[f64]> {
    fn items(&self) -> usize {
        self.len()
    }

    fn resident_bytes(&self) -> usize {
        size_of_val(&**self)
    }

    fn encode(&self, into: &mut Vec<u8>) {
        into.extend(self.iter().flat_map(|time| time.to_le_bytes()));
    }

    fn decode(bytes: &[u8], shape: &Shape) -> Option<Self> {
        let mut fields = Fields(bytes);
        let numbers = fields.numbers(shape.items)?;
        let times: Self = numbers.iter().map(|time| f64::from_le_bytes(*time)).collect();
        let none_infinite = !times.iter().any(|time| time.is_infinite());
        if none_infinite { complete(&fields, times) } else { None }
    }
}
