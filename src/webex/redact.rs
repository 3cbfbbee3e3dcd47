//! Removes credentials from texts of the server.
//!
//! A server may repeat parts of a request, whole or truncated, plain or encoded, and also what an
//! earlier request has stored. So every credential that the process has seen is looked for in every
//! text, and in every form that programs usually give a text: percent-encoding, HTML entities and
//! escapes of JSON (also several times over), base64 at any offset and of both alphabets, base32,
//! hexadecimal digits, another case of letters, and with invisible characters, blanks or
//! punctuation between. Every run of eight letters and digits that also occurs in a credential is
//! replaced.
//!
//! A credential of fewer than six characters is also an ordinary word. It is replaced only where it
//! stands by itself in quotes, or after an equals sign or a colon.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::iter::once;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::identifiers::OrganizationId;
use super::lock::lock;
use safe_text::{Secret, is_invisible};

/// The replacement of a credential.
const PLACEHOLDER: &str = "[secret removed]";

/// The characters in a row that count as a part of a credential.
const WINDOW: usize = 8;

/// The characters below which a credential is like an ordinary word.
const WEAK: usize = 6;

/// The bytes of a credential that are looked for. Headers carry no longer token.
const LONGEST: usize = 16 * 1024;

/// How often a text may be encoded.
const LAYERS: usize = 3;

/// All credentials that the process has seen. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    hasher: RandomState,
    /// The hashes of all credentials. No copy of one is kept.
    known: HashSet<u64>,
    /// The hashes of the parts of credentials, in all their forms.
    parts: HashSet<u64>,
    /// The lengths of the parts.
    lengths: BTreeSet<usize>,
    /// The lengths in bytes of credentials that are like ordinary words.
    weak_lengths: BTreeSet<usize>,
}

/// The part of a text that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fold {
    /// Letters and digits.
    Alphanumeric,
    /// Everything but blanks, for credentials that consist of punctuation.
    Visible,
    /// Nothing is folded, for credentials that are like ordinary words.
    Exact,
}

/// Characters, each with the bytes of the text that stand for it.
type View = Vec<(char, Range<usize>)>;

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Redactor(…)")
    }
}

impl Redactor {
    /// Adds a credential.
    pub(crate) fn watch(&self, secret: &Secret) {
        self.watch_part(secret, secret.expose());
    }

    /// Adds a token of Webex. The id of the organization at its end is no secret: messages name it,
    /// and Webex's words about a wrong organization are of use only with the id.
    pub(crate) fn watch_token(&self, token: &Secret) {
        let text = token.expose();
        let part = match (OrganizationId::from_access_token(token), text.rsplit_once('_')) {
            // Any run of eight characters that reaches into the id begins in the secret part.
            (Some(_), Some((secret, _))) => &text[..secret.len() + WINDOW],
            (Some(_), None) | (None, _) => text,
        };
        self.watch_part(token, part);
    }

    fn watch_part(&self, secret: &Secret, part: &str) {
        let mut watched = lock(&self.0);
        let hash = watched.hasher.hash_one(secret.expose());
        if !secret.is_empty() && watched.known.insert(hash) {
            watched.learn(part);
        }
    }

    /// Returns the text with everything replaced that could be a part of a credential.
    pub(crate) fn clean(&self, text: &str) -> String {
        let watched = lock(&self.0);
        let mut covered = vec![false; text.len()];
        let mut view = view(text);
        for _ in 0..=LAYERS {
            for fold in [Fold::Alphanumeric, Fold::Visible] {
                watched.cover(fold, &folded(&view, fold), &mut covered);
            }
            match decoded(&view) {
                Some(decoded) => view = decoded,
                None => break,
            }
        }
        extend(text, &mut covered);
        watched.cover_weak(text, &mut covered);
        replaced(text, &covered)
    }
}

impl Watched {
    /// Adds the forms of a credential.
    fn learn(&mut self, text: &str) {
        if text.chars().count() < WEAK {
            self.weak_lengths.insert(text.len());
            self.parts.insert(self.hasher.hash_one((Fold::Exact, text)));
            return;
        }
        let end = text.char_indices().map(|(start, _)| start).find(|start| *start >= LONGEST);
        let text = &text[..end.unwrap_or(text.len())];
        self.learn_form(Fold::Visible, text);
        self.learn_form(Fold::Alphanumeric, text);
        for form in encodings(text.as_bytes()) {
            self.learn_form(Fold::Alphanumeric, &form);
        }
    }

