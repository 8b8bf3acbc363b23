//! A small spread on the live engine, whose answer is compared with the oracle's.

mod ball;
mod compare;

use std::time::Duration;

use self::ball::Ball;
use super::super::policy::ns;
use crate::graph::{DamagedBlock, Generation};
use crate::health::{CheckContext, Verdict};
use crate::spread::{Hops, Linear, Rule, SpreadError, SpreadOutcome, SpreadRequest};
use crate::sync::{Arc, AtomicU64, Ordering};
use crate::terms::NodeId;

/// Default of [`CanaryOptions::budget`].
pub const DEFAULT_CANARY_BUDGET: Duration = Duration::from_millis(50);
/// Default of [`CanaryOptions::edges_max`].
pub const DEFAULT_CANARY_EDGES_MAX: u64 = 4096;
/// Default of [`CanaryOptions::hops`].
pub const DEFAULT_CANARY_HOPS: u32 = 3;

/// Seeds that are looked at for one whose edges fit.
const SEEDS_TRIED: u64 = 16;

/// How large and how long a canary spread may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanaryOptions {
    /// Longest time from call to outcome. By default [`DEFAULT_CANARY_BUDGET`].
    pub budget: Duration,
    /// Most edges of the part of the graph that it reaches; as many are given to the oracle. By
    /// default [`DEFAULT_CANARY_EDGES_MAX`].
    pub edges_max: u64,
    /// Most hops; fewer where more would reach too many edges. By default
    /// [`DEFAULT_CANARY_HOPS`].
    pub hops: u32,
}

impl Default for CanaryOptions {
    fn default() -> Self {
        Self {
            budget: DEFAULT_CANARY_BUDGET,
            edges_max: DEFAULT_CANARY_EDGES_MAX,
            hops: DEFAULT_CANARY_HOPS,
        }
    }
}

/// Runs one small spread by rule `linear` and fails where its answer is not the oracle's, where
/// there is none, or where it came after more than the budget; warns where rows could not be read
/// but the answer is right for those that could.
///
/// Each run takes another seed, by a fixed sequence, and reads from the same generation the rows
/// that a spread from there reaches within [`CanaryOptions::edges_max`]; the oracle spreads on a
/// graph of these alone. So a check costs the same on a graph of any size, and over time it looks
/// at all of it. The firing threshold is 0, so that rounding decides nothing. Costs, beside the
/// spread: a few milliseconds at most.
///
/// `snapshot` gives what is served now, and `spread` must take the way that every spread takes,
/// but no permit of a breaker: a canary that used up a probe would keep a spread from being the
/// proof that the engine has recovered, and one that was refused would prove nothing.
pub fn canary(
    options: CanaryOptions,
    snapshot: impl Fn() -> Arc<Generation> + Send + Sync + 'static,
    spread: impl Fn(&Generation, &SpreadRequest) -> Result<SpreadOutcome, SpreadError>
    + Send
    + Sync
    + 'static,
) -> impl Fn(&CheckContext) -> Verdict + Send + Sync + 'static {
    let runs = AtomicU64::new(0);
    move |context| {
        // Relaxed: any number will do, as long as the next run has another.
        let run = runs.fetch_add(1, Ordering::Relaxed);
        let graph = snapshot();
        let ball = match choose(&graph, &options, run) {
            Ok(Some(ball)) => ball,
            // A graph without nodes can give no wrong answer.
            Ok(None) => return Verdict::Pass,
            Err(block) => return Verdict::fail(format!("the graph cannot be read: {block}")),
        };
        let request = request(&ball, &options, context);
        let begun_ns = context.clock().now_ns();
        let answer = spread(&graph, &request);
        let took_ns = context.clock().now_ns().saturating_sub(begun_ns);
        let outcome = match answer {
            Ok(outcome) => outcome,
            Err(error) => return Verdict::fail(format!("the canary spread failed: {error}")),
        };
        // A slow answer is a failure whatever it says, and one cut short cannot be compared.
        if took_ns > ns(options.budget) || outcome.stats.elapsed > options.budget {
            let took = Duration::from_nanos(took_ns).max(outcome.stats.elapsed);
            return Verdict::fail(format!(
                "the canary spread took {took:?}, more than {:?}",
                options.budget
            ));
        }
        compare::verdict(&ball, &request, &outcome)
    }
}

/// The part of `graph` around a seed of this run: the first that fits whole, else the one with
/// most hops. `None` where the graph has no nodes.
fn choose(
    graph: &Generation,
    options: &CanaryOptions,
    run: u64,
) -> Result<Option<Ball>, DamagedBlock> {
    let nodes = graph.node_count() as u64;
    let mut best: Option<Ball> = None;
    for tried in 0..SEEDS_TRIED.min(nodes) {
        let drawn = mix(run.wrapping_mul(SEEDS_TRIED).wrapping_add(tried)) % nodes;
        let seed = NodeId::new(u32::try_from(drawn).expect("a node's number fits 32 bits"));
        let ball = Ball::around(graph, seed, options.hops, options.edges_max)?;
        if ball.hops == options.hops && ball.edges > 0 {
            return Ok(Some(ball));
        }
        let better =
            best.as_ref().is_none_or(|best| (ball.hops, ball.edges) > (best.hops, best.edges));
        if better {
            best = Some(ball);
        }
    }
    Ok(best)
}

fn request(ball: &Ball, options: &CanaryOptions, context: &CheckContext) -> SpreadRequest {
    let linear =
        Linear { hops: Hops::Limit(ball.hops), firing_threshold: 0.0, ..Linear::default() };
    let mut request = SpreadRequest::new(Rule::Linear(linear)).seed(ball.seed, 1.0);
    request.bounds.budget = Some(options.budget);
    request.bounds.cancel = Some(context.token().clone());
    request
}

/// A number that looks like chance and is the same every time (SplitMix64's last steps).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
