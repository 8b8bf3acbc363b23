//! Reaching out of the service: to webhooks, and to what checks look at.
//!
//! Whoever says where to could make the service ask for what only it can reach: itself, its
//! neighbours, the address by which a cloud hands out keys. So addresses of this machine and of
//! private networks are refused unless they are allowed. What is looked at is the address that is
//! connected to, not the name, so a name that first leads elsewhere is of no use. Redirections are
//! not followed.

mod client;
mod target;

pub(crate) use client::{Method, Outbound, OutboundError, Reach};
pub(crate) use target::Target;
