//! How contributions to one node are combined.

use crate::spread::real::Real;

/// How contributions to one node become its pulse.
pub(crate) trait Join<S>: Send + Sync + 'static {
    /// The cell after one more contribution. `cell` may be untouched.
    fn join(cell: S, contribution: S) -> S;
    /// The pulse a touched cell stands for.
    fn pulse(cell: S) -> S;
}

/// The sum of the contributions.
pub(crate) struct Sum;

impl<S: Real> Join<S> for Sum {
    #[inline(always)]
    fn join(cell: S, contribution: S) -> S {
        cell + contribution
    }

    #[inline(always)]
    fn pulse(cell: S) -> S {
        // Turns the -0 of a sum of -0s into +0.
        cell + S::ZERO
    }
}

/// The largest contribution; contributions are at least `+0`.
pub(crate) struct Largest;

impl<S: Real> Join<S> for Largest {
    #[inline(always)]
    fn join(cell: S, contribution: S) -> S {
        // `>=` lets +0 replace an untouched cell's -0.
        if contribution >= cell { contribution } else { cell }
    }

    #[inline(always)]
    fn pulse(cell: S) -> S {
        cell
    }
}

/// `1 - product of (1 - c)`; the cell holds the product.
pub(crate) struct NoisyOr;

impl<S: Real> Join<S> for NoisyOr {
    #[inline(always)]
    fn join(cell: S, contribution: S) -> S {
        let product = if cell.is_untouched() { S::ONE } else { cell };
        let capped = if contribution < S::ONE { contribution } else { S::ONE };
        product * (S::ONE - capped)
    }

    #[inline(always)]
    fn pulse(cell: S) -> S {
        S::ONE - cell
    }
}
