//! A sparse array that is copied for the price of the path to what changes.

use crate::sync::Arc;

/// Children of an upper or middle node.
const FAN_BITS: u32 = 6;
const FAN: usize = 1 << FAN_BITS;
/// Entries of a leaf, and leaves of a page.
const LEAF_BITS: u32 = 4;
const LEAF: usize = 1 << LEAF_BITS;
/// Ids that one page covers.
const PAGE_BITS: u32 = 2 * LEAF_BITS;
const WORDS: usize = 1 << (PAGE_BITS - u64::BITS.ilog2());
/// Ids that one middle node covers, and one upper node.
const MIDDLE_BITS: u32 = PAGE_BITS + FAN_BITS;
const UPPER_BITS: u32 = MIDDLE_BITS + FAN_BITS;

/// A sparse array over ids, immutable where it is shared.
///
/// A clone shares everything; an entry that is then replaced costs a copy of the nodes on the way
/// to it, about 160 pointers, whatever the array holds. A page knows by one bit an id which of
/// its ids have an entry, so asking for one that has none ends there.
///
/// # Source
/// Driscoll, Sarnak, Sleator, Tarjan. Making data structures persistent. JCSS 1989; Bagwell. Ideal
/// hash trees. EPFL 2001.
#[derive(Debug)]
pub(crate) struct Sparse<T> {
    root: Vec<Option<Arc<Upper<T>>>>,
    len: usize,
}

type Upper<T> = Fan<Fan<Page<T>>>;

/// A node of children that are nodes.
#[derive(Debug)]
struct Fan<C>([Option<Arc<C>>; FAN]);

/// The entries of `2^PAGE_BITS` neighbouring ids.
#[derive(Debug)]
struct Page<T> {
    /// One bit an id: whether it has an entry.
    bits: [u64; WORDS],
    leaves: [Option<Arc<Leaf<T>>>; LEAF],
}

#[derive(Debug)]
struct Leaf<T>([Option<Arc<T>>; LEAF]);

impl<C> Clone for Fan<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> Default for Fan<C> {
    fn default() -> Self {
        Self([const { None }; FAN])
    }
}

impl<T> Clone for Page<T> {
    fn clone(&self) -> Self {
        Self { bits: self.bits, leaves: self.leaves.clone() }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { bits: [0; WORDS], leaves: [const { None }; LEAF] }
    }
}

impl<T> Clone for Leaf<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Leaf<T> {
    fn default() -> Self {
        Self([const { None }; LEAF])
    }
}

impl<T> Clone for Sparse<T> {
    fn clone(&self) -> Self {
        Self { root: self.root.clone(), len: self.len }
    }
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { root: Vec::new(), len: 0 }
    }
}

/// The position of `id` among the children of a node that covers `bits + width` bits of it.
#[inline(always)]
const fn place(id: u32, bits: u32, width: u32) -> usize {
    (id >> bits) as usize & ((1 << width) - 1)
}

impl<T> Page<T> {
    #[inline(always)]
    fn has(&self, id: u32) -> bool {
        let bit = place(id, 0, PAGE_BITS);
        self.bits[bit / u64::BITS as usize] >> (bit % u64::BITS as usize) & 1 != 0
    }
}

impl<T> Sparse<T> {
    /// Entries.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry of `id`.
    #[inline]
    pub(crate) fn get(&self, id: u32) -> Option<&T> {
        self.shared(id).map(|entry| &**entry)
    }

    #[inline]
    fn shared(&self, id: u32) -> Option<&Arc<T>> {
        let upper = self.root.get((id >> UPPER_BITS) as usize)?.as_ref()?;
        let middle = upper.0[place(id, MIDDLE_BITS, FAN_BITS)].as_ref()?;
        let page = middle.0[place(id, PAGE_BITS, FAN_BITS)].as_ref()?;
        if !page.has(id) {
            return None;
        }
        let leaf = page.leaves[place(id, LEAF_BITS, LEAF_BITS)].as_ref()?;
        leaf.0[place(id, 0, LEAF_BITS)].as_ref()
    }

    /// Sets the entry of `id`.
    pub(crate) fn insert(&mut self, id: u32, entry: Arc<T>) {
        let slot = self.slot(id);
        let is_new = slot.replace(entry).is_none();
        self.len += usize::from(is_new);
    }

    /// The entry of `id`, to be changed; copied first where somebody else has it too.
    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut T>
    where
        T: Clone,
    {
        self.shared(id)?;
        self.slot(id).as_mut().map(Arc::make_mut)
    }

    /// Where the entry of `id` is to be, every node on the way to it this array's own.
    fn slot(&mut self, id: u32) -> &mut Option<Arc<T>> {
        let at = (id >> UPPER_BITS) as usize;
        if self.root.len() <= at {
            self.root.resize(at + 1, None);
        }
        let upper = Arc::make_mut(self.root[at].get_or_insert_default());
        let middle = &mut upper.0[place(id, MIDDLE_BITS, FAN_BITS)];
        let middle = Arc::make_mut(middle.get_or_insert_default());
        let page = &mut middle.0[place(id, PAGE_BITS, FAN_BITS)];
        let page = Arc::make_mut(page.get_or_insert_default());
        let bit = place(id, 0, PAGE_BITS);
        page.bits[bit / u64::BITS as usize] |= 1 << (bit % u64::BITS as usize);
        let leaf = &mut page.leaves[place(id, LEAF_BITS, LEAF_BITS)];
        &mut Arc::make_mut(leaf.get_or_insert_default()).0[place(id, 0, LEAF_BITS)]
    }

