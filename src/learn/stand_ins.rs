//! Replaces values by others of the same shape: equal values by equal ones, in any encoding.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::call::decode;
use crate::har;
use crate::json::{Json, quoted};
use crate::story::split_at;
use crate::values::{is_mask, is_private, is_time_text, is_uuid, normal};

/// Makes stand-ins. They depend on a key that no file holds, so they cannot be guessed back.
#[derive(Default)]
pub(crate) struct StandIns {
    keys: RandomState,
    /// Texts that stay, in lower case: constants and literals of a profile.
    pub(crate) kept: HashSet<String>,
    /// Templates of texts that stay but for the values in them.
    pub(crate) templates: HashSet<String>,
    /// Segments of paths that stay.
    pub(crate) segments: HashSet<String>,
    /// Values that never stay: typed ones, ids, the organization; longest first.
    pub(crate) secret: Vec<(String, &'static str)>,
    /// Hosts whose paths are those of an API.
    pub(crate) origins: HashSet<String>,
    /// Hashes of values that are names or ids in JSON.
    pub(crate) names: HashSet<u64>,
    /// Scopes that were typed: each word has a stand-in of its own.
    pub(crate) scopes: HashSet<String>,
}

impl StandIns {
    pub(crate) fn hash(&self, text: &str) -> u64 {
        self.keys.hash_one(text)
    }

    fn is_secret(&self, text: &str) -> bool {
        self.secret.iter().any(|(secret, _)| secret == text)
    }

    /// Replaces the values of a document.
    pub(crate) fn json(&self, value: &Json) -> Json {
        match value {
            Json::Null | Json::Bool(_) => value.clone(),
            Json::Number(number) => {
                let text = number.to_string();
                let is_small = |number: f64| number.abs() < 1000.0 && number.fract() == 0.0;
                let replaced =
                    if number.as_f64().is_some_and(is_small) { text } else { self.digits(&text) };
                Json::read(replaced.as_bytes()).unwrap_or(Json::Null)
            }
            Json::Text(text) => Json::Text(self.text(text)),
            Json::Array(items) => Json::Array(items.iter().map(|item| self.json(item)).collect()),
            Json::Object(members) => Json::Object(
                members.iter().map(|(name, value)| (self.name(name), self.json(value))).collect(),
            ),
        }
    }

    /// Replaces a name if it is a value.
    pub(crate) fn name(&self, name: &str) -> String {
        if is_private(name) || self.is_secret(name) { self.text(name) } else { name.to_owned() }
    }

    /// Replaces a text.
    pub(crate) fn text(&self, text: &str) -> String {
        let secret = self.is_secret(&normal(text)) || self.is_secret(text);
        if text.is_empty() || !secret && self.kept.contains(&text.to_lowercase()) {
            return text.to_owned();
        }
        if is_mask(text) && !secret {
            return "********".to_owned();
        }
        if let Some(json) = har::json_of(text.as_bytes()) {
            return self.json(&json).compact();
        }
        if !secret && let Some(known) = self.with_known(text) {
            return known;
        }
        if text.contains('\n') || text.contains("\\n") {
            return self.lines(text);
        }
        self.line(text.trim(), secret)
    }

    /// Replaces a text line by line, with the ends of the lines as they are.
    fn lines(&self, text: &str) -> String {
        let mut replaced = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let ends = ["\\r\\n", "\\n", "\r\n", "\n"];
            let found = ends.iter().filter_map(|end| Some((rest.find(end)?, *end)));
            let found = found.min_by_key(|(at, end)| (*at, usize::MAX - end.len()));
            let (line, end, next) = match found {
                Some((at, end)) => (&rest[..at], end, &rest[at + end.len()..]),
                None => (rest, "", ""),
            };
            replaced.push_str(&self.line(line, true));
            replaced.push_str(end);
            rest = next;
        }
        replaced
    }

