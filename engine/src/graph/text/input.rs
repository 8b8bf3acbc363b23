//! The text of a file, whatever it is compressed with.

use std::io::{self, BufReader, Chain, Cursor, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;

use super::error::LoadErrorReason;
use super::options::{LoadOptions, LoadProgress};
use super::zstd::ZstdFrames;

/// Bytes taken from a compressed file at a time.
const FILE_CHUNK_BYTES: usize = 64 << 10;

/// Bytes of the file between two calls of [`LoadOptions::progress`].
const PROGRESS_BYTES: u64 = 1 << 20;

/// Text from which on [`LoadOptions::expansion_max`] counts: what a small file expands to does no
/// harm, however well it is compressed.
const EXPANSION_FREE_BYTES: u64 = 64 << 20;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A Zstandard frame without content, which some tools write first; its first byte varies in the
/// low 4 bits.
const ZSTD_SKIPPABLE_MAGIC: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A reader that counts its bytes and remembers how it ended. A decoder's own errors do not tell
/// a damaged file from a file cut short; this does.
struct Tap<R> {
    reader: R,
    bytes: u64,
    ended: bool,
    failed: Option<ErrorKind>,
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(to) {
            Ok(count) => {
                self.bytes += count as u64;
                self.ended |= count == 0 && !to.is_empty();
                Ok(count)
            }
            Err(error) => {
                if error.kind() != ErrorKind::Interrupted {
                    self.failed = Some(error.kind());
                }
                Err(error)
            }
        }
    }
}

/// The first bytes of a file, which were needed to see what it is, then the rest.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

enum Decoder<R> {
    Plain(Tap<Whole<R>>),
    Gzip(Box<MultiGzDecoder<BufReader<Tap<Whole<R>>>>>),
    Zstd(Box<ZstdFrames<BufReader<Tap<Whole<R>>>>>),
}

/// The text of one file.
pub(super) struct Text<'a, R> {
    decoder: Decoder<R>,
    options: &'a LoadOptions<'a>,
    file_bytes_total: Option<u64>,
    told_at: u64,
    bytes: u64,
    at_start: bool,
}

impl<'a, R: Read> Text<'a, R> {
    /// Looks at the first bytes of `reader` for what it is compressed with; `name` is asked only
    /// where they are too few to tell.
    pub(super) fn open(
        mut reader: R,
        name: &str,
        file_bytes_total: Option<u64>,
        options: &'a LoadOptions<'a>,
    ) -> Result<Self, LoadErrorReason> {
        let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
        let taken = (&mut reader).take(ZSTD_MAGIC.len() as u64).read_to_end(&mut head);
        taken.map_err(|error| LoadErrorReason::of_io(error.kind()))?;
        let is_gzip = head.starts_with(&GZIP_MAGIC);
        let is_zstd = head == ZSTD_MAGIC
            || head.len() == ZSTD_SKIPPABLE_MAGIC.len()
                && [&[head[0] & 0xf0], &head[1..]].concat() == ZSTD_SKIPPABLE_MAGIC;
        let is_cut = |ending: &str, magic: &[u8]| {
            !head.is_empty()
                && head.len() < magic.len()
                && magic.starts_with(&head)
                && name.ends_with(ending)
        };
        if is_cut(".gz", &GZIP_MAGIC) || is_cut(".zst", &ZSTD_MAGIC) {
            return Err(LoadErrorReason::Truncated);
        }
        let whole = Cursor::new(head).chain(reader);
        let tap = Tap { reader: whole, bytes: 0, ended: false, failed: None };
        let decoder = if is_gzip {
            let tap = BufReader::with_capacity(FILE_CHUNK_BYTES, tap);
            Decoder::Gzip(Box::new(MultiGzDecoder::new(tap)))
        } else if is_zstd {
            let tap = BufReader::with_capacity(FILE_CHUNK_BYTES, tap);
            Decoder::Zstd(Box::new(ZstdFrames::new(tap)))
        } else {
            Decoder::Plain(tap)
        };
        let text =
            Self { decoder, options, file_bytes_total, told_at: 0, bytes: 0, at_start: true };
        text.tell_progress(0);
        Ok(text)
    }

    /// Reads text until `to` is full or the text ends; 0 only at the end. The first time, `to`
    /// must have room for a byte order mark and one byte more; the mark is left out.
    pub(super) fn fill(&mut self, to: &mut [u8]) -> Result<usize, LoadErrorReason> {
        let mut filled = 0;
        while filled < to.len() {
            let read = match &mut self.decoder {
                Decoder::Plain(tap) => tap.read(&mut to[filled..]),
                Decoder::Gzip(decoder) => decoder.read(&mut to[filled..]),
                Decoder::Zstd(decoder) => decoder.read(&mut to[filled..]),
            };
            match read {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(self.failure()),
            }
            self.check_expansion(filled as u64)?;
        }
        if self.at_start && to[..filled].starts_with(&BYTE_ORDER_MARK) {
            to.copy_within(BYTE_ORDER_MARK.len()..filled, 0);
            filled -= BYTE_ORDER_MARK.len();
        }
        self.at_start = false;
        self.bytes += filled as u64;
        Ok(filled)
    }

    fn failure(&self) -> LoadErrorReason {
        let tap = self.tap();
        match tap.failed {
            Some(kind) => LoadErrorReason::of_io(kind),
            None if tap.ended => LoadErrorReason::Truncated,
            None => LoadErrorReason::Corrupt,
        }
    }

    fn check_expansion(&self, more: u64) -> Result<(), LoadErrorReason> {
        let (file_bytes, text_bytes) = (self.file_bytes(), self.bytes + more);
        let is_dense = text_bytes > EXPANSION_FREE_BYTES
            && text_bytes / self.options.expansion_max.max(1) > file_bytes;
        if self.is_compressed() && (is_dense || text_bytes > self.options.expanded_bytes_max) {
            return Err(LoadErrorReason::ExpandedTooLarge { file_bytes, text_bytes });
        }
        Ok(())
    }

    /// Tells the caller how far the load is, if it is time for that.
    pub(super) fn progress(&mut self, edges: u64) {
        if self.file_bytes() - self.told_at >= PROGRESS_BYTES {
            self.told_at = self.file_bytes();
            self.tell_progress(edges);
        }
    }

    /// Tells the caller how far the load is.
    pub(super) fn tell_progress(&self, edges: u64) {
        if let Some(progress) = self.options.progress {
            let (bytes, bytes_total) = (self.file_bytes(), self.file_bytes_total);
            progress(LoadProgress { bytes, bytes_total, edges });
        }
    }

    /// Bytes of the file taken so far.
    pub(super) fn file_bytes(&self) -> u64 {
        self.tap().bytes
    }

    /// Bytes of text so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) const fn is_compressed(&self) -> bool {
        !matches!(self.decoder, Decoder::Plain(_))
    }

    fn tap(&self) -> &Tap<Whole<R>> {
        match &self.decoder {
            Decoder::Plain(tap) => tap,
            Decoder::Gzip(decoder) => decoder.get_ref().get_ref(),
            Decoder::Zstd(decoder) => decoder.get_ref().get_ref(),
        }
    }
}
