//! A resource block of the configuration, and the credentials of connectors.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use serde_json::Value as Json;
use tf_provider::value::Value;

use crate::support::pem::{self, Pair};

/// How all secrets begin that are no private keys. Only Webex may hold one.
const SECRET: &str = "canary-secret-";

/// How the secrets begin that people enter in Control Hub.
const BY_HAND: &str = "canary-secret-by-hand-";

/// The kinds of connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Basic authentication.
    Basic,
    /// OAuth 2.0 with a client secret.
    ClientCredentials,
    /// OAuth 2.0 with the user name and password of a service account.
    Password,
    /// OAuth 2.0 with a certificate.
    Certificate,
}

impl Kind {
    /// Returns the kind of a connector that Webex stores.
    fn of(connector: &Json) -> Self {
        match connector["grantType"].as_str() {
            Some("CLIENT_CREDENTIALS_SECRET") => Self::ClientCredentials,
            Some("PASSWORD") => Self::Password,
            Some("CLIENT_CREDENTIALS_CERTIFICATE") => Self::Certificate,
            Some(_) | None => Self::Basic,
        }
    }

    fn grant_type(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Basic => None,
            Self::ClientCredentials => Some(("client_credentials", "CLIENT_CREDENTIALS_SECRET")),
            Self::Password => Some(("password", "PASSWORD")),
            Self::Certificate => {
                Some(("client_credentials_certificate", "CLIENT_CREDENTIALS_CERTIFICATE"))
            }
        }
    }

    /// Returns the credentials: argument and JSON key.
    fn credentials(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Basic => &[("password", "password")],
            Self::ClientCredentials => &[("client_secret", "clientSecret")],
            Self::Password => &[("client_secret", "clientSecret"), ("password", "password")],
            Self::Certificate => &[("private_key", "privateKey")],
        }
    }

    /// Returns the argument that names an account, and its JSON key.
    pub(super) fn account(self) -> &'static str {
        match self {
            Self::Basic | Self::Password => "username",
            Self::ClientCredentials | Self::Certificate => "scope",
        }
    }
}

/// A resource block of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether the credentials are in the arguments that state keeps.
    pub(super) is_stateful: bool,
    pub(super) account: u32,
    pub(super) domain: u32,
    pub(super) active: bool,
    /// The number of the secrets.
    pub(super) secret: u32,
    pub(super) ignores_secret: bool,
    pub(super) ignores_active: bool,
}

impl Block {
    /// Returns the first or the second block.
    pub(super) fn new(name: &'static str, number: u32) -> Self {
        Self {
            name,
            kind: Kind::Basic,
            is_stateful: false,
            account: number,
            domain: number,
            active: true,
            secret: number,
            ignores_secret: false,
            ignores_active: false,
        }
    }

    fn account(&self) -> String {
        format!("account-{}", self.account)
    }

    fn domain(&self) -> String {
        format!("https://example-{}.com/api/", self.domain)
    }

    /// Returns the credentials: argument, JSON key and value.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&'static str, &'static str, String)> {
        let credentials = self.kind.credentials().iter();
        credentials.map(|(argument, key)| (*argument, *key, secret(argument, self.secret, false)))
    }

    /// Returns the fields of the connector that Webex returns, without `active`.
    pub(super) fn visible(&self) -> Vec<(&'static str, Json)> {
        let grant_type = self.kind.grant_type();
        let authentication_type = if grant_type.is_some() { "OAUTH2" } else { "BASIC" };
        let mut fields = vec![
            ("name", self.name.into()),
            ("resourceDomain", self.domain().into()),
            (self.kind.account(), self.account().into()),
            ("authenticationType", authentication_type.into()),
            ("grantType", grant_type.map(|(_, literal)| literal).into()),
        ];
        if self.kind == Kind::Certificate {
            fields.push(("certificate", pair(self.secret, false).certificate.into()));
        }
        fields
    }

    /// Returns the arguments that the block sets.
    pub(super) fn arguments(&self) -> Vec<(&'static str, Value)> {
        let mut arguments = vec![
            ("name", Value::from(self.name)),
            ("resource_domain_url", self.domain().into()),
            ("active", self.active.into()),
            (self.kind.account(), self.account().into()),
        ];
        match self.kind.grant_type() {
            Some((grant_type, _)) => arguments.extend([
                ("authentication_type", "oauth2".into()),
                ("grant_type", grant_type.into()),
                ("client_id", "client".into()),
                ("token_url", "https://login.example.com/token".into()),
            ]),
            None => arguments.push(("validation_url", "https://example.com/check".into())),
        }
        if self.kind == Kind::Certificate {
            arguments.push(("certificate", pair(self.secret, false).certificate.into()));
        }
        for (argument, _, value) in self.secrets() {
            if self.is_stateful {
                arguments.push((argument, value.into()));
            } else {
                let [write_only, version] = write_only(argument);
                let number = i64::from(self.secret);
                arguments.extend([(write_only, value.into()), (version, number.into())]);
            }
        }
        arguments
    }

    /// Returns the arguments whose changes the block ignores.
    pub(super) fn ignored(&self) -> Vec<&'static str> {
        let mut ignored = Vec::new();
        if self.ignores_secret {
            ignored.extend(CREDENTIALS);
            ignored.extend(CREDENTIALS.into_iter().flat_map(write_only));
            // A certificate belongs to its key.
            ignored.push("certificate");
        }
        if self.ignores_active {
            ignored.push("active");
        }
        ignored
    }

    /// Returns the fields of such a connector that somebody makes in Control Hub.
    pub(super) fn made_by_hand(&self, number: u32) -> Json {
        let mut fields = Json::from_iter(self.visible());
        if self.kind == Kind::Basic {
            fields["validationUrl"] = "https://example.com/check".into();
        } else {
            fields["clientId"] = "client".into();
            fields["tokenUrl"] = "https://login.example.com/token".into();
        }
        for (field, value) in secrets_by_hand(self.kind, number) {
            fields[field] = value;
        }
        fields
    }
}

