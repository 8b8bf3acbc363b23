//! `POST /v1/spread`.

use super::answer::{self, Answer};
use super::ask::Asker;
use super::received::Received;
use super::target::Target;
use crate::query;

/// Answers one query.
pub(crate) async fn spread(target: Target, received: Received) -> Answer {
    let query = query::parse(&received.text)?;
    let asker = Asker::admit(received, &target, 1)?;
    Ok(answer::json(asker.ask(&query).await?))
}
