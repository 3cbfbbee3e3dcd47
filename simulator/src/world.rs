//! Everything the simulator knows at a moment, and what becomes of a request.
//!
//! A request takes effect as a whole while the world is locked, so that
//! requests that arrive together are still processed one after the other.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::clock::Clock;
use crate::faults::{Action, Faults, Moment, ScriptedAnswer};
use crate::journal::Journal;
use crate::message::{Answer, Request};
use crate::options::Options;
use crate::problem::{Problem, TRACKING_ID};
use crate::rate::RateLimit;
use crate::store::Store;
use crate::tokens::Tokens;

/// The state of the simulator.
#[derive(Debug)]
pub(crate) struct World {
    /// How it was started.
    pub(crate) options: Options,
    /// Its time.
    pub(crate) clock: Clock,
    /// What is stored.
    pub(crate) store: Store,
    /// Which tokens are accepted.
    pub(crate) tokens: Tokens,
    /// How many requests are accepted.
    pub(crate) rate: RateLimit,
    /// What was asked.
    pub(crate) journal: Journal,
    /// What goes wrong.
    pub(crate) faults: Faults,
    /// Until when a connector, by its id, is invisible to reads.
    pub(crate) hidden_until: HashMap<String, u64>,
}

/// What the connection has to do for a request that has been dealt with.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How long to wait first.
    pub(crate) delay: Duration,
    /// What to send; none means to close the connection without an answer.
    pub(crate) answer: Option<Answer>,
    /// How long to wait before each byte of the body.
    pub(crate) drip: Option<Duration>,
}

impl World {
    /// Sets the world up and opens the state file. Fills in the default of
    /// tokens.
    pub(crate) fn new(mut options: Options) -> io::Result<Self> {
        if options.tokens.is_empty() {
            let tokens = options.organizations.iter();
            options.tokens = tokens.map(|id| format!("simulator-token_{id}")).collect();
        }
        Ok(Self {
            clock: Clock::new(),
            store: Store::open(&options.organizations, options.state.clone())?,
            tokens: Tokens::new(&options),
            rate: RateLimit::new(options.rate_limit),
            journal: Journal::default(),
            faults: Faults::default(),
            hidden_until: HashMap::new(),
            options,
        })
    }

    /// Deals with a request to the API or to a token endpoint: fault scripts
    /// first, then the API; and notes it in the journal.
    pub(crate) fn receive(&mut self, request: &Request) -> Outcome {
        let action = self.faults.claim(request.method.as_str(), &request.path);
        let mut outcome = Outcome { delay: self.options.latency, answer: None, drip: None };
        match action {
            None => outcome.answer = Some(self.process(request)),
            Some(Action::Answer(scripted)) => {
                if scripted.apply {
                    self.process(request);
                }
                outcome.answer = Some(scripted_answer(&scripted));
            }
            Some(Action::DelayMs(delay)) => {
                outcome.answer = Some(self.process(request));
                outcome.delay += Duration::from_millis(delay);
            }
            Some(Action::Close(Moment::Before)) => {}
            Some(Action::Close(Moment::After)) => {
                self.process(request);
            }
            Some(Action::DripMs(interval)) => {
                outcome.answer = Some(self.process(request));
                outcome.drip = Some(Duration::from_millis(interval));
            }
        }
        let status = outcome.answer.as_ref().map(|answer| answer.status.as_u16());
        self.journal.record(request, status);
        outcome
    }

    fn process(&mut self, request: &Request) -> Answer {
        let mut answered = self.call(request);
        if let Err(error) = self.store.save() {
            let description = format!("{error}");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            answered = Err(Problem::new(status, "state not saved", &description));
        }
        let now = self.clock.now();
        let answer = answered.unwrap_or_else(|problem| problem.answer(request, now));
        match HeaderValue::from_str(&request.tracking_id) {
            Ok(value) => answer.with_header(TRACKING_ID, value),
            Err(_) => answer,
        }
    }
}

/// What a fault script answers. Its status and headers were checked when it
/// was put in force.
fn scripted_answer(scripted: &ScriptedAnswer) -> Answer {
    let status = StatusCode::from_u16(scripted.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut answer = match &scripted.body {
        Value::Null => Answer::empty(status),
        Value::String(text) => Answer::empty(status).with_body(text.clone()),
        body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Answer::json(status, body)
        }
    };
    answer.headers.extend(scripted_headers(scripted).unwrap_or_default());
    answer
}

/// The headers of a scripted answer, or what is wrong with them.
pub(crate) fn scripted_headers(scripted: &ScriptedAnswer) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &scripted.headers {
        let parsed = HeaderName::try_from(name).ok().zip(HeaderValue::from_str(value).ok());
        let (name, value) = parsed.ok_or_else(|| format!("the header {name} cannot be sent"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}
