//! Rules over made-up metrics in made-up time: when each fires, what is told, what survives.

mod laws;
mod scenes;
mod world;