/// The arguments that keep a credential in state.
pub(super) const CREDENTIALS: [&str; 3] = ["client_secret", "password", "private_key"];

/// Returns the arguments that may show in a plan that it sends other credentials.
pub(super) fn credential_arguments() -> impl Iterator<Item = &'static str> {
    CREDENTIALS.into_iter().flat_map(|argument| [argument, write_only(argument)[1]])
}

/// Returns the write-only argument of a credential, and its version.
fn write_only(argument: &str) -> [&'static str; 2] {
    match argument {
        "client_secret" => ["client_secret_wo", "client_secret_wo_version"],
        "private_key" => ["private_key_wo", "private_key_wo_version"],
        _ => ["password_wo", "password_wo_version"],
    }
}

/// Returns what somebody enters in Control Hub as the credentials of a kind.
fn secrets_by_hand(kind: Kind, number: u32) -> Vec<(&'static str, Json)> {
    let values = kind.credentials().iter();
    let mut fields: Vec<(&str, Json)> =
        values.map(|(argument, key)| (*key, secret(argument, number, true).into())).collect();
    if kind == Kind::Certificate {
        fields.push(("certificate", pair(number, true).certificate.into()));
    }
    fields
}

/// Returns the credentials that somebody replaces at once: one of them, or a certificate with its
/// key.
pub(super) fn replaced_by_hand(connector: &Json, number: u32) -> Vec<(&'static str, Json)> {
    let mut fields = secrets_by_hand(Kind::of(connector), number);
    if Kind::of(connector) == Kind::Password {
        fields.remove(usize::from(number.is_multiple_of(2)));
    }
    fields
}

/// Returns the account of a connector: its JSON key.
pub(super) fn account_field(connector: &Json) -> &'static str {
    Kind::of(connector).account()
}

/// Returns the credentials of a stored connector: JSON key and value.
pub(super) fn secrets(connector: &Json) -> impl Iterator<Item = (&'static str, &str)> {
    let fields = Kind::of(connector).credentials().iter();
    fields.map(|(_, key)| (*key, connector[key].as_str().unwrap_or_default()))
}

/// Whether somebody entered a secret, in the configuration or in Control Hub.
pub(super) fn is_secret(text: &str) -> bool {
    text.starts_with(SECRET) || PAIRS.lock().unwrap().values().any(|pair| pair.private_key == text)
}

/// Whether somebody entered a secret in Control Hub.
pub(super) fn is_by_hand(text: &str) -> bool {
    let pairs = PAIRS.lock().unwrap();
    let mut by_hand = pairs.iter().filter(|((_, by_hand), _)| *by_hand);
    text.starts_with(BY_HAND) || by_hand.any(|(_, pair)| pair.private_key == text)
}

/// Whether a text has a secret or a part of a private key.
pub(super) fn has_secret(text: &str) -> bool {
    // The first lines are equal in all keys of a kind.
    let has_key =
        |pair: &Pair| pair.private_key.lines().nth(2).is_some_and(|line| text.contains(line));
    text.contains(SECRET) || PAIRS.lock().unwrap().values().any(has_key)
}

/// Returns a secret by its number.
fn secret(argument: &str, number: u32, by_hand: bool) -> String {
    let begins = if by_hand { BY_HAND } else { SECRET };
    match argument {
        "private_key" => pair(number, by_hand).private_key,
        _ => format!("{begins}{argument}-{number}"),
    }
}

/// The certificates with their keys, by the number and whether somebody entered them in Control
/// Hub. All scenarios have the same ones.
static PAIRS: LazyLock<Mutex<BTreeMap<(u32, bool), Pair>>> = LazyLock::new(Mutex::default);

fn pair(number: u32, by_hand: bool) -> Pair {
    PAIRS.lock().unwrap().entry((number, by_hand)).or_insert_with(pem::pair).clone()
}
