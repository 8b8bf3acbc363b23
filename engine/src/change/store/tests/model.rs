//! What stands in for a graph: the list of all sets that were applied.

use std::io::{self, Write as _};

use xxhash_rust::xxh3::xxh3_64;

use crate::change::store::{
    Disk, FlushPolicy, OpenStoreError, Opened, Refused, Replay, Segment, SegmentFile,
    SegmentWriter, SimulatedDisk, Store, StoreOptions,
};
use crate::sync::{Arc, ManualClock};

/// Chance of the tests' own: splitmix64.
#[derive(Clone, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(super) fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.below(256) as u8).collect()
    }
}

/// Which sets led to a generation: each one's generation and checksum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) sets: Vec<(u64, u64)>,
}

impl Model {
    pub(super) fn generation(&self) -> u64 {
        self.sets.last().map_or(0, |(generation, _)| *generation)
    }

    pub(super) fn apply(&mut self, generation: u64, set: &[u8]) {
        self.sets.push((generation, xxh3_64(set)));
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (covered, sum) = bytes.split_last_chunk::<8>()?;
        if xxh3_64(covered) != u64::from_le_bytes(*sum) {
            return None;
        }
        let (numbers, rest) = covered.as_chunks::<8>();
        let numbers: Vec<u64> = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let sets = numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect();
        rest.is_empty().then_some(Self { sets })
    }
}

impl Segment for Model {
    fn generation(&self) -> u64 {
        self.generation()
    }

    fn write(&self, into: &mut SegmentWriter) -> io::Result<()> {
        let mut bytes = Vec::new();
        for (generation, checksum) in &self.sets {
            bytes.extend(generation.to_le_bytes());
            bytes.extend(checksum.to_le_bytes());
        }
        let sum = xxh3_64(&bytes);
        bytes.extend(sum.to_le_bytes());
        for part in bytes.chunks(100) {
            into.write_all(part)?;
            // A write each, so that the machine can stop between them.
            into.flush()?;
        }
        Ok(())
    }
}

impl Replay for Model {
    fn begin(&mut self, generation: u64, segment: Option<SegmentFile>) -> Result<(), Refused> {
        let Some(SegmentFile { file, .. }) = segment else {
            *self = Self::default();
            return Ok(());
        };
        let mut bytes = vec![0; file.length().map_err(|_| Refused)? as usize];
        file.read_exact_at(&mut bytes, 0).map_err(|_| Refused)?;
        *self = Self::decode(&bytes).ok_or(Refused)?;
        if self.generation() == generation { Ok(()) } else { Err(Refused) }
    }

    fn set(&mut self, generation: u64, set: &[u8]) -> Result<(), Refused> {
        assert!(generation > self.generation(), "sets come in order");
        self.apply(generation, set);
        Ok(())
    }
}

pub(super) fn open_with(
    disk: &SimulatedDisk,
    flush: FlushPolicy,
    clock: &ManualClock,
) -> Result<(Store, Opened, Model), OpenStoreError> {
    let mut model = Model::default();
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let options = StoreOptions::default().flush(flush).create();
    let (store, opened) = Store::open(disk, &options, Arc::new(clock.clone()), &mut model)?;
    assert_eq!(opened.generation, model.generation());
    Ok((store, opened, model))
}

pub(super) fn open(disk: &SimulatedDisk) -> Result<(Store, Opened, Model), OpenStoreError> {
    open_with(disk, FlushPolicy::Always, &ManualClock::new())
}

/// Stores one set that leads to the next generation.
pub(super) fn store_set(store: &Store, model: &mut Model, set: &[u8]) {
    let generation = model.generation() + 1;
    let ticket = store.append(generation, set).unwrap();
    store.wait(ticket).unwrap();
    model.apply(generation, set);
}

/// A store with a segment of 3 sets, two logs and 5 sets after the segment, closed.
pub(super) fn lived_in() -> (SimulatedDisk, Model) {
    let disk = SimulatedDisk::new(1);
    let (store, _, mut model) = open(&disk).unwrap();
    for set in ["one", "two", ""] {
        store_set(&store, &mut model, set.as_bytes());
    }
    let early = model.clone();
    store_set(&store, &mut model, b"between");
    // The generation is older than the cut, so the log before it stays.
    store.checkpoint(|| early).unwrap();
    for set in ["five", "six six six six six six six six", "seven", "eight"] {
        store_set(&store, &mut model, set.as_bytes());
    }
    store.close().unwrap();
    (disk, model)
}
