//! Emanate's worker: the public face of the library, nodes by the host's integer keys.
//!
//! Variants: `plain`; `max-both` and `once`, the semantics of `sproink` and `hirn-graph`; `oracle`,
//! the library's oracle in place of its kernels; `team`, all threads on one spread.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read};
use std::num::NonZeroU32;
use std::path::Path;
use std::thread;

use emanate::spread::{
    Combine, Direction, Execution, Firing, Hops, Kernel, Linear, PageRank, PageRankMethod,
    Precision, Rule, Share, Squash, oracle,
};
use emanate::{
    Engine, Generation, Graph, GraphBuilder, Label, NodeId, Snapshot, SpreadOutcome, SpreadRequest,
};
use emanate_compare::{
    Arguments, Ask, GraphFile, Measured, Strongest, TOP, measure, serve, write_answers,
    write_vector,
};

type Failure = Box<dyn Error>;

/// Nodes `0..node_count` by key, then the edges.
fn build(
    node_count: usize,
    edges: impl Iterator<Item = (u32, u32, f32)>,
) -> Result<Generation, Failure> {
    let mut builder = GraphBuilder::with_keys();
    for key in 0..node_count as u64 {
        builder.node(key)?;
    }
    for (source, target, weight) in edges {
        builder.edge(u64::from(source), u64::from(target), f64::from(weight))?;
    }
    Ok(builder.build()?)
}

/// The edges of `edges.bin`, as they come.
fn edges_of(path: &Path) -> Result<impl Iterator<Item = (u32, u32, f32)>, Failure> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    Ok(std::iter::from_fn(move || {
        let mut bytes = [0; 12];
        file.read_exact(&mut bytes).ok()?;
        let (numbers, _) = bytes.as_chunks::<4>();
        let weight = f32::from_le_bytes(numbers[2]);
        Some((u32::from_le_bytes(numbers[0]), u32::from_le_bytes(numbers[1]), weight))
    }))
}

struct Worker {
    arguments: Arguments,
    engine: Engine,
    snapshot: Snapshot,
    seeds: Vec<u32>,
    /// Kept for a next command, so that a warm one allocates nothing.
    outcome: SpreadOutcome,
}

impl Worker {
    fn new(arguments: Arguments) -> Result<Self, Failure> {
        let file = GraphFile::read(&arguments.graph)?;
        // `sproink` shares activation evenly over edges, which is `share = weight` over weights
        // that are all 1.
        let even = arguments.variant == "max-both";
        let edges = file.edges().map(|(s, t, weight)| (s, t, if even { 1.0 } else { weight }));
        let graph = Graph::from(build(file.node_count(), edges)?);
        let snapshot = graph.snapshot();
        let engine = engine(&arguments)?;
        let (seeds, outcome) = (file.seeds, SpreadOutcome::new());
        Ok(Self { arguments, engine, snapshot, seeds, outcome })
    }

    /// The rule `linear` as this variant has it.
    fn linear(&self, hops: u32, firing_threshold: f64) -> SpreadRequest {
        let precision = if self.arguments.single { Precision::Single } else { Precision::Double };
        let plain =
            Linear { hops: Hops::Limit(hops), firing_threshold, precision, ..Linear::default() };
        let rule = match self.arguments.variant.as_str() {
            "max-both" => Linear {
                share: Share::Weight,
                combine: Combine::Max,
                squash: Some(Squash { gain: 10.0, center: 0.3 }),
                ..plain
            },
            "once" => Linear { firing: Firing::Once, ceiling: Some(1.0), hop_decay: 1.0, ..plain },
            _ => plain,
        };
        let mut request = SpreadRequest::new(Rule::Linear(rule)).top(TOP);
        if self.arguments.variant == "team" {
            request = request.threads(
                NonZeroU32::try_from(self.arguments.threads as u32).unwrap_or(NonZeroU32::MIN),
            );
        }
        if self.arguments.variant == "max-both" {
            request.edges.direction = Direction::Both;
        }
        request
    }

    fn query(&self, request: &SpreadRequest, number: usize) -> SpreadRequest {
        let seed = self.seeds[number % self.seeds.len()];
        request.clone().seed(u64::from(seed), 1.0)
    }

    fn run(&self, request: &SpreadRequest, outcome: &mut SpreadOutcome) -> Result<(), Failure> {
        if self.arguments.variant == "oracle" {
            *outcome = oracle::spread(&self.snapshot, request)?;
        } else {
            self.engine.spread_into(&self.snapshot, request, outcome)?;
        }
        Ok(())
    }

