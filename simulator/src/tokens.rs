//! Access tokens and refresh tokens: which are accepted, and how new ones are
//! issued.

use serde::Serialize;
use uuid::Uuid;

use crate::clock::milliseconds;
use crate::options::{Authorization, Options};

/// The expiry of the tokens that the options name.
const NEVER: u64 = u64::MAX;

/// The scope of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Reading and writing (`cjp:config_read` and `cjp:config_write`).
    Write,
    /// Reading only (`cjp:config_read`).
    Read,
    /// Requesting tokens of a Service App (`spark:applications_token`).
    Applications,
}

/// All tokens.
#[derive(Debug)]
pub(crate) struct Tokens {
    access_tokens: Vec<AccessToken>,
    refresh_tokens: Vec<RefreshToken>,
    settings: Authorization,
}

#[derive(Debug)]
struct AccessToken {
    text: String,
    scope: Scope,
    expires: u64,
}

#[derive(Debug)]
struct RefreshToken {
    text: String,
    organization: String,
    expires: u64,
}

/// The body of the response of a token endpoint.
#[derive(Debug, Serialize)]
pub(crate) struct Grant {
    /// The new access token.
    pub(crate) access_token: String,
    /// Its lifetime in seconds.
    pub(crate) expires_in: u64,
    /// The refresh token to use from now on.
    pub(crate) refresh_token: String,
    /// Its lifetime in seconds.
    pub(crate) refresh_token_expires_in: u64,
    /// Always `Bearer`.
    pub(crate) token_type: &'static str,
}

impl Tokens {
    /// Creates the tokens that the options name.
    pub(crate) fn new(options: &Options) -> Self {
        let settings = options.authorization.clone();
        let token =
            |text: &String, scope| AccessToken { text: text.clone(), scope, expires: NEVER };
        let mut access_tokens: Vec<AccessToken> =
            options.tokens.iter().map(|text| token(text, Scope::Write)).collect();
        access_tokens.extend(options.read_only_tokens.iter().map(|text| token(text, Scope::Read)));
        access_tokens.push(token(&settings.applications_token, Scope::Applications));
        let refresh_tokens = vec![RefreshToken {
            text: settings.refresh_token.clone(),
            organization: options.organizations.first().cloned().unwrap_or_default(),
            expires: NEVER,
        }];
        Self { access_tokens, refresh_tokens, settings }
    }

    /// Returns the scope of an access token, if it is known and has not
    /// expired.
    pub(crate) fn scope(&self, text: &str, now: u64) -> Option<Scope> {
        self.access_tokens
            .iter()
            .find(|token| token.text == text && now < token.expires)
            .map(|token| token.scope)
    }

    /// Expires every access token. Refresh tokens stay valid.
    pub(crate) fn expire(&mut self, now: u64) {
        for token in &mut self.access_tokens {
            token.expires = token.expires.min(now);
        }
    }

    /// Grants an access token for a refresh token, if that one is known and
    /// has not expired.
    pub(crate) fn refresh(&mut self, refresh_token: &str, now: u64) -> Option<Grant> {
        let index = self
            .refresh_tokens
            .iter()
            .position(|token| token.text == refresh_token && now < token.expires)?;
        let organization = self.refresh_tokens[index].organization.clone();
        if self.settings.rotate_refresh_token {
            self.refresh_tokens.remove(index);
            return Some(self.issue(&organization, now));
        }
        // Each use renews a refresh token.
        self.refresh_tokens[index].expires = self.refresh_token_expiry(now);
        Some(self.grant(&organization, refresh_token.to_owned(), now))
    }

    /// Grants an access token and a refresh token for an organization.
    pub(crate) fn issue(&mut self, organization: &str, now: u64) -> Grant {
        let text = format!("simulator-refresh-{}", Uuid::new_v4());
        self.refresh_tokens.push(RefreshToken {
            text: text.clone(),
            organization: organization.to_owned(),
            expires: self.refresh_token_expiry(now),
        });
        self.grant(organization, text, now)
    }

    fn refresh_token_expiry(&self, now: u64) -> u64 {
        now + milliseconds(self.settings.refresh_token_lifetime)
    }

    fn grant(&mut self, organization: &str, refresh_token: String, now: u64) -> Grant {
        let access_token = format!("simulator-issued-{}_{organization}", Uuid::new_v4());
        self.access_tokens.push(AccessToken {
            text: access_token.clone(),
            scope: Scope::Write,
            expires: now + milliseconds(self.settings.access_token_lifetime),
        });
        Grant {
            access_token,
            expires_in: self.settings.access_token_lifetime.as_secs(),
            refresh_token,
            refresh_token_expires_in: self.settings.refresh_token_lifetime.as_secs(),
            token_type: "Bearer",
        }
    }
}
