//! Damage anywhere is found, at open, at the first touch or by `verify`, and is never a number.

use std::fs::OpenOptions;
use std::io::ErrorKind;

use super::{
    Folder, assert_same_or_damaged, bytes_of, nodes_of, open_bytes, plain, rich, seen,
    small_labelled, small_wide,
};
use crate::graph::{Damage, Generation, GraphBuilder, OpenError, open, verify, write};
use crate::terms::NodeId;

fn assert_every_flip_is_found(graph: &Generation, test: &str) {
    let original = bytes_of(graph, test);
    let (mut at_open, mut at_verify) = (0, 0);
    for position in 0..original.len() {
        for pattern in [0x01, 0x20, 0x80, 0xFF] {
            let mut bytes = original.clone();
            bytes[position] ^= pattern;
            let why = || format!("byte {position} was changed by {pattern:#x}");
            match open_bytes(bytes) {
                Err(_) => at_open += 1,
                Ok(opened) => {
                    at_verify += 1;
                    assert_same_or_damaged(&opened, graph, &why);
                    let damaged = verify(&opened).expect_err(&why()).damaged;
                    assert_eq!(damaged.len(), 1, "{}: {damaged:?}", why());
                    assert_eq!(damaged[0].damage, Damage::Checksum, "{}", why());
                }
            }
        }
    }
    assert!(at_open > 0);
    assert_eq!(at_verify > 0, graph.node_count() > 0, "blocks are checked when they are read");
}

#[test]
fn a_flipped_byte_is_found_wherever_it_is() {
    assert_every_flip_is_found(&small_labelled(), "flip-labels");
    assert_every_flip_is_found(&small_wide(), "flip-wide");
    assert_every_flip_is_found(&GraphBuilder::new().build().unwrap(), "flip-empty");
}

#[test]
fn a_flipped_byte_is_found_where_it_is_and_nowhere_else() {
    let graph = rich(2500, 5000);
    let mut bytes = bytes_of(&graph, "flip-place");
    let opened = open_bytes(bytes.clone()).unwrap();
    let section = opened.out_edges.rows.file().unwrap();
    let place = section.table[1].offset + 5;
    bytes[usize::try_from(place).unwrap()] ^= 1;

    let opened = open_bytes(bytes).unwrap();
    let error = opened.out_row(NodeId::new(1024)).unwrap_err();
    assert_eq!((error.section, error.block, error.damage), ("out-edges", 1, Damage::Checksum));
    assert_eq!(opened.out_row(NodeId::new(2047)).unwrap_err(), error, "again, not kept");
    for node in [0, 1023, 2048] {
        let node = NodeId::new(node);
        assert_eq!(opened.out_row(node), graph.out_row(node));
        assert_eq!(opened.in_row(node), graph.in_row(node));
    }
    assert_eq!(verify(&opened).unwrap_err().damaged, [error]);
}

#[test]
fn a_file_cut_short_or_grown_is_refused() {
    let bytes = bytes_of(&small_labelled(), "cut");
    for length in 0..bytes.len() {
        match open_bytes(bytes[..length].to_vec()).expect_err("a part is not the whole") {
            OpenError::NotNative { .. } => assert!(length < 8, "{length}"),
            OpenError::Truncated { bytes: found, expected, .. } => {
                assert!(length >= 8);
                assert_eq!(found, length as u64);
                assert!((found + 1..=bytes.len() as u64).contains(&expected), "{expected}");
            }
            error => panic!("{length} bytes: {error:?}"),
        }
    }
    let mut grown = bytes;
    grown.push(0);
    assert!(matches!(open_bytes(grown), Err(OpenError::DamagedHeader { .. })));
}

