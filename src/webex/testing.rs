//! A scripted transport, and values that most tests need.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::body::WipedBuffer;
use super::calls::CallName;
use super::profile::{Profile, Source};
use super::transport::{Failure, FailureKind, RawResponse, Transport};
use super::{
    Budget, CLIENT_CREDENTIALS, Client, Connector, ConnectorContent, ConnectorFields, ConnectorId,
    Connectors, Credential, Credentials, Field, OAUTH2, OrganizationId, Planned, RemoteState,
    Secrets, Settings, WriteError,
};
use safe_text::Secret;

pub(crate) const ORGANIZATION: &str = "8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b";
pub(crate) const ID: &str = "5c7c2677-0000-4000-8000-000000000001";
pub(crate) const OTHER_ID: &str = "5c7c2677-0000-4000-8000-000000000002";

/// The server's time at the beginning of every script, in milliseconds since 1970. It is
/// independent of this machine's clock.
pub(crate) const SERVER_EPOCH: i64 = 1_774_641_703_000;

/// A transport that replies to the requests of a test in order.
pub(crate) struct Script {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<SentRequest>>,
    began: Instant,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct SentRequest {
    /// Method, path and query.
    pub(crate) line: String,
    pub(crate) token: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The time since the script began.
    pub(crate) at: Duration,
}

impl SentRequest {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A reply to one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Response { status: u16, headers: Vec<(&'static str, String)>, body: String },
    Failure(FailureKind),
    Hang,
    Panic,
    After(Duration, Box<Reply>),
}

impl Reply {
    pub(crate) fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Response { status, mut headers, body } => {
                headers.push((name, value.to_owned()));
                Self::Response { status, headers, body }
            }
            other @ (Self::Failure(_) | Self::Hang | Self::Panic | Self::After(..)) => other,
        }
    }

