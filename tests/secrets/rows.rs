//! The rows of the rule table, each with two sets of credentials.

use safe_text::Secret;
use serde_json::{Value as Json, json};
use terraform_provider_webex::provider::custom_connector::schema::schema;
use tf_provider::object::Object;

use crate::support::pem;

/// One kind of connector.
pub(crate) struct Row {
    /// How test failures name it.
    pub(crate) title: &'static str,
    /// Its arguments, without credentials.
    pub(crate) arguments: Object,
    /// One argument with another value, and the same in a request.
    pub(crate) edit: (&'static str, &'static str, Json),
    /// Its credentials.
    pub(crate) credentials: Vec<Credential>,
    /// The body that creates it, without credentials.
    pub(crate) create: Json,
    /// The body that replaces it, without credentials, id and version.
    pub(crate) replace: Json,
    /// What else changes with a rotation, in arguments and in the body.
    pub(crate) rotation: Option<(&'static str, &'static str, String)>,
}

/// A credential in its two forms, and its values before and after a rotation.
pub(crate) struct Credential {
    /// The argument that is kept in state.
    pub(crate) argument: &'static str,
    /// The write-only one.
    pub(crate) write_only: &'static str,
    /// Its version.
    pub(crate) version: &'static str,
    /// The key in a request.
    pub(crate) key: &'static str,
    /// Before and after.
    pub(crate) values: [String; 2],
}

/// How the credentials are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// All of them in state.
    Stateful,
    /// All of them write-only, with a version.
    WriteOnly,
    /// All of them write-only, without a version.
    WithoutVersion,
    /// The first in state, the others write-only with a version.
    Mixed,
    /// None.
    Absent,
}

impl Form {
    /// The forms in which credentials are given.
    pub(crate) const GIVEN: [Self; 4] =
        [Self::Stateful, Self::WriteOnly, Self::WithoutVersion, Self::Mixed];
}

/// A configuration with nothing in it.
fn empty() -> Object {
    Object::null(&schema().block)
}

fn client_secret() -> Credential {
    Credential {
        argument: "client_secret",
        write_only: "client_secret_wo",
        version: "client_secret_wo_version",
        key: "clientSecret",
        values: ["first \"secret\"".to_owned(), "second\nsecret ü".to_owned()],
    }
}

fn password() -> Credential {
    Credential {
        argument: "password",
        write_only: "password_wo",
        version: "password_wo_version",
        key: "password",
        // A line break at the end is unusual and none of our business.
        values: ["first password\n".to_owned(), " second password".to_owned()],
    }
}

impl Row {
    /// The configuration of the first or second generation of credentials.
    pub(crate) fn configuration(&self, form: Form, generation: usize) -> Object {
        let mut configuration = self.arguments.clone();
        if let Some((argument, _, value)) = self.rotation.as_ref().filter(|_| generation > 0) {
            configuration.set(argument, value.as_str());
        }
        for (index, credential) in self.credentials.iter().enumerate() {
            let secret = Secret::from(credential.values[generation].as_str());
            let is_stateful = form == Form::Stateful || (form == Form::Mixed && index == 0);
            if form == Form::Absent {
                continue;
            } else if is_stateful {
                configuration.set(credential.argument, secret);
                continue;
            }
            configuration.set(credential.write_only, secret);
            if form != Form::WithoutVersion {
                let version = i64::try_from(generation).expect("a small number") + 1;
                configuration.set(credential.version, version);
            }
        }
        configuration
    }

    /// The body that creates it.
    pub(crate) fn create(&self, form: Form) -> Json {
        self.with_credentials(self.create.clone(), form, 0)
    }

    /// The body that replaces it.
    pub(crate) fn replace(&self, form: Form, generation: usize, id: &str, version: i64) -> Json {
        let mut body = self.with_credentials(self.replace.clone(), form, generation);
        body["id"] = json!(id);
        body["version"] = json!(version);
        if let Some((_, key, value)) = self.rotation.as_ref().filter(|_| generation > 0) {
            body[*key] = json!(value);
        }
        body
    }

    fn with_credentials(&self, mut body: Json, form: Form, generation: usize) -> Json {
        for credential in self.credentials.iter().filter(|_| form != Form::Absent) {
            body[credential.key] = json!(credential.values[generation]);
        }
        body
    }
}

/// All of them.
pub(crate) fn rows() -> [Row; 4] {
    [basic(), client_credentials(), password_grant(), certificate()]
}

