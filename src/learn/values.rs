//! Finds typed values again, in any of their spellings.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use url::Url;

use crate::form::{Argument, Typed};
use crate::json::{Json, Place};

/// How an argument is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Encoding {
    Text,
    Crlf,
    Escaped,
    Base64,
    List,
}

impl Encoding {
    /// Returns the word of a profile; none for the default.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Crlf => Some("crlf"),
            Self::Escaped => Some("escaped"),
            Self::Base64 => Some("base64"),
            Self::List => Some("list"),
        }
    }
}

/// A typed value that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The number of the connector in the form.
    pub(crate) connector: usize,
    pub(crate) argument: Argument,
    /// Zero at creation, then the number of the edit.
    pub(crate) edit: usize,
    pub(crate) encoding: Encoding,
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Everything that was typed, for look-up.
pub(crate) struct TypedValues {
    by_text: HashMap<String, Vec<(usize, Argument, usize)>>,
    by_words: HashMap<Vec<String>, Vec<(usize, usize)>>,
    texts: Vec<String>,
}

/// Returns a text without the differences that forms and JSON make: line ends, and blanks around.
pub(crate) fn normal(text: &str) -> String {
    let text = text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\r\n", "\n");
    text.trim().to_owned()
}

/// Returns a URL without the differences that servers make.
fn normal_address(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    url.has_host().then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Decodes base64 of a text.
pub(crate) fn from_base64(text: &str) -> Option<String> {
    let joined: String =
        text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    if joined.len() < 4 {
        return None;
    }
    let bytes = STANDARD.decode(&joined).or_else(|_| URL_SAFE.decode(&joined)).ok()?;
    String::from_utf8(bytes).ok()
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| character.is_whitespace() || character == ',');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl TypedValues {
    pub(crate) fn new(connectors: &[Typed]) -> Self {
        let mut all = Self { by_text: HashMap::new(), by_words: HashMap::new(), texts: Vec::new() };
        for (connector, typed) in connectors.iter().enumerate() {
            for (argument, values) in &typed.values {
                for (edit, value) in
                    values.iter().enumerate().filter(|(_, value)| !value.is_empty())
                {
                    let found = (connector, *argument, edit);
                    all.by_text.entry(normal(value)).or_default().push(found);
                    if argument.is_address()
                        && let Some(address) = normal_address(value)
                        && address != normal(value)
                    {
                        all.by_text.entry(address).or_default().push(found);
                    }
                    if *argument == Argument::Scope {
                        all.by_words.entry(words(value)).or_default().push((connector, edit));
                    }
                    all.texts.push(normal(value));
                }
            }
        }
        all.texts.sort();
        all.texts.dedup();
        all
    }

    /// Whether a value is an array of words that was typed as a scope.
    pub(crate) fn is_list(&self, value: &Json) -> bool {
        !self.list_hits(value).is_empty()
    }

    fn list_hits(&self, value: &Json) -> Vec<Hit> {
        let Json::Array(items) = value else { return Vec::new() };
        if items.is_empty() || items.len() > 200 {
            return Vec::new();
        }
        let items: Option<Vec<String>> =
            items.iter().map(|item| item.as_text().map(str::to_owned)).collect();
        let found = items.and_then(|items| self.by_words.get(&items));
        let hit = |&(connector, edit): &(usize, usize)| Hit {
            connector,
            argument: Argument::Scope,
            edit,
            encoding: Encoding::List,
        };
        found.map(|found| found.iter().map(hit).collect()).unwrap_or_default()
    }

    /// Returns the arguments as which a value was typed.
    pub(crate) fn hits(&self, value: &Json) -> Vec<Hit> {
        let text = match value {
            Json::Text(text) if !text.is_empty() => text,
            Json::Array(_) => return self.list_hits(value),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Object(_) => {
                return Vec::new();
            }
        };
        let encoding = if text.contains("\r\n") {
            Encoding::Crlf
        } else if text.contains("\\n") && !text.contains('\n') && !self.texts.contains(text) {
            Encoding::Escaped
        } else {
            Encoding::Text
        };
        let mut hits: Vec<Hit> = Vec::new();
        let mut add = |key: &str, encoding: Encoding, addresses_only: bool| {
            for &(connector, argument, edit) in self.by_text.get(key).into_iter().flatten() {
                let known = hits.iter().any(|hit| {
                    hit.connector == connector && hit.argument == argument && hit.edit == edit
                });
                if !known && (!addresses_only || argument.is_address()) {
                    hits.push(Hit { connector, argument, edit, encoding });
                }
            }
        };
        add(&normal(text), encoding, false);
        if let Some(address) = normal_address(text) {
            add(&address, Encoding::Text, true);
        }
        if let Some(decoded) = from_base64(text).filter(|decoded| decoded.len() > 2) {
            add(&normal(&decoded), Encoding::Base64, false);
        }
        hits
    }

    /// Returns all hits in a document.
    pub(crate) fn hits_in(&self, document: &Json) -> Vec<(Place, Vec<Hit>)> {
        let leaves = document.leaves(&|value| self.is_list(value));
        let hits = leaves.into_iter().map(|(place, value)| (place, self.hits(value)));
        hits.filter(|(_, hits)| !hits.is_empty()).collect()
    }

    /// Whether a text contains something that was typed and is long enough to be recognized.
    pub(crate) fn is_part_of(&self, text: &str) -> bool {
        let text = normal(text);
        self.texts.iter().any(|typed| typed.len() >= 5 && text.contains(typed.as_str()))
    }

    /// Whether a text contains something that was typed, also in base64 or, if it is too long to be
    /// a word of an API, in other letter case.
    pub(crate) fn is_hidden_in(&self, text: &str) -> bool {
        let in_lower_case = normal(text).to_lowercase();
        let mut long = self.texts.iter().filter(|typed| typed.len() >= 10);
        self.is_part_of(text)
            || long.any(|typed| in_lower_case.contains(&typed.to_lowercase()))
            || from_base64(text).is_some_and(|decoded| self.is_part_of(&decoded))
    }
}

/// Words in names of credentials.
const CREDENTIAL_WORDS: [&str; 11] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "credential",
    "session",
    "cookie",
    "csrf",
    "xsrf",
    "nonce",
    "jwt",
];