    fn learn_form(&mut self, fold: Fold, text: &str) {
        let view = folded(&view(text), fold);
        let characters = Zeroizing::new(view.into_iter().map(|(one, _)| one).collect::<Vec<_>>());
        if characters.len() < WEAK {
            return;
        }
        let length = characters.len().min(WINDOW);
        self.lengths.insert(length);
        for part in characters.windows(length) {
            self.parts.insert(self.hasher.hash_one((fold, part)));
        }
    }

    /// Marks the bytes of every part of a credential.
    fn cover(&self, fold: Fold, view: &View, covered: &mut [bool]) {
        let characters = view.iter().map(|(character, _)| *character).collect::<Vec<_>>();
        for length in &self.lengths {
            for (start, part) in characters.windows(*length).enumerate() {
                if self.parts.contains(&self.hasher.hash_one((fold, part)))
                    && let (Some((_, first)), Some((_, last))) =
                        (view.get(start), view.get(start + length - 1))
                    && let Some(bytes) = covered.get_mut(first.start..last.end)
                {
                    bytes.fill(true);
                }
            }
        }
    }

    /// Marks short credentials where they are no ordinary words.
    fn cover_weak(&self, text: &str, covered: &mut [bool]) {
        const QUOTES: [char; 9] = ['"', '\'', '`', '“', '‘', '«', '<', '(', '['];
        // The character before, and whether the last one that is not blank gives a name to a value.
        let (mut before, mut is_after_name) = (None, false);
        for (start, character) in text.char_indices() {
            let is_named = is_after_name;
            let is_quoted = before.is_some_and(|before| QUOTES.contains(&before));
            before = Some(character);
            if !character.is_whitespace() {
                is_after_name = matches!(character, '=' | ':');
            }
            if !is_named && !is_quoted {
                continue;
            }
            for length in &self.weak_lengths {
                let end = start + length;
                let Some(found) = text.get(start..end) else { continue };
                let is_whole = !text[end..].starts_with(char::is_alphanumeric);
                if is_whole
                    && self.parts.contains(&self.hasher.hash_one((Fold::Exact, found)))
                    && let Some(bytes) = covered.get_mut(start..end)
                {
                    bytes.fill(true);
                }
            }
        }
    }
}

fn view(text: &str) -> View {
    let characters = text.char_indices().filter(|(_, character)| !is_filler(*character));
    characters.map(|(start, character)| (character, start..start + character.len_utf8())).collect()
}

/// Whether a character may stand between others without being seen. Line breaks are seen.
fn is_filler(character: char) -> bool {
    is_invisible(character) && !character.is_control()
}

/// Returns letters and digits in lower case, without accents and other variants.
fn folded(view: &View, fold: Fold) -> View {
    let mut folded = Vec::with_capacity(view.len());
    for (character, bytes) in view {
        for variant in once(*character).nfkd().flat_map(char::to_lowercase) {
            let is_kept = match fold {
                Fold::Alphanumeric => variant.is_alphanumeric(),
                Fold::Visible => !variant.is_whitespace() && !is_invisible(variant),
                Fold::Exact => true,
            };
            if is_kept {
                folded.push((variant, bytes.clone()));
            }
        }
    }
    folded
}

/// Decodes one layer of percent-encoding, entities and escapes. Returns none when there is none.
fn decoded(view: &View) -> Option<View> {
    let mut characters = Vec::with_capacity(view.len());
    // Bytes that may be a character together.
    let mut bytes: Vec<(u8, Range<usize>)> = Vec::new();
    let mut position = 0;
    let mut is_changed = false;
    while let Some((character, place)) = view.get(position) {
        match escape(&view[position..]) {
            Some((escape, length)) => {
                is_changed = true;
                let end = view.get(position + length - 1).map_or(place.end, |(_, last)| last.end);
                let place = place.start..end;
                match escape {
                    Escape::Byte(byte) => bytes.push((byte, place)),
                    Escape::Character(character) => {
                        flush(&mut bytes, &mut characters);
                        characters.push((character, place));
                    }
                }
                position += length;
            }
            None => {
                flush(&mut bytes, &mut characters);
                characters.push((*character, place.clone()));
                position += 1;
            }
        }
    }
    flush(&mut bytes, &mut characters);
    characters.retain(|(character, _)| !is_filler(*character));
    is_changed.then_some(characters)
}

