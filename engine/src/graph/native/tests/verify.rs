//! What only a comparison of all sections shows.

use super::{blocks_resident, bytes_of, open_bytes, plain, rich, small_labelled};
use crate::graph::blocks::Blocks;
use crate::graph::edges::{EdgeBlock, Weights};
use crate::graph::generation::Facts;
use crate::graph::{Damage, Edge, Generation, GraphBuilder, RelationFacts, VerifyReport, verify};
use crate::sync::{Arc, FirstWins};
use crate::terms::Label;

/// The one block that `verify` says is damaged.
fn found(graph: &Generation) -> (&'static str, u64) {
    let damaged = verify(graph).unwrap_err().damaged;
    assert_eq!(damaged.len(), 1, "{damaged:?}");
    assert_eq!(damaged[0].damage, Damage::Content);
    (damaged[0].section, damaged[0].block)
}

#[test]
fn what_is_right_is_found_right() {
    let graph = rich(5000, 20_000);
    // 5 blocks of names, 2 of the order, 5 of each of 3 sections of edges in both directions.
    assert_eq!(verify(&graph), Ok(VerifyReport { blocks: 5 + 2 + 2 * 3 * 5, bytes: 0 }));
    let bytes = bytes_of(&graph, "right");
    let opened = open_bytes(bytes.clone()).unwrap();
    let sections = opened.sections();
    let blocks: u64 = sections[1..].iter().map(|section| section.blocks).sum();
    let report = verify(&opened).unwrap();
    let tables = 32 * blocks;
    let expected = bytes.len() as u64 - sections[0].file_bytes - tables;
    assert_eq!(report, VerifyReport { blocks, bytes: expected });
    assert_eq!(blocks_resident(&opened), 0, "nothing is kept");
}

#[test]
fn every_fact_is_compared() {
    type Lie = fn(&mut Facts);
    let lies: [Lie; 11] = [
        |facts| facts.edges += 1,
        |facts| facts.self_loops += 1,
        |facts| facts.fan_out_max -= 1,
        |facts| facts.fan_in_max -= 1,
        |facts| facts.weight_min -= 1.0,
        |facts| facts.weight_max += 1.0,
        |facts| facts.has_times = false,
        |facts| facts.relations[1].negative += 1,
        |facts| facts.relations[2].positive += 1,
        |facts| facts.removed_nodes += 1,
        |facts| facts.relations.swap(1, 2),
    ];
    for lie in lies {
        let mut graph = small_labelled();
        lie(&mut graph.facts);
        assert_eq!(found(&graph), ("facts", 0));
    }
    let empty = GraphBuilder::new().build().unwrap();
    assert_eq!(verify(&empty), Ok(VerifyReport::default()));
    assert_eq!(
        small_labelled().facts.relations[2],
        RelationFacts { edges: 1, negative: 1, positive: 0 }
    );
}

#[test]
fn in_edges_are_those_of_this_graph() {
    let mut graph = plain(3000, 9000);
    graph.in_edges().unwrap();
    let mut rows: Vec<EdgeBlock> = (0..3)
        .map(|position| graph.in_edges().unwrap().rows.get(position).unwrap().clone())
        .collect();
    let Weights::Single(weights) = &mut rows[1].weights else { panic!("narrow weights") };
    weights[17] += 0.125;
    let mut in_edges = crate::graph::reverse::in_edges(&graph).unwrap();
    in_edges.rows = Blocks::in_memory(rows);
    graph.block_in_edges = Arc::new(FirstWins::full(in_edges));
    assert_eq!(found(&graph), ("in-edges", 1));
}

#[test]
fn the_order_ascends_and_names_every_node_once() {
    let swapped = |graph: &mut Generation, first: usize, second: usize| {
        let blocks = graph.names.order.len();
        let mut order: Vec<u32> = (0..blocks)
            .flat_map(|position| graph.names.order.get(position).unwrap().to_vec())
            .collect();
        order.swap(first, second);
        order
    };
    let with_order = |graph: &mut Generation, order: &[u32]| {
        graph.names.order = Blocks::in_memory(order.chunks(4096).map(Box::from));
    };
    let mut graph = rich(5000, 100);
    let order = swapped(&mut graph, 4200, 4201);
    with_order(&mut graph, &order);
    assert_eq!(found(&graph), ("order", 1));

    let mut graph = plain(5000, 100);
    let mut order = swapped(&mut graph, 0, 0);
    order[4096] = order[4095];
    with_order(&mut graph, &order);
    assert_eq!(found(&graph), ("order", 1), "a node twice, over the end of a block");

    let mut graph = small_labelled();
    let order = swapped(&mut graph, 0, 3);
    with_order(&mut graph, &order);
    assert_eq!(found(&graph), ("order", 0));
}

#[test]
fn parallel_edges_ascend_by_relation_then_time() {
    let graph_with = |first: (Option<&str>, Option<f64>), second: (Option<&str>, Option<f64>)| {
        let mut builder = GraphBuilder::new();
        for (weight, (relation, time)) in [(1.0, first), (2.0, second)] {
            let (source, target) = (Label::Text("a"), Label::Text("b"));
            builder.add(&Edge { source, target, weight, relation, time }).unwrap();
        }
        builder.build().unwrap()
    };
    let relations = [(None, None), (Some("of"), None)];
    let times = [(None, Some(1.0)), (None, Some(2.0))];
    let none_and_time = [(None, None), (None, Some(-1e300))];
    for [first, second] in [relations, times, none_and_time] {
        let mut graph = graph_with(first, second);
        assert_eq!(verify(&graph_with(first, second)), Ok(VerifyReport { blocks: 6, bytes: 0 }));
        let edges = &mut graph.out_edges;
        if let Some(column) = &edges.relations {
            let block: Box<[u32]> = column.get(0).unwrap().iter().rev().copied().collect();
            edges.relations = Some(Blocks::in_memory([block]));
        }
        if let Some(column) = &edges.times {
            let block: Box<[f64]> = column.get(0).unwrap().iter().rev().copied().collect();
            edges.times = Some(Blocks::in_memory([block]));
        }
        let damaged = verify(&graph).unwrap_err().damaged;
        let places: Vec<_> = damaged.iter().map(|block| (block.section, block.block)).collect();
        assert_eq!(places, [("out-edges", 0), ("in-edges", 0)], "the reverse keeps the order");
    }
}

#[test]
fn no_edge_is_there_twice() {
    let mut builder = GraphBuilder::new();
    for (weight, time) in [(1.0, 5.0), (1.0, 6.0)] {
        let (source, target) = (Label::Text("a"), Label::Text("b"));
        let edge = Edge { source, target, weight, relation: None, time: Some(time) };
        builder.add(&edge).unwrap();
    }
    let mut graph = builder.build().unwrap();
    graph.out_edges.times = Some(Blocks::in_memory([Box::from([5.0, 5.0])]));
    let damaged = verify(&graph).unwrap_err().damaged;
    let sections: Vec<_> = damaged.iter().map(|block| block.section).collect();
    assert_eq!(sections, ["out-edges", "in-edges"]);
}
