//! Errors of the API, in the shapes in which the service sends them.

use http::StatusCode;
use http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::{Value, json};

use crate::message::{Request, Response};

/// The header of every response that holds its tracking id.
pub(crate) const TRACKING_ID: HeaderName = HeaderName::from_static("trackingid");

/// The reason for refusing a request.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The shape that Cisco documents for the Configuration APIs.
    Configuration {
        /// The status, repeated as the key of the error.
        status: StatusCode,
        /// The reason in one to four words.
        reason: &'static str,
        /// One sentence for each error.
        descriptions: Vec<String>,
        /// The types of the entities that refer to the connector.
        referenced_entities: Vec<&'static str>,
        /// The seconds after which to retry.
        retry_after: Option<u64>,
    },
    /// The shape of the web framework behind the service, for requests that do
    /// not reach the service's own code.
    Framework(StatusCode),
    /// A 405 in that shape, with the methods that are allowed.
    MethodNotAllowed(String),
    /// The shape of the public Webex APIs, to which the token endpoints belong
    /// (assumed for them).
    Public(StatusCode, &'static str),
}

impl ApiError {
    /// Creates an error in the documented shape with one description.
    pub(crate) fn new(status: StatusCode, reason: &'static str, description: &str) -> Self {
        Self::described(status, reason, vec![description.to_owned()])
    }

    fn described(status: StatusCode, reason: &'static str, descriptions: Vec<String>) -> Self {
        Self::Configuration {
            status,
            reason,
            descriptions,
            referenced_entities: Vec::new(),
            retry_after: None,
        }
    }

    /// Creates a 400 for an invalid request, with one description for each
    /// field.
    pub(crate) fn invalid(descriptions: Vec<String>) -> Self {
        Self::described(StatusCode::BAD_REQUEST, "invalid request", descriptions)
    }

    /// Creates a 404 for a connector that does not exist.
    pub(crate) fn no_connector(id: &str) -> Self {
        let description = format!("connector {id}: not found for given orgId.");
        Self::new(StatusCode::NOT_FOUND, "not found", &description)
    }

    /// Creates a 412 for a connector to which other entities refer.
    pub(crate) fn in_use(descriptions: Vec<String>) -> Self {
        Self::Configuration {
            status: StatusCode::PRECONDITION_FAILED,
            reason: "dependency exists",
            descriptions,
            referenced_entities: vec!["flow"],
            retry_after: None,
        }
    }

    /// Creates a 429 for a request that was not processed.
    pub(crate) fn too_many_requests(seconds: u64) -> Self {
        Self::Configuration {
            status: StatusCode::TOO_MANY_REQUESTS,
            reason: "too many requests",
            descriptions: vec!["The limit of requests per minute is reached.".to_owned()],
            referenced_entities: Vec::new(),
            retry_after: Some(seconds),
        }
    }

    /// Returns the response to a request that arrived at this time.
    pub(crate) fn response(self, request: &Request, now: u64) -> Response {
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
                let response = Response::json(status, &body);
                match retry_after {
                    Some(seconds) => response.with_header(RETRY_AFTER, HeaderValue::from(seconds)),
                    None => response,
                }
            }
            Self::Framework(status) => framework(status, request, now),
            Self::MethodNotAllowed(allowed) => {
                let response = framework(StatusCode::METHOD_NOT_ALLOWED, request, now);
                match HeaderValue::from_str(&allowed) {
                    Ok(value) => response.with_header(ALLOW, value),
                    Err(_) => response,
                }
            }
            Self::Public(status, message) => Response::json(
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

fn framework(status: StatusCode, request: &Request, now: u64) -> Response {
    Response::json(
        status,
        &json!({
            "timestamp": now,
            "status": status.as_u16(),
            "error": status.canonical_reason().unwrap_or_default(),
            "path": request.path,
        }),
    )
}
