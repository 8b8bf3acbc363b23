//! `GET /v1/breakers` and `POST /v1/breakers/{breaker}`.

use std::time::Duration;

use axum::extract::State;
use emanate::gate::{Breaker, EventCursor};
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::parameters::Bare;
use super::received::Sent;
use super::target::Named;
use crate::output::text::cut;
use crate::serve::events::EventKind;
use crate::serve::problem::Problem;
use crate::serve::service::{App, Stage};

/// An act on a breaker, with its name.
type Act = (&'static str, fn(&Breaker));

/// What may be done to a breaker.
pub(crate) const ACTS: [Act; 4] = [
    ("force_open", Breaker::force_open),
    ("disable", Breaker::disable),
    ("metrics_only", Breaker::metrics_only),
    ("reset", Breaker::reset),
];

/// All breakers.
pub(crate) async fn list(State(service): State<App>, _: Bare) -> Answer {
    let breakers = service.served()?.engine.gate().breakers().map(shown);
    Ok(answer::value(&json!({"breakers": breakers.collect::<Vec<_>>()})))
}

/// Steers one breaker.
pub(crate) async fn steer(
    State(service): State<App>,
    Named(name): Named,
    Sent(value): Sent,
) -> Answer {
    let breaker = service.served()?.engine.gate().breaker(&name).ok_or_else(|| {
        Problem::not_found(format!("there is no breaker {:?}; see /v1/breakers", cut(&name)))
    })?;
    act(&value)?(breaker);
    Ok(answer::value(&shown(breaker)))
}

/// What `value` asks for.
fn act(value: &Value) -> Result<fn(&Breaker), Problem> {
    let object = value.as_object().filter(|object| object.len() == 1);
    let name = object.and_then(|object| object.get("act")).and_then(Value::as_str);
    let found = ACTS.iter().find(|(known, _)| Some(*known) == name);
    found.map(|(_, act)| *act).ok_or_else(|| {
        let names = ACTS.map(|(name, _)| name).join(", ");
        Problem::unprocessable(format!("give {{\"act\": ..}} with one of {names}"))
    })
}

fn shown(breaker: &Breaker) -> Value {
    let reading = breaker.reading();
    let calls: serde_json::Map<String, Value> = reading
        .calls
        .by_outcome()
        .map(|(name, count)| (name.to_owned(), json!(count)))
        .into_iter()
        .collect();
    json!({
        "name": breaker.name(),
        "state": reading.state.name(),
        "generation": reading.generation,
        "calls": calls,
        "window": {
            "successes": reading.window.successes,
            "failures": reading.window.failures,
            "slow": reading.window.slow,
        },
        "failures_in_a_row": reading.failures_in_a_row,
        "probes_in_flight": reading.probes_in_flight,
        "open_remaining_s": reading.open_remaining.as_secs_f64(),
        "false_trips": reading.false_trips,
    })
}

/// How often transitions are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Tells of every transition of a breaker, until the service stops.
pub(crate) async fn tell_transitions(service: App) {
    let mut stages = service.stages();
    let mut cursors: Vec<EventCursor> = Vec::new();
    loop {
        tokio::select! {
            _ = stages.wait_for(|stage| *stage >= Stage::Stopping) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let Ok(served) = service.served() else { continue };
        for (position, breaker) in served.engine.gate().breakers().enumerate() {
            if cursors.len() <= position {
                cursors.push(EventCursor::default());
            }
            for event in breaker.events(&mut cursors[position]) {
                let (from, to) = (event.from.name(), event.to.name());
                let (name, reason) = (breaker.name(), event.reason.name());
                tracing::warn!(breaker = name, from, to, reason, "a breaker changed its state");
                let data = json!({"breaker": name, "from": from, "to": to, "reason": reason});
                service.events.tell(EventKind::Breaker, data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{act, json};

    #[test]
    fn an_act_is_named() {
        assert!(act(&json!({"act": "reset"})).is_ok());
        let more = json!({"act": "reset", "more": 1});
        for bad in [json!({}), json!([]), json!({"act": "open"}), more] {
            assert_eq!(act(&bad).unwrap_err().status.as_u16(), 422, "{bad}");
        }
    }
}
