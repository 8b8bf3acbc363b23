//! `POST /v1/spread/batch`.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::value::RawValue;

use super::answer::{self, Answer};
use super::ask::Asker;
use super::received::Received;
use super::target::Target;
use crate::config::Config;
use crate::query::{self, Query};
use crate::serve::problem::Problem;

/// Answers many queries.
pub(crate) async fn batch(target: Target, received: Received) -> Answer {
    let texts = texts(&received.text, &received.entry.live.config)?;
    let asker = Asker::admit(received, &target, texts.len())?;
    let queries = texts.iter().map(|text| query::parse(text.get()).map_err(Problem::from));
    let queries: Vec<Result<Query, Problem>> = queries.collect();
    check_total(&asker, &queries)?;
    let outcomes = queries.into_iter().map(|query| async { asker.ask(&query?).await });
    Ok(answer::json(joined(&join_all(outcomes).await)))
}

/// The texts of the queries.
fn texts(text: &str, config: &Config) -> Result<Vec<Box<RawValue>>, Problem> {
    let most = config.limits.batch;
    let shape = "a batch is an object with one key, \"queries\", which is an array of queries";
    let mut body: BTreeMap<String, Vec<Box<RawValue>>> = serde_json::from_str(text)
        .map_err(|error| Problem::malformed(format!("{shape} ({error}); correct it")))?;
    let queries = body.remove("queries").filter(|_| body.is_empty());
    let queries = queries.ok_or_else(|| Problem::unprocessable(format!("{shape}; correct it")))?;
    if (1..=most).contains(&queries.len()) {
        return Ok(queries);
    }
    let count = queries.len();
    Err(Problem::unprocessable(format!(
        "the batch has {count} queries; give at least 1 and at most {most}"
    )))
}

/// Refuses queries that together ask for more nodes than one request may: all outcomes are in
/// memory at once.
fn check_total(asker: &Asker, queries: &[Result<Query, Problem>]) -> Result<(), Problem> {
    let tops = queries.iter().flatten().filter_map(|query| asker.check(query).ok());
    let total = tops.fold(0u64, u64::saturating_add);
    let most = asker.live.config.limits.top;
    if total <= most {
        return Ok(());
    }
    Err(Problem::unprocessable(format!(
        "the queries ask for {total} nodes together, but a request may have {most} here; ask for \
         fewer"
    )))
}

/// The outcomes as one object. Those that were printed are objects already, each on a line.
fn joined(outcomes: &[Result<Vec<u8>, Problem>]) -> Vec<u8> {
    let mut text = b"{\"outcomes\":[".to_vec();
    for (position, outcome) in outcomes.iter().enumerate() {
        if position > 0 {
            text.push(b',');
        }
        match outcome {
            Ok(outcome) => text.extend_from_slice(outcome.trim_ascii_end()),
            Err(problem) => text.extend_from_slice(problem.json().to_string().as_bytes()),
        }
    }
    text.extend_from_slice(b"]}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_an_object_of_queries() {
        let config = Config::default();
        let status = |text: &str| texts(text, &config).map(|q| q.len()).map_err(|p| p.status);
        assert_eq!(status("{\"queries\":[{},7]}"), Ok(2));
        for bad in ["", "[]", "{\"queries\":{}}", "{\"queries\":[}", "{\"other\":1}"] {
            assert_eq!(status(bad).unwrap_err().as_u16(), 400, "{bad}");
        }
        let many = format!("{{\"queries\":[{}0]}}", "0,".repeat(256));
        for bad in ["{}", "{\"queries\":[]}", "{\"queries\":[1],\"a\":[]}", &many] {
            assert_eq!(status(bad).unwrap_err().as_u16(), 422, "{bad}");
        }
    }
}
