//! A JSON reader (RFC 8259) that reads in one pass and builds no document.
//!
//! It offers what serde_json does not: the digits of a number as written, the
//! position of a string in the input, keys that occur twice, and strings that are
//! copied only into a [`Secret`].
//!
//! ```
//! use json_reader::{ReadError, Reader};
//!
//! let text = r#"{ "name": "crm", "size": 1.50 }"#;
//! let mut reader = Reader::new(text.as_bytes(), 8)?;
//! reader.object(|reader, key| {
//!     match &*key.decode() {
//!         "name" => assert_eq!(&text[reader.string()?.span()], "\"crm\""),
//!         _ => assert_eq!(reader.skip()?, "1.50"),
//!     }
//!     Ok::<_, ReadError>(())
//! })?;
//! reader.end()?;
//! # Ok::<_, ReadError>(())
//! ```
//!
//! # Not supported
//!
//! Streams, as the input is one slice, writing, and extensions of JSON such as
//! comments. Numbers are not converted. Keys that occur twice are for the caller to
//! refuse.
//!
//! # Invariants
//!
//! - Any input is read or refused with a [`ReadError`]; none causes a panic.
//! - Memory is allocated only by [`Literal::decode`], [`Literal::decode_first`] and
//!   [`Literal::decode_secret`], in proportion to what they return.
//! - Arrays and objects are followed down to the given number of levels, also
//!   in skipped values.
//! - An error contains its kind and position, and none of the input.

use std::borrow::Cow;

use safe_text::Secret;

/// A cursor in a JSON text.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    position: usize,
    levels_left: usize,
}

/// The kind of the value at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// The text is not JSON, or has too many levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The reason.
    pub kind: ReadErrorKind,
    /// The position, counted in bytes from 0.
    pub offset: usize,
}

/// The kinds of a [`ReadError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// A character that JSON does not allow here.
    Syntax,
    /// The text ends too early.
    Truncated,
    /// Something follows the value.
    Trailing,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// More levels of arrays and objects than the reader follows.
    TooDeep,
}

