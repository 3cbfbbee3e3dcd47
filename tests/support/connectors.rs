//! The four kinds of connector, each with two sets of credentials.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use safe_text::Secret;
use serde_json::{Value as Json, json};
use terraform_provider_webex::provider::custom_connector::schema::schema;
use tf_provider::object::Object;
use tf_provider::value::Value;
use webex_cc_simulator::Simulator;

use super::pem;

/// The address of the resource in [`resource`].
pub(crate) const ADDRESS: &str = "webex_cc_custom_connector.test";

/// A credential that was entered in Control Hub.
pub(crate) const ONLY_WEBEX_KNOWS: &str = "canary-only-webex-knows";

/// The password before a rotation. The provider passes on the line break at its end.
pub(crate) const PASSWORD: &str = "first password\n";

/// The arguments that are no credentials, with their JSON keys.
const KEYS: &[(&str, &str)] = &[
    ("name", "name"),
    ("active", "active"),
    ("resource_domain_url", "resourceDomain"),
    ("client_id", "clientId"),
    ("token_url", "tokenUrl"),
    ("scope", "scope"),
    ("certificate", "certificate"),
    ("username", "username"),
    ("validation_url", "validationUrl"),
];

/// Returns a configuration of one connector with these arguments.
pub(crate) fn resource(arguments: &str) -> String {
    format!("resource \"webex_cc_custom_connector\" \"test\" {{\n{arguments}\n}}\n")
}

/// A configured connector.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    /// The authentication type `basic`, or the grant type.
    pub(crate) kind: &'static str,
    /// The arguments that are no credentials.
    pub(crate) arguments: BTreeMap<&'static str, Json>,
    /// The credentials.
    pub(crate) credentials: Vec<Credential>,
    /// The certificate of the second private key.
    pub(crate) second_certificate: Option<String>,
    /// The argument that [`Self::edited`] changes.
    pub(crate) editable: &'static str,
    /// The authentication type and the grant type in JSON.
    types: (&'static str, Option<&'static str>),
}

/// A credential in its two forms.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    /// The stateful argument.
    pub(crate) argument: &'static str,
    /// The write-only argument.
    pub(crate) write_only: &'static str,
    /// The version of the write-only argument.
    pub(crate) version: &'static str,
    /// The JSON key.
    pub(crate) key: &'static str,
    /// The values before and after a rotation.
    pub(crate) values: [String; 2],
}

/// How the credentials are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// All of them stateful.
    Stateful,
    /// All of them write-only, with a version.
    WriteOnly,
    /// All of them write-only, without a version.
    WithoutVersion,
    /// The first stateful, the others write-only with a version.
    Mixed,
    /// None of them.
    Absent,
}

impl Form {
    /// The forms that configure credentials.
    pub(crate) const GIVEN: [Self; 4] =
        [Self::Stateful, Self::WriteOnly, Self::WithoutVersion, Self::Mixed];
}

impl Connector {
    fn new(
        kind: &'static str,
        types: (&'static str, Option<&'static str>),
        editable: &'static str,
        credentials: Vec<Credential>,
    ) -> Self {
        let arguments = BTreeMap::new();
        Self { kind, arguments, credentials, second_certificate: None, editable, types }
    }

    /// Sets an argument that is no credential.
    pub(crate) fn with(mut self, argument: &'static str, value: impl Into<Json>) -> Self {
        self.arguments.insert(argument, value.into());
        self
    }

