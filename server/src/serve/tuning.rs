//! The tuner on the service's engine, on a thread of its own.

use std::sync::Arc;

use emanate::Engine;
use emanate::observe::Supplied;
use emanate_tuner::driver::{Driver, DriverConfig, DriverThread, TunerReading};
use emanate_tuner::{
    Bounds, Config as Steering, Decision, Objective, PolicyName, SettingName, Settings,
    StrategyName, Verdict,
};
use serde_json::{Map, Value, json};

use super::error::ServeError;
use crate::config::Config;

/// Starts the tuner where `config` wants it.
///
/// # Errors
/// [`ServeError::Runtime`] where the system gives no thread.
pub(super) fn start(
    config: &Config,
    engine: &Arc<Engine>,
) -> Result<Option<DriverThread>, ServeError> {
    let tuner = &config.tuner;
    if !tuner.enabled {
        return Ok(None);
    }
    let min = Settings { batch_size: 1, hop_limit: 1 };
    let max = Settings { batch_size: tuner.batch_max, hop_limit: tuner.hops_max };
    let steering = Steering {
        bounds: Bounds::new(min, max).expect("the ranges of both keys begin at 1"),
        objective: Objective {
            budget_us: tuner.budget.as_secs_f64() * 1e6,
            quality_floor: tuner.quality_floor,
        },
        policy: PolicyName::Paired,
        strategy: StrategyName::Adaptive,
        seed: 0,
    };
    let driving = DriverConfig::new(steering);
    let driver = Driver::new(Arc::clone(engine), &driving, Arc::clone(engine.clock()));
    driver.start().map(Some).map_err(ServeError::Runtime)
}

/// Fills in the tuner's figures.
pub(super) fn supply(reading: &TunerReading, supplied: &mut Supplied) {
    supplied.tuner_decisions = SettingName::ALL
        .map(|setting| Verdict::ALL.map(|verdict| reading.decisions(setting, verdict)));
    supplied.tuner_settings =
        SettingName::ALL.map(|setting| f64::from(setting.of(reading.in_force)));
    supplied.tuner_frozen = reading.frozen.is_some();
    supplied.tuner_age = Some(reading.age);
    supplied.recall = reading.recall;
}

/// Both settings as an object.
fn settings(settings: Settings) -> Value {
    let pairs = SettingName::ALL.map(|name| (name.name().to_owned(), json!(name.of(settings))));
    Value::Object(Map::from_iter(pairs))
}

/// What the tuner asks for and sees, as an object.
pub(crate) fn shown(reading: &TunerReading) -> Value {
    let decisions = SettingName::ALL.map(|setting| {
        let count = |verdict: Verdict| {
            (verdict.name().to_owned(), json!(reading.decisions(setting, verdict)))
        };
        (setting.name().to_owned(), Value::Object(Map::from_iter(Verdict::ALL.map(count))))
    });
    json!({
        "policy": reading.policy.name(),
        "settings": settings(reading.settings),
        "in_force": settings(reading.in_force),
        "frozen": reading.frozen.map(|reason| reason.to_string()),
        "recall": reading.recall,
        "shadow": reading.shadow.map(|shadow| json!({
            "hop_limit": shadow.hop_limit,
            "spreads": shadow.spreads,
            "recall": shadow.recall,
        })),
        "driven": reading.is_driven,
        "age_s": reading.age.as_secs_f64(),
        "window_age_s": reading.window_age.as_secs_f64(),
        "windows": reading.windows,
        "samples_lost": reading.samples_lost,
        "samples_stale": reading.samples_stale,
        "shadows": reading.shadows,
        "shadow_time_s": reading.shadow_time.as_secs_f64(),
        "decisions": Map::from_iter(decisions),
    })
}

/// One decision with its evidence, as an object.
pub(crate) fn shown_decision(decision: &Decision) -> Value {
    let (reading, proposal) = (&decision.reading, &decision.proposal);
    json!({
        "tick": decision.tick,
        "setting": decision.setting().name(),
        "verdict": proposal.verdict.name(),
        "reason": proposal.reason.to_string(),
        "before": settings(decision.before),
        "after": settings(proposal.settings),
        "evidence": {
            "window": reading.window,
            "spreads": reading.spreads,
            "throughput_per_second": reading.throughput_per_second,
            "samples": reading.samples,
            "over_budget": reading.over_budget,
            "recall": reading.shadow.map(|shadow| shadow.recall),
        },
    })
}
