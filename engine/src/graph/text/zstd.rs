//! Zstandard frames, one after the other.

use std::io::{self, BufRead, Error, ErrorKind, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use xxhash_rust::xxh64::Xxh64;

/// The content of all frames of a file; frames without content are passed over, checksums are
/// verified.
pub(super) struct ZstdFrames<R> {
    file: R,
    decoder: FrameDecoder,
    hasher: Xxh64,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    pub(super) fn new(file: R) -> Self {
        Self { file, decoder: FrameDecoder::new(), hasher: Xxh64::new(0), in_frame: false }
    }

    pub(super) const fn get_ref(&self) -> &R {
        &self.file
    }

    /// Enters the next frame; `false` where the file ends.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.file.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.file) {
                Ok(()) => {
                    self.hasher.reset(0);
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => self.skip(u64::from(length))?,
                Err(error) => return Err(Error::other(error)),
            }
        }
        Ok(false)
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.file).take(length), &mut io::sink())?;
        if skipped == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    /// The next bytes of this frame; 0 where it ends.
    fn read_frame(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            self.decoder
                .decode_blocks(&mut self.file, BlockDecodingStrategy::UptoBlocks(1))
                .map_err(Error::other)?;
        }
        let count = self.decoder.read(to)?;
        self.hasher.update(&to[..count]);
        Ok(count)
    }

    /// Whether what was read of the frame has the checksum written at its end.
    fn has_written_checksum(&self) -> bool {
        // The format keeps the lower half of the hash.
        let own = self.hasher.digest() & u64::from(u32::MAX);
        self.decoder.get_checksum_from_data().is_none_or(|written| u64::from(written) == own)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            if self.in_frame {
                let count = self.read_frame(to)?;
                if count > 0 {
                    return Ok(count);
                }
                if !self.has_written_checksum() {
                    return Err(ErrorKind::InvalidData.into());
                }
            }
            self.in_frame = self.next_frame()?;
            if !self.in_frame {
                return Ok(0);
            }
        }
    }
}