    /// The JSON key of the argument that [`Self::edited`] changes.
    pub(crate) fn editable_key(&self) -> &'static str {
        let found = KEYS.iter().find(|(argument, _)| *argument == self.editable);
        found.expect("an argument with a key").1
    }

    /// Trims the values of the credentials, so that validation has nothing to warn of.
    pub(crate) fn trimmed(mut self) -> Self {
        for credential in &mut self.credentials {
            credential.values = credential.values.clone().map(|value| value.trim().to_owned());
        }
        self
    }

    /// Appends a 2 to one argument.
    pub(crate) fn edited(self) -> Self {
        let (argument, value) = (self.editable, self.text(self.editable));
        self.with(argument, format!("{}2", value.expect("an argument")))
    }

    /// The value of an argument that is a string and no credential.
    pub(crate) fn text(&self, argument: &str) -> Option<String> {
        self.arguments.get(argument)?.as_str().map(str::to_owned)
    }

    /// Returns the arguments, credentials of a generation (0 or 1) included.
    fn all_arguments(&self, form: Form, generation: usize) -> BTreeMap<&'static str, Json> {
        let mut all = self.arguments.clone();
        if let Some(second) = self.second_certificate.as_ref().filter(|_| generation > 0) {
            all.insert("certificate", json!(second));
        }
        for (index, credential) in self.credentials.iter().enumerate() {
            let is_stateful = form == Form::Stateful || (form == Form::Mixed && index == 0);
            let argument = if is_stateful { credential.argument } else { credential.write_only };
            if form != Form::Absent {
                all.insert(argument, json!(credential.values[generation]));
            }
            if [Form::WriteOnly, Form::Mixed].contains(&form) && !is_stateful {
                all.insert(credential.version, json!(generation + 1));
            }
        }
        all
    }

    /// Returns the arguments in Terraform's language, with the first credentials.
    pub(crate) fn hcl(&self, form: Form) -> String {
        self.hcl_of(form, 0)
    }

    /// Returns the arguments in Terraform's language.
    pub(crate) fn hcl_of(&self, form: Form, generation: usize) -> String {
        let mut text = String::new();
        for (argument, value) in self.all_arguments(form, generation) {
            let _ = writeln!(text, "  {argument} = {value}");
        }
        text
    }

    /// Returns a configuration of the connector with stateful credentials.
    pub(crate) fn resource(&self) -> String {
        resource(&self.hcl(Form::Stateful))
    }

    /// Returns the configuration that the provider reads.
    pub(crate) fn object(&self, form: Form, generation: usize) -> Object {
        let mut object = Object::null(&schema().block);
        for (argument, value) in self.all_arguments(form, generation) {
            let is = |credential: &Credential| {
                [credential.argument, credential.write_only].contains(&argument)
            };
            match value {
                Json::String(text) if self.credentials.iter().any(is) => {
                    object.set(argument, Secret::from(text.as_str()));
                }
                Json::String(text) => object.set(argument, text),
                Json::Bool(flag) => object.set(argument, flag),
                Json::Number(number) => object.set(argument, number.as_i64().expect("a version")),
                Json::Null => object.set(argument, Value::Null),
                Json::Array(_) | Json::Object(_) => panic!("{argument} has another type"),
            }
        }
        object
    }

    /// Returns the JSON of the connector without credentials, id and version. Absent fields are
    /// null.
    pub(crate) fn json(&self) -> Json {
        let (authentication_type, grant_type) = self.types;
        let mut body = json!({
            "connectorType": "CUSTOM",
            "authenticationType": authentication_type,
            "grantType": grant_type,
        });
        for (argument, key) in KEYS {
            body[key] = self.arguments.get(argument).cloned().unwrap_or_default();
        }
        if body["active"].is_null() {
            body["active"] = json!(true);
        }
        body
    }

    /// Returns the JSON of the connector with credentials, without id and version.
    pub(crate) fn json_with<'a>(&'a self, value: impl Fn(&'a Credential) -> &'a str) -> Json {
        let mut body = self.json();
        for credential in &self.credentials {
            body[credential.key] = json!(value(credential));
        }
        body
    }

    /// Returns the JSON of a connector with credentials from Control Hub.
    pub(crate) fn made_by_hand(&self) -> Json {
        self.json_with(|_| ONLY_WEBEX_KNOWS)
    }

    /// Makes the connector in a simulator as if in Control Hub. Returns its id.
    pub(crate) fn make_by_hand(&self, simulator: &Simulator) -> String {
        let id = format!("6e1f0c4e-52a1-4d63-9a55-{:012x}", self.kind.len());
        simulator.store(simulator.organization(), &id, self.made_by_hand());
        simulator.clear_journal();
        id
    }
}

