//! How contributions are added: the loops a spread spends its time in.

mod cost;
mod dense;
mod join;
mod level;

pub(crate) use cost::Costs;
pub(crate) use dense::add_dense;
pub(crate) use join::{Join, Largest, NoisyOr, Sum};
pub(crate) use level::Level;
