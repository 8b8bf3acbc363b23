//! The store in a directory of the file system.

use std::fs;
use std::path::PathBuf;

use super::FIRST_LOG;
use super::model::{Model, store_set};
use crate::change::store::{
    CheckpointError, Disk, Folder, OpenStoreError, Opened, Store, StoreDamage, StoreOptions,
    backup, check, import, read,
};
use crate::sync::{Arc, MonotonicClock};

/// A directory of the test's own, removed at its end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("emanate-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn open(&self, options: StoreOptions) -> Result<(Store, Opened, Model), OpenStoreError> {
        let mut model = Model::default();
        let disk: Arc<dyn Disk> = Arc::new(Folder::at(&self.0));
        let clock = Arc::new(MonotonicClock::new());
        let (store, opened) = Store::open(disk, &options, clock, &mut model)?;
        Ok((store, opened, model))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn create() -> StoreOptions {
    StoreOptions::default().create()
}

#[test]
fn what_was_stored_is_there_again() {
    let place = Place::new("again");
    let (store, opened, mut model) = place.open(create()).unwrap();
    assert!(opened.created && opened.to_string() == "made an empty store", "{opened}");
    assert_eq!(store.directory(), place.0);
    // Longer than what is written in one call.
    let long = vec![7; 600 << 10];
    store_set(&store, &mut model, &long);
    store_set(&store, &mut model, b"short");
    assert_eq!(store.log_bytes(), 2 * 56 + long.len() as u64 + 5);
    let report = store.checkpoint(|| model.clone()).unwrap();
    assert_eq!((report.generation, report.logs_removed), (2, 1));
    assert_eq!(store.log_bytes(), 0);
    let again = store.checkpoint(|| model.clone()).unwrap();
    assert_eq!((again.bytes, again.logs_removed), (report.bytes, 0));
    store_set(&store, &mut model, &long);
    assert_eq!(store.generation(), 3);
    store.close().unwrap();

    let (_store, opened, found) = place.open(StoreOptions::default()).unwrap();
    assert_eq!(found, model);
    let expected = Opened {
        created: false,
        generation: 3,
        segment_generation: 2,
        sets_replayed: 1,
        log_bytes: 48 + 56 + long.len() as u64,
        bytes_dropped: 0,
        repairs: Vec::new(),
    };
    assert_eq!(opened, expected);
    assert!(opened.to_string().contains("1 change sets replayed"), "{opened}");
}

#[test]
fn a_second_one_is_refused_and_told_which_directory() {
    let place = Place::new("second");
    let (store, _, _) = place.open(create()).unwrap();
    let name = place.0.display();
    let said = place.open(create()).unwrap_err();
    let expected =
        format!("{name}: another process has this store open; stop it, or use another directory");
    assert_eq!(said.to_string(), expected);
    let folder = Folder::at(&place.0);
    assert_eq!(check(&folder, &mut Model::default()).unwrap_err(), said);
    drop(store);
    assert!(place.open(create()).is_ok());
}

#[test]
fn directories_that_are_no_store_are_left_alone() {
    let place = Place::new("none");
    let said = place.open(StoreOptions::default()).unwrap_err().to_string();
    assert!(said.ends_with("there is no store in this directory; check the path"), "{said}");
    fs::write(place.0.join("thesis.txt"), "mine").unwrap();
    let said = place.open(create()).unwrap_err().to_string();
    assert!(said.contains("holds other files"), "{said}");
    assert_eq!(fs::read_dir(&place.0).unwrap().count(), 1);
    let nowhere = Place(place.0.join("nowhere"));
    let said = nowhere.open(create()).unwrap_err().to_string();
    assert!(said.ends_with("there is no such directory; check the path"), "{said}");
    assert!(Folder::create(place.0.join("a/b")).unwrap().list().unwrap().is_empty());
}