fn basic() -> Row {
    Row {
        title: "basic",
        arguments: empty()
            .with("name", "Zendesk")
            .with("resource_domain_url", "https://example.zendesk.com/api/v2/")
            .with("username", "agent")
            .with("validation_url", "https://example.zendesk.com"),
        edit: ("username", "username", json!("agent2")),
        credentials: vec![password()],
        create: json!({
            "name": "Zendesk", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "BASIC",
            "resourceDomain": "https://example.zendesk.com/api/v2/",
            "username": "agent", "validationUrl": "https://example.zendesk.com",
        }),
        replace: json!({
            "name": "Zendesk", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "BASIC", "grantType": null,
            "resourceDomain": "https://example.zendesk.com/api/v2/",
            "clientId": null, "tokenUrl": null, "scope": null, "certificate": null,
            "username": "agent", "validationUrl": "https://example.zendesk.com",
        }),
        rotation: None,
    }
}

fn client_credentials() -> Row {
    Row {
        title: "client_credentials",
        arguments: empty()
            .with("name", "ServiceNow")
            .with("authentication_type", "oauth2")
            .with("resource_domain_url", "https://dev1.service-now.com")
            .with("client_id", "abc")
            .with("token_url", "https://dev1.service-now.com/oauth_token.do")
            .with("scope", "useraccount"),
        edit: ("scope", "scope", json!("useraccount offline")),
        credentials: vec![client_secret()],
        create: json!({
            "name": "ServiceNow", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_SECRET",
            "resourceDomain": "https://dev1.service-now.com", "clientId": "abc",
            "tokenUrl": "https://dev1.service-now.com/oauth_token.do", "scope": "useraccount",
        }),
        replace: json!({
            "name": "ServiceNow", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_SECRET",
            "resourceDomain": "https://dev1.service-now.com", "clientId": "abc",
            "tokenUrl": "https://dev1.service-now.com/oauth_token.do", "scope": "useraccount",
            "certificate": null, "username": null, "validationUrl": null,
        }),
        rotation: None,
    }
}

fn password_grant() -> Row {
    Row {
        title: "password",
        arguments: empty()
            .with("name", "CRM")
            .with("authentication_type", "oauth2")
            .with("grant_type", "password")
            .with("resource_domain_url", "https://org.api.crm.example.com/api/data/v9.2/")
            .with("client_id", "crm")
            .with("token_url", "https://login.example.com/token")
            .with("username", "service"),
        edit: ("username", "username", json!("service2")),
        credentials: vec![client_secret(), password()],
        create: json!({
            "name": "CRM", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "OAUTH2", "grantType": "PASSWORD",
            "resourceDomain": "https://org.api.crm.example.com/api/data/v9.2/",
            "clientId": "crm", "tokenUrl": "https://login.example.com/token",
            "username": "service",
        }),
        replace: json!({
            "name": "CRM", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "OAUTH2", "grantType": "PASSWORD",
            "resourceDomain": "https://org.api.crm.example.com/api/data/v9.2/",
            "clientId": "crm", "tokenUrl": "https://login.example.com/token",
            "scope": null, "certificate": null, "username": "service", "validationUrl": null,
        }),
        rotation: None,
    }
}

fn certificate() -> Row {
    let [first, second] = [pem::pair(), pem::pair()];
    Row {
        title: "client_credentials_certificate",
        arguments: empty()
            .with("name", "Ledger")
            .with("authentication_type", "oauth2")
            .with("grant_type", "client_credentials_certificate")
            .with("resource_domain_url", "https://ledger.example.com")
            .with("client_id", "ledger")
            .with("certificate", first.certificate.as_str())
            .with("token_url", "https://login.example.com/token"),
        edit: ("client_id", "clientId", json!("ledger2")),
        credentials: vec![Credential {
            argument: "private_key",
            write_only: "private_key_wo",
            version: "private_key_wo_version",
            key: "privateKey",
            values: [first.private_key, second.private_key],
        }],
        create: json!({
            "name": "Ledger", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
            "resourceDomain": "https://ledger.example.com", "clientId": "ledger",
            "certificate": first.certificate, "tokenUrl": "https://login.example.com/token",
        }),
        replace: json!({
            "name": "Ledger", "connectorType": "CUSTOM", "active": true,
            "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
            "resourceDomain": "https://ledger.example.com", "clientId": "ledger",
            "certificate": first.certificate, "tokenUrl": "https://login.example.com/token",
            "scope": null, "username": null, "validationUrl": null,
        }),
        rotation: Some(("certificate", "certificate", second.certificate)),
    }
}
