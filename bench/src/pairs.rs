//! Two ways measured in turn, and the ratio between them as a row of the record.

use std::error::Error;

/// Pairs of rounds.
pub const PAIRS: usize = 31;
/// Ranks, from both ends, of the 95 % interval of the median of [`PAIRS`] values, by the sign test.
const RANK: usize = 9;

/// The columns that [`print_row`] prints.
pub const COLUMNS: &str = "question,measured,against,figure,min,median,max,pairs,command,low,high";

/// What one row of the record is about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was asked.
    pub asked: &'a str,
    /// What was measured, and what it is held against.
    pub sides: [&'a str; 2],
    /// What the ratio is of.
    pub figure: &'a str,
    /// How to measure it once more.
    pub command: &'a str,
}

/// Measures both sides [`PAIRS`] times, in alternating order, A B, B A, .., so that what disturbs
/// the machine disturbs both, and prints the ratio of what `measure(true)` and `measure(false)`
/// return.
///
/// # Errors
/// What `measure` says.
pub fn print_row<E: Into<Box<dyn Error>>>(
    question: Question<'_>,
    mut measure: impl FnMut(bool) -> Result<f64, E>,
) -> Result<(), Box<dyn Error>> {
    let mut ratios = Vec::with_capacity(PAIRS);
    for turn in 0..PAIRS {
        let measured_first = turn % 2 == 0;
        let first = measure(measured_first).map_err(Into::into)?;
        let second = measure(!measured_first).map_err(Into::into)?;
        ratios.push(if measured_first { first / second } else { second / first });
    }
    ratios.sort_by(f64::total_cmp);
    let Question { asked, sides: [measured, against], figure, command } = question;
    let [min, median, max] = [0, PAIRS / 2, PAIRS - 1].map(|rank| ratios[rank]);
    let [low, high] = [RANK, PAIRS - 1 - RANK].map(|rank| ratios[rank]);
    println!(
        "\"{asked}\",{measured},{against},{figure},{min:.3},{median:.3},{max:.3},{PAIRS},{command},\
         {low:.3},{high:.3}",
    );
    Ok(())
}

/// The value below which `share` of `values` lie, by rank.
///
/// # Panics
/// Where there are no values.
#[must_use]
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() as f64 * share) as usize).min(values.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_is_a_value_by_its_rank() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(
            [0.0, 0.5, 0.99, 1.0].map(|share| quantile(&mut values, share)),
            [1.0, 51.0, 100.0, 100.0]
        );
    }
}
