//! The rules of a block's content, one by one.

use crate::graph::edges::{EdgeBlock, Weights};
use crate::graph::generation::{Facts, RelationFacts};
use crate::graph::names::LabelBlock;
use crate::graph::native::content::{Shape, Stored};
use crate::graph::native::facts;

fn encoded(block: &impl Stored) -> Vec<u8> {
    let mut bytes = Vec::new();
    block.encode(&mut bytes);
    bytes
}

fn shape(rows: usize, items: usize) -> Shape {
    Shape { rows, items, width: 8, id_end: 10, has_parallel_edges: false }
}

/// Two rows of two edges each.
fn rows() -> EdgeBlock {
    EdgeBlock {
        offsets: Box::new([0, 2, 4]),
        targets: Box::new([1, 9, 0, 5]),
        weights: Weights::Double(Box::new([0.5, -1.0, 0.0, 2.0])),
    }
}

fn decoded(block: &EdgeBlock) -> Option<EdgeBlock> {
    EdgeBlock::decode(&encoded(block), &shape(2, 4))
}

#[test]
fn rows_are_whole_and_ascend() {
    assert_eq!(decoded(&rows()), Some(rows()));
    for offsets in [[1, 2, 4], [0, 5, 4], [0, 2, 3], [0, 2, 5]] {
        assert_eq!(decoded(&EdgeBlock { offsets: Box::new(offsets), ..rows() }), None);
    }
    for targets in [[9, 1, 0, 5], [1, 10, 0, 5], [1, 1, 0, 5]] {
        assert_eq!(decoded(&EdgeBlock { targets: Box::new(targets), ..rows() }), None);
    }
    for weight in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let weights = Weights::Double(Box::new([0.5, -1.0, weight, 2.0]));
        assert_eq!(decoded(&EdgeBlock { weights, ..rows() }), None);
    }
}

#[test]
fn rows_have_the_shape_their_table_says() {
    let bytes = encoded(&rows());
    for (rows, items) in [(1, 4), (3, 4), (2, 3), (2, 5), (usize::MAX, 4), (2, usize::MAX)] {
        assert_eq!(EdgeBlock::decode(&bytes, &shape(rows, items)), None);
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(EdgeBlock::decode(&longer, &shape(2, 4)), None);
    assert_eq!(EdgeBlock::decode(&bytes[1..], &shape(2, 4)), None);
    let narrow = Shape { width: 4, ..shape(2, 4) };
    assert_eq!(EdgeBlock::decode(&bytes, &narrow), None);
}

#[test]
fn parallel_edges_need_a_relation_or_a_time() {
    let parallel = EdgeBlock { targets: Box::new([1, 1, 0, 5]), ..rows() };
    let allowed = Shape { has_parallel_edges: true, ..shape(2, 4) };
    assert_eq!(EdgeBlock::decode(&encoded(&parallel), &allowed), Some(parallel));
    let falling = EdgeBlock { targets: Box::new([2, 1, 0, 5]), ..rows() };
    assert_eq!(EdgeBlock::decode(&encoded(&falling), &allowed), None);
}

#[test]
fn narrow_weights_are_finite_too() {
    let narrow = Shape { width: 4, ..shape(2, 4) };
    let with = |weight| EdgeBlock {
        weights: Weights::Single(Box::new([0.5, weight, 0.0, 2.0])),
        ..rows()
    };
    assert_eq!(EdgeBlock::decode(&encoded(&with(0.1)), &narrow), Some(with(0.1)));
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(EdgeBlock::decode(&encoded(&with(weight)), &narrow), None);
    }
}

#[test]
fn labels_are_text_and_not_empty() {
    let labels = |offsets: [u32; 3], text: &str| LabelBlock {
        offsets: Box::new(offsets),
        text: text.into(),
    };
    let decoded = |block: &LabelBlock| LabelBlock::decode(&encoded(block), &shape(2, 2));
    let right = labels([0, 3, 6], "dogoé");
    assert_eq!(decoded(&right), Some(right.clone()));
    assert_eq!((right.items(), right.label(0), right.label(1)), (2, "dog", "oé"));
    // An empty label, a label that ends within a letter, offsets that fall or miss an end.
    for offsets in [[0, 0, 6], [0, 6, 6], [0, 5, 6], [0, 7, 6], [1, 3, 6], [0, 3, 5]] {
        assert_eq!(decoded(&labels(offsets, "dogoé")), None, "{offsets:?}");
    }
    let mut not_text = encoded(&right);
    let last = not_text.len() - 1;
    not_text[last] = b'x';
    assert_eq!(LabelBlock::decode(&not_text, &shape(2, 2)), None);
    assert_eq!(LabelBlock::decode(&not_text[..11], &shape(2, 2)), None);
}

#[test]
fn ids_exist() {
    let ids: Box<[u32]> = Box::new([0, 9, 3]);
    assert_eq!(Box::<[u32]>::decode(&encoded(&ids), &shape(3, 3)), Some(ids));
    let ids: Box<[u32]> = Box::new([0, 10, 3]);
    assert_eq!(Box::<[u32]>::decode(&encoded(&ids), &shape(3, 3)), None);
}