    pub(crate) fn after(self, duration: Duration) -> Self {
        Self::After(duration, Box::new(self))
    }
}

pub(crate) fn response(status: u16, body: &Value) -> Reply {
    raw(status, &body.to_string())
}

pub(crate) fn raw(status: u16, body: &str) -> Reply {
    Reply::Response { status, headers: Vec::new(), body: body.to_owned() }
}

pub(crate) fn empty(status: u16) -> Reply {
    raw(status, "")
}

pub(crate) fn problem(status: u16, text: &str) -> Reply {
    response(
        status,
        &json!({"trackingId": "ccconfig_1", "error": {"message": [{"description": text}]}}),
    )
}

pub(crate) fn lost() -> Reply {
    Reply::Failure(FailureKind::ConnectionLost)
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self {
            replies: Mutex::new(replies.into_iter().collect()),
            requests: Mutex::default(),
            began: Instant::now(),
        })
    }

    /// Adds a reply before the others.
    pub(crate) fn first(&self, reply: Reply) {
        self.replies.lock().unwrap().push_front(reply);
    }

    pub(crate) fn then(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    pub(crate) fn requests(&self) -> Vec<SentRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns method and path of every request, without organization and query.
    pub(crate) fn lines(&self) -> Vec<String> {
        let prefix = format!("/organization/{ORGANIZATION}");
        let short = |request: &SentRequest| {
            request.line.replace(&prefix, "").split('?').next().unwrap_or_default().to_owned()
        };
        self.requests().iter().map(short).collect()
    }

    /// Returns the server's time, in milliseconds since 1970.
    pub(crate) fn server_now(&self) -> i64 {
        SERVER_EPOCH + i64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    /// Whether every reply was used.
    pub(crate) fn is_done(&self) -> bool {
        self.replies.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: http::Request<Bytes>) -> Result<RawResponse, Failure> {
        let headers = request.headers().clone();
        let token = headers
            .get(AUTHORIZATION)
            .map(|value| value.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned());
        self.requests.lock().unwrap().push(SentRequest {
            line: format!("{} {}", request.method(), request.uri().path_and_query().unwrap()),
            token,
            headers,
            body: String::from_utf8(request.body().to_vec()).unwrap(),
            at: self.began.elapsed(),
        });
        let reply = self.replies.lock().unwrap().pop_front();
        // An unexpected request shows in `lines`.
        let mut reply = reply.unwrap_or(Reply::Failure(FailureKind::Unsendable));
        loop {
            match reply {
                Reply::Response { status, headers, body } => {
                    let millis = u64::try_from(self.server_now()).unwrap();
                    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
                    return Ok(reply_with(status, &headers, &body, now));
                }
                Reply::Failure(kind) => return Err(Failure::new(kind)),
                Reply::Hang => std::future::pending().await,
                Reply::Panic => panic!("a defect of the transport"),
                Reply::After(duration, then) => {
                    tokio::time::sleep(duration).await;
                    reply = *then;
                }
            }
        }
    }
}

pub(crate) fn reply_with(
    status: u16,
    headers: &[(&'static str, String)],
    body: &str,
    now: SystemTime,
) -> RawResponse {
    let mut map = HeaderMap::new();
    map.insert(DATE, HeaderValue::from_str(&httpdate::fmt_http_date(now)).unwrap());
    for (name, value) in headers {
        map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    let mut buffer = WipedBuffer::default();
    buffer.push(body.as_bytes());
    RawResponse { status: StatusCode::from_u16(status).unwrap(), headers: map, body: buffer }
}

pub(crate) fn settings(credentials: Credentials) -> Settings {
    let mut settings = Settings::new(Url::parse("https://api.example").unwrap(), credentials);
    // The limiter has tests of its own.
    settings.requests_per_minute = NonZeroU32::new(100_000).unwrap();
    settings
}

pub(crate) fn static_token() -> Credentials {
    Credentials::AccessToken(Secret::from("static-access-token"))
}

pub(crate) fn refresh_token() -> Credentials {
    Credentials::RefreshToken {
        client_id: "client".to_owned(),
        client_secret: Secret::from("client-secret-value"),
        refresh_token: Secret::from("refresh-token-value"),
    }
}

pub(crate) fn client(transport: Arc<dyn Transport>) -> Client {
    Client::over(settings(static_token()), transport).unwrap()
}

pub(crate) fn connectors(transport: Arc<dyn Transport>) -> Connectors {
    client(transport).connectors(organization())
}

pub(crate) fn organization() -> OrganizationId {
    OrganizationId::parse(ORGANIZATION).unwrap()
}

pub(crate) fn id() -> ConnectorId {
    ConnectorId::parse(ID).unwrap()
}

/// Returns a budget of twenty minutes, like Terraform's default.
pub(crate) fn budget() -> Budget {
    Budget::within(Duration::from_secs(20 * 60), CancellationToken::new())
}

/// Returns the content of a connector with a client secret.
pub(crate) fn content() -> ConnectorContent {
    let fields = ConnectorFields::default()
        .with(Field::Name, "crm")
        .with(Field::AuthenticationType, OAUTH2)
        .with(Field::GrantType, CLIENT_CREDENTIALS)
        .with(Field::ResourceDomainUrl, "https://crm.example/api")
        .with(Field::ClientId, "abc")
        .with(Field::TokenUrl, "https://crm.example/token");
    let secrets = Secrets::default().with(Credential::ClientSecret, "s3cret-canary".into());
    ConnectorContent { active: true, fields, secrets }
}

/// Returns [`content`] as the server returns it.
pub(crate) fn object(version: i64, created: i64) -> Value {
    json!({
        "organizationId": ORGANIZATION, "id": ID, "version": version, "name": "crm",
        "connectorType": "CUSTOM", "active": true, "authenticationType": "OAUTH2",
        "grantType": "CLIENT_CREDENTIALS_SECRET", "resourceDomain": "https://crm.example/api",
        "clientId": "abc", "clientSecret": "****", "tokenUrl": "https://crm.example/token",
        "scope": null, "certificate": null, "privateKey": null, "username": null,
        "password": null, "validationUrl": null, "systemDefault": false,
        "createdTime": created, "lastUpdatedTime": created,
    })
}

/// Reads an object with the built-in profile, as a response to a read.
pub(crate) fn read(object: &Value) -> Connector {
    let profile = Profile::built_in();
    let call = profile.call(CallName::Read).unwrap();
    profile.connector(call, object.to_string().as_bytes(), Source::Read).unwrap().unwrap()
}

/// Returns the plan of an update that is based on a version.
pub(crate) fn planned(version: i64) -> Planned {
    Planned { version: Some(version.into()), ..Planned::default() }
}

/// Returns an object with some members changed.
pub(crate) fn with(mut object: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

/// Returns a list of one page.
pub(crate) fn page(rows: &[Value]) -> Value {
    json!({"meta": {"orgid": ORGANIZATION, "page": 0, "pageSize": 100, "totalPages": 1}, "data": rows})
}

/// Returns the connector that was read after a failed write.
pub(crate) fn found_connector(failure: &WriteError) -> &Connector {
    let RemoteState::Found(connector) = &failure.remote else { panic!("{failure:?}") };
    connector
}

/// Returns a certificate in PEM.
pub(crate) fn pem(der: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").into_bytes()
}
