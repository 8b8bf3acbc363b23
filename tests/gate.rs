//! The breaker against a sequential model of it, over random histories in virtual time.
#![forbid(unsafe_code)]

use emanate::gate::{BreakerState, TransitionReason};
use emanate_tests::breaker::{Command, History, Model, compare};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::{prop_assert_eq, proptest};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_history_gives_what_the_model_gives(bytes in vec(any::<u8>(), 0..1500)) {
        let history = History::from_bytes(&bytes);
        prop_assert_eq!(compare(&history), Ok(()), "{:#?}", history);
    }
}

/// Histories would prove nothing if they went nowhere: all states, and all reasons, occur.
#[test]
fn histories_reach_every_state_for_every_reason() {
    let mut random = emanate_bench::SplitMix64::new(11);
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..1000 {
        let bytes: Vec<u8> = (0..1500).map(|_| random.below(256) as u8).collect();
        let history = History::from_bytes(&bytes);
        let mut model = Model::new(history.settings.clone(), 0);
        replay(&history, &mut model);
        for &(_, to, reason, _) in &model.transitions {
            *seen.entry((to.name(), reason.name())).or_insert(0_u32) += 1;
        }
    }
    for reason in TransitionReason::ALL {
        let times: u32 = seen.iter().filter(|(k, _)| k.1 == reason.name()).map(|(_, n)| n).sum();
        assert!(times >= 10, "{reason}: {times} times in {seen:?}");
    }
    for state in BreakerState::ALL {
        assert!(seen.keys().any(|key| key.0 == state.name()), "{state} in {seen:?}");
    }
}

/// What the model alone makes of a history.
fn replay(history: &History, model: &mut Model) {
    let (mut now, mut permits) = (0_u64, Vec::new());
    for command in &history.commands {
        let at = match command {
            Command::Record(at, _) | Command::Drop(at) | Command::Forget(at) => *at,
            Command::RecordTimed(at, _, _) | Command::Panic(at) => *at,
            _ => 0,
        };
        match command {
            Command::Acquire => permits.extend(model.acquire(now)),
            Command::Advance(step) => now += step.as_nanos() as u64,
            Command::Set(settings) => model.set(settings.clone(), now),
            Command::State(state)
                if ![BreakerState::Open, BreakerState::HalfOpen].contains(state) =>
            {
                model.command(*state, now);
            }
            Command::State(_) => {}
            _ if permits.is_empty() => {}
            ended => {
                let permit = permits.swap_remove(at % permits.len());
                let class = match ended {
                    Command::Record(_, class) | Command::RecordTimed(_, class, _) => Some(*class),
                    Command::Panic(_) => Some(emanate::gate::OutcomeClass::Failure),
                    _ => None,
                };
                if !matches!(ended, Command::Forget(_)) {
                    model.end(permit, class, now);
                }
            }
        }
    }
}
