//! Writing replaces a file whole or not at all.

use std::io::ErrorKind;

use super::{Folder, assert_same, bytes_of, open_bytes, plain, small_labelled, small_wide};
use crate::graph::{Damage, WriteError, open, write};

#[test]
fn a_failed_write_leaves_the_old_file_and_nothing_else() {
    let folder = Folder::new("failed");
    let file = folder.file("graph.emg");
    write(&small_wide(), &file).unwrap();
    let before = std::fs::read(&file).unwrap();

    // The damage lies in the last section, so that most was written when it is met.
    let mut bytes = bytes_of(&plain(3000, 9000), "failed-from");
    let last_block_byte = bytes.len() - 3 * 32 - 1;
    bytes[last_block_byte] ^= 1;
    let damaged = open_bytes(bytes).unwrap();
    let error = write(&damaged, &file).unwrap_err();
    let WriteError::Damaged(block) = &error else { panic!("{error:?}") };
    assert_eq!((block.section, block.block, block.damage), ("in-edges", 2, Damage::Checksum));
    assert_eq!(error.to_string(), block.to_string());
    assert!(std::fs::read(&file).unwrap() == before);
    assert_eq!(folder.names(), ["graph.emg"]);

    write(&small_labelled(), &file).unwrap();
    assert_same(&open(&file).unwrap(), &small_labelled());
    assert_eq!(folder.names(), ["graph.emg"]);
}

#[test]
fn a_place_that_cannot_be_written_is_refused() {
    let folder = Folder::new("refused");
    let graph = small_wide();
    let below_nothing = folder.file("nowhere").join("graph.emg");
    let error = write(&graph, &below_nothing).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    let WriteError::Unwritable { kind, .. } = error else { panic!("{error:?}") };
    assert_eq!(kind, ErrorKind::NotFound);

    std::fs::create_dir(folder.file("folder")).unwrap();
    let error = write(&graph, folder.file("folder")).unwrap_err();
    assert!(matches!(error, WriteError::NotAFile { .. }), "{error:?}");
    assert!(error.to_string().contains("choose another name"), "{error}");
    // The name is that of a directory, so taking it is the last step that fails.
    let error = write(&graph, folder.file("new/")).unwrap_err();
    assert!(matches!(error, WriteError::Unwritable { .. }), "{error:?}");
    assert_eq!(folder.names(), ["folder"]);
}

#[cfg(unix)]
#[test]
fn a_device_is_not_replaced() {
    use std::os::unix::fs::FileTypeExt as _;

    let error = write(&small_wide(), "/dev/null").unwrap_err();
    assert!(matches!(error, WriteError::NotAFile { .. }), "{error:?}");
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[cfg(unix)]
#[test]
fn permissions_and_links_outlive_a_replacement() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = Folder::new("kept");
    let file = folder.file("graph.emg");
    let link = folder.file("link.emg");
    write(&small_wide(), &file).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&file, &link).unwrap();
    write(&small_labelled(), &link).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_same(&open(&file).unwrap(), &small_labelled());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_a_killed_process_left_behind_is_not_overwritten() {
    let folder = Folder::new("left");
    let left = format!(".emanate-{}-0.partial", std::process::id());
    std::fs::write(folder.file(&left), "left").unwrap();
    let file = folder.file("graph.emg");
    write(&small_wide(), &file).unwrap();
    assert_same(&open(&file).unwrap(), &small_wide());
    assert_eq!(std::fs::read(folder.file(&left)).unwrap(), b"left");
}
