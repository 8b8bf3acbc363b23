//! Rust text as tokens, with comments kept apart and literals emptied.
//!
//! Enough of the language to tell code from comments and literals, and no more: a rule that looks
//! for a word in code must not find it in a string, and braces in a string must not be counted.

/// What kind of thing a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword; the text of a raw identifier comes without its prefix.
    Word,
    /// A string, character or number; its text is empty.
    Literal,
    /// One character of punctuation, or the path separator.
    Mark,
}

/// One token of code.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Line it begins on, from 1.
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }

    pub(crate) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// One line of a comment.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) text: String,
    /// Line it stands on, from 1.
    pub(crate) line: usize,
}

/// A file's code and comments.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
}

/// Cuts `text` into tokens and comments. Text that is not Rust gives some tokens, never a panic.
pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, line: 1, out: Lexed::default() };
    while let Some(c) = lexer.peek(0) {
        lexer.token(c);
    }
    lexer.out
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    out: Lexed,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn bump(&mut self) {
        if self.peek(0) == Some('\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    fn push(&mut self, kind: Kind, text: &str, line: usize) {
        self.out.tokens.push(Token { kind, text: text.to_owned(), line });
    }

    fn token(&mut self, c: char) {
        match (c, self.peek(1)) {
            _ if c.is_whitespace() => self.bump(),
            ('/', Some('/')) => self.line_comment(),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            _ if c == '_' || c.is_alphanumeric() => self.word(),
            (':', Some(':')) => {
                self.push(Kind::Mark, "::", self.line);
                self.at += 2;
            }
            _ => {
                self.push(Kind::Mark, c.encode_utf8(&mut [0; 4]), self.line);
                self.bump();
            }
        }
    }

    fn line_comment(&mut self) {
        let rest = &self.chars[self.at..];
        let text: String = rest.iter().take_while(|&&c| c != '\n').collect();
        self.at += text.chars().count();
        self.out.comments.push(Comment { text, line: self.line });
    }

    fn block_comment(&mut self) {
        let mut nested = 0_usize;
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            let pair = (c, self.peek(1));
            match pair {
                ('/', Some('*')) => nested += 1,
                ('*', Some('/')) => nested -= 1,
                ('\n', _) => {
                    let text = std::mem::take(&mut text);
                    self.out.comments.push(Comment { text, line: self.line });
                }
                _ => text.push(c),
            }
            self.bump();
            if matches!(pair, ('/', Some('*')) | ('*', Some('/'))) {
                self.bump();
                if nested == 0 {
                    break;
                }
            }
        }
        self.out.comments.push(Comment { text, line: self.line });
    }

    /// A string with escapes; the opening quote is next.
    fn string(&mut self) {
        let line = self.line;
        self.bump();
        while let Some(c) = self.peek(0) {
            self.bump();
            match c {
                '\\' => self.bump(),
                '"' => break,
                _ => {}
            }
        }
        self.push(Kind::Literal, "", line);
    }

    /// A string without escapes, closed by a quote and as many hashes as opened it.
    fn raw_string(&mut self, hashes: usize) {
        let line = self.line;
        self.at += hashes + 1;
        while let Some(c) = self.peek(0) {
            self.bump();
            if c == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                self.at += hashes;
                break;
            }
        }
        self.push(Kind::Literal, "", line);
    }

    /// A character, or the mark of a lifetime, which leaves no token.
    fn quote(&mut self) {
        let line = self.line;
        let escaped = self.peek(1) == Some('\\');
        if !escaped && self.peek(2) != Some('\'') {
            self.bump();
            while self.peek(0).is_some_and(|c| c == '_' || c.is_alphanumeric()) {
                self.bump();
            }
            return;
        }
        // Past the quote and one character, or the backslash and what it escapes.
        for _ in 0..if escaped { 3 } else { 2 } {
            self.bump();
        }
        while self.peek(0).is_some_and(|c| c != '\'') {
            self.bump();
        }
        self.bump();
        self.push(Kind::Literal, "", line);
    }

    /// A word, a number, or the prefix of a literal.
    fn word(&mut self) {
        let line = self.line;
        let rest = &self.chars[self.at..];
        let text: String = rest.iter().take_while(|&&c| c == '_' || c.is_alphanumeric()).collect();
        self.at += text.chars().count();
        let hashes = self.chars[self.at..].iter().take_while(|&&c| c == '#').count();
        let quoted = self.peek(hashes) == Some('"');
        match text.as_str() {
            "r" | "br" | "cr" if quoted => self.raw_string(hashes),
            "b" | "c" if quoted && hashes == 0 => self.string(),
            "b" if self.peek(0) == Some('\'') => self.quote(),
            "r" if hashes == 1 => {
                self.bump();
                self.word();
            }
            _ if text.starts_with(|c: char| c.is_ascii_digit()) => {
                self.push(Kind::Literal, "", line);
            }
            _ => self.push(Kind::Word, &text, line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, lex};

    fn words(text: &str) -> Vec<String> {
        lex(text).tokens.into_iter().filter(|t| t.is_word()).map(|t| t.text).collect()
    }

    #[test]
    fn comments_are_not_code() {
        let lexed = lex("a // b\n/* c /* d */ e\n f */ g");
        let words: Vec<_> = lexed.tokens.iter().map(|t| (&*t.text, t.line)).collect();
        assert_eq!(words, [("a", 1), ("g", 3)]);
        let lines: Vec<_> = lexed.comments.iter().map(|c| c.line).collect();
        assert_eq!(lines, [1, 2, 3]);
        assert!(lexed.comments[1].text.contains("d"));
    }

    #[test]
    fn literals_are_emptied() {
        assert_eq!(
            words(r##"a "b \" c" d r#"e " f"# g b"h" i br"j" k"##),
            ["a", "d", "g", "i", "k"]
        );
        assert_eq!(words(r"a '{' b '\'' c '\u{41}' d b'{' e"), ["a", "b", "c", "d", "e"]);
        assert_eq!(words("a\"\nb\n\"c"), ["a", "c"]);
    }

    #[test]
    fn lifetimes_are_not_characters() {
        assert_eq!(words("fn f<'a>(x: &'a str) {}"), ["fn", "f", "x", "str"]);
    }

    #[test]
    fn numbers_and_raw_words() {
        assert_eq!(words("1e5 0x1f r#type x2"), ["type", "x2"]);
        assert_eq!(lex("1.0").tokens.iter().filter(|t| t.kind == Kind::Literal).count(), 2);
    }

    #[test]
    fn text_cut_short_does_not_panic() {
        for text in ["\"", "'", "'\\", "r#\"", "/*", "b'", "/", ":", "r#"] {
            lex(text);
        }
    }
}
