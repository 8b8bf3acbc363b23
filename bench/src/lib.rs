//! Seeded graph generators, for benches, tests and fuzzing, and the work that benches measure.
//!
//! A generator is a pure function of its parameters and a seed: the same call gives the same edges
//! on every machine and in every version of Rust, because the random numbers come from
//! [`SplitMix64`], which is ours to keep. Nodes are numbers; [`EdgeList::label`] names them where
//! they go into an engine.
//!
//! ```
//! use emanate_bench::{EdgeList, Uniform};
//!
//! let edges = EdgeList::uniform(7, Uniform { nodes: 100, edges: 400 }).with_relations(7, 3);
//! let graph = edges.to_generation()?;
//! assert_eq!(graph.node_count(), 100);
//! assert_eq!(graph.relation_names().len(), 3);
//! # Ok::<(), emanate::BuildError>(())
//! ```

mod edge_list;
pub mod gated;
pub mod pairs;
mod random;
mod shapes;
pub mod work;

pub use edge_list::{EdgeList, GeneratedEdge};
pub use random::SplitMix64;
pub use shapes::{Chains, Hubs, RMat, SmallWorld, Uniform};
