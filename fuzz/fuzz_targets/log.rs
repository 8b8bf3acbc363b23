//! A store with any bytes of any one of its files changed, cut or replaced: it is refused, or it
//! holds all that was stored; nothing panics, and no set that was not stored is read.
#![no_main]

use std::sync::{Arc, LazyLock};

use emanate::change::store::{
    Disk, FlushPolicy, Refused, Replay, SegmentFile, SimulatedDisk, Store, StoreOptions, check,
};
use emanate::change::{ChangeSet, check_graph, open_graph};
use emanate::sync::ManualClock;
use emanate::{ApplyOptions, Engine, Graph};
use libfuzzer_sys::fuzz_target;

/// The bytes of all sets, in order, with the generations they lead to.
#[derive(Debug, Default, PartialEq)]
struct Sets(Vec<(u64, Vec<u8>)>);

impl Replay for Sets {
    fn begin(&mut self, generation: u64, segment: Option<SegmentFile>) -> Result<(), Refused> {
        let begin = (generation, vec![u8::from(segment.is_some())]);
        self.0 = vec![begin];
        Ok(())
    }

    fn set(&mut self, generation: u64, set: &[u8]) -> Result<(), Refused> {
        self.0.push((generation, set.to_vec()));
        Ok(())
    }
}

fn options() -> StoreOptions {
    StoreOptions::default().create().flush(FlushPolicy::Never)
}

/// A store with a segment and two logs, closed.
static CLOSED: LazyLock<SimulatedDisk> = LazyLock::new(|| {
    let disk = SimulatedDisk::new(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let opened = open_graph(shared, &options(), Arc::new(ManualClock::new()));
    let stored = opened.expect("an empty disk takes a store").0;
    let store = Arc::clone(&stored.store);
    let graph = Graph::journaled(stored.generation, stored.store);
    let engine = Engine::new();
    let mut early = None;
    for number in 0..8u32 {
        let mut changes = ChangeSet::new();
        let (source, target) = (format!("n{}", number % 3), format!("n{number}"));
        changes.upsert_edge((source.as_str(), target.as_str()), f64::from(number) / 8.0);
        engine.apply(&graph, &changes, &ApplyOptions::default()).expect("the set is right");
        match number {
            2 => early = Some(graph.snapshot()),
            4 => {
                let early = early.take().expect("taken before");
                store.checkpoint_graph(|| early).expect("the disk works");
            }
            _ => {}
        }
    }
    disk
});

fn sets(disk: &SimulatedDisk) -> Option<Sets> {
    let mut sets = Sets::default();
    check(disk, &mut sets).ok().map(|_| sets)
}

fuzz_target!(|data: &[u8]| {
    let Some((&[file, how, low, high], bytes)) = data.split_first_chunk::<4>() else { return };
    let disk = CLOSED.fork();
    disk.kill_process();
    let whole = sets(&disk).expect("nothing is changed yet");
    let names = disk.list().expect("the disk works");
    let name = &names[usize::from(file) % names.len()];
    let mut content = disk.contents(name).expect("it is listed");
    let at = usize::from(u16::from_le_bytes([low, high])) % (content.len() + 1);
    match how % 4 {
        0 => content.truncate(at),
        1 => content = bytes.to_vec(),
        2 => content.extend(bytes),
        _ => content[at..].iter_mut().zip(bytes).for_each(|(byte, flip)| *byte ^= flip),
    }
    disk.put(name, &content);
    if let Some(found) = sets(&disk) {
        let sets = |sets: &Sets| sets.0.get(1..).unwrap_or_default().to_vec();
        let (found, whole) = (sets(&found), sets(&whole));
        // Without its segment, a store may begin earlier and hold more sets of its log.
        assert!(found.ends_with(&whole), "{found:?} {whole:?}");
    }
    let _ = check_graph(&disk);
    let clock = Arc::new(ManualClock::new());
    let opened = Store::open(Arc::new(disk), &options(), clock, &mut Sets::default());
    drop(opened);
});
