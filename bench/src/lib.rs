//! Seeded graph generators.
