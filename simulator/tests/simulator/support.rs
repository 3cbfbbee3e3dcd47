//! A client that knows nothing but HTTP, and sample connectors.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};
use webex_cc_simulator::{DEFAULT_ORGANIZATION, Options, Simulator};

/// The organization of all tests that need only one.
pub(crate) const ORGANIZATION: &str = DEFAULT_ORGANIZATION;

/// A simulator and a client with a token for it.
pub(crate) struct Harness {
    pub(crate) simulator: Simulator,
    pub(crate) client: reqwest::Client,
    pub(crate) token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// All descriptions of an error in the documented shape, whose key and
    /// tracking ids are checked on the way.
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

    /// A request to any path, with the token, and with a body if there is one.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Reply> {
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

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.try_call(method, path, body).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    pub(crate) async fn create(&self, body: &Value) -> Reply {
        self.call("POST", &format!("/organization/{ORGANIZATION}/connector"), Some(body)).await
    }

    pub(crate) async fn read(&self, id: &str) -> Reply {
        self.get(&one(id)).await
    }

    pub(crate) async fn replace(&self, id: &str, body: &Value) -> Reply {
        self.call("PUT", &one(id), Some(body)).await
    }

    pub(crate) async fn delete(&self, id: &str) -> Reply {
        self.call("DELETE", &one(id), None).await
    }

    /// The page of a list.
    pub(crate) async fn list(&self, query: &[(&str, &str)]) -> Reply {
        self.get(&format!("/organization/{ORGANIZATION}/v2/connector?{}", query_string(query)))
            .await
    }

    /// What is stored, secrets included.
    pub(crate) fn stored(&self, id: &str) -> Value {
        self.simulator.stored(ORGANIZATION, id).unwrap()
    }
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Reply { status, headers, text: response.text().await? })
}

/// The path of a connector.
pub(crate) fn one(id: &str) -> String {
    format!("/organization/{ORGANIZATION}/connector/{id}")
}

pub(crate) fn query_string(query: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
}

/// The four ways to authenticate.
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
    json!({
        "name": name,
        "connectorType": "CUSTOM",
        "active": true,
        "authenticationType": "OAUTH2",
        "grantType": "CLIENT_CREDENTIALS_SECRET",
        "resourceDomain": "https://crm.example.com",
        "clientId": "client",
        "clientSecret": "first-secret",
        "tokenUrl": "https://login.example.com/token",
        "scope": "read write",
    })
}

pub(crate) fn password(name: &str) -> Value {
    json!({
        "name": name,
        "connectorType": "CUSTOM",
        "active": true,
        "authenticationType": "OAUTH2",
        "grantType": "PASSWORD",
        "resourceDomain": "https://crm.example.com",
        "clientId": "client",
        "clientSecret": "first-secret",
        "tokenUrl": "https://login.example.com/token",
        "username": "service",
        "password": "grant-password",
        "scope": "read",
        "validationUrl": "https://crm.example.com/me",
    })
}

pub(crate) fn certificate(name: &str) -> Value {
    json!({
        "name": name,
        "connectorType": "CUSTOM",
        "active": true,
        "authenticationType": "OAUTH2",
        "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
        "resourceDomain": "https://crm.example.com",
        "clientId": "client",
        "certificate": "-----BEGIN CERTIFICATE-----",
        "privateKey": "-----BEGIN PRIVATE KEY-----",
        "tokenUrl": "https://login.example.com/token",
        "scope": "read",
    })
}

/// A body with some fields set.
pub(crate) fn with(body: &Value, fields: Value) -> Value {
    let mut changed = body.clone();
    let Value::Object(fields) = fields else { panic!("not an object") };
    changed.as_object_mut().unwrap().extend(fields);
    changed
}

/// A body without some fields.
pub(crate) fn without(body: &Value, fields: &[&str]) -> Value {
    let mut changed = body.clone();
    changed.as_object_mut().unwrap().retain(|field, _| !fields.contains(&field.as_str()));
    changed
}
