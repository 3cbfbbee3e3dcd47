//! Reads recordings (HAR 1.2) as a stream, one entry at a time.
//!
//! Memory is bounded for any input: long strings are shortened and deep nesting is refused before
//! the JSON parser sees them.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::json::{Json, Seed};

/// The most bytes of a string that are kept. A longer one is cut off.
pub(crate) const MAX_TEXT: usize = 4 << 20;

/// The deepest nesting of a recording.
const MAX_DEPTH: usize = 120;

/// A file that can be read more than once.
pub trait Recording {
    /// Returns the name for messages.
    fn name(&self) -> String;

    /// Opens the file at its beginning.
    ///
    /// # Errors
    /// Those of the file.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;
}

/// A recording in memory.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Recording for Bytes<'_> {
    fn name(&self) -> String {
        "the recording".to_owned()
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.0))
    }
}

/// A recording that cannot be used. The text holds nothing of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingError(pub(crate) String);

impl fmt::Display for RecordingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for RecordingError {}

/// A request with its response.
pub(crate) struct Entry {
    pub(crate) started: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) status: u64,
    pub(crate) location: Option<String>,
    pub(crate) content: Option<Vec<u8>>,
}

/// Calls a function with each entry of a recording.
pub(crate) fn each_entry(
    recording: &dyn Recording,
    each: &mut dyn FnMut(Json) -> Result<(), String>,
) -> Result<(), RecordingError> {
    let name = recording.name();
    let fail = |text: String| RecordingError(format!("{name} {text}"));
    let file = recording.open();
    let file = file.map_err(|error| fail(format!("cannot be read: {}.", error.kind())))?;
    let mut state = Progress { entries: 0, found: false, refusal: None };
    let reader = BufReader::with_capacity(1 << 16, Tamed::new(file));
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let read = Top { state: &mut state, each }.deserialize(&mut deserializer);
    let read = read.and_then(|()| deserializer.end());
    if let Some(refusal) = state.refusal {
        return Err(fail(refusal));
    }
    match read {
        Ok(()) if state.found => Ok(()),
        Ok(()) => Err(fail("is no HAR file: it has no log.entries.".to_owned())),
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            Err(fail(match error.classify() {
                serde_json::error::Category::Eof if error.line() <= 1 && error.column() == 0 => {
                    "is empty.".to_owned()
                }
                serde_json::error::Category::Eof => {
                    format!("is cut off after {} complete entries. Save it again.", state.entries)
                }
                serde_json::error::Category::Io => match error.io_error_kind() {
                    Some(io::ErrorKind::InvalidData) => {
                        format!("is no HAR file: it is nested too deeply ({place}).")
                    }
                    Some(kind) => format!("cannot be read: {kind}."),
                    None => "cannot be read.".to_owned(),
                },
                serde_json::error::Category::Syntax => format!("is not JSON ({place})."),
                serde_json::error::Category::Data => {
                    format!("is no HAR file: something else was expected at {place}.")
                }
            }))
        }
    }
}

struct Progress {
    entries: usize,
    found: bool,
    refusal: Option<String>,
}

/// Reads the document, `log`, and `log.entries`.
struct Top<'a> {
    state: &'a mut Progress,
    each: &'a mut dyn FnMut(Json) -> Result<(), String>,
}
struct Log<'a>(Top<'a>);
struct Entries<'a>(Top<'a>);

