//! `GET /v1/logs` and `GET /v1/audit`.

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use serde_json::{Value, json};

use super::ask;
use super::parameters::Parameters;
use crate::config::Level;
use crate::output::text::cut;
use crate::serve::front::Entry;
use crate::serve::journal::{Filter, Record};
use crate::serve::problem::Problem;
use crate::serve::service::App;

/// Recent log records.
pub(crate) async fn logs(
    State(service): State<App>,
    entry: Entry,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
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
    Ok(ask::value(&json!({"records": records})))
}

/// What administrators did.
pub(crate) async fn audit(
    State(service): State<App>,
    entry: Entry,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let parameters = Parameters::of(&uri, &["limit"])?;
    let limit = parameters.limit(&entry.live.config)?;
    Ok(ask::value(&json!({"acts": service.audit.acts(limit)})))
}