#[test]
fn an_import_begins_a_store_and_never_replaces_one() {
    let place = Place::new("import");
    let mut model = Model::default();
    model.apply(7, b"seven");
    let folder = Folder::at(&place.0);
    assert_eq!(import(&folder, &model).unwrap().generation, 7);
    assert!(matches!(import(&folder, &model), Err(OpenStoreError::NotEmpty { .. })));
    let (store, opened, mut found) = place.open(StoreOptions::default()).unwrap();
    assert_eq!((&found, opened.segment_generation), (&model, 7));
    store_set(&store, &mut found, b"eight");
    store.close().unwrap();
    let (_store, opened, again) = place.open(StoreOptions::default()).unwrap();
    assert_eq!((again, opened.repairs), (found, Vec::new()));
}

/// A copy is made again and again while sets and checkpoints come; each opens to a generation that
/// was.
#[test]
fn copies_made_under_load_are_whole() {
    let place = Place::new("load");
    let (store, _, mut model) = place.open(create()).unwrap();
    let from = Folder::at(&place.0);
    let mut histories = Vec::new();
    std::thread::scope(|scope| {
        let copies = scope.spawn(|| {
            let mut copies = Vec::new();
            for number in 0..20 {
                let copy = Place::new(&format!("load-{number}"));
                let least = store.generation();
                let report = backup(&from, &Folder::at(&copy.0)).unwrap();
                assert!(report.generation >= least);
                let mut read_now = Model::default();
                assert!(read(&from, &mut read_now).unwrap().generation >= report.generation);
                copies.push(copy);
            }
            copies
        });
        while !copies.is_finished() {
            for _ in 0..3 {
                store_set(&store, &mut model, b"a set");
            }
            match store.checkpoint(|| model.clone()) {
                Ok(_) | Err(CheckpointError::UnderWay) => {}
                Err(error) => panic!("{error}"),
            }
        }
        histories.extend(copies.join().unwrap());
    });
    for copy in histories {
        let report = check(&Folder::at(&copy.0), &mut Model::default()).unwrap();
        let (_store, opened, found) = copy.open(StoreOptions::default()).unwrap();
        assert_eq!(found.sets, model.sets[..found.sets.len()]);
        assert_eq!((&opened, opened.bytes_dropped), (&report.opened, 0));
        assert_eq!(report.idle_files, 0);
    }
}

/// A directory where a file should be, and a file where the directory should be: the operating
/// system refuses either in its own words, and the store says about which.
#[test]
fn what_the_operating_system_cannot_read_is_named() {
    let place = Place::new("unread");
    let (store, _, mut model) = place.open(create()).unwrap();
    store_set(&store, &mut model, b"one");
    store.checkpoint(|| model.clone()).unwrap();
    store.close().unwrap();
    let names = ["manifest", "segment-00000000000000000001.emg", "log-00000000000000000001.emlog"];
    for name in names {
        let path = place.0.join(name);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = place.open(StoreOptions::default()).unwrap_err();
        let OpenStoreError::Disk(failure) = &error else { panic!("{name}: {error:?}") };
        assert_eq!(*failure.file, *path);
        let folder = Folder::at(&place.0);
        assert_eq!(read(&folder, &mut Model::default()).unwrap_err(), error);
        fs::remove_dir(&path).unwrap();
        fs::write(&path, whole).unwrap();
    }
    let (_store, opened, found) = place.open(StoreOptions::default()).unwrap();
    assert_eq!((found, opened.repairs), (model, Vec::new()));

    let file = Folder::at(place.0.join("manifest"));
    let said = read(&file, &mut Model::default()).unwrap_err().to_string();
    assert!(said.ends_with("a store is a directory; give its path"), "{said}");
    assert!(said.starts_with(&file.directory().display().to_string()), "{said}");
}

