//! Splits msgpack into tokens.
//!
//! Nothing is allocated here. A declared length that exceeds the message is
//! refused at once, so a loop over it ends.

use rmp::Marker;

use crate::value::error::DecodeErrorKind;

/// A cursor in a message.
#[derive(Debug)]
pub(super) struct TokenReader<'a> {
    rest: &'a [u8],
    length: usize,
}

/// A scalar, or the head of a collection, the content of which follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// A string, not yet checked to be UTF-8.
    Text(&'a [u8]),
    Binary(&'a [u8]),
    /// The head of an array, with the number of its elements.
    Array(usize),
    /// The head of a map, with the number of its entries.
    Map(usize),
    /// An extension of any code. Its content is skipped.
    Extension,
}

impl Token<'_> {
    /// Returns the words for the token in messages.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "a boolean",
            Self::Signed(_) | Self::Unsigned(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Binary(_) => "binary data",
            Self::Array(_) => "a list",
            Self::Map(_) => "a map",
            Self::Extension => "an unknown value",
        }
    }
}

impl<'a> TokenReader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message, length: message.len() }
    }

    /// Reads one token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, DecodeErrorKind> {
        let offset = self.length - self.rest.len();
        let [marker] = self.array()?;
        Ok(match Marker::from_u8(marker) {
            Marker::Null => Token::Nil,
            Marker::False => Token::Bool(false),
            Marker::True => Token::Bool(true),
            Marker::FixPos(integer) => Token::Unsigned(integer.into()),
            Marker::FixNeg(integer) => Token::Signed(integer.into()),
            Marker::U8 => Token::Unsigned(u8::from_be_bytes(self.array()?).into()),
            Marker::U16 => Token::Unsigned(u16::from_be_bytes(self.array()?).into()),
            Marker::U32 => Token::Unsigned(u32::from_be_bytes(self.array()?).into()),
            Marker::U64 => Token::Unsigned(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Token::Signed(i8::from_be_bytes(self.array()?).into()),
            Marker::I16 => Token::Signed(i16::from_be_bytes(self.array()?).into()),
            Marker::I32 => Token::Signed(i32::from_be_bytes(self.array()?).into()),
            Marker::I64 => Token::Signed(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            Marker::F64 => Token::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => Token::Text(self.bytes(length.into())?),
            Marker::Str8 => Token::Text(self.sized::<1>()?),
            Marker::Str16 => Token::Text(self.sized::<2>()?),
            Marker::Str32 => Token::Text(self.sized::<4>()?),
            Marker::Bin8 => Token::Binary(self.sized::<1>()?),
            Marker::Bin16 => Token::Binary(self.sized::<2>()?),
            Marker::Bin32 => Token::Binary(self.sized::<4>()?),
            Marker::FixArray(count) => Token::Array(self.count(count.into(), 1)?),
            Marker::Array16 => Token::Array(self.counted::<2>(1)?),
            Marker::Array32 => Token::Array(self.counted::<4>(1)?),
            Marker::FixMap(count) => Token::Map(self.count(count.into(), 2)?),
            Marker::Map16 => Token::Map(self.counted::<2>(2)?),
            Marker::Map32 => Token::Map(self.counted::<4>(2)?),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.sized_extension::<1>()?,
            Marker::Ext16 => self.sized_extension::<2>()?,
            Marker::Ext32 => self.sized_extension::<4>()?,
            Marker::Reserved => return Err(DecodeErrorKind::Malformed { offset }),
        })
    }

    /// Checks that nothing follows.
    pub(super) fn end(&self) -> Result<(), DecodeErrorKind> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeErrorKind::TrailingBytes) }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeErrorKind> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(DecodeErrorKind::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeErrorKind> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(DecodeErrorKind::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// Reads a big-endian number of up to four bytes.
    fn size<const N: usize>(&mut self) -> Result<usize, DecodeErrorKind> {
        let bytes: [u8; N] = self.array()?;
        Ok(bytes.iter().fold(0, |size, &byte| size << 8 | usize::from(byte)))
    }

    fn sized<const N: usize>(&mut self) -> Result<&'a [u8], DecodeErrorKind> {
        let length = self.size::<N>()?;
        self.bytes(length)
    }

    fn counted<const N: usize>(&mut self, least: usize) -> Result<usize, DecodeErrorKind> {
        let count = self.size::<N>()?;
        self.count(count, least)
    }

    /// Checks a count of items that take at least `least` bytes each.
    fn count(&self, count: usize, least: usize) -> Result<usize, DecodeErrorKind> {
        if count.saturating_mul(least) > self.rest.len() {
            return Err(DecodeErrorKind::Truncated);
        }
        Ok(count)
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, DecodeErrorKind> {
        let [_code] = self.array()?;
        self.bytes(length)?;
        Ok(Token::Extension)
    }

    fn sized_extension<const N: usize>(&mut self) -> Result<Token<'a>, DecodeErrorKind> {
        let length = self.size::<N>()?;
        self.extension(length)
    }
}