    fn line(&self, text: &str, secret: bool) -> String {
        if text.is_empty() || text.starts_with("-----") && text.ends_with("-----") {
            return text.to_owned();
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let small = text.parse::<u64>().is_ok_and(|number| number < 1000);
            if !small {
                return self.digits(text);
            }
            if !secret {
                return text.to_owned();
            }
        }
        if is_uuid(text) {
            return self.uuid(text);
        }
        if is_time_text(text) {
            return self.time(text);
        }
        if text.contains("://")
            && let Some(url) = self.url(text)
        {
            return url;
        }
        if text.starts_with('/') && text.contains('?') && !text.contains(' ') {
            return self.path_and_query(text);
        }
        if self.scopes.contains(text) {
            let words = text.split(' ').map(|word| self.word(word));
            return words.collect::<Vec<_>>().join(" ");
        }
        if !secret && let Some(encoded) = self.base64(text) {
            return encoded;
        }
        if !secret && let Some(pieces) = self.with_uuids(text) {
            return pieces;
        }
        self.word(text)
    }

    /// Replaces a text as a whole. The result looks like a value, and not like a constant.
    fn word(&self, text: &str) -> String {
        format!("t{:012}", self.hash(text) % 1_000_000_000_000)
    }

    /// Replaces a number by one with as many digits.
    fn digits(&self, text: &str) -> String {
        let mut state = self.hash(text);
        let mut first = true;
        let digit = |character: char| {
            if !character.is_ascii_digit() {
                return character;
            }
            state = state.rotate_left(9).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x55;
            let number = (state >> 33) % 9;
            let number = if std::mem::take(&mut first) { 1 } else { number };
            char::from_digit(u32::try_from(number).unwrap_or_default(), 10).unwrap_or('0')
        };
        text.chars().map(digit).collect()
    }

    fn uuid(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        let (high, low) = (self.hash(&lower), self.hash(&format!("{lower}/")));
        let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
        let (d, e) = ((low >> 48) & 0xfff, low & 0xffff_ffff_ffff);
        format!("{a:08x}-{b:04x}-4{c:03x}-8{d:03x}-{e:012x}")
    }

    /// Replaces the date; the form of the text stays.
    fn time(&self, text: &str) -> String {
        let hash = self.hash(text);
        let date =
            format!("20{:02}-{:02}-{:02}", hash % 90 + 1, hash / 97 % 12 + 1, hash / 1201 % 28 + 1);
        let zone = text.get(19..).unwrap_or_default();
        let separator = text.get(10..11).unwrap_or("T");
        let (minute, second) = (hash / 5003 % 60, hash / 300_007 % 60);
        let zone: String = zone
            .chars()
            .take_while(|character| {
                character.is_ascii_digit() || matches!(character, '.' | ':' | '+' | '-' | 'Z')
            })
            .map(|character| if character.is_ascii_digit() { '0' } else { character })
            .collect();
        format!("{date}{separator}{:02}:{minute:02}:{second:02}{zone}", hash / 77 % 24)
    }

