//! The service, spoken to over HTTP.

fn main() {}
