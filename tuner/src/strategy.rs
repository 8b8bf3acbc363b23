//! Named sets of step, dwell and confidence.

/// How boldly a policy moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strategy {
    /// Factor between neighbours at first; > 1. Each rejection takes its root.
    pub step_max: f64,
    /// Least factor between neighbours worth a probe; > 1.
    pub step_min: f64,
    /// Windows that settings stay in force at least, and length of a block of a probe; > 0.
    pub dwell: u32,
    /// Probability with which a gain must be real to be accepted, in `(0.5, 1)`.
    pub confidence: f64,
    /// Least gain of throughput worth a move, as a logarithm.
    pub gain_min: f64,
}

/// The sets by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategyName {
    /// Moves for at least 10 %, with 99.8 % confidence.
    Conservative,
    /// Moves for 2 %, with 99.5 % confidence.
    Aggressive,
    /// Aggressive while the workload is steady, conservative while it is not.
    Adaptive,
}

/// ln 1.1: a predicted improvement of 10 %.
const TEN_PERCENT: f64 = 0.095_310_179_804_324_87;

/// Moves rarely and for much.
pub const CONSERVATIVE: Strategy = Strategy {
    step_max: 2.0,
    step_min: 1.189_207_115_002_721,
    dwell: 4,
    confidence: 0.998,
    gain_min: TEN_PERCENT,
};

/// Moves for little, on less evidence.
pub const AGGRESSIVE: Strategy = Strategy {
    step_max: 2.0,
    step_min: 1.044_273_782_427_413_8,
    dwell: 2,
    confidence: 0.995,
    gain_min: 0.02,
};

/// Noise of one window's throughput, as a standard deviation of its logarithm, above which the
/// adaptive strategy is conservative.
pub const STEADY_NOISE_MAX: f64 = 0.4;

/// Shifts of the workload among the remembered ones from which the adaptive strategy is
/// conservative.
pub const UNSTEADY_SHIFTS: usize = 3;

impl StrategyName {
    /// Every name.
    pub const ALL: [Self; 3] = [Self::Conservative, Self::Aggressive, Self::Adaptive];

    /// The name as it is typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conservative => "conservative",
            Self::Aggressive => "aggressive",
            Self::Adaptive => "adaptive",
        }
    }

    /// The set to use where one window's throughput has `noise` and the workload has shifted
    /// `recent_shifts` times lately.
    #[must_use]
    pub const fn chosen(self, noise: f64, recent_shifts: usize) -> Strategy {
        match self {
            Self::Conservative => CONSERVATIVE,
            Self::Aggressive => AGGRESSIVE,
            Self::Adaptive if noise > STEADY_NOISE_MAX || recent_shifts >= UNSTEADY_SHIFTS => {
                CONSERVATIVE
            }
            Self::Adaptive => AGGRESSIVE,
        }
    }
}