    /// Calls `visit` with every entry that is not the very same in `old`, ascending by id. Costs
    /// nothing for what both share.
    pub(crate) fn for_each_since<'a>(&'a self, old: &Self, mut visit: impl FnMut(u32, &'a Arc<T>)) {
        for (position, upper) in self.root.iter().enumerate() {
            let before = old.root.get(position).and_then(Option::as_ref);
            changed(upper.as_ref(), before, position, |upper, before, at| {
                each(&upper.0, before.map(|b| &b.0), at, |middle, before, at| {
                    each(&middle.0, before.map(|b| &b.0), at, |page, before, at| {
                        let leaves = before.map(|b| &b.leaves);
                        each(&page.leaves, leaves, at, |leaf, before, at| {
                            each(&leaf.0, before.map(|b| &b.0), at, |_, _, id| {
                                let entry = leaf.0[id % LEAF].as_ref();
                                let id = u32::try_from(id).expect("ids have 32 bits");
                                visit(id, entry.expect("`each` gives what is there"));
                            });
                        });
                    });
                });
            });
        }
    }

    /// Calls `visit` with every entry, ascending by id.
    pub(crate) fn for_each<'a>(&'a self, visit: impl FnMut(u32, &'a Arc<T>)) {
        self.for_each_since(&Self::default(), visit);
    }
}

/// Calls `visit` with the children that are not the very same as those of `before`, and with their
/// positions among all nodes of their height.
fn each<'a, 'b, C, const N: usize>(
    children: &'a [Option<Arc<C>>; N],
    before: Option<&'b [Option<Arc<C>>; N]>,
    parent: usize,
    mut visit: impl FnMut(&'a C, Option<&'b C>, usize),
) {
    for (position, child) in children.iter().enumerate() {
        let before = before.and_then(|before| before[position].as_ref());
        changed(child.as_ref(), before, parent * N + position, &mut visit);
    }
}

fn changed<'a, 'b, C>(
    child: Option<&'a Arc<C>>,
    before: Option<&'b Arc<C>>,
    position: usize,
    mut visit: impl FnMut(&'a C, Option<&'b C>, usize),
) {
    let Some(child) = child else { return };
    if !before.is_some_and(|before| Arc::ptr_eq(before, child)) {
        visit(child, before.map(|before| &**before), position);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Sparse;
    use crate::sync::Arc;

    fn pairs(sparse: &Sparse<u32>) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        sparse.for_each(|id, entry| pairs.push((id, **entry)));
        pairs
    }

    #[test]
    fn it_is_a_map_and_its_clones_stay_as_they_were() {
        const TURNS: u32 = if cfg!(miri) { 50 } else { 2000 };
        let (mut sparse, mut map) = (Sparse::default(), BTreeMap::new());
        let mut kept = Vec::new();
        let mut next = 1u64;
        for turn in 0..TURNS {
            next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Close together, far apart, and at the very end.
            let id = match turn % 3 {
                0 => (next >> 52) as u32,
                1 => (next >> 32) as u32,
                _ => u32::MAX - (next >> 60) as u32,
            };
            if let Some(entry) = sparse.get_mut(id) {
                *entry += 1;
                *map.get_mut(&id).unwrap() += 1;
            } else {
                sparse.insert(id, Arc::new(turn));
                map.insert(id, turn);
            }
            assert_eq!(sparse.get(id), map.get(&id));
            assert_eq!(sparse.get(id ^ 0x1_0000), map.get(&(id ^ 0x1_0000)));
            if turn % (TURNS / 5) == 0 {
                kept.push((sparse.clone(), map.clone()));
            }
        }
        kept.push((sparse, map));
        for (sparse, map) in &kept {
            assert_eq!(sparse.len(), map.len());
            assert_eq!(pairs(sparse), map.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_changed_since_is_what_is_not_shared() {
        let mut old = Sparse::default();
        for id in (0..100_000).step_by(if cfg!(miri) { 7_000 } else { 7 }) {
            old.insert(id, Arc::new(id));
        }
        let mut new = old.clone();
        new.insert(7, Arc::new(8));
        *new.get_mut(70_000).unwrap() += 1;
        new.insert(50_000_001, Arc::new(9));
        let mut changed = Vec::new();
        new.for_each_since(&old, |id, entry| changed.push((id, **entry)));
        assert_eq!(changed, [(7, 8), (70_000, 70_001), (50_000_001, 9)]);
    }

    #[test]
    fn nothing_is_empty() {
        let sparse = Sparse::<u32>::default();
        assert!(sparse.is_empty() && sparse.get(0).is_none() && pairs(&sparse).is_empty());
    }
}
