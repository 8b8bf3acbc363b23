//! Files whose checksums are right and whose content is not.

use std::ops::Range;

use super::{bytes_of, nodes_of, open_bytes, rich, seen, small_labelled, small_wide};
use crate::graph::native::layout::{Section, checksum};
use crate::graph::{Damage, OpenError, verify};
use crate::terms::NodeId;

fn u64_at(bytes: &[u8], place: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(place..place.checked_add(8)?)?.try_into().ok()?))
}

fn put(bytes: &mut [u8], place: usize, value: u64) {
    bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
}

fn range(bytes: &[u8], offset: u64, length: u64) -> Option<Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    (end <= bytes.len()).then_some(start..end)
}

/// Places of the section table's entries.
fn entries(bytes: &[u8]) -> Vec<usize> {
    let count = u32::from_le_bytes(bytes[20..24].try_into().unwrap()) as usize;
    (0..count)
        .map(|number| 32 + number * 32)
        .take_while(|place| place + 40 <= bytes.len())
        .collect()
}

/// The place of the entry of `section` in the section table.
fn entry_of(bytes: &[u8], section: Section) -> usize {
    let code = |place: &usize| bytes[*place];
    entries(bytes).into_iter().find(|place| code(place) == section as u8 + 1).unwrap()
}

/// The range of a section's block table, where it lies in the file.
fn table_of(bytes: &[u8], entry: usize) -> Option<Range<usize>> {
    let blocks = u64_at(bytes, entry + 8)?;
    range(bytes, u64_at(bytes, entry + 16)?, blocks.checked_mul(32)?)
}

/// Gives every part the checksum its bytes have now, as far as the parts can be found.
fn reseal(bytes: &mut [u8]) {
    for entry in entries(bytes) {
        let Some(table) = table_of(bytes, entry) else { continue };
        for block in table.clone().step_by(32) {
            let place = (u64_at(bytes, block).unwrap(), u64_at(bytes, block + 8).unwrap());
            if let Some(content) = range(bytes, place.0, place.1) {
                let sum = checksum(&bytes[content]);
                put(bytes, block + 24, sum);
            }
        }
        let sum = checksum(&bytes[table]);
        put(bytes, entry + 24, sum);
    }
    reseal_header(bytes);
}

fn reseal_header(bytes: &mut [u8]) {
    let end = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
    if (40..=bytes.len()).contains(&end) {
        let sum = checksum(&bytes[..end - 8]);
        put(bytes, end - 8, sum);
    }
}

/// Uses the file for all it can be used for. Whatever it says, nothing may panic.
fn use_all(bytes: Vec<u8>) {
    let Ok(graph) = open_bytes(bytes) else { return };
    for node in nodes_of(&graph).take(5000) {
        let _ = seen(&graph, node);
        if let Ok(label) = graph.label(node) {
            let _ = graph.find_key(&label.to_key());
        }
    }
    let _ = graph.labels_with_prefix("d", 3);
    let _ = verify(&graph);
    let _ = graph.sections();
}

#[test]
fn a_changed_byte_under_right_checksums_never_panics() {
    for (graph, test) in [(small_labelled(), "sealed-labels"), (small_wide(), "sealed-wide")] {
        let original = bytes_of(&graph, test);
        for position in 0..original.len() {
            for pattern in [0x01, 0x04, 0x80, 0xFF] {
                let mut bytes = original.clone();
                bytes[position] ^= pattern;
                reseal(&mut bytes);
                use_all(bytes);
            }
        }
    }
}

#[test]
fn a_hostile_number_under_right_checksums_never_panics_nor_allocates() {
    let original = bytes_of(&small_labelled(), "hostile");
    let length = original.len() as u64;
    let numbers = [0, 1, length, length + 1, u64::from(u32::MAX), 1 << 33, 1 << 58, u64::MAX];
    for position in 0..original.len() - 8 {
        for number in numbers {
            let mut bytes = original.clone();
            put(&mut bytes, position, number);
            reseal(&mut bytes);
            use_all(bytes);
        }
    }
}

#[test]
fn two_blocks_that_change_places_are_found() {
    let original = bytes_of(&rich(2100, 4000), "swapped");
    let mut bytes = original;
    let table = table_of(&bytes, entry_of(&bytes, Section::OutRows)).unwrap().start;
    for byte in 0..32 {
        bytes.swap(table + byte, table + 32 + byte);
    }
    reseal(&mut bytes);
    let error = open_bytes(bytes).unwrap_err();
    assert!(matches!(error, OpenError::DamagedTable { section: "out-edges", .. }), "{error:?}");
}

/// What opening says of the small graph's file with one number of a table changed.
fn with_number(section: Section, of_block: bool, place: usize, number: u64) -> OpenError {
    let mut bytes = bytes_of(&small_labelled(), "with-number");
    let entry = entry_of(&bytes, section);
    let start = if of_block { table_of(&bytes, entry).unwrap().start } else { entry };
    put(&mut bytes, start + place, number);
    reseal(&mut bytes);
    open_bytes(bytes).unwrap_err()
}