/// Words in names of headers and cookies that authenticate. A member with such a name may be the
/// type of an authentication.
const AUTHENTICATION_WORDS: [&str; 3] = ["auth", "authorization", "signature"];

/// Whether the name of a header or a cookie says that its value is a credential.
pub(crate) fn has_credential_word(name: &str) -> bool {
    let mut words = CREDENTIAL_WORDS.iter().chain(&AUTHENTICATION_WORDS);
    let own = name_words(name);
    words.any(|word| own.iter().any(|own| own == word))
}

/// Whether the name of a member says that its value is a credential, or names a person. What a name
/// is about is its last word: a `tokenUrl` is no token. `createdBy` is a person, `sortBy` is not.
pub(crate) fn names_a_private_value(name: &str) -> bool {
    let words = name_words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_actor = |pair: &[&str]| {
        let acts = ["created", "updated", "modified", "changed", "edited"];
        acts.contains(&pair[0]) && pair[1] == "by"
    };
    let is_person = words.windows(2).any(is_actor)
        || words.iter().any(|word| ["owner", "author", "email"].contains(word));
    let is_credential = words.last().is_some_and(|word| CREDENTIAL_WORDS.contains(word));
    is_person || is_credential || words.ends_with(&["api", "key"]) || words == ["apikey"]
}

/// Returns the words of a JSON name: `clientSecret` has client and secret.
pub(crate) fn name_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut after_lower = false;
    let mut start = true;
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            start = true;
            continue;
        }
        let upper = character.is_ascii_uppercase();
        let next_lower = characters.get(index + 1).is_some_and(char::is_ascii_lowercase);
        if start || upper && (after_lower || next_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character.to_ascii_lowercase());
        }
        start = false;
        after_lower = !upper;
    }
    words
}

/// Returns how well the names on the way to a place fit an argument.
pub(crate) fn likeness(place: &Place, argument: Argument) -> u32 {
    use Argument as A;
    let (strong, weak): (&[&str], &[&str]) = match argument {
        A::Name => (&["name"], &["title", "label"]),
        A::AuthenticationType => (
            &["authentication", "auth", "authn", "authtype"],
            &[
                "type",
                "kind",
                "scheme",
                "method",
                "mode",
                "credential",
                "credentials",
                "security",
                "variant",
            ],
        ),
        A::GrantType => (&["grant", "granttype"], &["type", "flow", "oauth", "kind"]),
        A::ResourceDomainUrl => (
            &["resource", "domain", "base", "target", "endpoint"],
            &["url", "uri", "address", "host", "service", "root"],
        ),
        A::ClientId => {
            (&["client", "clientid"], &["id", "app", "application", "consumer", "identifier"])
        }
        A::ClientSecret => (&["secret", "clientsecret"], &["client", "key"]),
        A::TokenUrl => (&["token", "tokenurl"], &["url", "uri", "endpoint", "oauth"]),
        A::Scope => (&["scope", "scopes"], &["permissions"]),
        A::Certificate => (&["certificate", "cert", "public"], &["pem", "x509", "chain"]),
        A::PrivateKey => (&["private", "privatekey"], &["key", "pem"]),
        A::Username => {
            (&["username", "user", "login", "principal"], &["name", "account", "id", "service"])
        }
        A::Password => (
            &["password", "pass", "pwd", "passwd", "passphrase", "passcode"],
            &["secret", "phrase"],
        ),
        A::ValidationUrl => (
            &["validation", "validate", "verify", "verification", "check", "probe", "test"],
            &["url", "uri", "address", "endpoint"],
        ),
    };
    likeness_of(place, strong, weak)
}

