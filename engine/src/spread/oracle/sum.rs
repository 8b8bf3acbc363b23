//! Sums that keep what rounding would lose.

/// A running sum and the low bits that each addition dropped from it.
///
/// Its error does not grow with the number of terms (Neumaier. Rundungsfehleranalyse einiger
/// Verfahren zur Summation endlicher Summen. ZAMM 54, 1974). Not finite where any partial sum is
/// not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    total: f64,
    dropped: f64,
}

impl Sum {
    /// Adds `term`.
    pub(super) fn add(&mut self, term: f64) {
        let next = self.total + term;
        self.dropped += if self.total.abs() >= term.abs() {
            (self.total - next) + term
        } else {
            (term - next) + self.total
        };
        self.total = next;
    }

    /// The sum of everything added.
    pub(super) fn value(self) -> f64 {
        self.total + self.dropped
    }
}

/// The sum of `terms`.
pub(super) fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    for term in terms {
        sum.add(term);
    }
    sum.value()
}
