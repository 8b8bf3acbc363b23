//! How blocks of edges are compressed.
//!
//! Ids ascend within a row and weights repeat, but neither shows in runs of equal bytes: the first
//! bytes of neighbouring numbers differ most and the last ones least. So the bytes are put in
//! planes, all first bytes of the words, then all second ones, and LZ4 finds the runs in those.
//!
//! # Source
//! Alted. Why modern CPUs are starving and what can be done about it (Blosc's shuffle). CISE 2010;
//! Collet. LZ4 block format.

/// Bytes of a word whose bytes are put in planes.
const WORD: usize = size_of::<u32>();
/// LZ4 makes no more than so many bytes of one.
const EXPANSION_MAX: usize = 255;
/// What a block of few bytes may be above that.
const EXPANSION_ROOM: usize = 64;

/// `raw`, compressed. Bytes after the last whole word stay as they are.
pub(super) fn compress(raw: &[u8]) -> Vec<u8> {
    let (words, rest) = raw.as_chunks::<WORD>();
    let mut planes = Vec::with_capacity(raw.len());
    for plane in 0..WORD {
        planes.extend(words.iter().map(|word| word[plane]));
    }
    planes.extend_from_slice(rest);
    lz4_flex::block::compress(&planes)
}

/// The `raw_bytes` bytes of which [`compress`] made `bytes`; `None` where it did not. Allocates no
/// more than a multiple of `bytes`, and twice `raw_bytes` at most.
pub(super) fn decompress(bytes: Vec<u8>, raw_bytes: usize) -> Option<Vec<u8>> {
    if raw_bytes > bytes.len().saturating_mul(EXPANSION_MAX).saturating_add(EXPANSION_ROOM) {
        return None;
    }
    let mut planes = vec![0; raw_bytes];
    let written = lz4_flex::block::decompress_into(&bytes, &mut planes).ok()?;
    drop(bytes);
    if written != raw_bytes {
        return None;
    }
    let mut raw = vec![0; raw_bytes];
    let (words, rest) = raw.as_chunks_mut::<WORD>();
    let count = words.len();
    for (plane, bytes) in planes[..count * WORD].chunks_exact(count.max(1)).enumerate() {
        for (word, byte) in words.iter_mut().zip(bytes) {
            word[plane] = *byte;
        }
    }
    rest.copy_from_slice(&planes[count * WORD..]);
    Some(raw)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{compress, decompress};

    proptest! {
        #[test]
        fn what_was_compressed_comes_back(raw in prop::collection::vec(any::<u8>(), 0..600)) {
            let bytes = compress(&raw);
            prop_assert_eq!(decompress(bytes.clone(), raw.len()), Some(raw.clone()));
            prop_assert_eq!(decompress(bytes.clone(), raw.len() + 1), None);
            prop_assert!(raw.is_empty() || decompress(bytes, raw.len() - 1).is_none());
        }

        #[test]
        fn any_bytes_are_refused_or_give_as_many(
            bytes in prop::collection::vec(any::<u8>(), 0..200), raw_bytes in 0..5000usize,
        ) {
            prop_assert!(decompress(bytes, raw_bytes).is_none_or(|raw| raw.len() == raw_bytes));
        }
    }

    #[test]
    fn a_lie_about_the_length_allocates_nothing() {
        assert_eq!(decompress(vec![0; 8], usize::MAX), None);
    }

    #[test]
    fn ascending_ids_and_equal_weights_take_less() {
        let ids = (0..4096u32).map(|id| id * 37);
        let raw: Vec<u8> =
            ids.flat_map(|id| [id.to_le_bytes(), 0.5f32.to_le_bytes()]).flatten().collect();
        assert!(compress(&raw).len() * 2 < raw.len(), "{}", compress(&raw).len());
    }
}
