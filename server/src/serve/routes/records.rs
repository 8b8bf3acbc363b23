//! `GET /v1/logs` and `GET /v1/audit`.

use axum::extract::State;
use axum::http::Uri;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::parameters::{Limit, Parameters};
use crate::config::Level;
use crate::output::text::cut;
use crate::serve::front::Entry;
use crate::serve::journal::{Filter, Record};
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// Recent log records.
pub(crate) async fn logs(State(service): State<App>, entry: Entry, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["level", "module", "text", "after", "limit"])?;
    let level = match parameters.text("level") {
        None => Level::Trace,
        Some(name) => Level::named(name).ok_or_else(|| {
            let names = Level::ALL.map(Level::name).join(", ");
            Problem::malformed(format!("level is {:?}; give one of {names}", cut(name)))
        })?,
    };
    let filter = Filter {
        level,
        module: parameters.text("module").unwrap_or_default(),
        text: parameters.text("text").unwrap_or_default(),
        after: parameters.value("after", "the id of a record")?.unwrap_or(0),
        most: parameters.limit(&entry.live.config)?,
    };
    let records: Vec<Value> = service.journal.records(&filter).iter().map(Record::json).collect();
    Ok(answer::value(&json!({"records": records})))
}

/// What administrators did.
pub(crate) async fn audit(State(service): State<App>, Limit(limit): Limit) -> Answer {
    Ok(answer::value(&json!({"acts": service.audit.acts(limit)})))
}
