//! Text for a terminal: what it shows, and how wide.

use std::borrow::Cow;

/// `text` with control characters, and those that change the direction of writing, shown as
/// escapes: a label must not move the cursor, colour the screen or reorder the line.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_hidden(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Most letters of a label or a line that a sentence repeats.
const ECHO_LETTERS_MAX: usize = 80;

/// `text`, or its beginning and an ellipsis where it is too long for a sentence.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(ECHO_LETTERS_MAX) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// `sentence`, in which names are quoted as `{:?}` quotes them, with each name [`cut`].
pub(crate) fn cut_quoted(sentence: &str) -> String {
    let mut shown = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, opened)) = rest.split_once('"') {
        let mut escaped = false;
        let end = opened.find(|letter| {
            let closes = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            closes
        });
        let Some(end) = end else { break };
        shown.extend([before, "\"", &cut(&opened[..end]), "\""]);
        rest = &opened[end + 1..];
    }
    shown + rest
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Columns that `text` takes on a terminal: 2 for East Asian wide letters and pictographs, 0 for
/// marks that combine with the letter before, 1 for others. Terminals differ in details; a column
/// that is off by one is the worst that comes of it.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(letter_width).sum()
}

const fn letter_width(letter: char) -> usize {
    match letter as u32 {
        0x0300..=0x036f
        | 0x0483..=0x0489
        | 0x0591..=0x05bd
        | 0x0610..=0x061a
        | 0x064b..=0x065f
        | 0x0e31
        | 0x0e34..=0x0e3a
        | 0x0e47..=0x0e4e
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x200b..=0x200d
        | 0x2060..=0x2064
        | 0x20d0..=0x20ff
        | 0x3099..=0x309a
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f
        | 0xe0100..=0xe01ef => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97f
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x1fa70..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// A whole number with commas: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that was given, for a sentence: as short as it can be written, so with an exponent
/// where there would be many zeros.
pub(crate) fn given(number: f64) -> String {
    let debug = format!("{number:?}");
    if debug.contains('e') { debug } else { number.to_string() }
}

/// An activation for people: six decimals, or an exponent where those would say little.
pub(crate) fn activation(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e9).contains(&size) {
        format!("{value:.6}")
    } else {
        format!("{value:.3e}")
    }
}

/// A duration for people, in the unit that leaves one to three digits before the point.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        _ if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

/// Bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, shift)| count >> shift > 0) {
        None => format!("{count} B"),
        Some((unit, shift)) => {
            // In tenths, rounded down: exact for any count.
            let tenths = (u128::from(count) * 10) >> shift;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_do_nothing() {
        assert_eq!(visible("hot dog"), "hot dog");
        assert_eq!(visible("a\tb\nc"), "a\\tb\\nc");
        assert_eq!(visible("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(visible("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(visible("Straße 犬"), "Straße 犬");
    }

    #[test]
    fn long_names_are_cut_in_sentences() {
        let long = "é".repeat(81);
        let short = format!("{}…", "é".repeat(80));
        assert_eq!(cut(&long[2..]), &long[2..]);
        assert_eq!(cut(&long), short);
        let sentence = format!("seeds {:?} and {long:?} have {long}", "a\"\\");
        let expected = format!("seeds {:?} and {short:?} have {long}", "a\"\\");
        assert_eq!(cut_quoted(&sentence), expected);
        assert_eq!(cut_quoted("no name"), "no name");
        assert_eq!(cut_quoted("one \" alone"), "one \" alone");
    }

    #[test]
    fn wide_letters_take_two_columns_and_marks_none() {
        assert_eq!(width("dog"), 3);
        assert_eq!(width("犬"), 2);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("🐕"), 2);
        assert_eq!(width("Straße"), 6);
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(given(1.0), "1");
        assert_eq!(given(-0.25), "-0.25");
        assert_eq!(given(f64::NAN), "NaN");
        assert_eq!(given(5e-324), "5e-324");
        assert_eq!(given(-1e300), "-1e300");
        assert_eq!(activation(0.0), "0.000000");
        assert_eq!(activation(1.0), "1.000000");
        assert_eq!(activation(1.25e-5), "1.250e-5");
        assert_eq!(activation(-0.5), "-0.500000");
        assert_eq!(duration(1.5e-5), "15.0 µs");
        assert_eq!(duration(0.25), "250.0 ms");
        assert_eq!(duration(2.0), "2.00 s");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 30), "5.0 GiB");
        assert_eq!(bytes(u64::MAX), "17179869183.9 GiB");
    }
}