    /// The key a node was given; it is the number of the node in the file.
    fn key(&self, node: NodeId) -> Result<u64, Failure> {
        match self.snapshot.label(node)? {
            Label::Key(key) => Ok(key),
            _ => Err("the graph's nodes have keys".into()),
        }
    }

    fn strongest(&self, outcome: &SpreadOutcome) -> Result<Strongest, Failure> {
        let pair = |node: &emanate::NodeActivation| Ok((self.key(node.node)?, node.activation));
        outcome.activations.iter().map(pair).collect()
    }

    /// Runs the requests one by one; the sum of the activations, and where asked the answers.
    fn one_by_one(
        &self,
        requests: &[SpreadRequest],
        outcome: &mut SpreadOutcome,
        keep: bool,
    ) -> Result<(f64, Vec<Strongest>), String> {
        let mut checksum = 0.0;
        let mut kept = Vec::new();
        for request in requests {
            self.run(request, outcome).map_err(|error| error.to_string())?;
            checksum += outcome.activations.iter().map(|node| node.activation).sum::<f64>();
            if keep {
                kept.push(self.strongest(outcome).map_err(|error| error.to_string())?);
            }
        }
        Ok((checksum, kept))
    }

    /// One share of the requests for each thread.
    fn on_threads(
        &self,
        requests: &[SpreadRequest],
        keep: bool,
    ) -> Result<(f64, Vec<Strongest>), String> {
        let share = requests.len().div_ceil(self.arguments.threads).max(1);
        let shares = thread::scope(|scope| {
            let run =
                |part| scope.spawn(move || self.one_by_one(part, &mut SpreadOutcome::new(), keep));
            let running: Vec<_> = requests.chunks(share).map(run).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned()))
            };
            running.into_iter().map(join).collect::<Result<Vec<_>, _>>()
        })?;
        let checksum = shares.iter().map(|(checksum, _)| checksum).sum();
        Ok((checksum, shares.into_iter().flat_map(|(_, kept)| kept).collect()))
    }

    /// All requests in one call, where the library has such a call.
    fn together(
        &self,
        requests: &[SpreadRequest],
        keep: bool,
    ) -> Result<(f64, Vec<Strongest>), String> {
        let mut checksum = 0.0;
        let mut kept = Vec::new();
        for answer in self.engine.spread_many(&self.snapshot, requests) {
            let outcome = answer.map_err(|error| error.to_string())?;
            checksum += outcome.activations.iter().map(|node| node.activation).sum::<f64>();
            if keep {
                kept.push(self.strongest(&outcome).map_err(|error| error.to_string())?);
            }
        }
        Ok((checksum, kept))
    }

    fn spread(&mut self, request: &SpreadRequest, ask: &Queries<'_>) -> Result<Measured, Failure> {
        let numbers = ask.first..ask.first + ask.count;
        let requests: Vec<_> = numbers.map(|number| self.query(request, number)).collect();
        let mut outcome = std::mem::take(&mut self.outcome);
        let keep = ask.out.is_some();
        let alone = self.arguments.threads == 1 || self.arguments.variant == "team";
        let (done, measured) = measure(|| {
            if ask.batch {
                self.together(&requests, keep)
            } else if alone {
                self.one_by_one(&requests, &mut outcome, keep)
            } else {
                self.on_threads(&requests, keep)
            }
        });
        self.outcome = outcome;
        let (checksum, kept) = done?;
        if let Some(path) = ask.out {
            write_answers(path, &kept)?;
        }
        Ok(Measured { checksum, work: ask.count as f64, ..measured })
    }

    /// `hops` hops after a first one: what a spread of one hop takes is taken off, its seeds,
    /// their search by key and the ranking with it. What stays is the hops, each with its ledger
    /// and frontier, and `work` is the edges they followed.
    fn hop(&mut self, hops: u32, out: Option<&Path>) -> Result<Measured, Failure> {
        let mut request = self.linear(hops + 1, 0.0);
        if let Rule::Linear(rule) = &mut request.rule {
            rule.hop_decay = 1.0;
        }
        for key in 0..self.snapshot.node_count() as u64 {
            request = request.seed(key, 1.0);
        }
        let mut short = request.clone();
        if let Rule::Linear(rule) = &mut short.rule {
            rule.hops = Hops::Limit(1);
        }
        let mut outcome = std::mem::take(&mut self.outcome);
        let (done, base) = measure(|| self.run(&short, &mut outcome));
        done?;
        let edges = outcome.stats.edges_traversed;
        let (done, whole) = measure(|| self.run(&request, &mut outcome));
        done?;
        if let Some(path) = out {
            write_answers(path, &[self.strongest(&outcome)?])?;
        }
        let work = (outcome.stats.edges_traversed - edges) as f64;
        let checksum = outcome.activations.iter().map(|node| node.activation).sum();
        self.outcome = outcome;
        let wall = whole.wall - base.wall;
        Ok(Measured { wall, cpu: whole.cpu - base.cpu, work, checksum })
    }

    fn page_rank(
        &mut self,
        method: PageRankMethod,
        ask: &Queries<'_>,
    ) -> Result<Measured, Failure> {
        let rule = Rule::PageRank(PageRank { method, ..PageRank::default() });
        let mut request = SpreadRequest::new(rule).top(TOP);
        if ask.count == 0 {
            for key in 0..self.snapshot.node_count() as u64 {
                request = request.seed(key, 1.0);
            }
        }
        let Some(path) = ask.out else {
            return if ask.count == 0 {
                let mut outcome = std::mem::take(&mut self.outcome);
                let (done, measured) = measure(|| {
                    self.one_by_one(std::slice::from_ref(&request), &mut outcome, false)
                });
                self.outcome = outcome;
                Ok(Measured { checksum: done?.0, work: 1.0, ..measured })
            } else {
                self.spread(&request, ask)
            };
        };
        request.top = None;
        let mut values = Vec::new();
        for number in ask.first..ask.first + ask.count.max(1) {
            let request =
                if ask.count == 0 { request.clone() } else { self.query(&request, number) };
            let outcome = self.engine.spread_at(&self.snapshot, &request)?;
            let begin = values.len();
            values.resize(begin + self.snapshot.node_count(), 0.0);
            for node in &outcome.activations {
                values[begin + self.key(node.node)? as usize] = node.activation;
            }
        }
        write_vector(path, &values)?;
        Ok(Measured::default())
    }

    /// Bytes of the graph as the library reports them, once `part` of it exists.
    fn memory(&mut self, part: &str) -> Result<Measured, Failure> {
        match part {
            "out" => {}
            "in" => _ = self.snapshot.in_row(NodeId::new(0))?,
            "dense" => {
                // Made at once, not when it has paid for itself.
                let execution = Execution { kernel: Kernel::Dense, ..Execution::default() };
                self.engine = Engine::builder().execution(execution).build()?;
                self.hop(1, None)?;
            }
            _ => return Err(format!("there is no part {part}").into()),
        }
        let bytes: u64 = self.snapshot.sections().iter().map(|part| part.resident_bytes).sum();
        Ok(Measured { work: bytes as f64, ..Measured::default() })
    }
}