/// Takes decoded bytes as UTF-8.
fn flush(bytes: &mut Vec<(u8, Range<usize>)>, characters: &mut View) {
    let mut start = 0;
    while let Some((_, place)) = bytes.get(start) {
        let character = (1..=4).find_map(|length| {
            let part = bytes.get(start..start + length)?;
            let part = part.iter().map(|(byte, _)| *byte).collect::<Vec<_>>();
            Some((std::str::from_utf8(&part).ok()?.chars().next()?, length))
        });
        let (character, length) = character.unwrap_or((char::REPLACEMENT_CHARACTER, 1));
        let end = bytes.get(start + length - 1).map_or(place.end, |(_, last)| last.end);
        characters.push((character, place.start..end));
        start += length;
    }
    bytes.clear();
}

enum Escape {
    Byte(u8),
    Character(char),
}

/// Returns the escape at the beginning of a view, and how many characters it takes.
fn escape(view: &[(char, Range<usize>)]) -> Option<(Escape, usize)> {
    let at = |index: usize| view.get(index).map(|(character, _)| *character);
    let number = |from: usize, to: usize, radix: u32| {
        (from < to).then_some(())?;
        (from..to).try_fold(0_u32, |number, index| {
            number.checked_mul(radix)?.checked_add(at(index)?.to_digit(radix)?)
        })
    };
    let byte = |from: usize| {
        let byte = u8::try_from(number(from, from + 2, 16)?).ok()?;
        Some((Escape::Byte(byte), from + 2))
    };
    let code = |from: usize, to: usize, radix: u32| {
        Some(Escape::Character(char::from_u32(number(from, to, radix)?)?))
    };
    let until = |end: char, from: usize| (from..from + 10).find(|index| at(*index) == Some(end));
    match at(0)? {
        // `%u0041` is that of old scripts, and `U+0041` and `0x41` are those of people.
        '%' if at(1) == Some('u') => Some((code(2, 6, 16)?, 6)),
        'U' if at(1) == Some('+') => Some((code(2, 6, 16)?, 6)),
        '0' if at(1) == Some('x') => byte(2),
        // `=41` is that of quoted-printable texts.
        '%' | '=' => byte(1),
        '\\' => match at(1)? {
            'x' => byte(2),
            '0'..='7' => Some((code(1, 4, 8)?, 4)),
            'u' if at(2) == Some('{') => {
                let end = until('}', 3)?;
                Some((code(3, end, 16)?, end + 1))
            }
            'u' => {
                let unit = number(2, 6, 16)?;
                if let Some(character) = char::from_u32(unit) {
                    return Some((Escape::Character(character), 6));
                }
                let second = (at(6)? == '\\' && at(7)? == 'u').then(|| number(8, 12, 16))??;
                let pair = [u16::try_from(unit).ok()?, u16::try_from(second).ok()?];
                let character = char::decode_utf16(pair).next()?.ok()?;
                Some((Escape::Character(character), 12))
            }
            'n' | 'r' | 't' | 'b' | 'f' => Some((Escape::Character(' '), 2)),
            other => Some((Escape::Character(other), 2)),
        },
        '&' if at(1) == Some('#') => {
            // Browsers do without the semicolon.
            let (from, radix) = if matches!(at(2), Some('x' | 'X')) { (3, 16) } else { (2, 10) };
            let is_digit = |index: &usize| at(*index).is_some_and(|one| one.is_digit(radix));
            let end = (from..from + 8).find(|index| !is_digit(index))?;
            let length = if at(end) == Some(';') { end + 1 } else { end };
            Some((code(from, end, radix)?, length))
        }
        '&' => {
            let end = until(';', 1)?;
            let name = (1..end).filter_map(at).collect::<String>();
            let character = match name.to_ascii_lowercase().as_str() {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return None,
            };
            Some((Escape::Character(character), end + 1))
        }
        _ => None,
    }
}

