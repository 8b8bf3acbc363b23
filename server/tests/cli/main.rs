//! The `emanate` command from outside: what goes in, what comes out, and the exit status.

#[cfg(target_os = "linux")]
mod budget;
mod files;
mod help;
mod import_info;
#[path = "../shared/program.rs"]
mod program;
mod refusals;
mod replay;
mod reports;
mod seeds;
mod store;
mod support;
mod tune;