    /// Replaces base64 of a text by base64 of its stand-in.
    fn base64(&self, text: &str) -> Option<String> {
        let decode = |engine: &base64::engine::GeneralPurpose| {
            let bytes = engine.decode(text).ok()?;
            let decoded = String::from_utf8(bytes).ok()?;
            let plain = decoded.len() >= 5
                && decoded.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
            plain.then_some(decoded)
        };
        [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
            .into_iter()
            .find_map(|engine| decode(engine).map(|decoded| engine.encode(self.text(&decoded))))
    }

    /// Replaces a text that is known but for the values in it.
    fn with_known(&self, text: &str) -> Option<String> {
        let mut template = vec![(text.to_owned(), None::<&'static str>)];
        for (secret, placeholder) in self.secret.iter().filter(|(_, name)| !name.is_empty()) {
            let mut next = Vec::new();
            for (piece, fixed) in template {
                match split_at(&piece, secret) {
                    Some((before, after)) if fixed.is_none() => {
                        next.push((before.to_owned(), None));
                        next.push((secret.clone(), Some(*placeholder)));
                        next.push((after.to_owned(), None));
                    }
                    _ => next.push((piece, fixed)),
                }
            }
            template = next;
        }
        if template.len() == 1 {
            return None;
        }
        let written: String = template
            .iter()
            .map(|(piece, name)| match name {
                Some(name) => (*name).to_owned(),
                None => crate::slots::escaped(piece),
            })
            .collect();
        let known = self.templates.contains(&written);
        let pieces = template.iter().map(|(piece, name)| match name {
            Some(_) => self.line(piece, true),
            None if known => piece.clone(),
            None => self.delimited(piece),
        });
        Some(pieces.collect())
    }

    /// Replaces the words of a text, and keeps what is between them.
    fn delimited(&self, text: &str) -> String {
        let mut replaced = String::new();
        let mut word = String::new();
        for character in text.chars().chain(['\0']) {
            if character.is_ascii_alphanumeric() || !character.is_ascii() {
                word.push(character);
                continue;
            }
            if !word.is_empty() {
                replaced.push_str(&self.word(&word));
                word.clear();
            }
            if character != '\0' {
                replaced.push(character);
            }
        }
        replaced
    }

    /// Replaces a text that holds UUIDs, so that each stays recognizable.
    fn with_uuids(&self, text: &str) -> Option<String> {
        let is_part = |character: char| character.is_ascii_hexdigit() || character == '-';
        let pieces: Vec<&str> =
            text.split(|character| !is_part(character)).filter(|piece| is_uuid(piece)).collect();
        if pieces.is_empty() || pieces.len() > 20 {
            return None;
        }
        let mut replaced = String::new();
        let mut rest = text;
        for piece in pieces {
            let (before, after) = rest.split_once(piece)?;
            replaced.push_str(&self.delimited(before));
            replaced.push_str(&self.uuid(piece));
            rest = after;
        }
        replaced.push_str(&self.delimited(rest));
        Some(replaced)
    }

    /// Replaces a host.
    pub(crate) fn host(&self, host: &str) -> String {
        let host = host.to_ascii_lowercase();
        let hash = self.hash(&host) % 100_000_000;
        let regional = host.starts_with("api.wxcc-") && host.ends_with(".cisco.com");
        if regional {
            // Which contract holds depends on whether the host is that of a region.
            format!("api.wxcc-r{hash:08}.cisco.com")
        } else {
            format!("h{hash:08}.example")
        }
    }

    /// Replaces a URL by an https URL.
    pub(crate) fn url(&self, text: &str) -> Option<String> {
        let url = Url::parse(text.trim()).ok()?;
        let host = url.host_str()?;
        let scheme = if matches!(url.scheme(), "ws" | "wss") { "wss" } else { "https" };
        let origin = url.origin().ascii_serialization();
        let api = self.origins.contains(&origin);
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let mut replaced = format!("{scheme}://{}", self.host(&format!("{host}{port}")));
        // A URL that ends with its host stays one.
        let bare = url.path() == "/" && !text.trim_end_matches(['?', '#']).ends_with('/');
        if !bare {
            replaced.push_str(&self.path(url.path(), api));
        }
        if let Some(query) = url.query() {
            replaced.push('?');
            replaced.push_str(&self.query(query));
        }
        if let Some(fragment) = url.fragment() {
            replaced.push('#');
            replaced.push_str(&self.word(fragment));
        }
        Some(replaced)
    }

    fn path_and_query(&self, text: &str) -> String {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        format!("{}?{}", self.path(path, true), self.query(query))
    }

    fn path(&self, path: &str, api: bool) -> String {
        let segments = path.split('/').map(|segment| {
            if segment.is_empty() {
                return String::new();
            }
            let plain = decode(segment);
            if api && self.is_fixed(segment, &plain) {
                return segment.to_owned();
            }
            let replaced = if api { self.mixed(&plain) } else { self.text(&plain) };
            utf8_percent_encode(&replaced, SEGMENT).to_string()
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Replaces a segment that may hold an id beside a fixed part.
    fn mixed(&self, plain: &str) -> String {
        for (secret, name) in &self.secret {
            if !name.is_empty()
                && let Some((before, after)) = split_at(plain, secret)
                && plain != secret
            {
                return format!("{before}{}{after}", self.line(secret, true));
            }
        }
        self.text(plain)
    }

    /// Whether a segment of a path is a part of the API: it looks like a word.
    fn is_fixed(&self, raw: &str, plain: &str) -> bool {
        if self.is_secret(plain) {
            return false;
        }
        if self.segments.contains(raw) {
            return true;
        }
        let version = |word: &str| {
            word.strip_prefix('v').is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            })
        };
        let word = |word: &str| {
            !word.is_empty()
                && word.len() <= 24
                && word.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let words = plain.split(['-', '_', '.', ',', ':', '$']);
        (version(plain) || words.into_iter().all(word))
            && plain.len() <= 60
            && !self.names.contains(&self.hash(plain))
    }

    /// Replaces the values of a query.
    pub(crate) fn query(&self, query: &str) -> String {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let pairs = pairs.map(|(name, value)| {
            let value = match value.as_ref() {
                "true" | "false" | "null" => value.clone().into_owned(),
                other => self.text(other),
            };
            let name = utf8_percent_encode(&self.name(&name), NON_ALPHANUMERIC).to_string();
            let value = utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
            // What pages write plainly stays readable.
            let plain = |text: String| {
                text.replace("%2D", "-").replace("%5F", "_").replace("%2E", ".").replace("%7E", "~")
            };
            format!("{}={}", plain(name), plain(value))
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Replaces the value of a header.
    pub(crate) fn header(&self, name: &str, value: &str) -> String {
        match name {
            "accept" | "content-type" if is_media(value) => value.to_owned(),
            "authorization" => {
                let bearer = value.get(..7).is_some_and(|w| w.eq_ignore_ascii_case("bearer "));
                let token = self.word(value);
                if bearer { format!("Bearer {token}") } else { token }
            }
            "location" if value.starts_with('/') => {
                let (path, query) = value.split_once('?').unwrap_or((value, ""));
                let query = if query.is_empty() { String::new() } else { self.query(query) };
                let mark = if query.is_empty() { "" } else { "?" };
                format!("{}{mark}{query}", self.path(path, true))
            }
            "if-match" | "etag" => {
                let inner = value.trim_start_matches("W/").trim_matches('"');
                value.replace(inner, &self.text(inner))
            }
            _ => self.text(value),
        }
    }

    /// Replaces a body that is not JSON.
    pub(crate) fn other(&self, text: &str) -> String {
        self.word(text)
    }
}

const SEGMENT: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b'(')
    .remove(b')')
    .remove(b'\'')
    .remove(b'$')
    .remove(b'@');

/// Whether a text names media types, and nothing else.
pub(crate) fn is_media(text: &str) -> bool {
    text.len() <= 120
        && !is_private(text)
        && text.split(',').all(|part| {
            let kind = part.split(';').next().unwrap_or_default().trim();
            let known = [
                "application/",
                "text/",
                "image/",
                "font/",
                "audio/",
                "video/",
                "*/*",
                "multipart/",
                "x-unknown",
            ];
            known.iter().any(|known| kind.starts_with(known))
                && part.split(';').skip(1).all(|option| {
                    let option = option.trim();
                    option.starts_with("q=")
                        || option.eq_ignore_ascii_case("charset=utf-8")
                        || option.starts_with("v=")
                })
        })
}

/// Returns a text as JSON text.
pub(crate) fn written(value: &Json) -> String {
    value.as_text().map_or_else(|| value.compact(), quoted)
}
