//! An HTTP client that shares no code with the simulator, and sample connectors.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};
use webex_cc_simulator::{DEFAULT_ORGANIZATION, Options, Simulator};

/// The organization of all tests that need only one.
pub(crate) const ORGANIZATION: &str = DEFAULT_ORGANIZATION;

/// A simulator, and a client with a token for it.
pub(crate) struct Harness {
    pub(crate) simulator: Simulator,
    pub(crate) client: reqwest::Client,
    pub(crate) token: String,
}

/// A response with a completely read body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks the key and tracking id of an error in the documented shape and
    /// returns its descriptions.
    pub(crate) fn descriptions(&self) -> Vec<String> {
        let body = self.json();
        assert_eq!(body["error"]["key"], self.status.to_string());
        assert_eq!(body["trackingId"], self.header("TrackingID").unwrap());
        let messages = body["error"]["message"].as_array().unwrap().iter();
        messages.map(|message| message["description"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let simulator = Simulator::start(options).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let token = simulator.token().to_owned();
        Self { simulator, client, token }
    }

    /// Sends a request with the token, and with a JSON body if there is one.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.simulator.base_url());
        let method: Method = method.parse().unwrap();
        let mut request = self
            .client
            .request(method, url)
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        read(request).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        self.try_call(method, path, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.call("GET", path, None).await
    }

    pub(crate) async fn create(&self, body: &Value) -> Response {
        self.call("POST", &connectors_path(), Some(body)).await
    }

    pub(crate) async fn read(&self, id: &str) -> Response {
        self.get(&connector_path(id)).await
    }

    pub(crate) async fn replace(&self, id: &str, body: &Value) -> Response {
        self.call("PUT", &connector_path(id), Some(body)).await
    }

    pub(crate) async fn delete(&self, id: &str) -> Response {
        self.call("DELETE", &connector_path(id), None).await
    }

    /// Returns a page of the list of connectors.
    pub(crate) async fn list(&self, query: &[(&str, &str)]) -> Response {
        self.get(&format!("{}?{}", list_path(), query_string(query))).await
    }

    /// Returns a connector as it is stored, secrets included.
    pub(crate) fn stored(&self, id: &str) -> Value {
        self.simulator.stored(ORGANIZATION, id).unwrap()
    }
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Response> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Response { status, headers, text: response.text().await? })
}

/// Returns the path to which connectors are posted.
pub(crate) fn connectors_path() -> String {
    format!("/organization/{ORGANIZATION}/connector")
}

/// Returns the path of a connector.
pub(crate) fn connector_path(id: &str) -> String {
    format!("{}/{id}", connectors_path())
}

/// Returns the path of the references to a connector.
pub(crate) fn references_path(id: &str) -> String {
    format!("{}/incoming-references", connector_path(id))
}

/// Returns the path of the list of connectors.
pub(crate) fn list_path() -> String {
    format!("/organization/{ORGANIZATION}/v2/connector")
}

pub(crate) fn query_string(query: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
}

/// Returns one connector for each authentication method.
pub(crate) fn samples() -> [Value; 4] {
    [basic("basic"), client_secret("secret"), password("password"), certificate("certificate")]
}

pub(crate) fn basic(name: &str) -> Value {
    json!({
        "name": name,
        "connectorType": "CUSTOM",
        "active": true,
        "authenticationType": "BASIC",
        "resourceDomain": "https://crm.example.com/api/",
        "username": "service",
        "password": "basic-password",
        "validationUrl": "https://crm.example.com/me",
    })
}

pub(crate) fn client_secret(name: &str) -> Value {
    oauth2(
        name,
        json!({
            "grantType": "CLIENT_CREDENTIALS_SECRET",
            "clientSecret": "first-secret",
            "scope": "read write",
        }),
    )
}

pub(crate) fn password(name: &str) -> Value {
    oauth2(
        name,
        json!({
            "grantType": "PASSWORD",
            "clientSecret": "first-secret",
            "username": "service",
            "password": "grant-password",
            "scope": "read",
            "validationUrl": "https://crm.example.com/me",
        }),
    )
}

pub(crate) fn certificate(name: &str) -> Value {
    oauth2(
        name,
        json!({
            "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
            "certificate": "-----BEGIN CERTIFICATE-----",
            "privateKey": "-----BEGIN PRIVATE KEY-----",
            "scope": "read",
        }),
    )
}

fn oauth2(name: &str, fields: Value) -> Value {
    let common = json!({
        "name": name,
        "connectorType": "CUSTOM",
        "active": true,
        "authenticationType": "OAUTH2",
        "resourceDomain": "https://crm.example.com",
        "clientId": "client",
        "tokenUrl": "https://login.example.com/token",
    });
    with(&common, fields)
}

/// Returns a copy of a body with these fields set.
pub(crate) fn with(body: &Value, fields: Value) -> Value {
    let mut changed = body.clone();
    let Value::Object(fields) = fields else { panic!("not an object") };
    changed.as_object_mut().unwrap().extend(fields);
    changed
}

/// Returns a copy of a body without these fields.
pub(crate) fn without(body: &Value, fields: &[&str]) -> Value {
    let mut changed = body.clone();
    changed.as_object_mut().unwrap().retain(|field, _| !fields.contains(&field.as_str()));
    changed
}

/// Returns a sample profile by its name.
pub(crate) fn profile(name: &str) -> Value {
    let text = match name {
        "rest" => include_str!("../../../tests/support/profiles/rest.json"),
        "rpc" => include_str!("../../../tests/support/profiles/rpc.json"),
        _ => include_str!("../../../tests/support/profiles/one_discriminator.json"),
    };
    serde_json::from_str(text).unwrap()
}
