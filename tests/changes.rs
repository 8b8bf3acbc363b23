//! Change sets: what they make of a graph, that they are whole or not at all, and that a graph with
//! changes over its blocks spreads to the same bits as one in which they are merged.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::disallowed_types, reason = "a test may wait; no spread does here")]
#![forbid(unsafe_code)]

mod changes {
    mod applying;
    mod driver;
    mod guarded;
    mod loading;
    mod merging;
    mod model;
    mod plan;
    mod random;
    mod readers;
}
