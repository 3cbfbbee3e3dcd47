//! Assembles the layers into a [`Client`].

use std::sync::Arc;

use super::auth::Tokens;
use super::connectors::{Connectors, Organizations};
use super::flows::Flows;
use super::identifiers::OrganizationId;
use super::limiter::Limiter;
use super::notice::Notice;
use super::pipeline::HttpPipeline;
use super::profile::Profile;
use super::redact::Redactor;
use super::request::Endpoints;
use super::session::Session;
use super::settings::{Settings, SettingsError};
use super::transport::{Https, Transport};
use safe_text::Secret;

/// A client of the Contact Center APIs. Cheap to clone: all clones share their connections, tokens,
/// rate limit and cached lists.
#[derive(Clone)]
pub struct Client {
    pub(crate) session: Arc<Session>,
    organizations: Arc<Organizations>,
}

impl Client {
    /// Creates a client. It makes no connection before the first call; a thread reads the certificate
    /// authorities meanwhile.
    ///
    /// # Errors
    /// Fails when a setting cannot work, see [`Settings::check`].
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let transport = Arc::new(Https::new(&settings));
        let client = Self::over(settings, Arc::clone(&transport) as Arc<dyn Transport>)?;
        transport.prepare();
        Ok(client)
    }

    /// Creates a client over a given transport, in tests a scripted one.
    pub(crate) fn over(
        settings: Settings,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        let endpoints = Endpoints::new(&settings);
        let redactor = Redactor::default();
        for secret in settings.credentials.secrets() {
            redactor.watch_token(secret);
        }
        let pipeline = Arc::new(HttpPipeline {
            transport,
            limiter: Limiter::new(settings.requests_per_minute),
            max_retries: settings.max_retries,
            request_timeout: settings.request_timeout,
            user_agent: settings.user_agent_header()?,
            redactor,
        });
        let tokens = Tokens::new(settings.credentials, Arc::clone(&pipeline), endpoints.clone());
        let visibility_timeout = settings.visibility_timeout;
        let session = Arc::new(Session { endpoints, tokens, pipeline, visibility_timeout });
        Ok(Self { session, organizations: Arc::default() })
    }

    /// Adds a credential that no text from Webex may show, although no request of this process has
    /// carried it: for example one that an earlier run has sent.
    pub fn watch(&self, secret: &Secret) {
        self.session.pipeline.redactor.watch(secret);
    }

    /// Returns the connectors of one organization.
    #[must_use]
    pub fn connectors(&self, organization: OrganizationId) -> Connectors {
        Connectors::new(Arc::clone(&self.session), &self.organizations, organization)
    }

    /// Returns the flows of one organization.
    #[must_use]
    pub fn flows(&self, organization: OrganizationId) -> Flows {
        Flows::new(Arc::clone(&self.session), organization)
    }

    /// Returns the API profile in force.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.session.endpoints.profile
    }

    /// Returns the notices for the user that no call has taken yet, and forgets them.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        let mut notices = self.session.tokens.take_notices();
        notices.extend(self.organizations.take_refusals().into_iter().map(Notice::ListRefused));
        notices
    }
}
