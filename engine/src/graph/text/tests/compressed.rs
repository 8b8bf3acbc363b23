//! Compressed files: whole, in parts, cut short, damaged, and made to do harm.

use std::cell::RefCell;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{failure, held, load_bytes, sorted_edges, tsv};
use crate::graph::text::{LoadErrorReason, LoadOptions, load, load_from};

/// `a b`, `b c` in a Zstandard frame with a checksum.
const ZSTD_FRAME: [u8; 21] = [
    0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x41, 0x00, 0x00, b'a', b'\t', b'b', b'\n', b'b', b'\t',
    b'c', b'\n', 0xae, 0x2d, 0xa4, 0x86,
];
/// A Zstandard frame of 3 bytes that are no content.
const ZSTD_SKIPPABLE: [u8; 11] = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_first_bytes_tell_what_a_file_is() {
    let plain = tsv("a\tb\nb\tc\n");
    for name in ["x.tsv.gz", "x.tsv", "x.zst", "x"] {
        for bytes in [gzip(b"a\tb\nb\tc\n"), ZSTD_FRAME.to_vec()] {
            let load = load_bytes(&bytes, name);
            assert_eq!(sorted_edges(&load.graph), sorted_edges(&plain.graph), "{name}");
            assert!(load.report.compressed);
            assert_eq!(load.report.file_bytes, bytes.len() as u64);
            assert_eq!(load.report.text_bytes, 8);
        }
        let load = load_bytes(b"a\tb\nb\tc\n", name);
        assert_eq!(sorted_edges(&load.graph), sorted_edges(&plain.graph), "{name}");
        assert!(!load.report.compressed);
    }
    let load = load_bytes(&gzip(b"\xef\xbb\xbfa,\"b\tc\"\n"), "x.csv.gz");
    assert_eq!(sorted_edges(&load.graph), [held("a", "b\tc", 1.0)]);
}

#[test]
fn gzip_members_and_zstandard_frames_follow_one_another() {
    // A line may begin in one and end in the next.
    let members = [gzip(b"a\tb\nb"), gzip(b""), gzip(b"\tc\n")].concat();
    let expected = [held("a", "b", 1.0), held("b", "c", 1.0)];
    assert_eq!(sorted_edges(&load_bytes(&members, "x.gz").graph), expected);
    let frames = [&ZSTD_SKIPPABLE[..], &ZSTD_FRAME, &ZSTD_SKIPPABLE, &ZSTD_FRAME].concat();
    let load = load_bytes(&frames, "x.zst");
    assert_eq!(sorted_edges(&load.graph), [held("a", "b", 2.0), held("b", "c", 2.0)]);
}

#[test]
fn a_stream_cut_short_anywhere_is_refused() {
    let whole = gzip(b"a\tb\nb\tc\n");
    for end in 1..whole.len() {
        assert_eq!(failure(&whole[..end], "x.gz"), LoadErrorReason::Truncated, "after {end}");
    }
    for end in 1..ZSTD_FRAME.len() {
        let reason = failure(&ZSTD_FRAME[..end], "x.zst");
        assert_eq!(reason, LoadErrorReason::Truncated, "after {end}");
    }
    let frames = [&ZSTD_FRAME[..], &ZSTD_SKIPPABLE].concat();
    for end in ZSTD_FRAME.len() + 1..frames.len() {
        let reason = failure(&frames[..end], "x.zst");
        assert_eq!(reason, LoadErrorReason::Truncated, "after {end}");
    }
}

#[test]
fn a_damaged_stream_is_refused() {
    let mut damaged = gzip(b"a\tb\nb\tc\n");
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    assert_eq!(failure(&damaged, "x.gz"), LoadErrorReason::Corrupt);
    let trailing = [gzip(b"a\tb\n"), b"garbage that is no gzip member".to_vec()].concat();
    assert_eq!(failure(&trailing, "x.gz"), LoadErrorReason::Corrupt);
    for position in [9, ZSTD_FRAME.len() - 1] {
        let mut damaged = ZSTD_FRAME;
        damaged[position] ^= 1;
        assert_eq!(failure(&damaged, "x.zst"), LoadErrorReason::Corrupt, "at {position}");
    }
}

#[test]
fn a_small_file_that_expands_without_bound_is_refused() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    std::io::copy(&mut std::io::repeat(0).take(80 << 20), &mut encoder).unwrap();
    let bomb = encoder.finish().unwrap();
    let LoadErrorReason::ExpandedTooLarge { file_bytes, text_bytes } = failure(&bomb, "x.gz")
    else {
        panic!("a bomb must be refused as such");
    };
    assert!(text_bytes / file_bytes > 200 && text_bytes < 80 << 20);

    let small = gzip(&b"a\tb\n".repeat(1000));
    let options = LoadOptions { expanded_bytes_max: 3999, ..LoadOptions::default() };
    let error = load_from(&*small, "x.gz", &options).unwrap_err();
    assert!(matches!(error.reason, LoadErrorReason::ExpandedTooLarge { .. }));
    let options = LoadOptions { expanded_bytes_max: 4000, ..LoadOptions::default() };
    assert!(load_from(&*small, "x.gz", &options).is_ok());
    // Text that is not compressed expands to nothing.
    let options = LoadOptions { expanded_bytes_max: 1, ..LoadOptions::default() };
    assert!(load_from(&b"a\tb\n"[..], "x", &options).is_ok());
}

#[test]
fn progress_begins_at_nothing_and_ends_with_the_file() {
    let path = std::env::temp_dir().join(format!("emanate-progress-{}", std::process::id()));
    let text: String = (0..200_000).map(|i| format!("node {i}\tnode {}\n", i + 1)).collect();
    std::fs::write(&path, &text).unwrap();
    let told = RefCell::new(Vec::new());
    let tell = |progress| told.borrow_mut().push(progress);
    let options = LoadOptions { progress: Some(&tell), ..LoadOptions::default() };
    let load = load(&path, &options);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(load.unwrap().report.edges_read, 200_000);
    let told = told.into_inner();
    let total = text.len() as u64;
    assert!(told.iter().all(|progress| progress.bytes_total == Some(total)));
    assert!(told.is_sorted_by_key(|progress| (progress.bytes, progress.edges)));
    let last = told[told.len() - 1];
    assert_eq!((told[0].edges, last.bytes, last.edges), (0, total, 200_000));
    assert!((4..12).contains(&told.len()), "{}", told.len());
}
