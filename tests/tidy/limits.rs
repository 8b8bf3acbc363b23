//! How long things may be.

use crate::source::{Finding, Source};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

/// Files with too many lines.
pub(crate) fn long_files(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    let rule = format!("the file has {lines} lines, more than {FILE_LINES_MAX}; split it");
    if lines > FILE_LINES_MAX { vec![source.finding(lines, rule)] } else { Vec::new() }
}

/// Lines with too many columns, counted in characters.
pub(crate) fn long_lines(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > LINE_COLUMNS_MAX {
            let rule = format!("the line has {columns} columns, more than {LINE_COLUMNS_MAX}");
            found.push(source.finding(at + 1, rule));
        }
    }
    found
}

/// Functions with too many lines, from the line of `fn` to that of the closing brace.
pub(crate) fn long_functions(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for position in 0..source.tokens.len() {
        let named = source.tokens.get(position + 1).is_some_and(|token| token.is_word());
        if !source.is_at(position, "fn") || !named {
            continue;
        }
        let Some(open) = body(source, position + 1) else { continue };
        let first = source.tokens[position].line;
        let lines = source.tokens[source.closing(open)].line - first + 1;
        if lines > FUNCTION_LINES_MAX {
            let name = &source.tokens[position + 1].text;
            let rule = format!(
                "function `{name}` has {lines} lines, more than {FUNCTION_LINES_MAX}; split it"
            );
            found.push(source.finding(first, rule));
        }
    }
    found
}

/// Position of the brace that opens the body of a function; `None` where it has none.
fn body(source: &Source, mut position: usize) -> Option<usize> {
    loop {
        match source.tokens.get(position)?.text.as_str() {
            "{" => return Some(position),
            ";" => return None,
            "(" | "[" => position = source.closing(position) + 1,
            _ => position += 1,
        }
    }
}

/// Types in the files that should only say what a module or a crate consists of.
pub(crate) fn types_at_the_entrance(source: &Source) -> Vec<Finding> {
    let entrance = ["/mod.rs", "/lib.rs"].iter().any(|name| source.path.ends_with(name));
    let library = ["engine/src/", "tuner/src/"].iter().any(|at| source.path.starts_with(at));
    if !entrance || !library {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(token) = source.tokens.get(position) {
        match token.text.as_str() {
            "{" | "(" | "[" => position = source.closing(position),
            kind @ ("struct" | "enum" | "trait" | "impl") if !source.in_test(position) => {
                let rule = format!("`{kind}` belongs in a file named for it, not at the entrance");
                found.push(source.finding(token.line, rule));
            }
            _ => {}
        }
        position += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{long_files, long_functions, long_lines, types_at_the_entrance};
    use crate::source::Source;

    #[test]
    fn files_may_have_500_lines() {
        assert_eq!(long_files(&Source::new("x.rs", &"\n".repeat(500))), []);
        let found = long_files(&Source::new("x.rs", &"\n".repeat(501)));
        assert_eq!(
            found[0].to_string(),
            "x.rs:501: the file has 501 lines, more than 500; split it"
        );
    }

    #[test]
    fn lines_may_have_100_columns() {
        assert_eq!(long_lines(&Source::new("x.rs", &"é".repeat(100))), []);
        let found = long_lines(&Source::new("x.rs", &format!("\n{}", "é".repeat(101))));
        assert_eq!(found[0].line, 2);
    }

    #[test]
    fn functions_may_have_70_lines() {
        let function = |lines: usize| {
            let body = "let x = '{'; // {\n".repeat(lines - 2);
            let text = format!("\nfn f<const N: usize>(x: [u8; 2]) -> u8 where u8: T {{\n{body}}}");
            long_functions(&Source::new("x.rs", &text))
        };
        assert_eq!(function(70), []);
        let found = function(71);
        assert_eq!((found.len(), found[0].line), (1, 2));
        assert!(found[0].rule.contains("`f` has 71 lines"));
    }

    #[test]
    fn a_function_without_body_has_no_length() {
        let text = format!("trait T {{ fn f(g: fn(u8) -> u8); }} fn h() {{}} {}", "\n".repeat(99));
        assert_eq!(long_functions(&Source::new("x.rs", &text)), []);
    }

    #[test]
    fn the_entrance_holds_no_types() {
        let at = "engine/src/graph/mod.rs";
        let text = "mod a; pub use a::B; pub fn f(x: impl T) { struct Inside; }
            #[cfg(test)] mod tests { struct S; }";
        assert_eq!(types_at_the_entrance(&Source::new(at, text)), []);
        let text = "pub struct A(u8); impl A {} enum B {} trait C {}";
        assert_eq!(types_at_the_entrance(&Source::new(at, text)).len(), 4);
        assert_eq!(types_at_the_entrance(&Source::new("engine/src/engine.rs", text)), []);
    }
}
