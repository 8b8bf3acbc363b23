//! Any graph that is written comes back as it was, whatever the order of its lines.

use proptest::prelude::*;

use super::{edges, labels};
use crate::graph::text::{LoadOptions, read};
use crate::graph::{Edge, GraphBuilder};
use crate::terms::Label;

#[derive(Clone, Debug)]
struct Line {
    source: String,
    target: Option<(String, f64, String, Option<f64>)>,
}

/// A separator, and how a field is written so that it comes back.
#[derive(Clone, Copy, Debug)]
enum Form {
    Tabs,
    Commas,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Tabs => "x.tsv",
            Self::Commas => "x.csv",
        }
    }

    fn write(self, line: &Line) -> String {
        let mut fields = vec![line.source.clone()];
        if let Some((target, weight, relation, time)) = &line.target {
            let time = time.map_or(String::new(), |time| time.to_string());
            fields.extend([target.clone(), weight.to_string(), relation.clone(), time]);
        }
        match self {
            Self::Tabs => fields.join("\t") + "\n",
            Self::Commas => {
                let quoted: Vec<String> =
                    fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect();
                quoted.join(",") + "\r\n"
            }
        }
    }
}

/// Few characters, so that labels repeat and every special one is met; some others among them.
fn text(form: Form, bytes: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let special: &[char] = match form {
        Form::Tabs => &['a', 'b', ' ', '"', ',', '#', '\u{0}', 'é', '\u{2028}'],
        Form::Commas => &['a', 'b', ' ', '"', ',', '\t', '\n', '\r', 'é', '\u{feff}'],
    };
    let character = prop_oneof![
        9 => prop::sample::select(special),
        1 => any::<char>().prop_map(|c| if c.is_control() || c == '\u{feff}' { '~' } else { c }),
    ];
    prop::collection::vec(character, bytes).prop_map(|characters| characters.iter().collect())
}

fn line(form: Form) -> impl Strategy<Value = Line> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    let weight = prop_oneof![
        (-8i8..8).prop_map(|weight| f64::from(weight) / 4.0),
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO,
    ];
    let time = prop::option::of((-2i8..3).prop_map(f64::from));
    let edge = (text(form, 1..3), weight, text(form, 0..2), time);
    (text(form, 1..3), prop::option::weighted(0.9, edge))
        .prop_map(|(source, target)| Line { source, target })
}

fn lines() -> impl Strategy<Value = (Form, Vec<Line>, Vec<Line>, usize)> {
    prop_oneof![Just(Form::Tabs), Just(Form::Commas)].prop_flat_map(|form| {
        prop::collection::vec(line(form), 1..40).prop_flat_map(move |lines| {
            (Just(form), Just(lines.clone()), Just(lines).prop_shuffle(), 4usize..100)
        })
    })
}

/// How files of each kind begin.
const MAGICS: &[&[u8]] = &[
    b"",
    b"\xef\xbb\xbf",
    &[0x1f, 0x8b, 8, 0],
    &[0x28, 0xb5, 0x2f, 0xfd],
    &[0x50, 0x2a, 0x4d, 0x18],
];

proptest! {
    #[test]
    fn what_is_written_is_read((form, lines, shuffled, chunk_bytes) in lines()) {
        let mut builder = GraphBuilder::new();
        for line in &lines {
            let source = Label::Text(&line.source);
            builder.node(source).unwrap();
            if let Some((target, weight, relation, time)) = &line.target {
                let (target, relation) = (Label::Text(target), Some(&**relation));
                let (weight, time) = (*weight, *time);
                builder.add(&Edge { source, target, weight, relation, time }).unwrap();
            }
        }
        let built = builder.build();
        for lines in [lines, shuffled] {
            let text: String = lines.iter().map(|line| form.write(line)).collect();
            let options = LoadOptions::default();
            let loaded = read(text.as_bytes(), form.name(), None, &options, chunk_bytes);
            match &built {
                Ok(built) => {
                    let loaded = loaded.unwrap();
                    prop_assert_eq!(loaded.report.bad_line_count, 0, "{:?}", text);
                    prop_assert_eq!(labels(&loaded.graph), labels(built));
                    prop_assert_eq!(edges(&loaded.graph), edges(built));
                    prop_assert_eq!(loaded.graph.facts(), built.facts());
                }
                // The sum of equal edges may be too large for a number.
                Err(_) => prop_assert!(loaded.is_err()),
            }
        }
    }

    #[test]
    fn no_bytes_break_the_loader(
        bytes in prop::collection::vec(
            prop_oneof![
                prop::sample::select(&b"ab\t\n\r,\"1.e"[..]),
                any::<u8>(),
            ],
            0..200,
        ),
        chunk_bytes in 4usize..50,
        line_bytes_max in 0usize..50,
        magic in prop::sample::select(MAGICS),
    ) {
        let bytes = [magic, &bytes].concat();
        let options = LoadOptions { line_bytes_max, ..LoadOptions::default() };
        for name in ["x.tsv", "x.csv"] {
            let whole = read(&*bytes, name, None, &options, 4096);
            let parts = read(&*bytes, name, None, &options, chunk_bytes);
            match (whole, parts) {
                (Ok(whole), Ok(parts)) => {
                    prop_assert_eq!(whole.report, parts.report);
                    prop_assert_eq!(edges(&whole.graph), edges(&parts.graph));
                }
                (whole, parts) => prop_assert_eq!(whole.unwrap_err(), parts.unwrap_err()),
            }
        }
    }
}
