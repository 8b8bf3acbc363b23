//! Names met so far, each with a provisional number in order of first appearance.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::error::BuildError;
use crate::terms::{Label, NODE_COUNT_MAX};

/// Names in order of first appearance.
#[derive(Debug)]
pub(crate) enum NameList {
    Labels { text: String, ends: Vec<usize> },
    Keys(Vec<u64>),
    WideKeys(Vec<u128>),
}

impl NameList {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Labels { ends, .. } => ends.len(),
            Self::Keys(keys) => keys.len(),
            Self::WideKeys(keys) => keys.len(),
        }
    }

    pub(crate) fn at(&self, position: usize) -> Label<'_> {
        match self {
            Self::Labels { text, ends } => {
                let start = position.checked_sub(1).map_or(0, |before| ends[before]);
                Label::Text(&text[start..ends[position]])
            }
            Self::Keys(keys) => Label::Key(keys[position]),
            Self::WideKeys(keys) => Label::WideKey(keys[position]),
        }
    }

    /// Whether the name at `position` is `name`.
    #[inline]
    fn is_at(&self, position: u32, name: Label<'_>) -> bool {
        match (self, name) {
            (Self::Labels { text, ends }, Label::Text(label)) => {
                let position = position as usize;
                let start = position.checked_sub(1).map_or(0, |before| ends[before]);
                text.as_bytes()[start..ends[position]] == *label.as_bytes()
            }
            _ => self.at(position as usize) == name,
        }
    }

    fn push(&mut self, name: Label<'_>) -> Result<(), BuildError> {
        match (self, name) {
            (Self::Labels { text, ends }, Label::Text(label)) => {
                if label.is_empty() {
                    return Err(BuildError::EmptyLabel);
                }
                text.push_str(label);
                ends.push(text.len());
            }
            (Self::Keys(keys), Label::Key(key)) => keys.push(key),
            (Self::WideKeys(keys), Label::WideKey(key)) => keys.push(key),
            _ => return Err(BuildError::WrongKeyKind),
        }
        Ok(())
    }
}

/// Where a name's number is found.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// A part of the name's hash: neither growing the table nor passing over another name has to
    /// look at names, which lie far apart in memory.
    hash: u32,
    number: u32,
}

/// Most names that [`Interner::number_together`] takes: enough that the reads for one name are
/// under way while those for others are, few enough that what is noted of them stays near.
pub(crate) const NAMES_TOGETHER: usize = 32;

/// Gives every name a number, the same one each time.
#[derive(Debug)]
pub(crate) struct Interner {
    names: NameList,
    slots: HashTable<Slot>,
    hasher: FixedState,
    /// The numbers of the keys that are smaller than its length, [`NO_NUMBER`] for one not met:
    /// keys of a host that counts its nodes are found without a hash. All others are in `slots`.
    small_keys: Vec<u32>,
}

impl Interner {
    pub(crate) fn new(names: NameList) -> Self {
        let (slots, hasher) = (HashTable::new(), FixedState::default());
        Self { names, slots, hasher, small_keys: Vec::new() }
    }

    /// The number of `name`; a new one where it was not met before.
    #[inline]
    pub(crate) fn number(&mut self, name: Label<'_>) -> Result<u32, BuildError> {
        match self.small(name) {
            Some(number) => Ok(number),
            None => self.number_of_other(name),
        }
    }

    /// The number of `name` where it is a small key met before.
    #[inline]
    fn small(&self, name: Label<'_>) -> Option<u32> {
        let Label::Key(key) = name else { return None };
        let number = *self.small_keys.get(usize::try_from(key).ok()?)?;
        (number != NO_NUMBER).then_some(number)
    }

    /// The same for a name that is not among the small keys met before.
    fn number_of_other(&mut self, name: Label<'_>) -> Result<u32, BuildError> {
        if let (Label::Key(key), NameList::Keys(_)) = (name, &self.names)
            && let Some(key) = usize::try_from(key).ok().filter(|key| self.is_small(*key))
        {
            if self.small_keys[key] == NO_NUMBER {
                self.small_keys[key] = self.add(name)?;
            }
            return Ok(self.small_keys[key]);
        }
        self.number_hashed(name, short_hash(&self.hasher, name))
    }

