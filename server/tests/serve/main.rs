//! The service as its clients see it: the real binary, spoken to over sockets.
#![forbid(unsafe_code)]

mod access;
mod answers;
mod bad_clients;
mod documents;
mod ending;
mod idle;
mod lists;
mod records;
mod reloading;
mod support;
mod tls;