#[test]
fn tables_that_contradict_each_other_are_refused() {
    for section in Section::ALL {
        for number in [0, 2, u64::MAX] {
            let error = with_number(section, false, 8, number);
            let named = OpenError::DamagedTable {
                file: std::path::Path::new("held").into(),
                section: section.name(),
            };
            assert_eq!(error, named, "{number} blocks");
            assert_eq!(with_number(section, true, 0, number), named, "a block at {number}");
            assert_eq!(with_number(section, true, 8, number), named, "a block of {number} bytes");
            if section != Section::Facts {
                assert_eq!(with_number(section, true, 16, number), named, "{number} items");
            }
        }
        assert!(
            matches!(with_number(section, false, 16, 1 << 50), OpenError::DamagedTable { .. }),
            "a table beyond the end"
        );
    }
    // The header names a kind and a width in one number of 8 bytes.
    let width = |section: Section, width: u64| width << 32 | (section as u64 + 1);
    for (section, bytes) in [(Section::Names, 2), (Section::OutRows, 4), (Section::InRows, 16)] {
        let error = with_number(section, false, 0, width(section, bytes));
        assert!(matches!(error, OpenError::DamagedTable { .. }), "{section:?}: {error:?}");
    }
    let unknown = with_number(Section::InTimes, false, 0, 8 << 32 | 10);
    assert!(matches!(unknown, OpenError::DamagedHeader { .. }));
    let twice = with_number(Section::InTimes, false, 0, width(Section::InRelations, 4));
    assert!(matches!(twice, OpenError::DamagedHeader { .. }));
}

#[test]
fn the_length_in_the_header_is_that_of_the_file_and_of_its_parts() {
    let original = bytes_of(&small_wide(), "length");
    let length = original.len() as u64;
    let damaged = |bytes: Vec<u8>| {
        let error = open_bytes(bytes).unwrap_err();
        assert!(matches!(error, OpenError::DamagedHeader { .. }), "{error:?}");
    };
    let mut shorter = original.clone();
    put(&mut shorter, 24, length - 1);
    reseal(&mut shorter);
    damaged(shorter);
    // Eight bytes at the end that belong to no part.
    let mut longer = original;
    longer.extend([0; 8]);
    put(&mut longer, 24, length + 8);
    reseal(&mut longer);
    damaged(longer);
}

#[test]
fn blocks_end_where_their_table_begins() {
    let mut bytes = bytes_of(&small_wide(), "gap");
    let table = table_of(&bytes, entry_of(&bytes, Section::InRows)).unwrap().start;
    let block_bytes = u64_at(&bytes, table + 8).unwrap();
    put(&mut bytes, table + 8, block_bytes - 1);
    reseal(&mut bytes);
    let error = open_bytes(bytes).unwrap_err();
    assert!(matches!(error, OpenError::DamagedTable { section: "in-edges", .. }), "{error:?}");
}

#[test]
fn a_column_that_the_facts_speak_of_is_there() {
    let mut graph = small_labelled();
    graph.out_edges.relations = None;
    let error = open_bytes(bytes_of(&graph, "no-relations")).unwrap_err();
    assert!(matches!(error, OpenError::DamagedTable { section: "out-relations", .. }), "{error:?}");
    let mut graph = small_labelled();
    graph.out_edges.times = None;
    let error = open_bytes(bytes_of(&graph, "no-times")).unwrap_err();
    assert!(matches!(error, OpenError::DamagedTable { section: "out-times", .. }), "{error:?}");
}

#[test]
fn content_that_breaks_a_rule_is_named_where_it_is_touched() {
    let graph = small_labelled();
    let mut bytes = bytes_of(&graph, "content");
    let table = table_of(&bytes, entry_of(&bytes, Section::OutRows)).unwrap().start;
    let block = usize::try_from(u64_at(&bytes, table).unwrap()).unwrap();
    // The first target follows the offsets.
    let first_target = block + 4 * (graph.node_count() + 1);
    bytes[first_target] = 4;
    reseal(&mut bytes);
    let opened = open_bytes(bytes).unwrap();
    let error = opened.out_row(NodeId::new(0)).unwrap_err();
    assert_eq!((error.section, error.block, error.damage), ("out-edges", 0, Damage::Content));
    assert!(opened.in_row(NodeId::new(0)).is_ok());
    assert_eq!(verify(&opened).unwrap_err().damaged, [error]);
}

#[test]
fn a_weight_changed_under_right_checksums_is_found_by_comparing_the_directions() {
    let graph = small_labelled();
    let mut bytes = bytes_of(&graph, "weight");
    let table = table_of(&bytes, entry_of(&bytes, Section::OutRows)).unwrap().start;
    let block = usize::try_from(u64_at(&bytes, table).unwrap()).unwrap();
    let edges = usize::try_from(graph.edge_count()).unwrap();
    let first_weight = block + 4 * (graph.node_count() + 1) + 4 * edges;
    bytes[first_weight] ^= 1;
    reseal(&mut bytes);
    let opened = open_bytes(bytes).unwrap();
    let damaged = verify(&opened).unwrap_err().damaged;
    assert_eq!((damaged[0].section, damaged[0].damage), ("in-edges", Damage::Content));
}
