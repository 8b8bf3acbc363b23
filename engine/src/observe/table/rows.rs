//! The rows of the table.

use super::family::{Family, Kind, Label, Source, Values};
use super::words::{
    BREAKERS, CACHE_RESULTS, CALLS, CHANGE_KINDS, CHANGE_OUTCOMES, OWN_TRANSITIONS, STATES,
    STATUSES, TIERS, TUNED, VERDICTS,
};
use crate::observe::bounds::{Bounds, CONFIDENCES, DURATIONS, HOPS};
use crate::observe::ending::{Ending, EndingClass, Timed};
use crate::observe::reading::{Reading, Tally};
use crate::terms::Tier;

const fn listed(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values: Values::Listed(values) }
}

const fn named(name: &'static str) -> Label {
    Label { name, values: Values::Named }
}

type Number = fn(&Reading, usize, usize, usize) -> Option<f64>;

const fn counter(
    name: &'static str,
    help: &'static str,
    labels: &'static [Label],
    number: Number,
) -> Family {
    Family { name, kind: Kind::Counter, help, labels, source: Source::Number(number) }
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    labels: &'static [Label],
    number: Number,
) -> Family {
    Family { name, kind: Kind::Gauge, help, labels, source: Source::Number(number) }
}

const fn histogram(
    name: &'static str,
    help: &'static str,
    labels: &'static [Label],
    bounds: &'static Bounds,
    tally: fn(&Reading, usize) -> &Tally,
) -> Family {
    Family { name, kind: Kind::Histogram, help, labels, source: Source::Tally(tally, bounds) }
}

const TIER: Label = listed("tier", &TIERS);
const BREAKER: Label = listed("breaker", &BREAKERS);

fn some(count: u64) -> Option<f64> {
    Some(count as f64)
}

fn is(truth: bool) -> Option<f64> {
    some(u64::from(truth))
}

