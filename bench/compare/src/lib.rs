//! What the workers of the comparison share: the graph files and the command language.
//!
//! A worker loads one graph, says `ready`, and then answers one line of standard input with one of
//! standard output. `README.md` gives the language.

mod graph_file;
mod protocol;
mod top;

pub use graph_file::{GraphFile, write_column};
pub use protocol::{Arguments, Ask, Measured, measure, serve, write_answers, write_vector};
pub use top::{Strongest, TOP, strongest};
