//! Asking for the blocks of a frontier before they are needed.

use super::cache::Tiers;

/// Bytes that the system is asked to read before they are needed, at most, about.
const AHEAD_BYTES_MAX: u64 = 8 << 20;
/// Blocks that are asked for ahead, at most.
const AHEAD_BLOCKS_MAX: usize = 32;

/// The blocks that the rows of a frontier lie in and that are not in memory, in order.
///
/// A frontier is known as a whole before its first row is followed. So while one block is decoded
/// and followed, the system reads the next ones into its own cache, whose memory it takes back
/// whenever somebody needs it.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    shelf: usize,
    positions: Vec<u32>,
    /// How many of them the reader has come to.
    reached: usize,
    /// How many of them were asked for, and the bytes of those that are not reached.
    asked: usize,
    bytes: u64,
    /// The bytes of each that was asked for.
    sizes: Vec<u64>,
}

impl Ahead {
    /// Begins with the blocks at `positions`, in this order.
    pub(super) fn plan(
        &mut self,
        tiers: &Tiers,
        shelf: usize,
        positions: impl Iterator<Item = usize>,
    ) {
        self.shelf = shelf;
        self.positions.clear();
        let narrow = |position| u32::try_from(position).expect("fewer blocks than nodes");
        self.positions.extend(positions.map(narrow));
        // The first is read at once, so there is nothing to ask for before it.
        (self.reached, self.asked, self.bytes) = (0, self.positions.len().min(1), 0);
        self.sizes.clear();
        self.sizes.resize(self.asked, 0);
        self.ask(tiers);
    }

    /// The reader has come to the block at `position` of `shelf`.
    pub(super) fn reach(&mut self, tiers: &Tiers, shelf: usize, position: usize) {
        if shelf != self.shelf || self.reached == self.positions.len() {
            return;
        }
        let passed = self.positions[self.reached..].iter();
        let passed = passed.take_while(|next| **next as usize <= position).count();
        for _ in 0..passed {
            if self.reached < self.asked {
                self.bytes -= self.sizes[self.reached];
            }
            self.reached += 1;
        }
        self.asked = self.asked.max(self.reached);
        self.sizes.resize(self.asked, 0);
        self.ask(tiers);
    }

    fn ask(&mut self, tiers: &Tiers) {
        while self.asked < self.positions.len()
            && self.asked - self.reached < AHEAD_BLOCKS_MAX
            && self.bytes < AHEAD_BYTES_MAX
        {
            let bytes = tiers.will_need(self.shelf, self.positions[self.asked] as usize);
            self.sizes.push(bytes);
            self.bytes += bytes;
            self.asked += 1;
        }
    }
}
