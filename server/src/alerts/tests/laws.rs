//! What holds for any rule, whatever its metric does.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::World;
use crate::alerts::book::Acknowledge;
use crate::alerts::machine::Happened;
use crate::alerts::time::Time;

/// What may happen before a look.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Set(u8),
    Wait(u8),
    Restart(u8),
    Acknowledge,
    Silence(u8),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        8 => (0..4_u8).prop_map(Deed::Set),
        8 => (1..40_u8).prop_map(Deed::Wait),
        1 => (0..200_u8).prop_map(Deed::Restart),
        1 => Just(Deed::Acknowledge),
        1 => (1..60_u8).prop_map(Deed::Silence),
    ];
    prop::collection::vec(deed, 1..120)
}

fn rules() -> impl Strategy<Value = Value> {
    (0..30_u8, 0..30_u8, 1..200_u8, prop::option::of(1..60_u8)).prop_map(
        |(hold, keep, cooldown, escalate)| {
            json!({
                "metric": "g",
                "condition": {"kind": "threshold", "above": 2, "clear": 1},
                "for": format!("{hold}s"),
                "keep_for": format!("{keep}s"),
                "cooldown": format!("{cooldown}s"),
                "severity": "warning",
                "escalate": escalate.map(|after| json!({"after": format!("{after}s")})),
            })
        },
    )
}

/// What was told in a world in which `deeds` were done, with the times at which the rule was above
/// its limit.
fn played(rule: &Value, deeds: &[Deed], restarts: bool) -> World {
    let mut world = World::new(std::slice::from_ref(rule));
    world.gauge(0.0);
    for deed in deeds {
        match deed {
            Deed::Set(value) => world.gauge(f64::from(*value)),
            Deed::Wait(seconds) => {
                world.run(u64::from(*seconds));
            }
            Deed::Restart(_) if !restarts => {}
            Deed::Restart(seconds) => world.restart(Duration::from_secs(u64::from(*seconds))),
            Deed::Acknowledge => {
                let seen = Acknowledge {
                    name: "rule-0".to_owned(),
                    labels: None,
                    by: "who".to_owned(),
                    note: String::new(),
                };
                // That nothing fires is fine.
                let _ = world.book.acknowledge(&seen, world.now);
            }
            Deed::Silence(seconds) => {
                let silence = json!({"alerts": ["rule-0"], "for": format!("{seconds}s")});
                world.book.silence(silence, "who", world.now).unwrap();
            }
        }
        world.look();
    }
    world
}

fn seconds(rule: &Value, key: &str) -> Duration {
    let text = rule[key].as_str().unwrap();
    Duration::from_secs(text.trim_end_matches('s').parse().unwrap())
}

proptest! {
    #[test]
    fn tellings_keep_their_order_and_their_distance(rule in rules(), deeds in deeds()) {
        let world = played(&rule, &deeds, true);
        let cooldown = seconds(&rule, "cooldown");
        let mut fired: Option<Time> = None;
        let mut open = false;
        for notice in &world.told {
            match notice.happened {
                Happened::Fired => {
                    if let Some(before) = fired {
                        prop_assert!(notice.at.since(before) >= cooldown);
                    }
                    fired = Some(notice.at);
                    open = true;
                }
                // A silence may hide an end, but none is told that was not begun.
                Happened::Resolved => {
                    prop_assert!(open, "an end is told that was not begun");
                    open = false;
                }
                Happened::Escalated => {
                    prop_assert!(open, "a rise is told of what was not begun");
                    prop_assert!(rule["escalate"].is_object());
                }
                Happened::Acknowledged => prop_assert!(false, "nobody needs telling"),
            }
        }
    }

    #[test]
    fn what_happened_alternates_and_holds_are_kept(rule in rules(), deeds in deeds()) {
        let world = played(&rule, &deeds, true);
        let mut firing: Option<Time> = None;
        let mut records: Vec<_> = world.book.past().cloned().collect();
        records.reverse();
        for pair in records.windows(2) {
            prop_assert!(pair[0].id < pair[1].id && pair[0].at <= pair[1].at);
        }
        for record in &records {
            match record.happened {
                Happened::Fired => {
                    prop_assert!(firing.is_none());
                    firing = Some(record.at);
                }
                Happened::Resolved => {
                    prop_assert!(firing.is_some());
                    firing = None;
                }
                Happened::Escalated | Happened::Acknowledged => prop_assert!(firing.is_some()),
            }
        }
        prop_assert_eq!(firing.is_some(), world.state() == "firing");
    }

    #[test]
    fn a_value_that_never_crosses_never_fires(
        rule in rules(),
        values in prop::collection::vec(0..=2_u8, 1..200),
    ) {
        let deeds: Vec<Deed> = values.into_iter().map(Deed::Set).collect();
        let world = played(&rule, &deeds, true);
        prop_assert!(world.told.is_empty() && world.book.past().next().is_none());
    }

    #[test]
    fn it_fires_exactly_when_it_was_held(rule in rules(), length in 1..60_u64) {
        let mut world = World::new(std::slice::from_ref(&rule));
        world.gauge(3.0);
        world.run(length);
        world.gauge(0.0);
        world.run(1);
        let held = Duration::from_secs(length - 1) >= seconds(&rule, "for");
        let fired = world.book.past().any(|record| record.happened == Happened::Fired);
        prop_assert_eq!(fired, held);
    }

    /// A restart that takes no time changes nothing for a rule that needs no past.
    #[test]
    fn a_restart_in_no_time_is_not_noticed(rule in rules(), deeds in deeds()) {
        let still: Vec<Deed> = deeds
            .iter()
            .map(|deed| if let Deed::Restart(_) = deed { Deed::Restart(0) } else { *deed })
            .collect();
        let (with, without) = (played(&rule, &still, true), played(&rule, &still, false));
        let told = |world: &World| {
            world.told.iter().map(|n| (n.at, n.happened, n.severity)).collect::<Vec<_>>()
        };
        prop_assert_eq!(told(&with), told(&without));
    }
}