#[test]
fn a_file_cut_short_while_it_is_open_is_an_error_where_it_is_touched() {
    let graph = plain(5000, 20_000);
    let folder = Folder::new("cut-open");
    let file = folder.file("graph.emg");
    write(&graph, &file).unwrap();
    let opened = open(&file).unwrap();
    let kept = opened.out_row(NodeId::new(0)).unwrap();
    OpenOptions::new().write(true).open(&file).unwrap().set_len(100).unwrap();

    for node in nodes_of(&graph).skip(1024) {
        let error = opened.out_row(node).unwrap_err();
        assert_eq!(error.damage, Damage::Truncated);
        assert_eq!(opened.in_row(node).unwrap_err().section, "in-edges");
        assert_eq!(opened.label(node).unwrap_err().section, "names");
    }
    assert!(opened.find(3u64).unwrap_err().to_string().contains("ends before block"));
    assert_eq!(Ok(kept), graph.out_row(NodeId::new(0)), "what was read before stays");
    let damaged = verify(&opened).unwrap_err();
    assert!(damaged.to_string().ends_with("more blocks are damaged)"), "{damaged}");
    assert!(damaged.damaged.iter().all(|block| block.damage == Damage::Truncated));
}

#[test]
fn a_file_overwritten_while_it_is_open_is_an_error_where_it_is_touched() {
    let graph = plain(3000, 9000);
    let folder = Folder::new("overwritten");
    let file = folder.file("graph.emg");
    write(&graph, &file).unwrap();
    let opened = open(&file).unwrap();
    let length = usize::try_from(std::fs::metadata(&file).unwrap().len()).unwrap();
    // Written in place, unlike by `write`.
    std::fs::write(&file, vec![0; length]).unwrap();
    for node in nodes_of(&graph) {
        assert_eq!(seen(&opened, node).unwrap_err().damage, Damage::Checksum);
    }
}

#[test]
fn what_is_not_a_native_file_is_named_for_what_it_is() {
    let folder = Folder::new("not-native");
    let refused = |name: &str| {
        let error = open(folder.file(name)).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        error
    };
    assert!(matches!(refused("missing"), OpenError::NotFound { .. }));
    std::fs::create_dir(folder.file("folder")).unwrap();
    assert!(matches!(refused("folder"), OpenError::Directory { .. }));
    std::fs::write(folder.file("text"), "dog\tcat\t0.5\n".repeat(20)).unwrap();
    assert!(matches!(refused("text"), OpenError::NotNative { .. }));
    std::fs::write(folder.file("nothing"), "").unwrap();
    assert!(matches!(refused("nothing"), OpenError::NotNative { .. }));
    let below_a_file = open(folder.file("text").join("graph.emg")).unwrap_err();
    let OpenError::Unreadable { kind, .. } = below_a_file else { panic!("{below_a_file:?}") };
    assert_eq!(kind, ErrorKind::NotADirectory);
    #[cfg(unix)]
    assert!(matches!(open("/dev/null"), Err(OpenError::NotNative { .. })));
}

#[test]
fn a_newer_format_asks_for_a_newer_program() {
    let mut bytes = bytes_of(&small_wide(), "newer");
    bytes[8] = 4;
    let error = open_bytes(bytes.clone()).unwrap_err();
    assert!(matches!(error, OpenError::NewerFormat { format: 4, .. }));
    assert!(error.to_string().contains("use a newer emanate"), "{error}");
    bytes[8] = 0;
    assert!(matches!(open_bytes(bytes), Err(OpenError::DamagedHeader { .. })));
}

#[test]
fn damage_to_the_facts_is_found_at_open() {
    let original = bytes_of(&small_labelled(), "facts");
    let header_bytes = usize::from(original[16]) + 256 * usize::from(original[17]);
    let mut bytes = original;
    bytes[header_bytes] ^= 1;
    let error = open_bytes(bytes).unwrap_err();
    let OpenError::DamagedFacts(block) = &error else { panic!("{error:?}") };
    assert_eq!((block.section, block.damage), ("facts", Damage::Checksum));
    assert_eq!(error.to_string(), block.to_string());
}