#[test]
fn times_are_finite_or_none() {
    let times: Box<[f64]> = Box::new([0.5, f64::NAN, -3.0]);
    let decoded = Box::<[f64]>::decode(&encoded(&times), &shape(3, 3)).unwrap();
    assert_eq!((decoded[0], decoded[1].is_nan(), decoded[2]), (0.5, true, -3.0));
    for time in [f64::INFINITY, f64::NEG_INFINITY] {
        let times: Box<[f64]> = Box::new([0.5, time, -3.0]);
        assert_eq!(Box::<[f64]>::decode(&encoded(&times), &shape(3, 3)), None);
    }
}

#[test]
fn every_kind_of_number_takes_all_its_bytes() {
    fn check<T: Stored + PartialEq + std::fmt::Debug>(block: T) {
        let items = block.items();
        let bytes = encoded(&block);
        assert_eq!(bytes.len(), block.resident_bytes());
        for wrong in [items - 1, items + 1, usize::MAX] {
            assert_eq!(T::decode(&bytes, &shape(items, wrong)), None);
        }
        assert_eq!(T::decode(&bytes, &shape(items, items)), Some(block));
    }
    check::<Box<[u32]>>(Box::new([1, 2, 3]));
    check::<Box<[u64]>>(Box::new([1, u64::MAX]));
    check::<Box<[u128]>>(Box::new([1, u128::MAX]));
    check::<Box<[f64]>>(Box::new([1.0, -0.5]));
}

fn right_facts() -> Facts {
    Facts {
        nodes: 3,
        removed_nodes: 2,
        edges: 5,
        self_loops: 1,
        fan_out_max: 2,
        fan_in_max: 5,
        weight_min: -1.0,
        weight_max: 0.5,
        single_weights: true,
        has_times: false,
        relations: vec![
            RelationFacts { edges: 2, negative: 1, positive: 0 },
            RelationFacts { edges: 3, negative: 0, positive: 3 },
            RelationFacts::default(),
        ],
    }
}

fn names(names: [&str; 2]) -> Box<[Box<str>]> {
    names.map(Box::from).into()
}

const REMOVED: [u32; 2] = [0, 2];

fn facts_encoded(facts: &Facts, names: &[Box<str>]) -> Vec<u8> {
    facts::encode(facts, names, &REMOVED)
}

fn facts_decoded(bytes: &[u8]) -> Option<(Facts, Box<[Box<str>]>)> {
    let content = facts::decode(bytes)?;
    assert_eq!(content.removed, REMOVED);
    Some((content.facts, content.relation_names.by_id().into()))
}

#[test]
fn facts_come_back() {
    let held = names(["a", "b"]);
    let bytes = facts_encoded(&right_facts(), &held);
    assert_eq!(facts_decoded(&bytes), Some((right_facts(), held.clone())));
    let other = Facts { single_weights: false, has_times: true, ..right_facts() };
    assert_eq!(facts_decoded(&facts_encoded(&other, &held)), Some((other, held)));
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(facts_decoded(&longer), None);
    for length in 0..bytes.len() {
        assert_eq!(facts_decoded(&bytes[..length]), None);
    }
}

#[test]
fn facts_that_cannot_be_true_together_are_refused() {
    let wrong = [
        Facts { nodes: 1 << 32, ..right_facts() },
        Facts { edges: 6, ..right_facts() },
        Facts { self_loops: 6, ..right_facts() },
        Facts { fan_out_max: 6, ..right_facts() },
        Facts { fan_out_max: 0, ..right_facts() },
        Facts { fan_in_max: 6, ..right_facts() },
        Facts { weight_min: f64::NEG_INFINITY, ..right_facts() },
        Facts { weight_max: f64::INFINITY, ..right_facts() },
        Facts { weight_max: -2.0, ..right_facts() },
    ];
    for facts in wrong {
        let bytes = facts_encoded(&facts, &names(["a", "b"]));
        assert_eq!(facts_decoded(&bytes), None, "{facts:?}");
    }
    for pair in [["a", "a"], ["", "a"]] {
        assert_eq!(facts_decoded(&facts_encoded(&right_facts(), &names(pair))), None);
    }
    // Relations that changes have brought stand in the order in which they came.
    assert!(facts_decoded(&facts_encoded(&right_facts(), &names(["b", "a"]))).is_some());
    for removed in [[2, 0], [0, 0], [0, 3]] {
        let bytes = facts::encode(&right_facts(), &names(["a", "b"]), &removed);
        assert!(facts::decode(&bytes).is_none(), "{removed:?}");
    }
    let bytes = facts_encoded(&right_facts(), &names(["a", "b"]));
    // A flag that no format has, after seven numbers; more signs than edges of the first relation.
    for place in [56, 56 + 4 + 8 + 8] {
        let mut bytes = bytes.clone();
        bytes[place] |= 4;
        assert_eq!(facts_decoded(&bytes), None);
    }
    assert!(
        facts_decoded(&facts_encoded(
            &Facts { nodes: (1 << 32) - 1, ..right_facts() },
            &names(["a", "b"])
        ))
        .is_some()
    );
}