/// Returns how well the names on the way to a place fit words.
pub(crate) fn likeness_of(place: &Place, strong: &[&str], weak: &[&str]) -> u32 {
    let mut score = 0;
    let names = place.iter().rev().filter_map(|step| match step {
        crate::json::Step::Member(name) => Some(name),
        crate::json::Step::Index(_) => None,
    });
    for (level, name) in names.take(3).enumerate() {
        let words = name_words(name);
        let all = words.concat();
        let mut own = 0;
        for word in words.iter().map(String::as_str) {
            own += if strong.contains(&word) {
                6
            } else if weak.contains(&word) {
                2
            } else {
                0
            };
        }
        if own == 0 && strong.iter().any(|word| word.len() > 3 && all.contains(word)) {
            own = 5;
        }
        score += if level == 0 { own * 2 } else { own };
    }
    score
}

/// Whether a text is a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a text is a time (RFC 3339).
pub(crate) fn is_time_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 19
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && (bytes[10] == b'T' || bytes[10] == b' ')
        && bytes[13] == b':'
}

/// Returns the milliseconds of a time (RFC 3339), for comparisons.
pub(crate) fn time_of(text: &str) -> Option<i64> {
    if !is_time_text(text) || !text.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let rest = text.get(19..)?;
    let digits: String = match rest.strip_prefix('.') {
        Some(fraction) => fraction.chars().take_while(char::is_ascii_digit).collect(),
        None => String::new(),
    };
    let zone = rest.get(if digits.is_empty() { 0 } else { digits.len() + 1 }..)?;
    let fraction = format!("{digits:0<3}").get(..3)?.parse::<i64>().ok()?;
    let offset = match zone.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign @ ("+" | "-"), zone) => {
            let hours = zone.get(..2)?.parse::<i64>().ok()?;
            let minutes = zone.get(zone.len().checked_sub(2)?..)?.parse::<i64>().ok()?;
            (hours * 60 + minutes) * if sign == "+" { 1 } else { -1 }
        }
        _ => return None,
    };
    // Days since a fixed one, with months that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    Some((((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + fraction)
}

/// Whether a value is a time: a text, or milliseconds or seconds of this age.
pub(crate) fn is_time(value: &Json) -> bool {
    match value {
        Json::Text(text) => is_time_text(text) || text.parse().is_ok_and(is_time_number),
        Json::Number(number) => number.as_f64().is_some_and(is_time_number),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => false,
    }
}

fn is_time_number(number: f64) -> bool {
    (1.0e12..1.0e13).contains(&number) || (1.0e9..1.0e10).contains(&number)
}

/// Whether a text looks like an id, a token, a name of a person or another value of one recording,
/// and not like a word that an API has.
pub(crate) fn is_private(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let unbroken = text.split(|character: char| !character.is_ascii_alphanumeric());
    let longest = unbroken.map(|piece| (piece.len(), piece)).max().unwrap_or_default();
    let mixed = longest.1.bytes().any(|byte| byte.is_ascii_digit())
        && longest.1.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_time_text(text)
        || text.split(['/', ' ', '"', '\'', ',', ':', '(', ')', '=', '_']).any(is_uuid)
        || text.contains('@')
        || text.starts_with("eyJ")
        || text.contains("-----BEGIN")
        || text.ends_with('=') && from_base64(text).is_some()
        || digits >= 7
        || longest.0 >= 24
            && letters > 0
            && !longest.1.bytes().all(|byte| byte.is_ascii_alphabetic())
        || longest.0 >= 12 && mixed && digits >= 4
        || longest.0 >= 32
}

/// Whether a text hides a credential: stars, bullets, or a word for it. One character hides nothing.
/// Stars before or after the rest of a text hide it, too.
pub(crate) fn is_mask(text: &str) -> bool {
    let stars = text.chars().filter(|character| matches!(character, '*' | '•' | '●')).count();
    stars >= 3 && 2 * stars >= text.chars().count()
        || text.chars().nth(1).is_some()
            && text
                .chars()
                .all(|character| matches!(character, '*' | '•' | '●' | 'x' | 'X' | '·' | '.'))
        || ["<redacted>", "redacted", "[redacted]", "masked", "<masked>", "hidden"]
            .contains(&text.to_lowercase().as_str())
}

/// Returns the values of a map by their keys, for the few that were counted most.
pub(crate) fn most<T: Ord + Clone>(items: impl IntoIterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    let mut order: Vec<T> = Vec::new();
    for item in items {
        if !counts.contains_key(&item) {
            order.push(item.clone());
        }
        *counts.entry(item).or_default() += 1;
    }
    // The first one wins among equals.
    let mut best: Option<(usize, T)> = None;
    for item in order {
        let count = counts.get(&item).copied().unwrap_or_default();
        if best.as_ref().is_none_or(|(known, _)| count > *known) {
            best = Some((count, item));
        }
    }
    best.map(|(_, item)| item)
}

#[cfg(test)]
mod tests {
    use super::names_a_private_value;

    #[test]
    fn names_of_credentials_and_persons_are_told_from_words_of_an_api() {
        for name in ["apiToken", "client_secret", "api-key", "apikey", "createdByName", "ownerId"] {
            assert!(names_a_private_value(name), "{name}");
        }
        for name in ["tokenUrl", "secretLocation", "sortBy", "orderBy", "auth", "keyType", "body"] {
            assert!(!names_a_private_value(name), "{name}");
        }
    }
}
