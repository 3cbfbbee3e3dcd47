//! Refusals, in the shapes in which the service words them.

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::message::{Answer, Request};

/// The header in which every answer carries its tracking id.
pub(crate) const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");

/// Why a request was refused.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The shape that Cisco documents for the Configuration APIs.
    Configuration {
        /// The status, repeated as the key of the error.
        status: StatusCode,
        /// A word or two.
        reason: &'static str,
        /// One sentence per thing that is wrong.
        descriptions: Vec<String>,
        /// What kinds of entities refer to this one.
        referenced_entities: Vec<&'static str>,
        /// After how many seconds to try again.
        retry_after: Option<u64>,
    },
    /// The shape in which the web framework behind the service answers what
    /// never reaches its own code.
    Framework(StatusCode),
    /// The shape of the public Webex APIs, which the token endpoints belong to
    /// (assumed for them).
    Public(StatusCode, &'static str),
}

impl Problem {
    /// A refusal in the documented shape.
    pub(crate) fn new(status: StatusCode, reason: &'static str, description: &str) -> Self {
        Self::described(status, reason, vec![description.to_owned()])
    }

    /// A refusal with several descriptions.
    pub(crate) fn described(
        status: StatusCode,
        reason: &'static str,
        descriptions: Vec<String>,
    ) -> Self {
        Self::Configuration {
            status,
            reason,
            descriptions,
            referenced_entities: Vec::new(),
            retry_after: None,
        }
    }

    /// 400: what was sent is wrong, with one description per field.
    pub(crate) fn invalid(descriptions: Vec<String>) -> Self {
        Self::described(StatusCode::BAD_REQUEST, "invalid request", descriptions)
    }

    /// 404: there is no such connector.
    pub(crate) fn no_connector(id: &str) -> Self {
        let description = format!("connector {id}: not found for given orgId.");
        Self::new(StatusCode::NOT_FOUND, "not found", &description)
    }

    /// 412: other entities refer to the connector.
    pub(crate) fn referred_to(descriptions: Vec<String>) -> Self {
        Self::Configuration {
            status: StatusCode::PRECONDITION_FAILED,
            reason: "dependency exists",
            descriptions,
            referenced_entities: vec!["flow"],
            retry_after: None,
        }
    }

    /// 429: the request was not processed.
    pub(crate) fn too_many(seconds: u64) -> Self {
        Self::Configuration {
            status: StatusCode::TOO_MANY_REQUESTS,
            reason: "too many requests",
            descriptions: vec!["The limit of requests per minute is reached.".to_owned()],
            referenced_entities: Vec::new(),
            retry_after: Some(seconds),
        }
    }

    /// The refusal as an answer to this request at this time.
    pub(crate) fn answer(self, request: &Request, now: u64) -> Answer {
        match self {
            Self::Configuration {
                status,
                reason,
                descriptions,
                referenced_entities,
                retry_after,
            } => {
                let message: Vec<Value> = descriptions
                    .into_iter()
                    .map(|description| json!({ "description": description }))
                    .collect();
                let mut error =
                    json!({"key": status.as_str(), "reason": reason, "message": message});
                if !referenced_entities.is_empty() {
                    error["referencedEntities"] = json!(referenced_entities);
                }
                let body = json!({"trackingId": request.tracking_id, "error": error});
                let answer = Answer::json(status, &body);
                match retry_after {
                    Some(seconds) => {
                        answer.with_header(http::header::RETRY_AFTER, HeaderValue::from(seconds))
                    }
                    None => answer,
                }
            }
            Self::Framework(status) => Answer::json(
                status,
                &json!({
                    "timestamp": now,
                    "status": status.as_u16(),
                    "error": status.canonical_reason().unwrap_or_default(),
                    "path": request.path,
                }),
            ),
            Self::Public(status, message) => Answer::json(
                status,
                &json!({
                    "message": message,
                    "errors": [{"description": message}],
                    "trackingId": request.tracking_id,
                }),
            ),
        }
    }
}
