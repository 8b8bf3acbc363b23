//! Parameters of every rule, within their ranges.

use emanate::Key;
use emanate::spread::{
    ActR, Combine, Firing, Hops, Inhibit, Linear, PageRank, PageRankMethod, Precision, Retention,
    Rule, Share, Squash, Synapse,
};
use emanate_tests::plans::LABELS;
use libfuzzer_sys::arbitrary::{Result, Unstructured};

use super::{Bits, flag, maybe, number, seldom};

/// Any parameters of any rule; half of them are of rule `linear`, which has most.
pub(super) fn any(bytes: &mut Unstructured<'_>) -> Result<Rule> {
    Ok(match bytes.int_in_range(0..=7u8)? {
        0 => Rule::Retention(retention(bytes)?),
        1 => Rule::PageRank(pagerank(bytes)?),
        2 => Rule::ActR(act_r(bytes)?),
        3 => Rule::Synapse(synapse(bytes)?),
        _ => Rule::Linear(linear(bytes)?),
    })
}

fn linear(bytes: &mut Unstructured<'_>) -> Result<Linear> {
    let hops = match bytes.int_in_range(0..=6)? {
        6 => Hops::Auto,
        hops => Hops::Limit(hops),
    };
    let hop_decay = number(bytes, &[1.0, 0.5, 0.85], 0.2..=1.0)?;
    let firing_threshold = number(bytes, &[0.0, 1e-4, 0.125, 0.25, 0.5, 1.0], 1e-4..=0.3)?;
    let mut bits = Bits::draw(bytes)?;
    let share = [Share::None, Share::Weight, Share::Sqrt, Share::Log][usize::from(bits.take(2))];
    let combine = [Combine::Sum, Combine::Sum, Combine::Max, Combine::NoisyOr];
    let combine = combine[usize::from(bits.take(2))];
    let firing = if bits.is_set() { Firing::Once } else { Firing::Repeat };
    let precision = if bits.are_set() { Precision::Single } else { Precision::Double };
    let mut has = Bits::draw(bytes)?;
    let report_threshold =
        maybe(bytes, has.is_set(), |bytes| number(bytes, &[0.25, 0.5], 0.01..=0.5))?;
    Ok(Linear {
        hops,
        hop_decay,
        firing_threshold,
        report_threshold: report_threshold.unwrap_or(0.0),
        share,
        combine,
        firing,
        ceiling: maybe(bytes, has.is_set(), |bytes| number(bytes, &[1.0, 0.5], 0.4..=3.0))?,
        fan_out_limit: maybe(bytes, has.are_set(), |bytes| bytes.int_in_range(0..=8))?,
        inhibit: maybe(bytes, has.are_set(), inhibit)?,
        squash: maybe(bytes, has.are_set(), squash)?,
        precision,
    })
}

fn retention(bytes: &mut Unstructured<'_>) -> Result<Retention> {
    let part = |bytes: &mut Unstructured<'_>| number(bytes, &[0.5, 0.0, 0.25, 1.0], 0.0..=1.0);
    let retention = part(bytes)?;
    let mut per_node = Vec::new();
    for _ in 0..bytes.int_in_range(0..=3u8)? {
        let label = *bytes.choose(&LABELS)?;
        per_node.push((Key::from(label), part(bytes)?));
    }
    let mut time_decay = number(bytes, &[0.0, 0.5, 1.0], 0.01..=1.0)?;
    let suppress = number(bytes, &[0.0, 0.125, 0.25], 0.001..=0.2)?;
    let is_stopped = seldom(bytes, 3)?;
    let stop_threshold =
        maybe(bytes, is_stopped, |bytes| number(bytes, &[0.25, 0.5, 1.0], 0.01..=1.0))?;
    // Without a time there must be a stop threshold, and without some loss it would be reached
    // after thousands of steps.
    let is_timed = stop_threshold.is_none() || !seldom(bytes, 4)?;
    let time = is_timed.then(|| bytes.int_in_range(0..=12)).transpose()?;
    if time.is_none() {
        time_decay = time_decay.max(0.05);
    }
    Ok(Retention { retention, per_node, time, time_decay, suppress, stop_threshold })
}

fn pagerank(bytes: &mut Unstructured<'_>) -> Result<PageRank> {
    let damping = number(bytes, &[0.5, 0.85, 0.0], 0.05..=0.95)?;
    let method = if flag(bytes)? {
        let epsilon = number(bytes, &[0.25, 0.0625, 0.3, 0.03, 1e-3, 1e-5], 1e-4..=0.5)?;
        PageRankMethod::Push { epsilon }
    } else {
        let tolerance = number(bytes, &[1e-9, 1e-3, 0.5, 1e-12], 1e-12..=1e-2)?;
        PageRankMethod::Power { tolerance, iterations_max: bytes.int_in_range(0..=60)? }
    };
    Ok(PageRank { damping, method })
}

fn act_r(bytes: &mut Unstructured<'_>) -> Result<ActR> {
    let usual = ActR::default();
    let threshold = |bytes: &mut Unstructured<'_>| number(bytes, &[0.0, 1.0, -0.5], -1.0..=2.0);
    let has_threshold = seldom(bytes, 3)?;
    Ok(ActR {
        source_strength: number(bytes, &[usual.source_strength, 0.0, -1.0], 0.5..=3.0)?,
        source_activation: number(bytes, &[usual.source_activation, 0.0, -1.0], 0.1..=2.0)?,
        base_level: number(bytes, &[usual.base_level, 0.5], -1.0..=1.0)?,
        latency_factor: number(bytes, &[usual.latency_factor, 0.0], 0.1..=1.0)?,
        intercept: number(bytes, &[usual.intercept, 0.0], 0.0..=1.0)?,
        report_threshold: maybe(bytes, has_threshold, threshold)?,
    })
}

fn synapse(bytes: &mut Unstructured<'_>) -> Result<Synapse> {
    Ok(Synapse {
        steps: bytes.int_in_range(0..=5)?,
        time_decay: number(bytes, &[0.5, 0.0, 1.0], 0.0..=1.0)?,
        spread: number(bytes, &[0.8, 0.0, 1.0], 0.1..=1.5)?,
        inhibit: inhibit(bytes)?,
        squash: squash(bytes)?,
        gate: number(bytes, &[0.0, 0.12, 0.5], 0.01..=0.4)?,
    })
}

fn inhibit(bytes: &mut Unstructured<'_>) -> Result<Inhibit> {
    let beta = number(bytes, &[0.15, 0.0, 0.5], 0.01..=0.5)?;
    Ok(Inhibit { beta, competitors: bytes.int_in_range(0..=7)? })
}

fn squash(bytes: &mut Unstructured<'_>) -> Result<Squash> {
    let gain = number(bytes, &[5.0, 0.0, 1.0, -1.0], -1.0..=8.0)?;
    Ok(Squash { gain, center: number(bytes, &[0.5, 0.0, 1.0], -0.5..=1.5)? })
}
