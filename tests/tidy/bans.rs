//! Words that do not reach the main branch.

use std::ops::RangeInclusive;

use crate::source::{Finding, Source};

/// Marks of unfinished work, in comments and as names.
const UNFINISHED: [&str; 3] = ["TODO", "FIXME", "XXX"];
/// Macros of unfinished work.
const UNFINISHED_MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// `unwrap` in code that is not compiled for tests only.
pub(crate) fn unwraps(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (position, token) in source.tokens.iter().enumerate().skip(1) {
        let called = source.is_at(position - 1, ".") || source.is_at(position - 1, "::");
        if token.is("unwrap") && called && !source.in_test(position) {
            let rule = "no `unwrap` outside tests; return a typed error, or `expect` with the \
                        reason why it cannot fail";
            found.push(source.finding(token.line, rule));
        }
    }
    found
}

/// Notes and macros that say the work is not finished.
pub(crate) fn unfinished(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for comment in &source.comments {
        found.extend(unfinished_in_line(&source.path, comment.line, &comment.text));
    }
    for (position, token) in source.tokens.iter().enumerate() {
        if UNFINISHED_MACROS.iter().any(|name| token.is(name)) && source.is_at(position + 1, "!") {
            let rule = format!("`{}!` does not reach the main branch", token.text);
            found.push(source.finding(token.line, rule));
        }
    }
    found
}

/// Notes of unfinished work in one line of any text.
pub(crate) fn unfinished_in_line(file: &str, line: usize, text: &str) -> Option<Finding> {
    let mut words = text.split(|c: char| c != '_' && !c.is_alphanumeric());
    let word = words.find(|word| UNFINISHED.contains(word))?;
    let rule = format!("`{word}` does not reach the main branch; do it, or say why not");
    Some(Finding { file: file.to_owned(), line, rule })
}

/// Lints silenced without a reason, and tests that never run.
pub(crate) fn silenced(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for attribute in source.attributes() {
        let line = source.tokens[attribute.start.saturating_sub(1)].line;
        for position in attribute.clone() {
            if source.is_at(position, "allow") && source.is_at(position + 1, "(") {
                let rule = "no `allow`; use `expect(lint, reason = \"..\")`, or heed the lint";
                found.push(source.finding(line, rule));
            }
            if source.is_at(position, "ignore") && source.is_at(attribute.start, "ignore") {
                let rule = "no ignored test; run it, or say at run time why it was skipped";
                found.push(source.finding(line, rule));
            }
        }
    }
    found
}

/// `unsafe` without a word on why it is sound.
pub(crate) fn unexplained_unsafe(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (position, token) in source.tokens.iter().enumerate() {
        if !token.is("unsafe") || source.is_at(position + 1, "(") {
            continue;
        }
        let declares = source.is_at(position + 1, "fn") || source.is_at(position + 1, "trait");
        let heading = if declares { "# Safety" } else { "SAFETY:" };
        let near = lines_above(source, token.line);
        let said =
            source.comments.iter().any(|c| near.contains(&c.line) && c.text.contains(heading));
        if !said {
            let rule = format!("`unsafe` without `{heading}` above it");
            found.push(source.finding(token.line, rule));
        }
    }
    found
}

/// The comments and attributes directly above `line`, and the line itself.
fn lines_above(source: &Source, line: usize) -> RangeInclusive<usize> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut first = line;
    while first > 1 {
        let above = lines[first - 2].trim_start();
        if !above.starts_with("//") && !above.starts_with('#') {
            break;
        }
        first -= 1;
    }
    first..=line
}

#[cfg(test)]
mod tests {
    use super::{silenced, unexplained_unsafe, unfinished, unfinished_in_line, unwraps};
    use crate::source::Source;

    fn engine(text: &str) -> Source {
        Source::new("engine/src/x.rs", text)
    }

    #[test]
    fn unwraps_are_found_outside_tests() {
        assert_eq!(unwraps(&engine("fn f() { x.unwrap(); y.map(Option::unwrap) }")).len(), 2);
        let text = "/// x.unwrap()\nfn f() { x.unwrap_or(1); \"x.unwrap()\" }
            #[cfg(test)] mod tests { fn g() { x.unwrap(); } }";
        assert_eq!(unwraps(&engine(text)), []);
        assert_eq!(unwraps(&Source::new("tests/laws.rs", "fn f() { x.unwrap(); }")), []);
    }

    #[test]
    fn unfinished_work_is_found() {
        assert_eq!(unfinished(&engine("// TODO later\n/* FIXME */ fn f() { todo!() }")).len(), 3);
        assert_eq!(unfinished(&engine("fn f() { dbg!(x); unimplemented!() }")).len(), 2);
        assert_eq!(unfinished(&engine("// a todo list\nfn todo() { \"TODO\" }")), []);
        assert!(unfinished_in_line("run.sh", 3, "# XXX: why?").is_some());
        assert!(unfinished_in_line("run.sh", 3, "mktemp -d x.XXXXXX").is_none());
    }

    #[test]
    fn silenced_lints_and_tests_are_found() {
        let text = "#![allow(a)]\n#[cfg_attr(x, allow(b))] fn f() {}\n#[test]\n\
            #[ignore = \"x\"] fn g() {}";
        let lines: Vec<_> = silenced(&engine(text)).iter().map(|found| found.line).collect();
        assert_eq!(lines, [1, 2, 4]);
        assert_eq!(silenced(&engine("#[expect(a, reason = \"b\")] fn allow() { allow(c) }")), []);
    }

    #[test]
    fn unsafe_needs_a_reason() {
        assert_eq!(unexplained_unsafe(&engine("fn f() { unsafe { g() } }")).len(), 1);
        assert_eq!(unexplained_unsafe(&engine("/// Fast.\npub unsafe fn f() {}")).len(), 1);
        assert_eq!(unexplained_unsafe(&engine("unsafe impl Send for X {}")).len(), 1);
        let text = "/// # Safety\n/// Only on Mondays.\n#[inline]\npub unsafe fn f() {
            // SAFETY: it is Monday.\n            unsafe { g() }\n}\n#![deny(unsafe_code)]";
        assert_eq!(unexplained_unsafe(&engine(text)), []);
    }
}