/// Which queries, and where their answers go.
struct Queries<'a> {
    first: usize,
    count: usize,
    batch: bool,
    out: Option<&'a Path>,
}

/// The engine of this variant.
fn engine(arguments: &Arguments) -> Result<Engine, Failure> {
    Ok(Engine::builder().threads(arguments.threads).build()?)
}

fn method(name: &str, knob: f64) -> Result<PageRankMethod, Failure> {
    match name {
        "power" => Ok(PageRankMethod::Power { tolerance: knob, iterations_max: 1000 }),
        "push" => Ok(PageRankMethod::Push { epsilon: knob }),
        _ => Err(format!("there is no method {name}").into()),
    }
}

fn build_from(edges: &Path) -> Result<Measured, Failure> {
    let (graph, measured) = measure(|| {
        let mut builder = GraphBuilder::with_keys();
        for (source, target, weight) in edges_of(edges)? {
            builder.edge(u64::from(source), u64::from(target), f64::from(weight))?;
        }
        Ok::<_, Failure>(builder.build()?)
    });
    Ok(Measured { work: graph?.edge_count() as f64, ..measured })
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::of_process()?;
    if arguments.variant == "build" {
        return serve(|ask| match ask {
            Ask::Build { edges } => build_from(&edges),
            _ => Err("this variant only builds".into()),
        });
    }
    let mut worker = match Worker::new(arguments) {
        Ok(worker) => worker,
        Err(error) => {
            println!("error {error}");
            return Ok(());
        }
    };
    serve(|ask| match ask {
        Ask::Spread { hops, threshold, first, count, batch, out } => {
            let request = worker.linear(hops, threshold);
            worker.spread(&request, &Queries { first, count, batch, out: out.as_deref() })
        }
        Ask::Hop { hops, out } => worker.hop(hops, out.as_deref()),
        Ask::PageRank { method: name, knob, first, count, out } => {
            let queries = Queries { first, count, batch: false, out: out.as_deref() };
            worker.page_rank(method(&name, knob)?, &queries)
        }
        Ask::Memory { part } => worker.memory(&part),
        Ask::Build { edges } => build_from(&edges),
    })
}
