//! A set of nodes that is read in ascending order and emptied while it is read.

const WORD_BITS: usize = u64::BITS as usize;

/// A bitmap of nodes with a bitmap over its words, so that reading a few nodes of many costs
/// about `nodes / 4096` steps and one for each node.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl Marks {
    /// Makes room for `nodes` nodes. Must be empty when it is called.
    pub(crate) fn prepare(&mut self, nodes: usize) {
        let words = nodes.div_ceil(WORD_BITS);
        if self.words.len() < words {
            self.words.resize(words, 0);
            self.summary.resize(words.div_ceil(WORD_BITS), 0);
        }
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, node: u32) {
        let word = node as usize / WORD_BITS;
        self.words[word] |= 1 << (node as usize % WORD_BITS);
        self.summary[word / WORD_BITS] |= 1 << (word % WORD_BITS);
    }

    #[inline]
    pub(crate) fn contains(&self, node: u32) -> bool {
        self.words[node as usize / WORD_BITS] >> (node as usize % WORD_BITS) & 1 == 1
    }

    /// Calls `visit` with every node, ascending.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(u32)) {
        for (position, &summary) in self.summary.iter().enumerate() {
            for word in bits(summary, position) {
                for node in bits(self.words[word], word) {
                    visit(node_of(node));
                }
            }
        }
    }

    /// Calls `visit` with every node, ascending, and empties the set.
    pub(crate) fn drain(&mut self, mut visit: impl FnMut(u32)) {
        for (position, summary) in self.summary.iter_mut().enumerate() {
            for word in bits(std::mem::take(summary), position) {
                for node in bits(std::mem::take(&mut self.words[word]), word) {
                    visit(node_of(node));
                }
            }
        }
    }

    /// Empties the set.
    pub(crate) fn clear(&mut self) {
        for (position, summary) in self.summary.iter_mut().enumerate() {
            for word in bits(std::mem::take(summary), position) {
                self.words[word] = 0;
            }
        }
    }

    /// Bytes a set of this many nodes takes.
    pub(crate) const fn bytes(nodes: usize) -> usize {
        let words = nodes.div_ceil(WORD_BITS);
        (words + words.div_ceil(WORD_BITS)) * size_of::<u64>()
    }
}

/// The places of the bits of `word`, ascending.
#[inline(always)]
pub(crate) fn places(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let place = word.trailing_zeros();
        word &= word - 1;
        Some(place)
    })
}

/// The positions of the bits of `word`, which is number `position` of its array.
#[inline(always)]
fn bits(word: u64, position: usize) -> impl Iterator<Item = usize> {
    places(word).map(move |place| position * WORD_BITS + place as usize)
}

#[inline(always)]
fn node_of(position: usize) -> u32 {
    debug_assert!(u32::try_from(position).is_ok(), "only nodes are inserted");
    position as u32
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn nodes_come_out_once_and_ascending() {
        let mut marks = Marks::default();
        marks.prepare(300_000);
        for node in [299_999, 0, 63, 64, 4095, 4096, 63, 262_144] {
            marks.insert(node);
        }
        let mut seen = Vec::new();
        marks.for_each(|node| seen.push(node));
        assert_eq!(seen, [0, 63, 64, 4095, 4096, 262_144, 299_999]);
        assert!(marks.contains(4095) && !marks.contains(4097));
        let mut drained = Vec::new();
        marks.drain(|node| drained.push(node));
        assert_eq!(drained, seen);
        marks.for_each(|node| panic!("{node} is left"));
    }

    #[test]
    fn the_bytes_said_are_the_bytes_taken() {
        for nodes in [0, 1, 64, 65, 4096, 4097, 300_000] {
            let mut marks = Marks::default();
            marks.prepare(nodes);
            let taken = size_of_val(&*marks.words) + size_of_val(&*marks.summary);
            assert_eq!(Marks::bytes(nodes), taken, "{nodes} nodes");
        }
    }

    #[test]
    fn clearing_leaves_nothing() {
        let mut marks = Marks::default();
        marks.prepare(5000);
        marks.insert(4999);
        marks.clear();
        assert!(!marks.contains(4999));
        marks.drain(|node| panic!("{node} is left"));
    }
}
