//! Real change sets on a disk that loses what is not synced.

use std::collections::BTreeMap;
use std::sync::Arc;

use emanate::change::store::{Disk, Fault, FlushPolicy, SimulatedDisk, Store, StoreOptions};
use emanate::change::{ChangeSet, EdgeEnd, EdgeKey, RowEdge, check_graph, open_graph, read_graph};
use emanate::sync::ManualClock;
use emanate::{
    ApplyError, ApplyOptions, Engine, Generation, Graph, NodeActivation, NodeId, SpreadRequest,
};
use emanate_bench::SplitMix64;

/// Points at which the machine stops.
const POINTS: u64 = 150;
const LIVES: u64 = 5;

fn label(random: &mut SplitMix64) -> String {
    format!("n{}", random.below(12))
}

/// A few edits of every kind.
fn draw(random: &mut SplitMix64) -> ChangeSet {
    let mut changes = ChangeSet::new();
    for _ in 0..1 + random.below(6) {
        let (a, b, c) = (label(random), label(random), label(random));
        let weight = random.unit();
        let edge = || EdgeKey::new(a.as_str(), b.as_str());
        match random.below(12) {
            0 => changes.upsert_node(a.as_str()),
            1 => changes.remove_node(a.as_str()),
            2 => changes.rename_node(a.as_str(), c.as_str()),
            3 => changes.remove_edge(edge()),
            4 => changes.add_weight(edge(), weight),
            5 => changes.move_edge(edge(), EdgeEnd::Target, c.as_str()),
            6 => changes.oja([(edge(), 0.5, weight)], 0.25),
            7 => {
                let row = RowEdge { target: c.as_str().into(), weight, relation: None, time: None };
                changes.rebuild_row(a.as_str(), vec![row])
            }
            8 => changes.upsert_edge(edge().relation("likes").time(7.0), weight),
            _ => changes.upsert_edge(edge(), weight),
        };
    }
    changes
}

type Content = BTreeMap<String, Vec<(String, u32, u64, u64)>>;

/// All nodes with their edges, by name, with the bits of each number.
fn content(graph: &Generation) -> Content {
    let mut content = Content::new();
    for id in 0..graph.node_count() as u32 {
        let node = NodeId::new(id);
        if graph.is_removed(node) {
            continue;
        }
        let name = |node| graph.label(node).unwrap().to_string();
        let row = graph.out_row(node).unwrap();
        let (relations, times) =
            (graph.out_relations(node).unwrap(), graph.out_times(node).unwrap());
        let mut edges: Vec<_> = (0..row.targets.len())
            .map(|at| {
                let relation = relations.get(at).copied().unwrap_or(0);
                let time = times.get(at).copied().unwrap_or(f64::NAN).to_bits();
                let weight = row.weights.at(at).to_bits();
                (name(NodeId::new(row.targets[at])), relation, time, weight)
            })
            .collect();
        edges.sort();
        content.insert(name(node), edges);
    }
    content
}

fn spread(graph: &Generation, engine: &Engine, twin: &Graph) -> [Vec<NodeActivation>; 2] {
    let mut request = SpreadRequest::linear(3);
    for id in 0..graph.node_count() as u32 {
        if !graph.is_removed(NodeId::new(id)) {
            let name = graph.label(NodeId::new(id)).unwrap().to_string();
            request = request.seed(name.as_str(), 1.0);
        }
    }
    if request.seeds.is_empty() {
        return [Vec::new(), Vec::new()];
    }
    let mut twin = engine.spread(twin, &request).unwrap().activations;
    let shared = Graph::from(graph.merged().unwrap());
    let mut found = engine.spread(&shared, &request).unwrap().activations;
    for activations in [&mut twin, &mut found] {
        activations.sort_by_key(|reached| reached.node);
    }
    [found, twin]
}

struct Machine {
    random: SplitMix64,
    disk: SimulatedDisk,
    engine: Engine,
    /// The sets that were tried since the first, each with the generation it leads to.
    sets: Vec<(u64, ChangeSet)>,
    /// The last generation that was acknowledged.
    acknowledged: u64,
}

impl Machine {
    fn new(seed: u64) -> Self {
        Self {
            random: SplitMix64::new(seed),
            disk: SimulatedDisk::new(seed),
            engine: Engine::new(),
            sets: Vec::new(),
            acknowledged: 0,
        }
    }

