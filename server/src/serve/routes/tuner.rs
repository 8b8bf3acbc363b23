//! `GET` and `POST /v1/tuner`, and `GET /v1/tuner/audit`.

use axum::extract::State;
use emanate_tuner::driver::TunerHandle;
use emanate_tuner::{Command, SettingName, Settings};
use serde_json::{Map, Value, json};

use super::answer::{self, Answer};
use super::parameters::{Bare, Limit};
use super::received::Sent;
use crate::output::text::cut;
use crate::serve::problem::Problem;
use crate::serve::service::App;
use crate::serve::tuning::{shown, shown_decision};

/// Acts on the tuner, with the keys that each has besides `act`.
pub(crate) const TUNER_ACTS: [(&str, &[&str]); 5] = [
    ("pin", &["setting", "value"]),
    ("unpin", &["setting"]),
    ("override", &["batch_size", "hop_limit"]),
    ("freeze", &[]),
    ("release", &[]),
];

fn handle(service: &App) -> Result<TunerHandle, Problem> {
    service.served()?.tuner().ok_or_else(|| {
        Problem::not_found("the tuner does not run; see the key tuner.enabled, and start again")
    })
}

/// What the tuner asks for and sees.
pub(crate) async fn read(State(service): State<App>, _: Bare) -> Answer {
    Ok(answer::value(&shown(&handle(&service)?.reading())))
}

/// The newest decisions, the latest last.
pub(crate) async fn audit(State(service): State<App>, Limit(limit): Limit) -> Answer {
    let decisions = handle(&service)?.decisions(limit);
    let shown: Vec<Value> = decisions.iter().rev().map(shown_decision).collect();
    Ok(answer::value(&json!({"decisions": shown})))
}

/// Steers the tuner.
pub(crate) async fn steer(State(service): State<App>, Sent(value): Sent) -> Answer {
    let handle = handle(&service)?;
    handle.obey(command(&value)?);
    Ok(answer::value(&shown(&handle.reading())))
}

/// What `value` asks for.
fn command(value: &Value) -> Result<Command, Problem> {
    let acts = TUNER_ACTS.map(|(name, _)| name).join(", ");
    let wanted = || Problem::unprocessable(format!("give {{\"act\": ..}} with one of {acts}"));
    let object = value.as_object().ok_or_else(wanted)?;
    let act = object.get("act").and_then(Value::as_str).ok_or_else(wanted)?;
    let known = TUNER_ACTS.iter().find(|(name, _)| *name == act);
    let (name, keys) = known.ok_or_else(wanted)?;
    let strange = object.keys().find(|key| *key != "act" && !keys.contains(&key.as_str()));
    if let Some(key) = strange {
        let detail = format!("{name:?} has no key {:?}; it takes {keys:?}", cut(key));
        return Err(Problem::unprocessable(detail));
    }
    Ok(match *name {
        "pin" => pin(setting(object)?, Some(number(object, "value")?)),
        "unpin" => pin(setting(object)?, None),
        "override" => Command::Override(Settings {
            batch_size: number(object, "batch_size")?,
            hop_limit: number(object, "hop_limit")?,
        }),
        "freeze" => Command::Freeze,
        _ => Command::Release,
    })
}

const fn pin(setting: SettingName, value: Option<u32>) -> Command {
    match setting {
        SettingName::BatchSize => Command::PinBatchSize(value),
        SettingName::HopLimit => Command::PinHopLimit(value),
    }
}

fn setting(object: &Map<String, Value>) -> Result<SettingName, Problem> {
    let name = object.get("setting").and_then(Value::as_str);
    let found = SettingName::ALL.into_iter().find(|setting| Some(setting.name()) == name);
    found.ok_or_else(|| {
        let names = SettingName::ALL.map(SettingName::name).join(" or ");
        Problem::unprocessable(format!("\"setting\" is missing or none; give {names}"))
    })
}

fn number(object: &Map<String, Value>, key: &str) -> Result<u32, Problem> {
    let number = object.get(key).and_then(Value::as_u64);
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.filter(|number| *number > 0).ok_or_else(|| {
        Problem::unprocessable(format!("{key:?} is missing or none; give a number from 1 on"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_named_with_its_keys_and_no_others() {
        let pin = json!({"act": "pin", "setting": "hop_limit", "value": 2});
        assert_eq!(command(&pin).unwrap(), Command::PinHopLimit(Some(2)));
        let unpin = json!({"act": "unpin", "setting": "batch_size"});
        assert_eq!(command(&unpin).unwrap(), Command::PinBatchSize(None));
        let both = json!({"act": "override", "batch_size": 8, "hop_limit": 2});
        let settings = Settings { batch_size: 8, hop_limit: 2 };
        assert_eq!(command(&both).unwrap(), Command::Override(settings));
        assert_eq!(command(&json!({"act": "freeze"})).unwrap(), Command::Freeze);
        assert_eq!(command(&json!({"act": "release"})).unwrap(), Command::Release);
        for bad in [
            json!([]),
            json!({}),
            json!({"act": "tune"}),
            json!({"act": "pin"}),
            json!({"act": "pin", "setting": "hops", "value": 1}),
            json!({"act": "pin", "setting": "hop_limit", "value": 0}),
            json!({"act": "freeze", "setting": "hop_limit"}),
        ] {
            assert_eq!(command(&bad).unwrap_err().status.as_u16(), 422, "{bad}");
        }
    }
}
