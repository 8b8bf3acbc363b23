//! The native file (`.emg`): a graph that opens in milliseconds, however large, and is read as
//! spreads need it.
//!
//! # Layout
//! All numbers are little-endian; a mark says so. Nothing lies between the parts and nothing
//! after them, so every byte belongs to exactly one checksum.
//!
//! ```text
//! header          magic, format, byte-order mark, header bytes, sections, file bytes
//! section table   per section: kind, element width, blocks, place and checksum of its table
//! checksum        of all above
//! per section     its blocks, one after the other
//!                 its block table, per block: place, bytes, items, checksum
//! ```
//!
//! Sections, in this order: facts (one block), names, order, out-edges, their relations and times,
//! in-edges, their relations and times. Relations and times are there only where an edge has one.
//! In-edges are always there, so that a spread that needs them has nothing to turn round.
//! Blocks hold [`ROWS_PER_BLOCK`](super::blocks::ROWS_PER_BLOCK) nodes, those of the order
//! [`ORDER_PER_BLOCK`](super::names::ORDER_PER_BLOCK) ids. Checksums are XXH3 of 64 bits.
//!
//! # What is checked, and when
//! - At open: the header, every table, the facts, and that all of them agree on how many names
//!   and edges each block holds. Reads some 32 bytes per block, under 1 % of a typical file.
//! - When a block is first touched: its checksum, then its content, by [`Stored::decode`]: ids
//!   in range, rows ascending, weights finite, labels UTF-8. What breaks a rule is a
//!   [`DamagedBlock`](super::DamagedBlock), and no number of the block is used.
//! - By [`verify()`]: every block, and what no block shows alone: that in-edges are the out-edges
//!   turned round, that parallel edges ascend by relation and time, that the order is one of all
//!   nodes by name, that the facts are true.
//!
//! # Trade-offs
//! Blocks are read by positioned reads into memory of our own, not mapped. A mapped file that is
//! cut short by another process raises a signal that kills the host, and a mapped page can change
//! after its checksum was verified; a read fails with an error, and what was verified stays as it
//! was. The price is one copy of each block a spread touches and no sharing of that copy between
//! processes; the page cache still holds the file once. Opening costs the same either way.
//!
//! Names are never compressed; blocks of edges are where the writer is told so, each by itself, and
//! such a block is *cold*: fewer bytes on the disk, more work to read. Nothing is aligned, since
//! decoding copies anyway; it goes by `from_le_bytes`, so the file means the same on a big-endian
//! machine.
//!
//! # Progress
//! Reading takes no lock: threads that touch one block at once each read it, and one copy stays.

mod compress;
mod content;
mod error;
mod facts;
mod file;
mod layout;
mod open;
mod verify;
mod write;

#[cfg(test)]
mod tests;

pub use error::{OpenError, VerifyError, WriteError};
pub use open::{open, open_within};
pub use verify::{VerifyReport, verify};
pub use write::{ColdEdges, WriteOptions, write, write_with};

pub(crate) use content::Stored;
pub(crate) use file::{FileSection, NativeFile, ReadAt};
pub(crate) use layout::{Section, checksum};
pub(crate) use open::open_reader;
pub(crate) use write::write_to;