    /// What the sets up to `generation` make, without any store.
    fn twin(&self, generation: u64) -> Graph {
        let (disk, clock) = (Arc::new(SimulatedDisk::new(0)), Arc::new(ManualClock::new()));
        let options = StoreOptions::default().create().flush(FlushPolicy::Never);
        let (empty, _) = open_graph(disk, &options, clock).unwrap();
        let graph = Graph::from(empty.generation);
        for (_, set) in self.sets.iter().filter(|(number, _)| *number <= generation) {
            let options = ApplyOptions::default();
            self.engine.apply(&graph, set, &options).unwrap();
        }
        graph
    }

    /// Opens the store; `None` where the machine stops meanwhile.
    fn open(&mut self) -> Option<(Graph, Arc<Store>)> {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let options = StoreOptions::default().create();
        let opened = open_graph(disk, &options, Arc::new(ManualClock::new()));
        let (stored, opened) = match opened {
            Ok(opened) => opened,
            Err(_) if self.disk.is_stopped() => return None,
            Err(error) => panic!("{error}"),
        };
        assert!(opened.generation >= self.acknowledged, "{opened}");
        self.sets.retain(|(number, _)| *number <= opened.generation);
        self.acknowledged = opened.generation;
        let twin = self.twin(opened.generation);
        assert_eq!(content(&stored.generation), content(&twin.snapshot()));
        let [found, expected] = spread(&stored.generation, &self.engine, &twin);
        assert_eq!(found, expected);
        let store = Arc::clone(&stored.store);
        Some((Graph::journaled(stored.generation, stored.store), store))
    }

    fn live(&mut self, graph: &Graph, store: &Store) {
        for _ in 0..30 {
            let number = graph.snapshot().number();
            if self.random.below(6) == 0 {
                let taken = store.checkpoint_graph(|| graph.snapshot());
                assert!(taken.is_ok() || self.disk.is_stopped(), "{taken:?}");
            }
            let changes = draw(&mut self.random);
            self.sets.push((number + 1, changes.clone()));
            let options = ApplyOptions::default();
            match self.engine.apply(graph, &changes, &options) {
                Ok(report) => {
                    assert_eq!(report.generation, number + 1);
                    self.acknowledged = number + 1;
                }
                Err(_) => {
                    // Refused for what it says, or by the disk; nothing has changed.
                    assert_eq!(graph.snapshot().number(), number);
                    if self.disk.is_stopped() {
                        return;
                    }
                    self.sets.pop();
                }
            }
        }
    }
}

#[test]
fn a_graph_comes_back_to_the_bit_wherever_the_machine_stops() {
    for seed in 0..POINTS / LIVES {
        let mut machine = Machine::new(seed);
        for _ in 0..LIVES {
            machine.disk.set(Fault::StopAt(1 + u64::from(machine.random.below(60))));
            if let Some((graph, store)) = machine.open() {
                machine.live(&graph, &store);
            }
            machine.disk.lose_power();
        }
        let (graph, store) = machine.open().expect("nothing stops this one");
        let expected = content(&graph.snapshot());
        drop((graph, store));
        let (checked, report) = check_graph(&machine.disk).unwrap();
        assert_eq!(report.opened.generation, machine.acknowledged);
        assert_eq!(content(&checked), expected);
        assert_eq!(content(&read_graph(&machine.disk).unwrap().0), expected);
    }
}

#[test]
fn a_disk_that_is_full_or_read_only_refuses_a_set_and_nothing_changes() {
    for (seed, fault) in [(1, Fault::Full(0)), (2, Fault::ReadOnly), (3, Fault::DenyWrite)] {
        let mut machine = Machine::new(seed);
        let (graph, store) = machine.open().expect("nothing stops this one");
        machine.live(&graph, &store);
        let (number, before) = (graph.snapshot().number(), content(&graph.snapshot()));
        machine.disk.set(fault);
        let mut changes = ChangeSet::new();
        changes.upsert_edge(("n1", "n2"), 0.125).remove_node("n1");
        let error = machine.engine.apply(&graph, &changes, &ApplyOptions::default()).unwrap_err();
        assert!(matches!(error, ApplyError::Storage { .. }), "{error:?}");
        assert_eq!(graph.snapshot().number(), number);
        assert_eq!(content(&graph.snapshot()), before);
        machine.disk.heal();
        let again = machine.engine.apply(&graph, &changes, &ApplyOptions::default());
        // What could not be taken back leaves the store closed until it is opened again.
        assert_eq!(again.is_ok(), fault != Fault::ReadOnly, "{fault:?}");
        if again.is_ok() {
            machine.sets.push((number + 1, changes));
        }
        drop((graph, store));
        machine.disk.lose_power();
        let (graph, _store) = machine.open().expect("nothing stops this one");
        assert_eq!(graph.snapshot().number(), number + u64::from(again.is_ok()));
    }
}