/// A string literal, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct Literal<'a> {
    /// The text between the quotes.
    raw: &'a str,
    /// The offset of the opening quote in bytes.
    start: usize,
    escaped: bool,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of a text and follows arrays and objects down to
    /// `levels` levels.
    ///
    /// # Errors
    /// When the bytes are not UTF-8.
    pub fn new(bytes: &'a [u8], levels: usize) -> Result<Self, ReadError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { text, position: 0, levels_left: levels }),
            Err(error) => {
                Err(ReadError { kind: ReadErrorKind::NotUtf8, offset: error.valid_up_to() })
            }
        }
    }

    /// Returns the kind of the next value.
    ///
    /// # Errors
    /// When no value follows.
    pub fn peek(&mut self) -> Result<Kind, ReadError> {
        match self.next_byte()? {
            b'n' => Ok(Kind::Null),
            b't' | b'f' => Ok(Kind::Bool),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            b'"' => Ok(Kind::String),
            b'[' => Ok(Kind::Array),
            b'{' => Ok(Kind::Object),
            _ => Err(self.error(ReadErrorKind::Syntax)),
        }
    }

    /// Reads `null`.
    ///
    /// # Errors
    /// When another value follows.
    pub fn null(&mut self) -> Result<(), ReadError> {
        self.next_byte()?;
        self.word("null")
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// When another value follows.
    pub fn bool(&mut self) -> Result<bool, ReadError> {
        let flag = self.next_byte()? == b't';
        self.word(if flag { "true" } else { "false" })?;
        Ok(flag)
    }

    /// Reads a number and returns it as it is written.
    ///
    /// # Errors
    /// When another value follows.
    pub fn number(&mut self) -> Result<&'a str, ReadError> {
        self.next_byte()?;
        let start = self.position;
        self.accept(b"-");
        if !self.accept(b"0") {
            self.digits()?;
        }
        if self.accept(b".") {
            self.digits()?;
        }
        if self.accept(b"eE") {
            self.accept(b"+-");
            self.digits()?;
        }
        Ok(&self.text[start..self.position])
    }

    /// Reads a string.
    ///
    /// # Errors
    /// When another value follows, or an escape is invalid.
    pub fn string(&mut self) -> Result<Literal<'a>, ReadError> {
        self.next_byte()?;
        let start = self.position;
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            match self.byte() {
                None => return Err(self.error(ReadErrorKind::Truncated)),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    let rest = &self.text[self.position..];
                    match read_escape(rest) {
                        Some((_, length)) => self.position += length,
                        // An escape takes up to twelve bytes: a pair of surrogates.
                        None if rest.len() < 12 && !rest.contains('"') => {
                            return Err(self.error(ReadErrorKind::Truncated));
                        }
                        None => return Err(self.error(ReadErrorKind::Syntax)),
                    }
                }
                Some(0..0x20) => return Err(self.error(ReadErrorKind::Syntax)),
                Some(_) => self.position += 1,
            }
        }
        let raw = &self.text[start + 1..self.position];
        self.position += 1;
        Ok(Literal { raw, start, escaped })
    }

    /// Reads an array. `each` reads one element and gets its index.
    ///
    /// # Errors
    /// Those of `each`, and when another value than an array follows.
    pub fn array<E: From<ReadError>>(
        &mut self,
        mut each: impl FnMut(&mut Self, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'[')?;
        let mut index = 0;
        if self.next_byte()? != b']' {
            loop {
                each(self, index)?;
                index += 1;
                if !self.comma(b']')? {
                    break;
                }
            }
        }
        self.close(b']')?;
        Ok(())
    }

    /// Reads an object. `each` gets a key and reads its value.
    ///
    /// # Errors
    /// Those of `each`, and when another value than an object follows.
    pub fn object<E: From<ReadError>>(
        &mut self,
        mut each: impl FnMut(&mut Self, Literal<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.open(b'{')?;
        if self.next_byte()? != b'}' {
            loop {
                let key = self.string()?;
                self.next_byte()?;
                self.expect(b':')?;
                each(self, key)?;
                if !self.comma(b'}')? {
                    break;
                }
            }
        }
        self.close(b'}')?;
        Ok(())
    }

    /// Skips a value of any kind and returns it as it is written.
    ///
    /// # Errors
    /// When no value follows.
    pub fn skip(&mut self) -> Result<&'a str, ReadError> {
        let kind = self.peek()?;
        let start = self.position;
        match kind {
            Kind::Null => self.null()?,
            Kind::Bool => drop(self.bool()?),
            Kind::Number => drop(self.number()?),
            Kind::String => drop(self.string()?),
            Kind::Array => self.array(|reader, _| reader.skip().map(drop))?,
            Kind::Object => self.object(|reader, _| reader.skip().map(drop))?,
        }
        Ok(&self.text[start..self.position])
    }

    /// Checks that nothing but white space follows.
    ///
    /// # Errors
    /// When something follows.
    pub fn end(&mut self) -> Result<(), ReadError> {
        self.skip_space();
        match self.byte() {
            None => Ok(()),
            Some(_) => Err(self.error(ReadErrorKind::Trailing)),
        }
    }

    fn open(&mut self, bracket: u8) -> Result<(), ReadError> {
        self.next_byte()?;
        self.expect(bracket)?;
        let Some(left) = self.levels_left.checked_sub(1) else {
            return Err(self.error(ReadErrorKind::TooDeep));
        };
        self.levels_left = left;
        Ok(())
    }

    fn close(&mut self, bracket: u8) -> Result<(), ReadError> {
        self.expect(bracket)?;
        self.levels_left += 1;
        Ok(())
    }

    /// Whether a comma follows, rather than the closing bracket.
    fn comma(&mut self, closing: u8) -> Result<bool, ReadError> {
        let next = self.next_byte()?;
        if next == closing {
            return Ok(false);
        }
        self.expect(b',')?;
        Ok(true)
    }

    /// Skips white space and returns the next byte, without consuming it.
    fn next_byte(&mut self) -> Result<u8, ReadError> {
        self.skip_space();
        self.byte().ok_or_else(|| self.error(ReadErrorKind::Truncated))
    }

    fn skip_space(&mut self) {
        while self.accept(b" \t\r\n") {}
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn accept(&mut self, any_of: &[u8]) -> bool {
        let accepted = self.byte().is_some_and(|byte| any_of.contains(&byte));
        self.position += usize::from(accepted);
        accepted
    }

    fn expect(&mut self, byte: u8) -> Result<(), ReadError> {
        if self.accept(&[byte]) { Ok(()) } else { Err(self.syntax_or_truncated()) }
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        if !self.accept(b"0123456789") {
            return Err(self.syntax_or_truncated());
        }
        while self.accept(b"0123456789") {}
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), ReadError> {
        for &byte in word.as_bytes() {
            self.expect(byte)?;
        }
        Ok(())
    }

    fn syntax_or_truncated(&self) -> ReadError {
        self.error(if self.byte().is_none() {
            ReadErrorKind::Truncated
        } else {
            ReadErrorKind::Syntax
        })
    }

    fn error(&self, kind: ReadErrorKind) -> ReadError {
        ReadError { kind, offset: self.position }
    }
}

