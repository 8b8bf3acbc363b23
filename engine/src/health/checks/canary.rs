//! A small spread on the live engine, whose answer is compared with the oracle's.

mod ball;
mod compare;

use std::time::Duration;

use crate::graph::Generation;
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

/// Seeds that are tried for one whose spread gets anywhere.
const SEEDS_TRIED: u64 = 16;

/// How large and how long a canary spread may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanaryOptions {
    /// Longest time from call to outcome. By default [`DEFAULT_CANARY_BUDGET`].
    pub budget: Duration,
    /// Most edges that it follows. By default [`DEFAULT_CANARY_EDGES_MAX`].
    pub edges_max: u64,
    /// Most hops; fewer where more would follow too many edges. By default
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
/// Each run takes another seed, by a fixed sequence, so over time it looks at all of the graph. The
/// spread ends before it would follow more than [`CanaryOptions::edges_max`] edges. Then the rows
/// it saw are read from the same generation, and the oracle spreads on a graph of these alone; so
/// a check costs the same on a graph of any size: beside the spread, a few milliseconds. The
/// firing threshold is 0, so that rounding decides nothing.
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
        let nodes = graph.node_count() as u64;
        let mut verdict = Verdict::Pass;
        // A graph without nodes can give no wrong answer.
        for tried in 0..SEEDS_TRIED.min(nodes) {
            let seed = seed(run.wrapping_mul(SEEDS_TRIED).wrapping_add(tried), nodes);
            let request = request(seed, &options, context);
            let begun_ns = context.clock().now_ns();
            let answer = spread(&graph, &request);
            let took_ns = context.clock().now_ns().saturating_sub(begun_ns);
            let outcome = match answer {
                Ok(outcome) => outcome,
                Err(error) => return Verdict::fail(format!("the canary spread failed: {error}")),
            };
            // A slow answer is a failure whatever it says, and one cut short cannot be compared.
            let took = Duration::from_nanos(took_ns).max(outcome.stats.elapsed);
            if took > options.budget {
                return Verdict::fail(format!(
                    "the canary spread took {took:?}, more than {:?}",
                    options.budget
                ));
            }
            verdict = compare::verdict(&graph, seed, &request, &outcome);
            // One that went nowhere says little, so the next seed is tried.
            if outcome.stats.edges_traversed > 0 || !matches!(verdict, Verdict::Pass) {
                break;
            }
        }
        verdict
    }
}

fn seed(number: u64, nodes: u64) -> NodeId {
    NodeId::new(u32::try_from(mix(number) % nodes).expect("a node's number fits 32 bits"))
}

fn request(seed: NodeId, options: &CanaryOptions, context: &CheckContext) -> SpreadRequest {
    let linear =
        Linear { hops: Hops::Limit(options.hops), firing_threshold: 0.0, ..Linear::default() };
    let mut request = SpreadRequest::new(Rule::Linear(linear)).seed(seed, 1.0);
    request.bounds.budget = Some(options.budget);
    request.bounds.cancel = Some(context.token().clone());
    request.bounds.edges_max = Some(options.edges_max);
    request
}

/// A number that looks like chance and is the same every time (SplitMix64's last steps).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
