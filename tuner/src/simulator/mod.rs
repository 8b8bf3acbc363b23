//! Plants that know their own optimum, and what tuners make of them.

mod plant;
mod rivals;
mod run;
mod tally;
mod world;

pub use plant::{BUDGET_US, COST_STEP, Plant, QUALITY_FLOOR};
pub use rivals::{Gradient2, Naive};
pub use run::{Setup, Step, Trace, Tuner, best_throughput, config, run};
pub use tally::{Figures, SETTLED, STEADY_FROM, Summary, TRANSIENT, figures, summary};
pub use world::{SAMPLES, SHADOWS, World};
