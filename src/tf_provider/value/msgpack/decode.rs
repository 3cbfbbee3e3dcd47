//! Reads msgpack by type.

use std::collections::BTreeMap;

use super::reader::{Token, TokenReader};
use crate::value::error::{DecodeError, DecodeErrorKind};
use crate::value::limits::{MAX_DEPTH, deeper};
use crate::value::path::Step;
use crate::value::type_check::{element_step, expectation};
use crate::value::{Number, Type, Value};
use safe_text::Secret;

/// Reads a value of the type.
///
/// The attributes of an object are exactly those of its type. Refinements of an
/// unknown value are dropped.
///
/// # Errors
///
/// A [`DecodeError`] when the bytes are not one msgpack value of the type,
/// nested at most [`MAX_DEPTH`] levels.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let mut decoder = Decoder { reader: TokenReader::new(bytes) };
    let value = decoder.read(ty, MAX_DEPTH)?;
    decoder.reader.end()?;
    Ok(value)
}

struct Decoder<'a> {
    reader: TokenReader<'a>,
}

impl<'a> Decoder<'a> {
    fn read(&mut self, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
        let token = self.reader.next()?;
        match (ty, token) {
            (_, Token::Nil) => Ok(Value::Null),
            (_, Token::Extension) => Ok(Value::Unknown),
            (Type::Bool, Token::Bool(flag)) => Ok(Value::Bool(flag)),
            (Type::Number, token) => self.number(token).map(Value::Number),
            (Type::String, Token::Text(text)) => Ok(Value::String(utf8(text)?.to_owned())),
            (Type::Secret, Token::Text(text)) => Ok(Value::from(Secret::from(utf8(text)?))),
            (Type::Dynamic, Token::Array(2)) => self.dynamic(deeper(depth)?),
            (Type::List(element) | Type::Set(element), Token::Array(count)) => {
                let types = std::iter::repeat_n(element.as_ref(), count);
                self.items(ty, types, deeper(depth)?)
            }
            (Type::Tuple(types), Token::Array(found)) => {
                let expected = types.len();
                if expected != found {
                    return Err(DecodeErrorKind::WrongLength { expected, found }.into());
                }
                self.items(ty, types.iter(), deeper(depth)?)
            }
            (Type::Map(element), Token::Map(count)) => self.map(element, count, deeper(depth)?),
            (Type::Object(types), Token::Map(count)) => self.object(types, count, deeper(depth)?),
            (ty, token) => Err(DecodeError::wrong_kind(expectation(ty), token.describe())),
        }
    }

    fn number(&mut self, token: Token<'_>) -> Result<Number, DecodeError> {
        Ok(match token {
            Token::Signed(integer) => Number::from(integer),
            Token::Unsigned(integer) => Number::from(integer),
            Token::Float(float) => Number::try_from(float)?,
            Token::Text(text) => utf8(text)?.parse::<Number>()?,
            Token::Nil
            | Token::Bool(_)
            | Token::Binary(_)
            | Token::Array(_)
            | Token::Map(_)
            | Token::Extension => {
                return Err(DecodeError::wrong_kind(expectation(&Type::Number), token.describe()));
            }
        })
    }

    /// Reads the type and the value of a dynamic value.
    fn dynamic(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let token = self.reader.next()?;
        let (Token::Binary(json) | Token::Text(json)) = token else {
            return Err(DecodeError::wrong_kind("the type of the value", token.describe()));
        };
        let ty = Type::from_json(json)?;
        let value = self.read(&ty, depth)?;
        Ok(Value::Dynamic(Box::new((ty, value))))
    }

    fn items<'t>(
        &mut self,
        ty: &Type,
        elements: impl Iterator<Item = &'t Type>,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let mut items = Vec::new();
        for (index, element) in elements.enumerate() {
            let item = self.read(element, depth);
            items.push(item.map_err(|error| error.within(element_step(ty, index)))?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, element: &Type, count: usize, depth: usize) -> Result<Value, DecodeError> {
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let key = self.key()?;
            let value = if entries.contains_key(key) {
                Err(DecodeErrorKind::DuplicateKey.into())
            } else {
                self.read(element, depth)
            };
            let value = value.map_err(|error| error.within(Step::Key(key.to_owned())))?;
            entries.insert(key.to_owned(), value);
        }
        Ok(Value::Map(entries))
    }

    /// Reads attributes in the order of the type, which is sorted by name, as
    /// Terraform sends them. No attribute then has to be looked up.
    fn object(
        &mut self,
        types: &BTreeMap<String, Type>,
        count: usize,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        let mut next = types.iter();
        let mut entries = Vec::with_capacity(count.min(types.len()));
        for position in 0..count {
            let key = self.key()?;
            let Some((name, ty)) = next.next().filter(|(name, _)| *name == key) else {
                let entries = entries.into_iter().collect();
                return self.unsorted_object(types, entries, key, count - position, depth);
            };
            let value = self.attribute(name, ty, depth)?;
            entries.push((name.clone(), value));
        }
        match next.next() {
            Some((name, _)) => Err(DecodeErrorKind::MissingAttribute.at(name)),
            None => Ok(Value::Map(entries.into_iter().collect())),
        }
    }

    /// Reads the other attributes of an object that is not in the order of its
    /// type. `key` is the name of the first, which `left` includes.
    fn unsorted_object(
        &mut self,
        types: &BTreeMap<String, Type>,
        mut entries: BTreeMap<String, Value>,
        mut key: &'a str,
        left: usize,
        depth: usize,
    ) -> Result<Value, DecodeError> {
        for remaining in (0..left).rev() {
            let Some((name, ty)) = types.get_key_value(key) else {
                return Err(DecodeErrorKind::UnexpectedAttribute.at(key));
            };
            if entries.contains_key(name) {
                return Err(DecodeErrorKind::DuplicateKey.at(name));
            }
            let value = self.attribute(name, ty, depth)?;
            entries.insert(name.clone(), value);
            if remaining > 0 {
                key = self.key()?;
            }
        }
        match types.keys().find(|name| !entries.contains_key(*name)) {
            Some(name) => Err(DecodeErrorKind::MissingAttribute.at(name)),
            None => Ok(Value::Map(entries)),
        }
    }

    fn attribute(&mut self, name: &str, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
        self.read(ty, depth).map_err(|error| error.within(Step::Attribute(name.to_owned())))
    }

    fn key(&mut self) -> Result<&'a str, DecodeError> {
        let token = self.reader.next()?;
        let Token::Text(text) = token else {
            return Err(DecodeError::wrong_kind("a text as key", token.describe()));
        };
        utf8(text)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeErrorKind::NotUtf8.into())
}