/// Every metric of the engine.
pub static TABLE: &[Family] = &[
    histogram(
        "emanate_spread_duration_seconds",
        "Time spreads worked, without waiting. complete: exhausted, hop_limit or converged; cut: \
         ended by a bound, an overflow or the host; failed: with an error.",
        &[listed("outcome", &EndingClass::NAMES)],
        &DURATIONS,
        |reading, class| reading.tally_of(Timed::Service(EndingClass::ALL[class])),
    ),
    histogram(
        "emanate_spread_response_seconds",
        "Time from when a spread was asked for, or was to begin, to its end.",
        &[],
        &DURATIONS,
        |reading, _| reading.tally_of(Timed::Response),
    ),
    histogram(
        "emanate_hop_duration_seconds",
        "Time of single hops.",
        &[],
        &DURATIONS,
        |reading, _| reading.tally_of(Timed::Hop),
    ),
    histogram(
        "emanate_tier_read_duration_seconds",
        "Time that one hop spent on the rows of a tier.",
        &[TIER],
        &DURATIONS,
        |reading, tier| reading.tally_of(Timed::TierRead(Tier::ALL[tier])),
    ),
    counter(
        "emanate_spreads_total",
        "Spreads, by why they ended: a stop reason, or the class of the error.",
        &[listed("outcome", &Ending::NAMES)],
        |reading, ending, _, _| some(reading.spreads[ending]),
    ),
    counter(
        "emanate_spreads_by_tier_total",
        "Spreads that read rows of a tier; one that read two counts for both.",
        &[TIER],
        |reading, tier, _, _| some(reading.spreads_by_tier[tier]),
    ),
    counter(
        "emanate_spreads_degraded_total",
        "Spreads with nodes whose edges could not be read.",
        &[],
        |reading, _, _, _| some(reading.spreads_degraded),
    ),
    counter(
        "emanate_nodes_degraded_total",
        "Nodes whose edges could not be read, of those that fired.",
        &[],
        |reading, _, _, _| some(reading.nodes_degraded),
    ),
    counter(
        "emanate_nodes_activated_total",
        "Nodes that spreads reached, seeds among them.",
        &[],
        |reading, _, _, _| some(reading.nodes_activated),
    ),
    counter(
        "emanate_edges_traversed_total",
        "Edges that spreads followed: the fan-out of every node that fired, each time it fired.",
        &[],
        |reading, _, _, _| some(reading.edges_traversed),
    ),
    counter(
        "emanate_revisits_total",
        "Cycles: pairs of a node and a hop in which a node reached earlier had a pulse.",
        &[],
        |reading, _, _, _| some(reading.revisits),
    ),
    counter(
        "emanate_confidence_aggregations_total",
        "Contributions that were combined by noisy-or.",
        &[],
        |reading, _, _, _| some(reading.confidence_aggregations),
    ),
    histogram("emanate_hops", "Hops of spreads that gave an outcome.", &[], &HOPS, |reading, _| {
        &reading.hops
    }),
    histogram(
        "emanate_confidence",
        "Mean confidence of the nodes a spread reported: activation by largest activation.",
        &[],
        &CONFIDENCES,
        |reading, _| &reading.confidence,
    ),
    gauge("emanate_scratch_in_use", "Scratches that spreads work in.", &[], |reading, _, _, _| {
        some(reading.supplied.scratch_in_use)
    }),
    gauge("emanate_scratch_capacity", "Most scratches at once.", &[], |reading, _, _, _| {
        some(reading.supplied.scratch_capacity)
    }),
    gauge(
        "emanate_scratch_bytes",
        "Bytes of all scratches, idle ones among them.",
        &[],
        |reading, _, _, _| some(reading.supplied.scratch_bytes),
    ),
    gauge(
        "emanate_scratch_capacity_bytes",
        "Most bytes of scratch at once.",
        &[],
        |reading, _, _, _| some(reading.supplied.scratch_capacity_bytes),
    ),
    counter(
        "emanate_tier_cache_requests_total",
        "Looks into what a tier keeps in memory.",
        &[TIER, listed("result", &CACHE_RESULTS)],
        |reading, tier, result, _| {
            let cache = reading.supplied.tier_cache[tier];
            some([cache.hits, cache.misses][result])
        },
    ),
    gauge(
        "emanate_spreads_in_flight",
        "Spreads that were admitted and have not ended.",
        &[],
        |reading, _, _, _| some(reading.supplied.spreads_in_flight),
    ),
    gauge(
        "emanate_batch_size",
        "Most spreads in a batch: the setting in force.",
        &[],
        |reading, _, _, _| some(reading.supplied.batch_size),
    ),
    gauge("emanate_queue_depth", "Submitted spreads that wait.", &[], |reading, _, _, _| {
        some(reading.supplied.queue_length)
    }),
    gauge(
        "emanate_breaker_state",
        "1 for the state a breaker is in, 0 for the others.",
        &[BREAKER, listed("state", &STATES)],
        |reading, breaker, state, _| is(reading.supplied.breakers[breaker].state == state),
    ),
    counter(
        "emanate_breaker_transitions_total",
        "Changes of a breaker's state. Those that a person commands appear once they happened.",
        &[BREAKER, listed("from", &STATES), listed("to", &STATES)],
        |reading, breaker, from, to| {
            let count = reading.supplied.breakers[breaker].transitions[from][to];
            some(count).filter(|_| count > 0 || OWN_TRANSITIONS.contains(&(from, to)))
        },
    ),
    counter(
        "emanate_breaker_calls_total",
        "Calls through a breaker, by what came of them.",
        &[BREAKER, listed("outcome", &CALLS)],
        |reading, breaker, call, _| some(reading.supplied.breakers[breaker].calls[call]),
    ),
    counter(
        "emanate_breaker_false_trips_total",
        "Times a breaker opened although the first probe afterwards succeeded.",
        &[BREAKER],
        |reading, breaker, _, _| some(reading.supplied.breakers[breaker].false_trips),
    ),
    counter(
        "emanate_tuner_decisions_total",
        "Decisions of the tuner.",
        &[listed("knob", &TUNED), listed("verdict", &VERDICTS)],
        |reading, setting, verdict, _| some(reading.supplied.tuner_decisions[setting][verdict]),
    ),
    gauge(
        "emanate_tuner_setting",
        "The settings in force of those the tuner changes.",
        &[listed("knob", &TUNED)],
        |reading, setting, _, _| Some(reading.supplied.tuner_settings[setting]),
    ),
    gauge(
        "emanate_tuner_frozen",
        "1 where the tuner changes nothing until an operator releases it.",
        &[],
        |reading, _, _, _| is(reading.supplied.tuner_frozen),
    ),
    gauge(
        "emanate_tuner_age_seconds",
        "Time since the tuner last looked, which it does many times a second; NaN where none runs.",
        &[],
        |reading, _, _, _| {
            Some(reading.supplied.tuner_age.map_or(f64::NAN, |age| age.as_secs_f64()))
        },
    ),
    gauge(
        "emanate_quality_recall",
        "Share of a full answer that is kept, from 0 to 1; NaN where that was not measured yet.",
        &[],
        |reading, _, _, _| Some(reading.supplied.recall.unwrap_or(f64::NAN)),
    ),
    Family {
        name: "emanate_health_status",
        kind: Kind::Gauge,
        help: "1 for what a check of health says, 0 for the others.",
        labels: &[named("check"), listed("status", &STATUSES)],
        source: Source::Named(|reading| {
            let status = |at: usize| (at, STATUSES[at]);
            let checks = reading.supplied.checks.iter();
            let pairs = checks.flat_map(|check| {
                (0..STATUSES.len()).map(status).map(move |status| (check, status))
            });
            let series = pairs.map(|(check, (at, name))| {
                let number = f64::from(u8::from(check.status == at));
                (vec![check.check.clone(), name.into()], number)
            });
            series.collect()
        }),
    },
    Family {
        name: "emanate_feature_enabled",
        kind: Kind::Gauge,
        help: "1 where a feature is on, 0 where it is off.",
        labels: &[named("feature")],
        source: Source::Named(|reading| {
            let features = reading.supplied.features.iter();
            features.map(|(name, on)| (vec![name.clone()], f64::from(u8::from(*on)))).collect()
        }),
    },
    gauge("emanate_graph_generation", "The generation published last.", &[], |reading, _, _, _| {
        some(reading.supplied.graph_generation)
    }),
    counter(
        "emanate_changes_total",
        "Changes to graphs.",
        &[listed("kind", &CHANGE_KINDS), listed("outcome", &CHANGE_OUTCOMES)],
        |reading, kind, outcome, _| some(reading.supplied.changes[kind][outcome]),
    ),
    gauge(
        "emanate_build_info",
        "1; the label says which version this is.",
        &[listed("version", &[env!("CARGO_PKG_VERSION")])],
        |_, _, _, _| some(1),
    ),
];