#[test]
fn the_torn_end_of_a_log_is_cut_off_its_file() {
    let place = Place::new("torn");
    let (store, _, mut model) = place.open(create()).unwrap();
    store_set(&store, &mut model, b"whole");
    store.close().unwrap();
    let log = place.0.join(FIRST_LOG);
    let whole = fs::read(&log).unwrap();
    fs::write(&log, [&whole[..], &[7; 30]].concat()).unwrap();
    let (store, opened, found) = place.open(StoreOptions::default()).unwrap();
    assert_eq!((found, opened.bytes_dropped), (model, 30));
    assert!(opened.to_string().ends_with("dropped 30 bytes of an unfinished set"), "{opened}");
    assert_eq!(fs::read(&log).unwrap(), whole);
    drop(store);
}

#[test]
fn a_folder_is_made_with_those_above_it_and_may_be_there_already() {
    let place = Place::new("made");
    for _ in 0..2 {
        let folder = Folder::create(place.0.join("a/b/c")).unwrap();
        assert_eq!(folder.directory(), place.0.join("a/b/c"));
        assert!(folder.list().unwrap().is_empty());
    }
    fs::write(place.0.join("file"), "mine").unwrap();
    assert!(Folder::create(place.0.join("file/below")).is_err());
}

/// What is read at once of a log is less than all of it.
#[test]
fn a_log_of_many_long_sets_is_read_to_its_end() {
    let place = Place::new("long");
    let (store, _, mut model) = place.open(create()).unwrap();
    for set in 0..5u8 {
        store_set(&store, &mut model, &vec![set; 700 << 10]);
        store_set(&store, &mut model, &[set]);
    }
    store.close().unwrap();
    let (store, opened, found) = place.open(StoreOptions::default()).unwrap();
    assert_eq!((opened.sets_replayed, opened.bytes_dropped), (10, 0));
    assert_eq!(found, model);
    store.close().unwrap();
    let log = place.0.join(FIRST_LOG);
    let mut bytes = fs::read(&log).unwrap();
    bytes[2 << 20] ^= 1;
    fs::write(&log, bytes).unwrap();
    let error = place.open(StoreOptions::default()).unwrap_err();
    let OpenStoreError::Damaged(file) = &error else { panic!("{error:?}") };
    let place = 48 + 2 * (56 + (700 << 10) + 56 + 1);
    assert_eq!((file.offset, file.damage), (place, StoreDamage::Set { after: 4 }));
}

#[test]
fn sets_of_an_earlier_life_are_in_the_log_that_a_checkpoint_removes() {
    let place = Place::new("earlier");
    let (store, _, mut model) = place.open(create()).unwrap();
    store_set(&store, &mut model, b"one");
    store.close().unwrap();
    let (store, _, _) = place.open(StoreOptions::default()).unwrap();
    let report = store.checkpoint(|| model.clone()).unwrap();
    assert_eq!((report.generation, report.logs_removed, store.log_bytes()), (1, 1, 0));
    store.close().unwrap();
    let (store, opened, _) = place.open(StoreOptions::default()).unwrap();
    assert_eq!((opened.sets_replayed, opened.repairs.len()), (0, 0));
    let report = store.checkpoint(|| model.clone()).unwrap();
    assert_eq!((report.generation, report.logs_removed), (1, 0));
}

/// The name is listed and leads nowhere, as that of a log that went in between.
#[cfg(unix)]
#[test]
fn a_log_that_cannot_be_found_is_missing_whatever_the_directory_lists() {
    let place = Place::new("dangling");
    let (store, _, mut model) = place.open(create()).unwrap();
    store_set(&store, &mut model, b"one");
    store.close().unwrap();
    let log = place.0.join(FIRST_LOG);
    fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink(place.0.join("nowhere"), &log).unwrap();
    let error = place.open(StoreOptions::default()).unwrap_err();
    let OpenStoreError::Damaged(file) = &error else { panic!("{error:?}") };
    assert_eq!((&*file.file, file.damage), (&*log, StoreDamage::Missing));
}
