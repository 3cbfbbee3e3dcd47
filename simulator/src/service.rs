//! The simulated service: its data and settings, and how it processes a request.
//!
//! The service is locked while it processes a request, so that concurrent
//! requests take effect one after the other.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::header::{DATE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::api_error::{ApiError, TRACKING_ID};
use crate::behavior::Behavior;
use crate::clock::{Clock, http_date, milliseconds};
use crate::connector::Connector;
use crate::faults::{self, Action, Moment, Script, ScriptedResponse};
use crate::file;
use crate::flow::Flow;
use crate::har;
use crate::journal::Exchange;
use crate::message::{Request, Response};
use crate::options::Options;
use crate::profile::Profile;
use crate::rate_limit::RateLimit;
use crate::store::Store;
use crate::tokens::Tokens;

/// The name of the recording's file in errors.
const HAR: &str = "recording";

/// The simulated service.
#[derive(Debug)]
pub(crate) struct Service {
    /// The options with which it was started.
    pub(crate) options: Options,
    /// The API profile that describes the served API, if it is not the assumed one.
    pub(crate) profile: Option<Arc<Profile>>,
    /// The deviations in force.
    pub(crate) behavior: Behavior,
    /// The clock.
    pub(crate) clock: Clock,
    /// The organizations with their connectors.
    pub(crate) store: Store,
    /// The flows of all organizations.
    pub(crate) flows: Vec<Flow>,
    /// The tokens.
    pub(crate) tokens: Tokens,
    /// The limit of requests per minute.
    pub(crate) rate_limit: RateLimit,
    /// The requests since the start or since the journal was cleared.
    pub(crate) journal: Vec<Exchange>,
    /// The entries of the recording, if there is one.
    pub(crate) recording: Option<Vec<Value>>,
    /// The fault scripts in force, with the times they have left.
    pub(crate) faults: Vec<Script>,
    /// The times until which connectors are invisible to reads, by id.
    pub(crate) hidden_until: HashMap<String, u64>,
    /// The objects before an update that reads still see, with the time until
    /// which they do, by id.
    pub(crate) outdated: HashMap<String, (u64, Connector)>,
}

/// The response to a request, with the delays of its connection.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The delay before the response.
    pub(crate) delay: Duration,
    /// The response; none closes the connection without one.
    pub(crate) response: Option<Response>,
    /// The delay before each byte of the body.
    pub(crate) drip: Option<Duration>,
}

impl Service {
    /// Creates the service and loads the state file. Adds the default access
    /// tokens if the options name none.
    pub(crate) fn new(mut options: Options) -> io::Result<Self> {
        if options.tokens.is_empty() {
            let organizations = options.organizations.iter();
            options.tokens = organizations.map(|id| format!("simulator-token_{id}")).collect();
        }
        let profile = options.profile.as_ref().map(Profile::parse).transpose();
        let profile = profile.map_err(|error| invalid("profile", &error))?.map(Arc::new);
        if let Some(file) = &options.har {
            file::check(HAR, file)?;
        }
        options.behavior.check().map_err(|error| invalid("behavior", &error))?;
        Ok(Self {
            profile,
            behavior: options.behavior.clone(),
            clock: Clock::new(),
            store: Store::open(&options.organizations, options.state.clone())?,
            flows: Vec::new(),
            tokens: Tokens::new(&options),
            rate_limit: RateLimit::new(options.rate_limit),
            journal: Vec::new(),
            recording: options.har.as_ref().map(|_| Vec::new()),
            faults: Vec::new(),
            hidden_until: HashMap::new(),
            outdated: HashMap::new(),
            options,
        })
    }

    /// Applies the fault scripts to a request to the API or to a token endpoint,
    /// processes it, and adds it to the journal.
    pub(crate) fn receive(&mut self, request: &Request) -> Outcome {
        let started = self.clock.now();
        let call = self.call(request);
        let action = faults::claim(&mut self.faults, request.method.as_str(), &request.path, call);
        let mut outcome = Outcome { delay: self.options.latency, response: None, drip: None };
        match action {
            None => outcome.response = Some(self.process(request)),
            Some(Action::Respond(scripted)) => {
                if scripted.apply {
                    self.process(request);
                }
                outcome.response = Some(scripted_response(&scripted));
            }
            Some(Action::DelayMs(delay)) => {
                outcome.response = Some(self.process(request));
                outcome.delay += Duration::from_millis(delay);
            }
            Some(Action::Close(Moment::Before)) => {}
            Some(Action::Close(Moment::After)) => {
                self.process(request);
            }
            Some(Action::DripMs(interval)) => {
                outcome.response = Some(self.process(request));
                outcome.drip = Some(Duration::from_millis(interval));
            }
            Some(Action::Behave(behavior)) => {
                let usual = std::mem::replace(&mut self.behavior, *behavior);
                outcome.response = Some(self.process(request));
                self.behavior = usual;
            }
        }
        if let Some(response) = &mut outcome.response
            && let Ok(date) = HeaderValue::try_from(http_date(self.clock.now()))
        {
            response.headers.entry(DATE).or_insert(date);
        }
        let status = outcome.response.as_ref().map(|response| response.status.as_u16());
        self.journal.push(Exchange::new(request, call, status));
        if let Some(recording) = &mut self.recording {
            let base_url = self.profile.as_ref().and_then(|profile| profile.base_url.as_deref());
            let time = milliseconds(outcome.delay);
            let response = outcome.response.as_ref();
            recording.push(har::entry(request, response, base_url, started, time));
        }
        outcome
    }

    /// Returns the recording (HAR).
    pub(crate) fn har(&self) -> Value {
        let entries = self.recording.clone().unwrap_or_default();
        let organization = self.options.organizations.first().map_or("", String::as_str);
        har::document(if self.options.har_noise {
            har::with_noise(entries, organization)
        } else {
            entries
        })
    }

    /// Writes the recording to the file that the options name.
    pub(crate) fn save_har(&self) -> io::Result<()> {
        let Some(file) = &self.options.har else { return Ok(()) };
        let text = serde_json::to_string_pretty(&self.har())?;
        file::replace(HAR, file, &text)
    }

    fn process(&mut self, request: &Request) -> Response {
        let mut result = self.handle(request);
        if let Err(error) = self.store.save() {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            result = Err(ApiError::new(status, "state not saved", &error.to_string()));
        }
        let now = self.clock.now();
        let response = result.unwrap_or_else(|error| error.response(request, now));
        match HeaderValue::from_str(&request.tracking_id) {
            Ok(value) => response.with_header(TRACKING_ID, value),
            Err(_) => response,
        }
    }
}

fn invalid(what: &str, error: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("the {what} is wrong: {error}"))
}

/// Creates the response of a fault script. The control interface has checked
/// its status and headers.
fn scripted_response(scripted: &ScriptedResponse) -> Response {
    let status = StatusCode::from_u16(scripted.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = match &scripted.body {
        Value::Null => Response::empty(status),
        Value::String(text) => Response::empty(status).with_body(text.clone()),
        body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Response::json(status, body)
        }
    };
    response.headers.extend(scripted_headers(scripted).unwrap_or_default());
    response
}

/// Returns the headers of a scripted response. The error names the one that is
/// invalid.
pub(crate) fn scripted_headers(scripted: &ScriptedResponse) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &scripted.headers {
        let parsed = HeaderName::try_from(name).ok().zip(HeaderValue::from_str(value).ok());
        let (name, value) = parsed.ok_or_else(|| format!("the header {name} cannot be sent"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}
