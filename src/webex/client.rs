//! Puts the layers together.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::auth::{Notice, Tokens};
use super::budget::Budget;
use super::connectors::{Connectors, ListCache};
use super::error::Error;
use super::identifiers::OrganizationId;
use super::limiter::Limiter;
use super::pipeline::{HttpPipeline, ProbeResponse, Response, RetryMode};
use super::request::{Endpoints, Request};
use super::settings::{Setting, SettingProblem, Settings, SettingsError};
use super::transport::{Https, Transport};

/// The first wait for something to become visible.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A client of the Contact Center APIs. Cheap to clone; all clones share their
/// connections, tokens, rate limit and list_cache.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Layers>,
}

/// The layers, from the outside in.
struct Layers {
    list_cache: ListCache,
    endpoints: Endpoints,
    tokens: Arc<Tokens>,
    pipeline: Arc<HttpPipeline>,
    visibility_timeout: Duration,
}

impl Client {
    /// A client that has not done anything yet: no file is read and no
    /// connection is made before the first call.
    ///
    /// # Errors
    /// When a setting cannot work, see [`Settings::check`].
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let transport = Arc::new(Https::new(&settings));
        Self::over(settings, transport)
    }

    /// A client over another transport than the network.
    pub(crate) fn over(
        settings: Settings,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        let user_agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| {
            SettingsError { setting: Setting::UserAgent, problem: SettingProblem::NotPrintable }
        })?;
        let endpoints = Endpoints::new(&settings);
        let pipeline = Arc::new(HttpPipeline {
            transport,
            limiter: Limiter::new(settings.requests_per_minute),
            max_retries: settings.max_retries,
            request_timeout: settings.request_timeout,
            user_agent,
        });
        let tokens = Tokens::new(settings.credentials, Arc::clone(&pipeline), endpoints.clone());
        let list_cache = ListCache::default();
        let visibility_timeout = settings.visibility_timeout;
        let layers = Layers { list_cache, endpoints, tokens, pipeline, visibility_timeout };
        Ok(Self { shared: Arc::new(layers) })
    }

    /// The connectors of one organization.
    #[must_use]
    pub fn connectors(&self, organization: OrganizationId) -> Connectors {
        Connectors::new(self.clone(), organization)
    }

    /// What the user should be told once, beside the results of calls. Each
    /// notice is given to one caller only.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        self.shared.tokens.take_notices()
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.shared.endpoints
    }

    /// The waits between looks for what our own write made a moment ago and
    /// Webex may not show yet: each twice the one before.
    pub(crate) fn pauses_until_visible(&self) -> impl Iterator<Item = Duration> + use<> {
        let mut left = self.shared.visibility_timeout;
        let doubling = std::iter::successors(Some(FIRST_PAUSE), |pause| pause.checked_mul(2));
        doubling.map_while(move |pause| {
            left = left.checked_sub(pause)?;
            Some(pause)
        })
    }

    pub(crate) fn list_cache(&self) -> &ListCache {
        &self.shared.list_cache
    }

    /// Sends a request about an organization once, and gives whatever comes.
    pub(crate) async fn look(
        &self,
        organization: OrganizationId,
        request: &Request,
        budget: &Budget,
    ) -> Result<ProbeResponse, Error> {
        let bearer = self.shared.tokens.for_organization(organization);
        self.shared.pipeline.look(request, &bearer, budget).await
    }

    /// Sends a request about an organization.
    pub(crate) async fn send(
        &self,
        organization: OrganizationId,
        request: &Request,
        persistence: RetryMode,
        budget: &Budget,
    ) -> Result<Response, Error> {
        let bearer = self.shared.tokens.for_organization(organization);
        self.shared.pipeline.run(request, &bearer, persistence, budget).await
    }
}
