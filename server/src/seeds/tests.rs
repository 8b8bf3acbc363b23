//! Seeds and relations found in graphs.

use emanate::GraphBuilder;

use super::*;

fn graph() -> Generation {
    let mut builder = GraphBuilder::new();
    for label in ["dog", "a=1", "E=mc", "@home", "a=b", "x=1@2", "-v", "nan"] {
        builder.edge("hub", label, 1.0).unwrap();
    }
    builder.build().unwrap()
}

fn names(graph: &Generation) -> Names<'_> {
    Names { graph, suggestions: Suggestions::Wanted }
}

fn typed<T: From<String>>(arguments: &[&str]) -> Vec<T> {
    arguments.iter().map(|argument| T::from((*argument).to_owned())).collect()
}

fn one(argument: &str) -> Result<(String, f64, u32), NameError> {
    let seeds = names(&graph()).seeds(&typed(&[argument]), UnknownSeeds::Refuse)?;
    let Key::Label(label) = &seeds[0].node else { panic!("the graph has labels") };
    Ok((label.to_string(), seeds[0].activation, seeds[0].time))
}

#[test]
fn a_whole_label_wins_over_a_split() {
    for label in ["dog", "a=1", "@home", "x=1@2", "-v", "nan"] {
        assert_eq!(one(label), Ok((label.into(), 1.0, 0)), "{label}");
    }
    assert_eq!(one("a=1=0.5"), Ok(("a=1".into(), 0.5, 0)));
    assert_eq!(one("x=1@2=3@4"), Ok(("x=1@2".into(), 3.0, 4)));
    assert_eq!(one("@home=2"), Ok(("@home".into(), 2.0, 0)));
}

#[test]
fn the_last_equals_sign_before_a_number_splits() {
    assert_eq!(one("dog=0.25"), Ok(("dog".into(), 0.25, 0)));
    assert_eq!(one("dog=0.25@7"), Ok(("dog".into(), 0.25, 7)));
    assert_eq!(one("E=mc=2"), Ok(("E=mc".into(), 2.0, 0)));
    assert_eq!(one("a=b=1e-3"), Ok(("a=b".into(), 1e-3, 0)));
    assert_eq!(split("dog=cat", Amount::parse), None);
    assert_eq!(split("=1", Amount::parse).map(|(label, _)| label), Some(""));
}

#[test]
fn wrong_amounts_are_refused() {
    for amount in ["0", "-1", "nan", "inf", "1e999"] {
        let error = one(&format!("dog={amount}")).unwrap_err();
        assert!(matches!(error, NameError::Activation { .. }), "{amount}: {error:?}");
    }
    for time in ["1.5", "-1", "nan", "4294967296"] {
        let error = one(&format!("dog=1@{time}")).unwrap_err();
        assert!(matches!(error, NameError::Time { .. }), "{time}: {error:?}");
    }
}

#[test]
fn an_exact_name_is_never_split() {
    let exact = |label: &str, activation, time| {
        let seed = SeedArg::Exact { label: label.into(), activation, time };
        names(&graph()).seeds(&[seed], UnknownSeeds::Refuse)
    };
    let seed = |label: &str| Seed { node: label.into(), activation: 0.5, time: 3 };
    assert_eq!(exact("a=1", 0.5, 3.0), Ok(vec![seed("a=1")]));
    assert_eq!(exact("@home", 0.5, 3.0), Ok(vec![seed("@home")]));
    assert!(matches!(exact("dog=1", 0.5, 0.0), Err(NameError::UnknownNode { .. })));
    assert!(matches!(exact("dog", 0.0, 0.0), Err(NameError::Activation { .. })));
    assert!(matches!(exact("dog", 1.0, 0.5), Err(NameError::Time { .. })));
}

#[test]
fn names_are_suggested_only_where_that_is_wanted() {
    let graph = graph();
    let names = Names { graph: &graph, suggestions: Suggestions::Omitted };
    let error = names.seeds(&typed(&["dgo"]), UnknownSeeds::Refuse);
    let Err(NameError::UnknownNode { meant, .. }) = error else { panic!("no such node") };
    assert_eq!(meant, DidYouMean::default());
}

#[test]
fn an_unknown_seed_is_refused_or_kept_for_the_spread_to_skip() {
    let Err(NameError::UnknownNode { label, meant, .. }) = one("dgo=2") else {
        panic!("no such node");
    };
    assert_eq!((label.as_str(), meant), ("dgo", DidYouMean(vec!["dog".into()])));
    let kept = names(&graph()).seeds(&typed(&["dgo=2", "dog"]), UnknownSeeds::Skip).unwrap();
    assert_eq!(kept[0], Seed { node: "dgo".into(), activation: 2.0, time: 0 });
    assert_eq!(kept.len(), 2);
}

#[test]
fn keys_are_written_as_numbers() {
    let mut builder = GraphBuilder::with_keys();
    builder.edge(7u64, 9u64, 1.0).unwrap();
    let numbered = builder.build().unwrap();
    let named = names(&numbered).seeds(&typed(&["7=2"]), UnknownSeeds::Refuse).unwrap();
    assert_eq!(named, [Seed { node: Key::Number(7), activation: 2.0, time: 0 }]);
    assert!(names(&numbered).seeds(&typed(&["8"]), UnknownSeeds::Refuse).is_err());

    let mut builder = GraphBuilder::with_wide_keys();
    builder.edge(0xabu128, 1u128, 1.0).unwrap();
    let wide = builder.build().unwrap();
    let named = names(&wide).seeds(&typed(&["00ab"]), UnknownSeeds::Refuse).unwrap();
    assert_eq!(named[0].node, Key::Wide(0xab));
}

#[test]
fn relations_split_as_seeds_do() {
    let mut builder = GraphBuilder::new();
    for relation in ["is a", "part=2"] {
        let edge = emanate::Edge {
            source: "a".into(),
            target: "b".into(),
            weight: 1.0,
            relation: Some(relation),
            time: None,
        };
        builder.add(&edge).unwrap();
    }
    let graph = builder.build().unwrap();
    let named = |argument: &str| names(&graph).relations(&typed(&[argument]));
    assert_eq!(named("is a"), Ok(vec![("is a".into(), 1.0)]));
    assert_eq!(named("is a=-2"), Ok(vec![("is a".into(), -2.0)]));
    assert_eq!(named("part=2"), Ok(vec![("part=2".into(), 1.0)]));
    assert_eq!(named("part=2=3"), Ok(vec![("part=2".into(), 3.0)]));
    assert!(matches!(named("is a=nan"), Err(NameError::RelationWeight { .. })));
    let Err(NameError::UnknownRelation { name, meant }) = named("is_a=2") else {
        panic!("no such relation");
    };
    assert_eq!((name.as_str(), meant), ("is_a", DidYouMean(vec!["is a".into()])));
}