/// Marks the letters and digits that stand directly beside a part: the ends of a longer form, of
/// which too little is left to be found.
fn extend(text: &str, covered: &mut [bool]) {
    let characters = text.char_indices().collect::<Vec<_>>();
    let mut spread = |characters: &mut dyn Iterator<Item = &(usize, char)>| {
        let mut is_beside = false;
        for (start, character) in characters {
            let Some(bytes) = covered.get_mut(*start..start + character.len_utf8()) else {
                continue;
            };
            if is_beside && (character.is_ascii_alphanumeric() || *character == '=') {
                bytes.fill(true);
            }
            is_beside = bytes.contains(&true);
        }
    };
    spread(&mut characters.iter());
    spread(&mut characters.iter().rev());
}

fn replaced(text: &str, covered: &[bool]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut inside = false;
    for (start, character) in text.char_indices() {
        let end = start + character.len_utf8();
        let hidden = covered.get(start..end).is_some_and(|bytes| bytes.contains(&true));
        if !hidden {
            clean.push(character);
        } else if !inside {
            clean.push_str(PLACEHOLDER);
        }
        inside = hidden;
    }
    clean
}

/// Returns a credential in hexadecimal digits, and in base64 and base32 at every offset, as after a
/// user name. Both alphabets of base64 have the same letters and digits.
fn encodings(secret: &[u8]) -> Vec<Zeroizing<String>> {
    let hexadecimal = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut forms = vec![Zeroizing::new(hexadecimal)];
    for offset in 0..5 {
        let shifted = Zeroizing::new([&[0; 4][..offset.min(4)], secret].concat());
        if offset < 3 {
            forms.push(inner(STANDARD_NO_PAD.encode(&*shifted), offset, 6));
        }
        forms.push(inner(base32(&shifted), offset, 5));
    }
    forms
}

/// Returns the characters that depend on the credential alone, and not on what stands around it.
/// Each has `bits` bits.
fn inner(encoded: String, offset: usize, bits: usize) -> Zeroizing<String> {
    let encoded = Zeroizing::new(encoded);
    let first = (offset * 8).div_ceil(bits);
    let last = encoded.len().saturating_sub(1);
    Zeroizing::new(encoded.get(first..last).unwrap_or_default().to_owned())
}

