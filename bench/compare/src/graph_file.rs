//! The graph every peer reads: four files of plain little-endian numbers in one folder.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A directed graph as compressed sparse rows, and the queries' seeds.
#[derive(Debug)]
pub struct GraphFile {
    /// Where each node's row begins, and the number of edges (`offsets.u64`).
    pub offsets: Vec<u64>,
    /// Targets, ascending within a row (`targets.u32`).
    pub targets: Vec<u32>,
    /// Weights, which add up to 1 in every row (`weights.f32`).
    pub weights: Vec<f32>,
    /// One seed for each query (`seeds.u32`).
    pub seeds: Vec<u32>,
}

fn read<const N: usize, T>(path: &Path, number: impl Fn([u8; N]) -> T) -> io::Result<Vec<T>> {
    let bytes = fs::read(path)?;
    let (numbers, rest) = bytes.as_chunks::<N>();
    if rest.is_empty() {
        Ok(numbers.iter().map(|bytes| number(*bytes)).collect())
    } else {
        Err(io::Error::other(format!("{} ends within a number", path.display())))
    }
}

/// Writes numbers, given as their little-endian bytes, one after the other.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_column<const N: usize>(
    path: &Path,
    numbers: impl IntoIterator<Item = [u8; N]>,
) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for number in numbers {
        file.write_all(&number)?;
    }
    file.flush()
}

impl GraphFile {
    /// Reads the graph in `folder`.
    ///
    /// # Errors
    /// Where a file is missing or ends within a number.
    pub fn read(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            offsets: read(&folder.join("offsets.u64"), u64::from_le_bytes)?,
            targets: read(&folder.join("targets.u32"), u32::from_le_bytes)?,
            weights: read(&folder.join("weights.f32"), f32::from_le_bytes)?,
            seeds: read(&folder.join("seeds.u32"), u32::from_le_bytes)?,
        })
    }

    /// Writes the graph into `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let bytes = self.offsets.iter().map(|number| number.to_le_bytes());
        write_column(&folder.join("offsets.u64"), bytes)?;
        let bytes = self.targets.iter().map(|number| number.to_le_bytes());
        write_column(&folder.join("targets.u32"), bytes)?;
        let bytes = self.weights.iter().map(|number| number.to_le_bytes());
        write_column(&folder.join("weights.f32"), bytes)?;
        let bytes = self.seeds.iter().map(|number| number.to_le_bytes());
        write_column(&folder.join("seeds.u32"), bytes)
    }

    /// Number of nodes.
    #[must_use]
    pub const fn node_count(&self) -> usize {
        self.offsets.len() - 1
    }

    /// All edges: source, target, weight.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32, f32)> {
        (0u32..).zip(self.offsets.windows(2)).flat_map(move |(source, ends)| {
            (ends[0]..ends[1]).map(move |at| {
                let at = at as usize;
                (source, self.targets[at], self.weights[at])
            })
        })
    }
}