impl<'a> Literal<'a> {
    /// Returns the decoded string.
    #[must_use]
    pub fn decode(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        self.decode_into(&mut text);
        Cow::Owned(text)
    }

    /// Returns the first characters of the decoded string. The cost depends on
    /// their number, and not on the length of the string.
    #[must_use]
    pub fn decode_first(self, characters: usize) -> String {
        let mut text = String::new();
        let mut rest = self.raw;
        for _ in 0..characters {
            let Some(first) = rest.chars().next() else { break };
            let (character, length) = match first {
                '\\' => match read_escape(rest) {
                    Some(escape) => escape,
                    // The reader has checked every escape.
                    None => break,
                },
                plain => (plain, plain.len_utf8()),
            };
            text.push(character);
            rest = &rest[length..];
        }
        text
    }

    /// Returns the decoded string as a credential.
    #[must_use]
    pub fn decode_secret(self) -> Secret {
        // An escape is never shorter than its character, so the string does not
        // grow, which would leave a copy in freed memory.
        let mut text = String::with_capacity(self.raw.len());
        self.decode_into(&mut text);
        Secret::new(text)
    }

    /// Whether the string is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Returns the position of the literal in the input, quotes included.
    #[must_use]
    pub fn span(self) -> std::ops::Range<usize> {
        self.start..self.start + self.raw.len() + 2
    }

    fn decode_into(self, text: &mut String) {
        let mut rest = self.raw;
        while let Some(backslash) = rest.find('\\') {
            text.push_str(&rest[..backslash]);
            rest = &rest[backslash..];
            // The reader has checked every escape, so this is never `None`.
            let Some((character, length)) = read_escape(rest) else { break };
            text.push(character);
            rest = &rest[length..];
        }
        text.push_str(rest);
    }
}

/// Returns the character of an escape at the beginning of `text`, and the length of
/// the escape in bytes; `None` if it is invalid, or half of a surrogate pair.
fn read_escape(text: &str) -> Option<(char, usize)> {
    let character = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let first = read_unit(text)?;
            if let Some(character) = char::from_u32(first) {
                return Some((character, 6));
            }
            let second = text.get(6..).and_then(read_unit)?;
            let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
            let character = char::decode_utf16(pair).next()?.ok()?;
            return Some((character, 12));
        }
        _ => return None,
    };
    Some((character, 2))
}

