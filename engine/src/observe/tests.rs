//! Tests of what is measured, through the module's own door.

mod counts;
mod custom;
mod exported;
#[cfg(feature = "hdr-log")]
mod hdr_log;
#[cfg(feature = "prometheus")]
mod prometheus;
mod quantiles;

use std::time::Duration;

use proptest::prelude::*;

use super::{Ending, ErrorClass, SpreadRecord};
use crate::terms::StopReason;

/// Durations of every size, and at the edges of buckets.
fn durations() -> impl Strategy<Value = Duration> {
    let sized = (0_u32..43, any::<u64>()).prop_map(|(bits, low)| (low >> 21) >> (43 - bits));
    let edges = prop::sample::select(vec![199_999, 200_000, 200_001, 1_000_000, 1_000_001]);
    prop_oneof![4 => sized, 1 => edges].prop_map(Duration::from_nanos)
}

fn endings() -> impl Strategy<Value = Ending> {
    let stopped = prop::sample::select(StopReason::ALL.to_vec()).prop_map(Ending::Stopped);
    let errors = prop::sample::select(ErrorClass::ALL.to_vec()).prop_map(Ending::Error);
    prop_oneof![3 => stopped, 1 => errors]
}

fn spreads() -> impl Strategy<Value = SpreadRecord> {
    let counts = (0_u32..200, 0_u64..1000, 0_u64..1000, 0_u64..9, 0_u64..9, 0_u64..3);
    let confidence = prop::option::of(-0.5_f64..1.5);
    let tiers = any::<[bool; 3]>();
    (endings(), durations(), durations(), counts, confidence, tiers).prop_map(
        |(ending, service, response, counts, confidence, tiers_read)| {
            let (hops, nodes_activated, edges_traversed, revisits, noisy, nodes_degraded) = counts;
            SpreadRecord {
                ending,
                service,
                response,
                hops,
                nodes_activated,
                edges_traversed,
                revisits,
                confidence_aggregations: noisy,
                confidence,
                tiers_read,
                nodes_degraded,
            }
        },
    )
}
