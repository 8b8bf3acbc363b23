//! Where blocks should be: a pure function of heat, sizes and room.

use crate::terms::Tier;

/// How much hotter, byte for byte, another block must be to take the place of one that has it.
/// Without this, two blocks of about the same heat would change places at every look.
pub(super) const ADVANTAGE: f64 = 1.25;

/// What is known of one block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Item {
    /// Bytes it takes, uncompressed.
    pub(super) bytes: u64,
    /// How often it is asked for; finite and not below 0.
    pub(super) heat: f64,
    /// Where it is.
    pub(super) now: Tier,
    /// Where it is when it has no better place: warm or cold, as it lies in the graph's file.
    pub(super) home: Tier,
    /// Where the host wants it.
    pub(super) pin: Option<Tier>,
}

/// Bytes that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rooms {
    /// In memory.
    pub(super) hot: u64,
    /// For copies of blocks that are cold at home.
    pub(super) warm: u64,
}

/// Where each block should be.
///
/// A tier is filled with what is pinned to it, by position, then with what is hottest, by
/// `heat / bytes`, times [`ADVANTAGE`] for blocks that are in it already, ties by position; a block
/// that does not fit is left out. A block without heat is brought nowhere, and stays where it is
/// while nothing else wants the room. A block goes below its home for no pin, and above its pin
/// for no heat. Costs a sort.
pub(super) fn place(items: &[Item], rooms: Rooms) -> Vec<Tier> {
    let mut places: Vec<Tier> = items.iter().map(|item| item.home).collect();
    fill(items, &mut places, Tier::Hot, rooms.hot);
    fill(items, &mut places, Tier::Warm, rooms.warm);
    places
}

/// Fills `tier` from those that are still at home below it.
fn fill(items: &[Item], places: &mut [Tier], tier: Tier, room: u64) {
    let wants = |item: &Item| match item.pin {
        Some(pin) => pin == tier,
        None => item.heat > 0.0 || item.now == tier,
    };
    let rank = |item: &Item| {
        let advantage = if item.now == tier { ADVANTAGE } else { 1.0 };
        let density = item.heat * advantage / item.bytes.max(1) as f64;
        if item.pin == Some(tier) { f64::INFINITY } else { density }
    };
    let mut order: Vec<(f64, usize)> = items
        .iter()
        .enumerate()
        .filter(|(position, item)| places[*position] > tier && wants(item))
        .map(|(position, item)| (rank(item), position))
        .collect();
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut left = room;
    for (_, position) in order {
        if let Some(rest) = left.checked_sub(items[position].bytes) {
            left = rest;
            places[position] = tier;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ADVANTAGE, Item, Rooms, place};
    use crate::terms::Tier;

    fn item() -> impl Strategy<Value = Item> {
        let tier = prop_oneof![Just(Tier::Warm), Just(Tier::Cold)];
        let any = prop_oneof![Just(Tier::Hot), Just(Tier::Warm), Just(Tier::Cold)];
        let heat = prop_oneof![Just(0.0), 0.0..100.0f64];
        (1..50u64, heat, any.clone(), tier, prop::option::weighted(0.2, any)).prop_map(
            |(bytes, heat, now, home, pin)| Item { bytes, heat, now: now.min(home), home, pin },
        )
    }

    fn bytes(items: &[Item], places: &[Tier], of: impl Fn(&Item, Tier) -> bool) -> u64 {
        let pairs = items.iter().zip(places);
        pairs.filter(|(item, tier)| of(item, **tier)).map(|(item, _)| item.bytes).sum()
    }

    proptest! {
        #[test]
        fn no_tier_holds_more_than_it_has_room_for(
            items in prop::collection::vec(item(), 0..60), hot in 0..600u64, warm in 0..600u64,
        ) {
            let places = place(&items, Rooms { hot, warm });
            prop_assert!(bytes(&items, &places, |_, tier| tier == Tier::Hot) <= hot);
            let copied = |item: &Item, tier| tier == Tier::Warm && item.home == Tier::Cold;
            prop_assert!(bytes(&items, &places, copied) <= warm);
            for (item, tier) in items.iter().zip(&places) {
                prop_assert!(*tier <= item.home, "nothing is below its home");
                let pinned = item.pin.is_none_or(|pin| *tier >= pin.min(item.home));
                prop_assert!(pinned, "or above its pin");
                let idle = item.heat == 0.0 && item.pin.is_none() && item.now == item.home;
                prop_assert!(!idle || *tier == item.home, "what nobody asks for stays");
            }
        }

        #[test]
        fn a_hotter_block_is_left_out_only_for_those_as_hot_or_for_size(
            items in prop::collection::vec(item(), 0..60), hot in 0..600u64,
        ) {
            let places = place(&items, Rooms { hot, warm: 0 });
            let used = bytes(&items, &places, |_, tier| tier == Tier::Hot);
            let density = |item: &Item| item.heat / item.bytes as f64;
            for (out, tier) in items.iter().zip(&places) {
                if *tier == Tier::Hot || out.pin.is_some() || out.heat == 0.0 {
                    continue;
                }
                let cooler: u64 = items.iter().zip(&places).filter(|(held, tier)| {
                    **tier == Tier::Hot
                        && held.pin.is_none()
                        && density(held) * ADVANTAGE < density(out)
                }).map(|(held, _)| held.bytes).sum();
                prop_assert!(hot - used + cooler < out.bytes, "{out:?} would have fitted");
            }
        }

        #[test]
        fn a_placement_that_was_made_is_kept(
            items in prop::collection::vec(item(), 0..60), hot in 0..600u64, warm in 0..600u64,
        ) {
            let rooms = Rooms { hot, warm };
            let places = place(&items, rooms);
            let settled: Vec<Item> =
                items.iter().zip(&places).map(|(item, now)| Item { now: *now, ..*item }).collect();
            let again = place(&settled, rooms);
            let after: Vec<Item> =
                items.iter().zip(&again).map(|(item, now)| Item { now: *now, ..*item }).collect();
            prop_assert_eq!(place(&after, rooms), again, "it does not swing");
        }
    }

    #[test]
    fn pins_go_before_heat_and_heat_before_those_that_are_there() {
        let item = |heat, now, pin| Item { bytes: 10, heat, now, home: Tier::Cold, pin };
        let items = [
            item(100.0, Tier::Cold, None),
            item(0.0, Tier::Cold, Some(Tier::Hot)),
            item(50.0, Tier::Hot, None),
            item(900.0, Tier::Cold, Some(Tier::Warm)),
            item(60.0, Tier::Cold, None),
            item(999.0, Tier::Hot, Some(Tier::Cold)),
        ];
        use Tier::{Cold, Hot, Warm};
        let at = |hot, warm| place(&items, Rooms { hot, warm });
        assert_eq!(at(30, 10), [Hot, Hot, Hot, Warm, Cold, Cold], "60 is not 1.25 times 50");
        assert_eq!(at(20, 20), [Hot, Hot, Cold, Warm, Warm, Cold]);
        assert_eq!(at(10, 0), [Cold, Hot, Cold, Cold, Cold, Cold]);
        assert_eq!(at(0, 0), [Cold; 6]);
    }
}