/// Reads `\uXXXX` at the beginning of a text.
fn read_unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    // `from_str_radix` alone would accept a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Kind, ReadError, ReadErrorKind, Reader};

    fn check(text: &[u8]) -> Result<(), ReadError> {
        let mut reader = Reader::new(text, 8)?;
        reader.skip()?;
        reader.end()
    }

    fn string(text: &str) -> Result<String, ReadError> {
        let mut reader = Reader::new(text.as_bytes(), 8)?;
        let literal = reader.string()?;
        assert_eq!(literal.decode_secret().expose(), literal.decode());
        assert_eq!(&text[literal.span()], text.trim());
        Ok(literal.decode().into_owned())
    }

    #[test]
    fn first_characters_of_a_literal_are_those_of_the_whole() {
        let text = r#""a\u00e4\ud83d\ude42\n b""#;
        let literal = Reader::new(text.as_bytes(), 1).unwrap().string().unwrap();
        let whole = literal.decode().into_owned();
        for characters in 0..8 {
            let first = whole.chars().take(characters).collect::<String>();
            assert_eq!(literal.decode_first(characters), first);
        }
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(string(r#" "plain é" "#).unwrap(), "plain é");
        assert_eq!(string(r#""\"\\\/\b\f\n\r\t""#).unwrap(), "\"\\/\u{8}\u{c}\n\r\t");
        assert_eq!(string(r#""a\u00e9b\uD83D\uDE00c""#).unwrap(), "aéb😀c");
    }

    #[test]
    fn malformed_strings_are_refused() {
        for text in [
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123 ""#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00\ud800""#,
            "\"a\nb\"",
            "\"\u{1f}\"",
        ] {
            assert_eq!(string(text).unwrap_err().kind, ReadErrorKind::Syntax, "{text}");
        }
        for text in ["\"", "\"a", "\"\\", "\"\\u12", "\"\\ud83d\\u", ""] {
            assert_eq!(string(text).unwrap_err().kind, ReadErrorKind::Truncated, "{text}");
        }
    }

    #[test]
    fn errors_name_their_kind_and_offset() {
        for (text, kind, offset) in [
            ("", ReadErrorKind::Truncated, 0),
            ("[1,", ReadErrorKind::Truncated, 3),
            ("[1,]", ReadErrorKind::Syntax, 3),
            ("{\"a\" 1}", ReadErrorKind::Syntax, 5),
            ("{\"a\":1,}", ReadErrorKind::Syntax, 7),
            ("{a:1}", ReadErrorKind::Syntax, 1),
            ("nul", ReadErrorKind::Truncated, 3),
            ("nulL", ReadErrorKind::Syntax, 3),
            ("01", ReadErrorKind::Trailing, 1),
            ("1 2", ReadErrorKind::Trailing, 2),
            ("-", ReadErrorKind::Truncated, 1),
            ("1.e5", ReadErrorKind::Syntax, 2),
            ("[[[[[[[[[]]]]]]]]]", ReadErrorKind::TooDeep, 9),
            ("\u{feff}1", ReadErrorKind::Syntax, 0),
        ] {
            assert_eq!(check(text.as_bytes()), Err(ReadError { kind, offset }), "{text}");
        }
        assert_eq!(
            check(b"[\"\xff\"]"),
            Err(ReadError { kind: ReadErrorKind::NotUtf8, offset: 2 }),
            "not UTF-8"
        );
    }

    #[test]
    fn numbers_are_returned_as_written() {
        for text in ["0", "-0", "10", "1.50", "1e5", "-1.0E+0005", "0.1e-1"] {
            let mut reader = Reader::new(text.as_bytes(), 1).unwrap();
            assert_eq!(reader.peek(), Ok(Kind::Number));
            assert_eq!(reader.number(), Ok(text));
        }
    }

    #[test]
    fn closed_levels_can_be_used_again() {
        assert_eq!(check(b"[[],[],[[[[[[[]]]]]]],{}]"), Ok(()));
    }

    /// Generates texts that are nearly JSON.
    fn nearly_json() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "[", "]", "{", "}", ",", ":", "\"", "\"a\"", "\\", "\\u", "12", "00e9", "d83d", "\\n",
            "-", "0", "1", ".", "e", "+", "true", "false", "null", "nul", " ", "\n", "\u{1}", "é",
        ]);
        prop::collection::vec(pieces, 0..10).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_096, ..ProptestConfig::default() })]

        /// Nestings stay below serde_json's limit of 128.
        #[test]
        fn accepts_the_same_texts_as_serde_json(text in nearly_json()) {
            // serde_json refuses numbers beyond its own range.
            let exponents = text.split('e').skip(1).map(|rest| rest.trim_start_matches(['+', '-']));
            let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count();
            prop_assume!(exponents.map(digits).all(|digits| digits <= 2));
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            prop_assert_eq!(check(text.as_bytes()).is_ok(), theirs.is_ok(), "{:?}", theirs);
        }

        #[test]
        fn strings_written_by_serde_json_are_decoded(content in any::<String>()) {
            let written = serde_json::to_string(&content).unwrap();
            prop_assert_eq!(string(&written), Ok(content));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            let _ = check(&bytes);
        }
    }
}
