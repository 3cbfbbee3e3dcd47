//! URLs, exactly as they are written.
//!
//! A URL parser repairs what it reads: `https:\\host`, `https:host` and `https:///host` all become
//! `https://host/`. Webex gets the text and not what the parser made of it, so [`Address::parse`]
//! refuses a text whose beginning would be repaired.

use safe_text::is_invisible;
use url::{Host, Url};

const HTTPS: &str = "https://";

/// A URL with the scheme `https`.
///
/// Two are equal if scheme, host and port are, in any letter case, in Unicode or Punycode, with or
/// without the default port, and if the rest is the same text. An empty path is `/` (RFC 3986,
/// 6.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    origin: String,
    /// Path, query and fragment.
    rest: String,
}

/// Returns the host of a URL, with its port unless that is the default one.
pub(crate) fn host_with_port(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The reason why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressProblem {
    /// No parser accepts it.
    NotAUrl(url::ParseError),
    /// It has another scheme.
    NotHttps,
    /// It has a user name or a password.
    UserInfo,
    /// It has a blank or a control character.
    Blank,
    /// It has a character that is not shown.
    Invisible(char),
    /// A parser would repair it, and read this beginning.
    Repaired(String),
}

impl Address {
    /// Parses a text.
    ///
    /// # Errors
    ///
    /// When the text is no URL, or when a parser would repair it.
    pub fn parse(text: &str) -> Result<Self, AddressProblem> {
        let url = Url::parse(text).map_err(AddressProblem::NotAUrl)?;
        if url.scheme() != "https" {
            return Err(AddressProblem::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressProblem::UserInfo);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressProblem::Blank);
        }
        if let Some(invisible) = text.chars().find(|&character| is_invisible(character)) {
            return Err(AddressProblem::Invisible(invisible));
        }
        let origin = url.origin().ascii_serialization();
        let rest = unrepaired(text, &url).ok_or(AddressProblem::Repaired(origin.clone()))?;
        let slash = if rest.starts_with('/') { "" } else { "/" };
        Ok(Self { origin, rest: format!("{slash}{rest}") })
    }

    /// Whether it has a query or a fragment.
    #[must_use]
    pub fn has_query_or_fragment(&self) -> bool {
        self.rest.contains(['?', '#'])
    }

    /// Whether two are equal apart from slashes at the ends of their paths.
    #[must_use]
    pub fn differs_in_slashes_only(&self, other: &Self) -> bool {
        let split = |address: &Self| {
            let end = address.rest.find(['?', '#']).unwrap_or(address.rest.len());
            let (path, more) = address.rest.split_at(end);
            (path.trim_end_matches('/').to_owned(), more.to_owned())
        };
        self.origin == other.origin && split(self) == split(other)
    }
}

/// Returns what follows scheme and authority, if the parser took these as they are written.
fn unrepaired<'a>(text: &'a str, url: &Url) -> Option<&'a str> {
    let scheme = text.get(..HTTPS.len())?;
    let after = &text[HTTPS.len()..];
    let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    let path = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let is_repaired = !scheme.eq_ignore_ascii_case(HTTPS)
        || authority.is_empty()
        || authority.contains(['\\', '%'])
        || path.contains('\\');
    (!is_repaired && is_authority(authority, url)).then_some(rest)
}

/// Whether the parser read an authority as it is written, apart from letter case, the default port
/// and the encoding of an international name.
fn is_authority(authority: &str, url: &Url) -> bool {
    if !authority.is_ascii() {
        return matches!(url.host(), Some(Host::Domain(_)));
    }
    let host = url.host_str().unwrap_or_default();
    let read = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
    let written = authority.to_ascii_lowercase();
    let without_port = written.strip_suffix(":443").or_else(|| written.strip_suffix(':'));
    written == read || without_port == Some(host)
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressProblem};

    #[test]
    fn repaired_addresses_are_refused() {
        for text in [
            r"https:\\a.example",
            "https:/a.example",
            "https:a.example",
            "https:///a.example",
            r"https:/\a.example",
            r"https://a.example\x",
            r"https://a.example/x\y",
            "https://%61.example",
            "https://a%2eexample",
        ] {
            let read = Address::parse(text).unwrap_err();
            assert_eq!(read, AddressProblem::Repaired("https://a.example".to_owned()), "{text}");
        }
        let read = Address::parse("https://0x7f.1").unwrap_err();
        assert_eq!(read, AddressProblem::Repaired("https://127.0.0.1".to_owned()));
    }

    #[test]
    fn unusual_addresses_are_accepted() {
        for text in [
            "HTTPS://A.example:443",
            "https://a.example:8443/x?y#z",
            "https://a.example:",
            "https://127.0.0.1/",
            "https://[::1]:8443/",
            "https://zürich.example/ä/../b%20c",
            r"https://a.example/?q=\",
        ] {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn other_problems_have_their_kind() {
        for (text, problem) in [
            ("http://a.example", AddressProblem::NotHttps),
            ("https://me@a.example", AddressProblem::UserInfo),
            ("https://a.example/x ", AddressProblem::Blank),
            ("https://a.example/x\n", AddressProblem::Blank),
            ("https://a.example/\u{200b}x", AddressProblem::Invisible('\u{200b}')),
            ("https://a.example/\u{202e}x", AddressProblem::Invisible('\u{202e}')),
            ("https://", AddressProblem::NotAUrl(url::ParseError::EmptyHost)),
        ] {
            assert_eq!(Address::parse(text), Err(problem), "{text:?}");
        }
    }

    #[test]
    fn slashes_at_the_end_are_a_difference_of_their_own() {
        let parse = |text| Address::parse(text).unwrap();
        for (left, right) in [
            ("https://a.example/x", "https://a.example/x/"),
            ("https://a.example/x//?q", "https://A.example/x?q"),
        ] {
            assert_ne!(parse(left), parse(right));
            assert!(parse(left).differs_in_slashes_only(&parse(right)));
        }
        for (left, right) in [
            ("https://a.example/x", "https://a.example/y"),
            ("https://a.example/x", "https://a.example/x?q/"),
            ("https://a.example/x?q/", "https://a.example/x?q"),
            ("https://a.example/x", "https://b.example/x"),
        ] {
            assert!(!parse(left).differs_in_slashes_only(&parse(right)), "{left} {right}");
        }
    }
}