macro_rules! seed {
    ($name:ident, $method:ident) => {
        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.$method(self)
            }
        }
    };
}
seed!(Top, deserialize_map);
seed!(Log, deserialize_map);
seed!(Entries, deserialize_seq);

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "log" {
                members.next_value_seed(Log(Top { state: self.state, each: self.each }))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Log<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Top { state, each } = self.0;
        while let Some(name) = members.next_key::<String>()? {
            if name == "entries" {
                state.found = true;
                members.next_value_seed(Entries(Top { state: &mut *state, each: &mut *each }))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Top { state, each } = self.0;
        loop {
            let count = Cell::new(0);
            let Some(entry) = items.next_element_seed(Seed(&count))? else { return Ok(()) };
            if let Err(refusal) = each(entry) {
                state.refusal = Some(refusal);
                return Err(A::Error::custom("refused"));
            }
            state.entries += 1;
        }
    }
}

/// Reads an entry. The error names the member that is wrong.
pub(crate) fn entry(json: &Json) -> Result<Entry, String> {
    let wrong = |member: &str| Err(format!("is no HAR file: an entry has a wrong {member}."));
    let Json::Object(_) = json else { return wrong("type") };
    let Some(request @ Json::Object(_)) = json.get("request") else { return wrong("request") };
    let Some(method) = request.get("method").and_then(Json::as_text) else {
        return wrong("request.method");
    };
    let Some(url) = request.get("url").and_then(Json::as_text) else {
        return wrong("request.url");
    };
    let response = match json.get("response") {
        Some(response @ Json::Object(_)) => Some(response),
        None | Some(Json::Null) => None,
        Some(_) => return wrong("response"),
    };
    let status = match response.and_then(|response| response.get("status")) {
        Some(Json::Number(status)) => status.as_u64().unwrap_or_default(),
        None | Some(Json::Null) => 0,
        Some(_) => return wrong("response.status"),
    };
    let Some(headers) = pairs(request.get("headers")) else { return wrong("request.headers") };
    let Some(response_headers) = pairs(response.and_then(|response| response.get("headers")))
    else {
        return wrong("response.headers");
    };
    let Ok(body) = content(request.get("postData")) else { return wrong("request.postData") };
    let Ok(content) = content(response.and_then(|response| response.get("content"))) else {
        return wrong("response.content");
    };
    let location =
        response_headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
    let started = json.get("startedDateTime").and_then(Json::as_text).unwrap_or_default();
    Ok(Entry {
        started: started.to_owned(),
        method: method.to_ascii_uppercase(),
        url: url.to_owned(),
        headers,
        body,
        status,
        location: location.map(|(_, value)| value),
        content,
    })
}

fn pairs(json: Option<&Json>) -> Option<Vec<(String, String)>> {
    let items = match json {
        None | Some(Json::Null) => return Some(Vec::new()),
        Some(Json::Array(items)) => items,
        Some(_) => return None,
    };
    let pair = |item: &Json| {
        let name = item.get("name")?.as_text()?;
        let value = item.get("value").map_or(Some(String::new()), Json::token)?;
        Some((name.to_owned(), value))
    };
    items.iter().map(pair).collect()
}

/// Reads `postData` or `content`.
fn content(json: Option<&Json>) -> Result<Option<Vec<u8>>, ()> {
    let json = match json {
        None | Some(Json::Null) => return Ok(None),
        Some(json @ Json::Object(_)) => json,
        Some(_) => return Err(()),
    };
    let text = match json.get("text") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Text(text)) => text,
        Some(_) => return Err(()),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let encoding = json.get("encoding").and_then(Json::as_text).unwrap_or_default();
    let encoded = encoding.eq_ignore_ascii_case("base64") || !looks_like_json(text.as_bytes());
    let bytes = if encoded { STANDARD.decode(text.trim()).ok() } else { None };
    Ok(Some(match bytes {
        Some(bytes) => inflated(&bytes).unwrap_or(bytes),
        None => text.clone().into_bytes(),
    }))
}

fn looks_like_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Reads a body that holds JSON.
pub(crate) fn json_of(bytes: &[u8]) -> Option<Json> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Some servers protect JSON from being run as a script.
    let bytes = bytes.strip_prefix(b")]}'").map_or(bytes, |rest| rest.trim_ascii_start());
    if looks_like_json(bytes) { Json::read(bytes) } else { None }
}

/// Inflates gzip (RFC 1952).
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    let [0x1f, 0x8b, 8, flags, ..] = bytes else { return None };
    let mut rest = bytes.get(10..)?;
    if flags & 4 != 0 {
        let [low, high, ..] = rest else { return None };
        rest = rest.get(2 + usize::from(u16::from_le_bytes([*low, *high]))..)?;
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    miniz_oxide::inflate::decompress_to_vec_with_limit(rest, MAX_TEXT).ok()
}