/// Encodes without padding (RFC 4648, 6).
pub(crate) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut encoded = String::with_capacity(bytes.len() * 8 / 5 + 1);
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        for (place, byte) in group.iter_mut().skip(3).zip(chunk) {
            *place = *byte;
        }
        let group = u64::from_be_bytes(group);
        for index in 0..(chunk.len() * 8).div_ceil(5) {
            let five = usize::try_from(group >> (35 - 5 * index) & 31).unwrap_or_default();
            encoded.push(char::from(ALPHABET[five]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::forms;

    const CANARY: &str = "cAn4ry \"sécret\"/+?&=\nwith everything";

    fn redactor(secret: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.watch(&Secret::from(secret));
        redactor
    }

    #[test]
    fn credential_is_removed_in_every_form() {
        for secret in
            [CANARY, "Pa&s<w>d\"1", "correcthorsebatterystaple", "0123456789abcdef", "hunter2"]
        {
            for form in forms(secret) {
                let clean = redactor(secret).clean(&format!("before '{form}' after"));
                assert!(clean.starts_with("before '"), "{form}: {clean}");
                assert!(clean.ends_with("' after"), "{form}: {clean}");
                let left = clean
                    .replace("[secret removed]", "")
                    .chars()
                    .filter(|character| character.is_alphanumeric())
                    .count();
                // A form may have an odd character at an end.
                assert!(left <= "beforeafter".len() + 8, "{secret} as {form}: {clean}");
                assert!(clean.contains(PLACEHOLDER), "{secret} as {form}: {clean}");
            }
        }
    }

    #[test]
    fn truncated_credential_is_removed() {
        let clean = redactor(CANARY).clean("invalid secret 'cAn4ry \"s…'");
        assert_eq!(clean, "invalid secret '[secret removed]…'");
        let clean = redactor("0123456789abcdef").clean("ends in 89abcdef.");
        assert_eq!(clean, "ends in [secret removed].");
    }

    #[test]
    fn weak_credential_leaves_ordinary_words() {
        assert_eq!(redactor("hunter").clean("no hunter here"), "no [secret removed] here");
        for (secret, text) in [
            ("name", "the name is taken"),
            ("demo", "a demonstration of the demo"),
            ("a", "status: as a whole"),
            ("1", "1 of 10"),
        ] {
            assert_eq!(redactor(secret).clean(text), text);
        }
        for text in ["password 'abc12' is wrong", "password=abc12", "password: abc12", "\"abc12\""]
        {
            assert!(!redactor("abc12").clean(text).contains("abc12"), "{text}");
        }
    }

    /// The work for each character is bounded, so it takes a second at most: a body has 64 KiB.
    #[test]
    fn long_text_is_cleaned_in_linear_time() {
        let redactor = Redactor::default();
        for secret in [CANARY, "abc12", "correcthorsebatterystaple"] {
            redactor.watch(&Secret::from(secret));
        }
        for part in
            [" ", "=", "= ", "a", "&", "&#1", "\\", "%41", "%", "\u{fdfa}", "\u{200b}", "0x"]
        {
            let text = format!("a{}b", part.repeat((64 << 10) / part.len()));
            let began = std::time::Instant::now();
            redactor.clean(&text);
            let took = began.elapsed();
            println!("{part:?}: {took:?}");
            assert!(took < std::time::Duration::from_secs(5), "{part:?}: {took:?}");
        }
    }

    #[test]
    fn organization_at_the_end_of_a_token_is_shown() {
        let organization = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";
        let token = format!("c2VjcmV0LXRva2VuLTE_PE93_{organization}");
        let redactor = Redactor::default();
        redactor.watch_token(&Secret::from(token.as_str()));
        let text = format!("organization {organization} is unknown");
        assert_eq!(redactor.clean(&text), text);
        let clean = redactor.clean(&format!("token {token} is wrong"));
        assert!(clean.starts_with("token [secret removed]") && !clean.contains("PE93"), "{clean}");
        // Only tokens of Webex end with an id that is no secret.
        let redactor = Redactor::default();
        redactor.watch(&Secret::from(token.as_str()));
        assert!(!redactor.clean(&text).contains(organization));
    }

    #[test]
    fn every_credential_is_watched() {
        let redactor = redactor("first-alpha-1234");
        assert_eq!(redactor.clone().clean("second-bravo-5678"), "second-bravo-5678");
        redactor.watch(&Secret::from("second-bravo-5678"));
        redactor.watch(&Secret::from(""));
        assert_eq!(redactor.clean("first-alpha-1234"), PLACEHOLDER);
        assert_eq!(redactor.clone().clean("second-bravo-5678"), PLACEHOLDER);
    }

    #[test]
    fn text_without_credentials_is_unchanged() {
        for text in ["tokenUrl: not a valid URL ä", "100% of 5 &c; \\ \\u12 %", "=", "\\"] {
            assert_eq!(redactor(CANARY).clean(text), text);
            assert_eq!(Redactor::default().clean(text), text);
        }
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        for (text, encoded) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(text.as_bytes()), encoded);
        }
    }

    proptest! {
        #[test]
        fn random_credential_is_removed(
            secret in "[!-~]{0,16}[A-Za-z0-9]{8}[!-~]{0,16}",
            before in ".{0,20}",
            after in ".{0,20}",
            form in 0..42_usize,
        ) {
            let shown = forms(&secret).swap_remove(form);
            let clean = redactor(&secret).clean(&format!("{before} {shown} {after}"));
            prop_assert!(clean.contains(PLACEHOLDER), "{} → {}", shown, clean);
            prop_assert!(!clean.contains(&secret));
        }

        #[test]
        fn any_text_is_cleaned(text in prop::collection::vec(any::<char>(), 0..100)) {
            redactor(CANARY).clean(&String::from_iter(text));
        }
    }
}