    /// Whether `key` is among the small ones. They become more as names do, so that there are at
    /// most four times as many as names and [`SMALL_KEYS_MIN`]; those met before are noted then.
    fn is_small(&mut self, key: usize) -> bool {
        if key < self.small_keys.len() {
            return true;
        }
        if key / 2 >= self.names.len() + SMALL_KEYS_MIN {
            return false;
        }
        self.small_keys.resize((key + 1).next_power_of_two().max(SMALL_KEYS_MIN), NO_NUMBER);
        if let NameList::Keys(keys) = &self.names {
            for (key, number) in keys.iter().zip(0..) {
                let place = usize::try_from(*key).ok().and_then(|key| self.small_keys.get_mut(key));
                if let Some(place) = place {
                    *place = number;
                }
            }
        }
        true
    }

    /// The number of each of `names`, as [`Interner::number`] gives them one by one. Names met
    /// before cost less here: what is read for one does not wait for what is read for another, and
    /// in a run of equal names all but the first cost a comparison.
    pub(crate) fn number_together(
        &mut self,
        names: &[Label<'_>],
    ) -> Result<[u32; NAMES_TOGETHER], BuildError> {
        match self.names {
            NameList::Keys(_) => self.together::<true>(names),
            _ => self.together::<false>(names),
        }
    }

    /// The same; `KEYS` where names are keys, of which small ones are found without a hash.
    fn together<const KEYS: bool>(
        &mut self,
        names: &[Label<'_>],
    ) -> Result<[u32; NAMES_TOGETHER], BuildError> {
        let is_repeated = |at: usize| at > 0 && names[at] == names[at - 1];
        let mut hashes = [0; NAMES_TOGETHER];
        for (at, &name) in names.iter().enumerate() {
            if !is_repeated(at) {
                hashes[at] = short_hash(&self.hasher, name);
            }
        }
        // A slot with the same hash nearly always holds the same name; that is looked at last.
        let mut numbers = [NO_NUMBER; NAMES_TOGETHER];
        for (at, &hash) in hashes[..names.len()].iter().enumerate() {
            let is_small = || KEYS && self.small(names[at]).is_some();
            if !is_repeated(at) && !is_small() {
                let slot = self.slots.find(spread_out(hash), |slot| slot.hash == hash);
                numbers[at] = slot.map_or(NO_NUMBER, |slot| slot.number);
            }
        }
        for (at, &name) in names.iter().enumerate() {
            if is_repeated(at) {
                numbers[at] = numbers[at - 1];
            } else if KEYS && let Some(number) = self.small(name) {
                numbers[at] = number;
            } else if numbers[at] == NO_NUMBER || !self.names.is_at(numbers[at], name) {
                numbers[at] = if KEYS {
                    self.number_of_other(name)?
                } else {
                    self.number_hashed(name, hashes[at])?
                };
            }
        }
        Ok(numbers)
    }

    fn number_hashed(&mut self, name: Label<'_>, hash: u32) -> Result<u32, BuildError> {
        let names = &self.names;
        let held = self
            .slots
            .find(spread_out(hash), |slot| slot.hash == hash && names.is_at(slot.number, name));
        if let Some(slot) = held {
            return Ok(slot.number);
        }
        let number = self.add(name)?;
        let slot = Slot { hash, number };
        self.slots.insert_unique(spread_out(hash), slot, |slot| spread_out(slot.hash));
        Ok(number)
    }

    /// Adds a name that was not met before, under the next number.
    fn add(&mut self, name: Label<'_>) -> Result<u32, BuildError> {
        if self.names.len() as u64 >= NODE_COUNT_MAX {
            return Err(BuildError::TooManyNodes);
        }
        let number = u32::try_from(self.names.len()).map_err(|_| BuildError::TooManyNodes)?;
        self.names.push(name)?;
        Ok(number)
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The names alone; frees the table.
    pub(crate) fn into_names(self) -> NameList {
        self.names
    }
}

/// A name's hash.
#[inline]
pub(super) fn hash(hasher: &FixedState, name: Label<'_>) -> u64 {
    match name {
        Label::Text(label) => hasher.hash_one(label.as_bytes()),
        Label::Key(key) => hasher.hash_one(key),
        Label::WideKey(key) => hasher.hash_one(key),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "one half of a hash is a hash")]
fn short_hash(hasher: &FixedState, name: Label<'_>) -> u32 {
    hash(hasher, name) as u32
}

/// A hash of 64 bits from one of 32: the table takes places from the low bits and tells slots
/// apart by the highest.
fn spread_out(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Keys below this are small however few names there are.
const SMALL_KEYS_MIN: usize = 1 << 10;

/// No name has this number: there are at most [`NODE_COUNT_MAX`], counted from 0.
const NO_NUMBER: u32 = u32::MAX;

/// Gives every relation name a number in order of first appearance.
#[derive(Debug, Default)]
pub(crate) struct RelationInterner {
    names: Vec<Box<str>>,
    numbers: hashbrown::HashMap<Box<str>, u32, FixedState>,
    last: Option<u32>,
}

impl RelationInterner {
    /// The number of `name`, from 0. Runs of one relation cost one comparison an edge.
    pub(crate) fn number(&mut self, name: &str) -> Result<u32, BuildError> {
        if let Some(last) = self.last
            && &*self.names[last as usize] == name
        {
            return Ok(last);
        }
        let number = match self.numbers.get(name) {
            Some(&number) => number,
            None => {
                // One value is kept for "no relation".
                let number = u32::try_from(self.names.len()).ok().filter(|n| *n < u32::MAX);
                let number = number.ok_or(BuildError::TooManyRelations)?;
                self.names.push(name.into());
                self.numbers.insert(name.into(), number);
                number
            }
        };
        self.last = Some(number);
        Ok(number)
    }

    pub(crate) fn into_names(self) -> Vec<Box<str>> {
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::{Interner, NAMES_TOGETHER, NameList};
    use crate::graph::BuildError;
    use crate::terms::Label;

    #[test]
    fn a_name_keeps_its_number() {
        let mut interner = Interner::new(NameList::Keys(Vec::new()));
        for round in 0..2 {
            for key in 0..1000u64 {
                let number = interner.number(Label::Key(key * 7)).unwrap();
                assert_eq!(u64::from(number), key, "in round {round}");
            }
        }
        assert_eq!(interner.len(), 1000);
    }

    #[test]
    fn keys_get_the_same_numbers_in_whatever_order_they_come() {
        // Some are met by hash before enough names make them small.
        let keys = |turn: u64| (turn * 7919) % 20_011;
        let mut interner = Interner::new(NameList::Keys(Vec::new()));
        for round in 0..2 {
            for turn in 0..20_011 {
                let number = interner.number(Label::Key(keys(turn))).unwrap();
                assert_eq!(u64::from(number), turn, "in round {round}");
            }
        }
        for key in [u64::MAX, 1 << 40, 1 << 32] {
            let number = interner.number(Label::Key(key)).unwrap();
            assert_eq!(interner.number(Label::Key(key)), Ok(number));
        }
        assert_eq!(interner.len(), 20_014);
        assert!(interner.small_keys.len() <= 4 * interner.len());
    }

    #[test]
    fn names_together_get_the_numbers_they_get_alone() {
        let labels = || NameList::Labels { text: String::new(), ends: Vec::new() };
        let (mut together, mut alone) = (Interner::new(labels()), Interner::new(labels()));
        let names: Vec<String> = (0..200).map(|i| format!("n{}", i * i / 3 % 40)).collect();
        for names in names.chunks(NAMES_TOGETHER - 1) {
            let names: Vec<Label<'_>> = names.iter().map(|name| Label::Text(name)).collect();
            let numbers = together.number_together(&names).unwrap();
            for (name, number) in names.iter().zip(numbers) {
                assert_eq!(alone.number(*name), Ok(number), "{name}");
            }
        }
        assert_eq!(together.len(), alone.len());
    }

    #[test]
    fn keys_together_get_the_numbers_they_get_alone() {
        let keys = || NameList::Keys(Vec::new());
        let (mut together, mut alone) = (Interner::new(keys()), Interner::new(keys()));
        // Small ones and large ones, and some that become small.
        let keys: Vec<u64> = (0..9000).map(|i| (i * i / 3 % 4001) << (i % 3 * i % 21)).collect();
        for keys in keys.chunks(NAMES_TOGETHER - 1) {
            let names: Vec<Label<'_>> = keys.iter().map(|key| Label::Key(*key)).collect();
            let numbers = together.number_together(&names).unwrap();
            for (name, number) in names.iter().zip(numbers) {
                assert_eq!(alone.number(*name), Ok(number), "{name}");
            }
        }
        assert_eq!(together.len(), alone.len());
    }

    #[test]
    fn a_name_of_another_kind_is_refused() {
        let mut interner = Interner::new(NameList::Keys(Vec::new()));
        assert_eq!(interner.number(Label::Text("a")), Err(BuildError::WrongKeyKind));
        let labels = NameList::Labels { text: String::new(), ends: Vec::new() };
        let mut interner = Interner::new(labels);
        assert_eq!(interner.number(Label::Text("")), Err(BuildError::EmptyLabel));
        assert_eq!(interner.number(Label::Key(1)), Err(BuildError::WrongKeyKind));
    }
}
