//! Seeds, filters, bounds and extras of a request.

use emanate::spread::{Direction, Rule, UnknownSeeds};
use emanate_tests::plans::{Hidden, LABELS, RequestPlan};
use libfuzzer_sys::arbitrary::{Result, Unstructured};

use super::{Bits, TIMES, flag, is_single, maybe, number, seldom};

/// Any request for `rule`.
pub(super) fn of(bytes: &mut Unstructured<'_>, rule: Rule) -> Result<RequestPlan> {
    let seeds = seeds(bytes, &rule)?;
    let mut bits = Bits::draw(bytes)?;
    let directions = [Direction::Out, Direction::Out, Direction::In, Direction::Both];
    let direction = directions[usize::from(bits.take(2))];
    let explain = bits.is_set();
    let by_step = bits.is_set();
    let exclude_seeds = bits.are_set();
    let is_filtered = bits.are_set();
    let mut has = Bits::draw(bytes)?;
    let is_doubtful = seldom(bytes, 4)?;
    Ok(RequestPlan {
        seeds,
        has_unknown_seed: is_doubtful && flag(bytes)?,
        unknown_seeds: if is_doubtful && flag(bytes)? {
            UnknownSeeds::Refuse
        } else {
            UnknownSeeds::Skip
        },
        relations: if is_filtered { relations(bytes, &rule)? } else { Vec::new() },
        rule,
        direction,
        age: maybe(bytes, has.are_set(), age)?,
        hidden: maybe(bytes, has.are_set(), hidden)?,
        edges_max: maybe(bytes, has.are_set(), |bytes| bytes.int_in_range(0..=60))?,
        nodes_max: maybe(bytes, has.are_set(), |bytes| bytes.int_in_range(1..=16))?,
        exclude_seeds,
        explain,
        by_step,
    })
}

/// One to four seeds, some at the same node, with times where the rule has them.
fn seeds(bytes: &mut Unstructured<'_>, rule: &Rule) -> Result<Vec<(usize, f64, u32)>> {
    let is_timed = matches!(rule, Rule::Retention(_));
    let mut seeds = Vec::new();
    for _ in 0..bytes.int_in_range(1..=4u8)? {
        let node = bytes.int_in_range(0..=LABELS.len() - 1)?;
        let activation = number(bytes, &[1.0, 0.25, 0.5, 2.0], 0.05..=1.0)?;
        let time = if is_timed { bytes.int_in_range(0..=5)? } else { 0 };
        seeds.push((node, activation, time));
    }
    Ok(seeds)
}

/// One to three; a name may come twice, and the graph need not have it.
fn relations(bytes: &mut Unstructured<'_>, rule: &Rule) -> Result<Vec<(u8, f64)>> {
    let mut relations = Vec::new();
    // Single precision is compared only where nothing cancels.
    let least = if is_single(rule) { 0.25 } else { -0.5 };
    for _ in 0..bytes.int_in_range(1..=3u8)? {
        let factor = number(bytes, &[1.0, 0.0, 0.5, least], 0.2..=1.5)?;
        relations.push((bytes.int_in_range(0..=2)?, factor));
    }
    Ok(relations)
}

/// Age rate and query time.
fn age(bytes: &mut Unstructured<'_>) -> Result<(f64, f64)> {
    let rate = number(bytes, &[0.001, 0.0], 0.0..=0.005)?;
    let latest = f64::from(TIMES);
    Ok((rate, number(bytes, &[latest, 0.0, latest / 2.0], 0.0..=latest * 1.2)?))
}

fn hidden(bytes: &mut Unstructured<'_>) -> Result<Hidden> {
    let modulus = bytes.int_in_range(2..=5)?;
    Ok(Hidden { modulus, rest: bytes.int_in_range(0..=modulus - 1)? })
}
