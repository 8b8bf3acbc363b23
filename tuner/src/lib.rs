//! Steers emanate's batch size and hop limit: most throughput inside a latency budget and a
//! quality floor, without oscillating, and with a reason for every move.
//!
//! ```
//! use emanate_tuner::{
//!     Bounds, Config, Controller, Objective, PolicyName, Reading, Settings, StrategyName,
//! };
//!
//! let least = Settings { batch_size: 1, hop_limit: 1 };
//! let most = Settings { batch_size: 1024, hop_limit: 3 };
//! let mut tuner = Controller::new(Config {
//!     bounds: Bounds::new(least, most)?,
//!     objective: Objective { budget_us: 4000.0, quality_floor: 0.95 },
//!     policy: PolicyName::Paired,
//!     strategy: StrategyName::Adaptive,
//!     seed: 7,
//! });
//! let answer = tuner.tick(&Reading {
//!     window: 1,
//!     settings: Settings { batch_size: 16, hop_limit: 3 },
//!     spreads: 900,
//!     throughput_per_second: 3600.0,
//!     samples: 200,
//!     over_budget: 0,
//!     app_limited: false,
//!     shadow: None,
//! });
//! assert_eq!(answer.settings.batch_size, 16);
//! println!("{}: {}", answer.verdict.name(), answer.reason);
//! # Ok::<(), emanate_tuner::BoundsError>(())
//! ```
//!
//! # The idea
//!
//! [`Controller::tick`] is a function of the readings so far: no clock, no thread, no file, no
//! floating-point function but `libm`'s. A reading carries the settings it was made under, and
//! judges only those. Three parts have their say, in this order:
//!
//! 1. **The guardrail** leaves settings that are over budget, at once and only downwards. Its
//!    evidence is the count of latencies over budget, as a sequential likelihood ratio
//!    ([`objective`]), never an estimated quantile. Three severe windows in a row, or a
//!    cumulative sum above
//!    [`objective::ALARM`], end the settings in force. The step down assumes lognormal latencies of
//!    deviation s = 0.22 in proportion to the batch: `factor = exp(-s (z(0.9965) - z(1 - share)))`,
//!    within 0.5 and 0.92. What was accepted less than 32 windows ago goes back to the last known
//!    good instead, also where it lost throughput; four such rollbacks in 512 windows freeze the
//!    tuner. No answer is outside the bounds; none goes up while the reading violates the budget,
//!    nor sooner after the last change than the strategy's dwell.
//! 2. **The ladder** moves the hop limit, which changes answers. It goes down one rung on trial,
//!    keeps it only where recall's lower bound over at least 100 shadow spreads clears the floor
//!    and throughput gains, and returns to full depth at once where recall misses the floor or the
//!    workload shifts. A rung that failed waits 256 windows, twice as long each time.
//! 3. **The policy** moves the batch size. `paired` surveys the range once by doublings (until
//!    the budget, so that a second optimum is seen), then compares neighbours `b r` and `b / r`
//!    in random pairs of blocks. The gain is the median of the pairs' differences of log
//!    throughput, combined with what the curve seen so far predicts, weighted by precision:
//!
//!    ```text
//!    predicted = slope ln(b' / b),  slope by local least squares over ln b
//!    gain = e^2 (predicted / e1^2 + measured / e2^2),  e^2 = 1 / (1 / e1^2 + 1 / e2^2)
//!    accept:  gain >= gain_min,  P(gain > 0) >= confidence,  latency evidence <= -1.5 (upwards)
//!    reject:  P(gain > gain_min) < 0.1,  or latency evidence > 2.3,  or 16 pairs
//!    ```
//!
//!    Where measurement contradicts prediction by two standard errors, the prediction is dropped
//!    and more is asked of the measurement. Each rejection takes the root of r; below the least r
//!    the policy sleeps for 512 windows, then 1024, ... and wakes when throughput leaves what it
//!    was. A batch size over budget is a ceiling for 128 windows, doubled each time it proves
//!    right again.
//!
//! So most windows change nothing, which is the point: every experiment costs throughput, and one
//! above the budget costs latency.
//!
//! # On a running engine
//!
//! [`Windows`] makes readings from batches, and `driver` (a feature, on by default) ties the two
//! ends to an engine. Nothing else here knows one.
//!
//! # What it is judged by
//!
//! [`simulator`] holds plants that know their own best settings and true latency. The example
//! `acceptance` runs them, beside a threshold rule and Netflix's Gradient2, and
//! `tests/acceptance.rs` keeps the figures. `tests/laws.rs` holds what must be true of any
//! sequence of windows.
//!
//! # Sources
//!
//! \[1\] A. Wald. Sequential tests of statistical hypotheses. Ann. Math. Stat. 16 (1945).
//! \[2\] E. S. Page. Continuous inspection schemes. Biometrika 41 (1954).
//! \[3\] E. B. Wilson. Probable inference, the law of succession, and statistical inference.
//! JASA 22 (1927).
//! \[4\] Netflix `concurrency-limits`: `Gradient2Limit`, `AIMDLimit`. Ours departs from them: a
//! ratio to one's own past grows without bound where latency is constant, so the budget is
//! absolute.
//! \[5\] The hill climbing of .NET's thread pool, whose fixed square wave is beaten by load of the
//! same period; hence pairs in random order.
#![forbid(unsafe_code)]

mod audit;
mod controller;
mod curve;
mod decision;
#[cfg(feature = "driver")]
pub mod driver;
mod guardrail;
mod incumbent;
mod ladder;
pub mod objective;
mod paired;
mod policy;
mod random;
mod reading;
mod shift;
pub mod simulator;
mod steering;
pub mod strategy;
mod windows;

pub use audit::{Audit, DECISIONS_MAX, Decision, INPUTS_MAX};
pub use controller::Controller;
pub use curve::Effect;
pub use decision::{Proposal, Reason, Verdict};
pub use objective::Objective;
pub use policy::PolicyName;
pub use random::SplitMix64;
pub use reading::{Bounds, BoundsError, Reading, SettingName, Settings, Shadow};
pub use steering::{Command, Config};
pub use strategy::{Strategy, StrategyName};
pub use windows::{Batch, WindowLimits, Windows};