/// A reader of JSON that shortens long strings, refuses deep nesting, and replaces halves of
/// surrogate pairs, which browsers write and the parser refuses.
struct Tamed<R> {
    inner: R,
    state: State,
    depth: usize,
    length: usize,
    /// An escape that is not complete.
    escape: Vec<u8>,
    /// An escape that is the first half of a pair.
    high: Option<Vec<u8>>,
    output: Vec<u8>,
    position: usize,
    started: bool,
    input: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    Escape,
}

impl<R: Read> Tamed<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            state: State::Outside,
            depth: 0,
            length: 0,
            escape: Vec::with_capacity(6),
            high: None,
            output: Vec::with_capacity(1 << 17),
            position: 0,
            started: false,
            input: vec![0; 1 << 16],
        }
    }

    fn take(&mut self, byte: u8) -> io::Result<()> {
        match self.state {
            State::Outside => {
                match byte {
                    b'"' => {
                        self.state = State::Inside;
                        self.length = 0;
                    }
                    b'[' | b'{' => {
                        self.depth += 1;
                        if self.depth > MAX_DEPTH {
                            return Err(io::ErrorKind::InvalidData.into());
                        }
                    }
                    b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.output.push(byte);
            }
            State::Inside if byte == b'\\' => {
                self.escape.clear();
                self.escape.push(byte);
                self.state = State::Escape;
            }
            State::Inside => {
                self.flush_high();
                if byte == b'"' {
                    self.state = State::Outside;
                    self.output.push(byte);
                    return Ok(());
                }
                self.length += 1;
                // A character is kept or left out as a whole.
                let goes_on = byte & 0xc0 == 0x80 && self.length <= MAX_TEXT + 4;
                if self.length <= MAX_TEXT || goes_on {
                    self.output.push(byte);
                } else {
                    self.length = MAX_TEXT + 8;
                }
            }
            State::Escape => {
                self.escape.push(byte);
                let complete = match self.escape.get(1) {
                    Some(b'u') => {
                        self.escape.len() == 6 || !byte.is_ascii_hexdigit() && byte != b'u'
                    }
                    _ => true,
                };
                if complete {
                    self.state = State::Inside;
                    self.finish_escape();
                }
            }
        }
        Ok(())
    }

    fn finish_escape(&mut self) {
        let escape = std::mem::take(&mut self.escape);
        let digits = escape.get(2..).and_then(|digits| std::str::from_utf8(digits).ok());
        let unit = digits.filter(|digits| digits.len() == 4);
        let unit = unit.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match unit {
            Some(0xd800..=0xdbff) => {
                self.flush_high();
                self.high = Some(escape);
            }
            Some(0xdc00..=0xdfff) => match self.high.take() {
                Some(high) => self.keep(&[high, escape].concat()),
                None => self.keep(b"\\ufffd"),
            },
            _ => {
                self.flush_high();
                self.keep(&escape);
            }
        }
    }

    fn flush_high(&mut self) {
        if self.high.take().is_some() {
            self.keep(b"\\ufffd");
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        if self.length <= MAX_TEXT {
            self.output.extend_from_slice(bytes);
        } else {
            self.length = MAX_TEXT + 8;
        }
    }
}

impl<R: Read> Read for Tamed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.output.len() {
            self.output.clear();
            self.position = 0;
            let mut input = std::mem::take(&mut self.input);
            let count = match self.inner.read(&mut input) {
                Ok(count) => count,
                Err(error) => {
                    self.input = input;
                    return Err(error);
                }
            };
            let mut bytes = &input[..count];
            if !self.started {
                self.started = true;
                bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            }
            let taken = bytes.iter().try_for_each(|byte| self.take(*byte));
            self.input = input;
            taken?;
            if count == 0 {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.output.len() - self.position);
        buffer[..count].copy_from_slice(&self.output[self.position..self.position + count]);
        self.position += count;
        Ok(count)
    }
}
