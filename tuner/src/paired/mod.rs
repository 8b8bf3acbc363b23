//! The policy `paired`: survey once, then compare neighbours in pairs, then mostly sleep.

mod policy;
mod probe;
mod survey;

pub(crate) use policy::{Context, Paired};
