//! Every path a file names, with `use` trees written out.

use crate::source::Source;

/// A path of two or more segments, or one that a `use` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// Position of its first token.
    pub(crate) position: usize,
}

/// The paths of a file, in order.
pub(crate) fn paths(source: &Source) -> Vec<NamedPath> {
    let mut found = Vec::new();
    let mut position = 0;
    while position < source.tokens.len() {
        if source.is_at(position, "use") && !source.is_at(position + 1, "<") {
            position = use_tree(source, position + 1, &[], &mut found);
        } else if source.tokens[position].is_word() && source.is_at(position + 1, "::") {
            position = plain_path(source, position, &mut found);
        } else {
            position += 1;
        }
    }
    found
}

/// Reads `a::b::c`; returns the position after it.
fn plain_path(source: &Source, start: usize, found: &mut Vec<NamedPath>) -> usize {
    let mut segments = vec![source.tokens[start].text.clone()];
    let mut position = start + 1;
    while source.is_at(position, "::")
        && source.tokens.get(position + 1).is_some_and(|token| token.is_word())
    {
        segments.push(source.tokens[position + 1].text.clone());
        position += 2;
    }
    // `T::<U>` and `<T as Trait>::f` are not paths into modules, but `std::x::<U>` is one.
    let line = source.tokens[start].line;
    found.push(NamedPath { segments, line, position: start });
    position.max(start + 1)
}

/// Reads one tree of a `use`; returns the position after it.
fn use_tree(source: &Source, start: usize, prefix: &[String], found: &mut Vec<NamedPath>) -> usize {
    let mut segments = prefix.to_vec();
    let mut position = start;
    while let Some(token) = source.tokens.get(position) {
        match token.text.as_str() {
            "::" => position += 1,
            "{" => {
                let end = source.closing(position);
                position += 1;
                while position < end {
                    position = use_tree(source, position, &segments, found);
                }
                return end + 1;
            }
            "as" => {
                position += 2;
                break;
            }
            "," | ";" | "}" => break,
            text => {
                segments.push(text.to_owned());
                position += 1;
            }
        }
    }
    if segments.len() > prefix.len() {
        let line = source.tokens[start].line;
        found.push(NamedPath { segments, line, position: start });
    }
    // A comma separates this tree from the next; anything else is for the caller.
    position + usize::from(source.is_at(position, ",") || source.is_at(position, ";"))
}

#[cfg(test)]
mod tests {
    use super::paths;
    use crate::source::Source;

    fn named(text: &str) -> Vec<String> {
        let source = Source::new("x.rs", text);
        paths(&source).into_iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn trees_are_written_out() {
        assert_eq!(
            named("use a::{self, b::{c, d as e}, f::*}; use g; pub use h::i as j; k::l"),
            ["a::self", "a::b::c", "a::b::d", "a::f::*", "g", "h::i", "k::l"]
        );
    }

    #[test]
    fn paths_in_code_are_found() {
        assert_eq!(
            named("fn f(x: crate::a::B<c::D>) { super::g::<u8>(); ::std::mem::swap(h) }"),
            ["crate::a::B", "c::D", "super::g", "std::mem::swap"]
        );
    }

    #[test]
    fn trees_cut_short_end() {
        for text in ["use", "use a::{", "use a::{b", "use a as", "a::"] {
            named(text);
        }
    }
}