/// All four kinds.
pub(crate) fn all() -> [Connector; 4] {
    [basic(), client_credentials(), password_grant(), certificate()]
}

/// Basic authentication.
pub(crate) fn basic() -> Connector {
    Connector::new("basic", ("BASIC", None), "username", vec![password()])
        .with("name", "Zendesk")
        .with("resource_domain_url", "https://example.zendesk.com/api/v2/")
        .with("username", "agent")
        .with("validation_url", "https://example.zendesk.com")
}

/// OAuth 2.0 with a client secret.
pub(crate) fn client_credentials() -> Connector {
    Connector::new(
        "client_credentials",
        ("OAUTH2", Some("CLIENT_CREDENTIALS_SECRET")),
        "scope",
        vec![client_secret()],
    )
    .with("name", "ServiceNow")
    .with("authentication_type", "oauth2")
    .with("resource_domain_url", "https://dev1.service-now.com")
    .with("client_id", "abc")
    .with("token_url", "https://dev1.service-now.com/oauth_token.do")
    .with("scope", "useraccount")
}

/// The connector that the examples look for and import.
pub(crate) fn incidents() -> Connector {
    client_credentials().with("name", "Incidents").with("client_id", "contact-center")
}

/// OAuth 2.0 with the user name and password of a service account.
pub(crate) fn password_grant() -> Connector {
    Connector::new(
        "password",
        ("OAUTH2", Some("PASSWORD")),
        "username",
        vec![client_secret(), password()],
    )
    .with("name", "CRM")
    .with("authentication_type", "oauth2")
    .with("grant_type", "password")
    .with("resource_domain_url", "https://org.api.crm.example.com/api/data/v9.2/")
    .with("client_id", "crm")
    .with("token_url", "https://login.example.com/token")
    .with("username", "service")
}

/// OAuth 2.0 with a certificate.
pub(crate) fn certificate() -> Connector {
    let [first, second] = [pem::pair(), pem::pair()];
    let private_key = Credential {
        argument: "private_key",
        write_only: "private_key_wo",
        version: "private_key_wo_version",
        key: "privateKey",
        values: [first.private_key, second.private_key],
    };
    let connector = Connector::new(
        "client_credentials_certificate",
        ("OAUTH2", Some("CLIENT_CREDENTIALS_CERTIFICATE")),
        "client_id",
        vec![private_key],
    );
    Connector { second_certificate: Some(second.certificate), ..connector }
        .with("name", "Ledger")
        .with("authentication_type", "oauth2")
        .with("grant_type", "client_credentials_certificate")
        .with("resource_domain_url", "https://ledger.example.com")
        .with("client_id", "ledger")
        .with("certificate", first.certificate)
        .with("token_url", "https://login.example.com/token")
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
        values: [PASSWORD, " second password"].map(str::to_owned),
    }
}

/// Makes ten connectors of all kinds in a simulator as if in Control Hub. Returns their ids.
pub(crate) fn made_by_hand(simulator: &Simulator) -> Vec<String> {
    let certificate = certificate();
    let connectors = [
        basic(),
        basic().with("name", "Help desk (old) – do not use"),
        basic().with("name", "crm_api"),
        client_credentials(),
        client_credentials()
            .with("name", "Ünïcode & \"quotes\" ${not} %{a template}")
            .with("scope", Json::Null),
        client_credentials()
            .with("name", "Billing")
            .with("scope", Json::Null)
            .with("active", false),
        password_grant(),
        password_grant()
            .with("name", "CRM 2")
            .with("scope", "a b")
            .with("validation_url", "https://login.example.com/check"),
        certificate.clone(),
        certificate.with("name", "Ledger test"),
    ];
    let store = |(place, connector): (usize, Connector)| {
        let id = format!("5c7c2677-0000-4000-8000-{place:012}");
        simulator.store(simulator.organization(), &id, connector.made_by_hand());
        id
    };
    connectors.into_iter().enumerate().map(store).collect()
}
