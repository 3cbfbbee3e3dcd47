//! The authorization of requests: with a token of the client, or a fixed one.

use std::sync::Arc;

use async_trait::async_trait;

use super::super::budget::Budget;
use super::super::error::Error;
use super::super::identifiers::OrganizationId;
use super::super::pipeline::{Authorize, Token};
use super::super::settings::Credentials;
use super::Tokens;
use safe_text::Secret;

/// Authorizes requests about one organization.
pub(crate) struct Bearer {
    pub(super) tokens: Arc<Tokens>,
    pub(super) key: Option<OrganizationId>,
}

#[async_trait]
impl Authorize for Bearer {
    async fn token(&self, budget: &Budget) -> Result<Option<Token>, Error> {
        if let Credentials::AccessToken(secret) = &self.tokens.credentials {
            return Ok(Some(Token { secret: secret.clone(), generation: 0 }));
        }
        self.tokens.token(self.key, budget).await.map(Some)
    }

    fn is_renewable(&self) -> bool {
        !matches!(self.tokens.credentials, Credentials::AccessToken(_))
    }

    async fn renew(&self, refused: &Token, budget: &Budget) -> Result<Token, Error> {
        self.tokens.forget(self.key, refused);
        self.tokens.token(self.key, budget).await
    }
}

/// A fixed token without renewal, or none.
pub(super) struct FixedToken(pub(super) Option<Secret>);

#[async_trait]
impl Authorize for FixedToken {
    async fn token(&self, _: &Budget) -> Result<Option<Token>, Error> {
        Ok(self.0.clone().map(|secret| Token { secret, generation: 0 }))
    }

    fn is_renewable(&self) -> bool {
        false
    }

    async fn renew(&self, refused: &Token, _: &Budget) -> Result<Token, Error> {
        Ok(refused.clone())
    }
}
