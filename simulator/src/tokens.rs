//! Access tokens and refresh tokens: which are accepted, and how new ones are
//! issued.

use uuid::Uuid;

use crate::clock::milliseconds;
use crate::options::{Authorization, Options};

/// What an access token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reading and writing (`cjp:config_read` and `cjp:config_write`).
    Write,
    /// Reading only (`cjp:config_read`).
    Read,
    /// Asking for tokens of a Service App (`spark:applications_token`).
    Applications,
}

/// All tokens.
#[derive(Debug)]
pub(crate) struct Tokens {
    access: Vec<AccessToken>,
    refresh: Vec<RefreshToken>,
    settings: Authorization,
}

#[derive(Debug)]
struct AccessToken {
    text: String,
    access: Access,
    ends: Option<u64>,
}

#[derive(Debug)]
struct RefreshToken {
    text: String,
    organization: String,
    ends: Option<u64>,
}

/// What a token endpoint grants.
#[derive(Debug)]
pub(crate) struct Grant {
    /// The new access token.
    pub(crate) access_token: String,
    /// How many seconds it lives.
    pub(crate) expires_in: u64,
    /// The refresh token to use from now on.
    pub(crate) refresh_token: String,
    /// How many seconds that one lives.
    pub(crate) refresh_token_expires_in: u64,
}

impl Tokens {
    /// The tokens that are known from the start.
    pub(crate) fn new(options: &Options) -> Self {
        let settings = options.authorization.clone();
        let known = |text: &String, access| AccessToken { text: text.clone(), access, ends: None };
        let mut access: Vec<AccessToken> =
            options.tokens.iter().map(|text| known(text, Access::Write)).collect();
        access.extend(options.read_only_tokens.iter().map(|text| known(text, Access::Read)));
        access.push(known(&settings.applications_token, Access::Applications));
        let refresh = vec![RefreshToken {
            text: settings.refresh_token.clone(),
            organization: options.organizations.first().cloned().unwrap_or_default(),
            ends: None,
        }];
        Self { access, refresh, settings }
    }

    /// The settings of the token endpoints.
    pub(crate) fn settings(&self) -> &Authorization {
        &self.settings
    }

    /// What an access token may be used for now, if it is known and lives.
    pub(crate) fn access(&self, text: &str, now: u64) -> Option<Access> {
        self.access
            .iter()
            .find(|token| token.text == text && token.ends.is_none_or(|ends| now < ends))
            .map(|token| token.access)
    }

    /// Ends every access token; refresh tokens live on.
    pub(crate) fn expire(&mut self, now: u64) {
        for token in &mut self.access {
            token.ends = Some(token.ends.map_or(now, |ends| ends.min(now)));
        }
    }

    /// Grants an access token for a refresh token, if that one lives.
    pub(crate) fn refresh(&mut self, refresh_token: &str, now: u64) -> Option<Grant> {
        let index = self.refresh.iter().position(|token| {
            token.text == refresh_token && token.ends.is_none_or(|ends| now < ends)
        })?;
        let organization = self.refresh[index].organization.clone();
        if self.settings.rotate_refresh_token {
            self.refresh.remove(index);
            return Some(self.issue(&organization, now));
        }
        // Refresh tokens are renewed by use.
        self.refresh[index].ends = Some(now + milliseconds(self.settings.refresh_token_lifetime));
        let text = refresh_token.to_owned();
        Some(self.grant(&organization, text, now))
    }

    /// Grants an access token and a refresh token for an organization.
    pub(crate) fn issue(&mut self, organization: &str, now: u64) -> Grant {
        let text = format!("simulator-refresh-{}", Uuid::new_v4());
        self.refresh.push(RefreshToken {
            text: text.clone(),
            organization: organization.to_owned(),
            ends: Some(now + milliseconds(self.settings.refresh_token_lifetime)),
        });
        self.grant(organization, text, now)
    }

    fn grant(&mut self, organization: &str, refresh_token: String, now: u64) -> Grant {
        let access_token = format!("simulator-issued-{}_{organization}", Uuid::new_v4());
        self.access.push(AccessToken {
            text: access_token.clone(),
            access: Access::Write,
            ends: Some(now + milliseconds(self.settings.access_token_lifetime)),
        });
        Grant {
            access_token,
            expires_in: self.settings.access_token_lifetime.as_secs(),
            refresh_token,
            refresh_token_expires_in: self.settings.refresh_token_lifetime.as_secs(),
        }
    }
}
