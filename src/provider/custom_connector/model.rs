//! The mapping between Terraform's objects and Webex's, apart from any call.
//!
//! `content` goes from plan and configuration to Webex, [`state`] comes back.
//! Credentials are taken from the configuration only: a plan or a state never
//! gives one to a request, and what Webex returns of one is not even read.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::private_data::PrivateData;
use super::rules::{BASIC, CLIENT_CREDENTIALS, CLIENT_CREDENTIALS_CERTIFICATE, OAUTH2, PASSWORD};
use super::schema::{SECRETS, block};
use safe_text::Secret;
use tf_provider::object::{Argument, Configuration, Object, Plan, State};
use tf_provider::value::Value;
use webex_contact_center::{
    AuthenticationType, Connector, ConnectorContent, Equivalence, GrantType, OrganizationId,
    is_same_key,
};

/// One visible text of a connector: the argument, when two spellings are the
/// same, and where Webex has it.
struct Text {
    argument: &'static str,
    sameness: Equivalence,
    of: fn(&Connector) -> Option<String>,
}

/// The visible texts. `active` and the times are not texts.
const TEXTS: [Text; 10] = [
    Text { argument: "name", sameness: Equivalence::Text, of: |c| Some(c.name.clone()) },
    Text {
        argument: "authentication_type",
        sameness: Equivalence::Text,
        of: |c| c.authentication_type.as_ref().map(authentication_type),
    },
    Text {
        argument: "resource_domain_url",
        sameness: Equivalence::Address,
        of: |c| c.resource_domain.clone(),
    },
    Text {
        argument: "grant_type",
        sameness: Equivalence::Text,
        of: |c| c.grant_type.as_ref().map(grant_type),
    },
    Text { argument: "client_id", sameness: Equivalence::Text, of: |c| c.client_id.clone() },
    Text { argument: "token_url", sameness: Equivalence::Address, of: |c| c.token_url.clone() },
    Text { argument: "scope", sameness: Equivalence::Text, of: |c| c.scope.clone() },
    Text { argument: "certificate", sameness: Equivalence::Pem, of: |c| c.certificate.clone() },
    Text { argument: "username", sameness: Equivalence::Text, of: |c| c.username.clone() },
    Text {
        argument: "validation_url",
        sameness: Equivalence::Address,
        of: |c| c.validation_url.clone(),
    },
];

impl Text {
    /// What Webex has; an empty text is none.
    fn remote(&self, connector: &Connector) -> Option<String> {
        (self.of)(connector).filter(|text| !text.is_empty())
    }
}

/// How configurations spell what Webex calls the authentication type. A value
/// that this version does not know is shown as Webex spells it.
fn authentication_type(value: &AuthenticationType) -> String {
    match value {
        AuthenticationType::Basic => BASIC.to_owned(),
        AuthenticationType::Oauth2 => OAUTH2.to_owned(),
        AuthenticationType::Other(text) => text.clone(),
    }
}

fn grant_type(value: &GrantType) -> String {
    match value {
        GrantType::ClientCredentials => CLIENT_CREDENTIALS.to_owned(),
        GrantType::Password => PASSWORD.to_owned(),
        GrantType::ClientCredentialsCertificate => CLIENT_CREDENTIALS_CERTIFICATE.to_owned(),
        GrantType::Other(text) => text.clone(),
    }
}

fn to_authentication_type(text: &str) -> AuthenticationType {
    match text {
        BASIC => AuthenticationType::Basic,
        OAUTH2 => AuthenticationType::Oauth2,
        other => AuthenticationType::Other(other.to_owned()),
    }
}

fn to_grant_type(text: &str) -> GrantType {
    match text {
        CLIENT_CREDENTIALS => GrantType::ClientCredentials,
        PASSWORD => GrantType::Password,
        CLIENT_CREDENTIALS_CERTIFICATE => GrantType::ClientCredentialsCertificate,
        other => GrantType::Other(other.to_owned()),
    }
}

/// The arguments that the configuration spells otherwise than the prior state,
/// and that mean the same.
///
/// Such a difference is none to Webex: planning it would replace a connector
/// because its organization's id is written in base64, or deactivate it for an
/// edit because of a slash.
#[must_use]
pub fn respelled(configuration: &Configuration, prior: &State) -> Vec<&'static str> {
    let (wanted, prior) = (configuration.object(), prior.object());
    let texts = TEXTS.iter().filter(|text| {
        let (wanted, prior) = (wanted.string(text.argument), prior.string(text.argument));
        matches!((wanted, prior), (Argument::Known(wanted), Argument::Known(prior))
            if wanted != prior && text.sameness.holds(wanted, prior))
    });
    let organization =
        |object: &Object| OrganizationId::parse(object.string("organization_id").known()?).ok();
    let same_organization =
        organization(wanted).is_some() && organization(wanted) == organization(prior);
    let same_key = matches!((private_key(wanted), private_key(prior)), (Some(wanted), Some(prior))
        if is_same_key(wanted, prior));
    texts
        .map(|text| text.argument)
        .chain(same_organization.then_some("organization_id"))
        .chain(same_key.then_some("private_key"))
        .collect()
}

fn private_key(object: &Object) -> Option<&Secret> {
    if let Value::Secret(key) = object.get("private_key") { Some(key) } else { None }
}

/// What to send: the plan, with the credentials of the configuration.
#[must_use]
pub fn content(plan: &Plan, configuration: &Configuration) -> ConnectorContent {
    let text = |argument: &str| plan.object().string(argument).known().map(str::to_owned);
    let secret = |argument: &str| configured_secret(configuration, argument);
    ConnectorContent {
        name: text("name").unwrap_or_default(),
        active: plan.object().bool("active").known().unwrap_or(true),
        authentication_type: to_authentication_type(
            &text("authentication_type").unwrap_or_else(|| BASIC.to_owned()),
        ),
        grant_type: text("grant_type").as_deref().map(to_grant_type),
        resource_domain: text("resource_domain_url"),
        client_id: text("client_id"),
        client_secret: secret("client_secret"),
        token_url: text("token_url"),
        scope: text("scope"),
        certificate: text("certificate"),
        private_key: secret("private_key"),
        username: text("username"),
        password: secret("password"),
        validation_url: text("validation_url"),
    }
}

/// A credential as the user configured it, in either of its forms. An empty one
/// is none: it could only take away what Webex has.
fn configured_secret(configuration: &Configuration, argument: &str) -> Option<Secret> {
    let form = |name: &str| configuration.secret(name).known().cloned();
    form(argument).or_else(|| form(&write_only(argument))).filter(|secret| !secret.is_empty())
}

/// The write-only form of a credential.
#[must_use]
pub fn write_only(credential: &str) -> String {
    format!("{credential}_wo")
}

/// The argument that tells when the write-only form is to be sent again.
#[must_use]
pub fn version_of(credential: &str) -> String {
    format!("{credential}_wo_version")
}

/// The credentials that a request made from this configuration carries, by the
/// names of their stateful arguments.
#[must_use]
pub fn credentials(configuration: &Configuration) -> Vec<&'static str> {
    let is_sent = |secret: &&str| configured_secret(configuration, secret).is_some();
    SECRETS.into_iter().filter(is_sent).collect()
}

/// The credentials that a configuration gives in either form, known yet or not.
#[must_use]
pub fn configured_credentials(configuration: &Configuration) -> Vec<&'static str> {
    let is_set = |argument: &str| !configuration.object().get(argument).is_null();
    SECRETS.into_iter().filter(|secret| is_set(secret) || is_set(&write_only(secret))).collect()
}

/// The arguments of the credentials that a configuration gives in neither form.
///
/// That they were given before is a difference to state only. Webex keeps what
/// it has as long as nothing is sent; an update that leaves a credential out
/// could take it away.
#[must_use]
pub fn left_to_webex(configuration: &Configuration) -> Vec<String> {
    let configured = configured_credentials(configuration);
    let left = SECRETS.into_iter().filter(|secret| !configured.contains(secret));
    left.flat_map(|secret| [secret.to_owned(), write_only(secret), version_of(secret)]).collect()
}

/// The credentials in their write-only form that Webex was never sent.
///
/// A write-only value is in no state, so adding one to a connector that was
/// imported, or created without it, is no difference that Terraform could see.
#[must_use]
pub fn unsent(configuration: &Configuration, memory: &PrivateData) -> Vec<&'static str> {
    let is_set = |argument: &str| !configuration.object().get(argument).is_null();
    let is_unsent = |secret: &&str| is_set(&write_only(secret)) && !memory.has_sent(secret);
    SECRETS.into_iter().filter(is_unsent).collect()
}

/// The configured credentials that have to be sent although nothing that
/// Terraform can compare differs: those that Webex was never sent, or all while
/// it is uncertain which ones it has.
#[must_use]
pub fn owed(configuration: &Configuration, memory: &PrivateData) -> Vec<&'static str> {
    if memory.uncertain {
        configured_credentials(configuration)
    } else {
        unsent(configuration, memory)
    }
}

/// A state: what Webex has, and of `base` what Webex does not tell (credentials
/// in state, versions of write-only ones, timeouts) or spells otherwise.
#[must_use]
pub fn state(connector: &Connector, organization: OrganizationId, base: &Object) -> State {
    let mut object = base.clone();
    object.set("id", connector.id.as_str());
    if base.string("organization_id").known().and_then(|text| OrganizationId::parse(text).ok())
        != Some(organization)
    {
        object.set("organization_id", organization.to_string());
    }
    for text in &TEXTS {
        let remote = text.remote(connector);
        let keeps = match (base.string(text.argument), &remote) {
            (Argument::Known(known), Some(remote)) => text.sameness.holds(known, remote),
            (Argument::Absent, None) => true,
            _ => false,
        };
        if !keeps {
            object.set(text.argument, remote);
        }
    }
    object.set("active", connector.active);
    object.set("created_time", connector.created_time.map(rfc3339));
    object.set("last_updated_time", connector.last_updated_time.map(rfc3339));
    State::new(object, block())
}

/// Milliseconds since 1970 as RFC 3339, in UTC. A time that no calendar holds is
/// shown as the number that it is.
#[must_use]
pub fn rfc3339(milliseconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| milliseconds.to_string())
}

/// An argument that Webex has otherwise than it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The argument.
    pub argument: &'static str,
    /// What was planned, for people.
    pub wanted: String,
    /// What Webex has, for people.
    pub got: String,
}

/// What came back otherwise than it was planned: ignored, or changed in more
/// than its spelling.
#[must_use]
pub fn differences(plan: &Plan, connector: &Connector) -> Vec<Difference> {
    let shown = |text: Option<&str>| text.map_or("not set".to_owned(), |text| format!("{text:?}"));
    let mut found = Vec::new();
    for text in &TEXTS {
        let remote = text.remote(connector);
        let planned = plan.object().string(text.argument);
        let same = match (&planned, &remote) {
            (Argument::Known(planned), Some(remote)) => text.sameness.holds(planned, remote),
            (Argument::Absent, None) | (Argument::Unknown, _) => true,
            (Argument::Known(_), None) | (Argument::Absent, Some(_)) => false,
        };
        if !same {
            found.push(Difference {
                argument: text.argument,
                wanted: shown(planned.known()),
                got: shown(remote.as_deref()),
            });
        }
    }
    if let Argument::Known(active) = plan.object().bool("active")
        && active != connector.active
    {
        let (wanted, got) = (active.to_string(), connector.active.to_string());
        found.push(Difference { argument: "active", wanted, got });
    }
    found
}

#[cfg(test)]
pub(in crate::provider) mod tests {
    use super::*;
    use webex_contact_center::ConnectorId;

    const ORGANIZATION: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";

    fn organization() -> OrganizationId {
        OrganizationId::parse(ORGANIZATION).unwrap()
    }

    /// A connector as Webex answers it.
    pub(in crate::provider) fn connector() -> Connector {
        Connector {
            id: ConnectorId::parse("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10").unwrap(),
            organization_id: Some(organization()),
            version: Some(7),
            name: "Help desk".to_owned(),
            active: true,
            authentication_type: Some(AuthenticationType::Basic),
            grant_type: None,
            resource_domain: Some("https://example.com/api".to_owned()),
            client_id: None,
            token_url: None,
            scope: None,
            certificate: None,
            username: Some("agent".to_owned()),
            validation_url: Some("https://example.com".to_owned()),
            created_time: Some(1_774_641_703_000),
            last_updated_time: Some(1_774_641_703_042),
        }
    }

    fn planned() -> Object {
        Object::null(block())
            .with("name", "Help desk")
            .with("authentication_type", BASIC)
            .with("resource_domain_url", "https://example.com/api")
            .with("username", "agent")
            .with("password", Secret::from("hunter2"))
            .with("validation_url", "https://example.com")
            .with("active", true)
    }

    fn plan(object: Object) -> Plan {
        Plan::new(object, block())
    }

    #[test]
    fn a_state_holds_what_webex_has_and_keeps_what_webex_does_not_tell() {
        let state = state(&connector(), organization(), &planned());
        let object = state.object();
        assert_eq!(object.string("id").known(), Some("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10"));
        assert_eq!(object.string("organization_id").known(), Some(ORGANIZATION));
        assert_eq!(object.string("created_time").known(), Some("2026-03-27T20:01:43Z"));
        assert_eq!(object.string("last_updated_time").known(), Some("2026-03-27T20:01:43.042Z"));
        assert_eq!(object.get("password"), &Value::from(Secret::from("hunter2")));
        assert_eq!(object.get("grant_type"), &Value::Null);
    }

    #[test]
    fn the_users_spelling_stays_where_it_means_the_same() {
        let same = [
            ("resource_domain_url", "https://example.com/api/"),
            ("resource_domain_url", "https://EXAMPLE.com:443/api"),
            ("validation_url", "https://example.com/"),
            ("organization_id", "3F1C9A52-7D4E-4B8A-9C06-5E2D81B7F430"),
        ];
        for (argument, spelling) in same {
            let base = planned().with(argument, spelling);
            let state = state(&connector(), organization(), &base);
            assert_eq!(state.object().string(argument).known(), Some(spelling));
            assert_eq!(differences(&plan(base), &connector()), []);
        }
    }

    #[test]
    fn what_means_something_else_is_a_difference_and_webexs_is_in_state() {
        let others = [
            ("name", "Help Desk"),
            ("authentication_type", OAUTH2),
            ("resource_domain_url", "https://example.com/API"),
            ("resource_domain_url", "https://example.com:8443/api"),
            ("username", "agent2"),
            ("validation_url", "https://example.com/users"),
        ];
        for (argument, wanted) in others {
            let base = planned().with(argument, wanted);
            let found = differences(&plan(base.clone()), &connector());
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(
                (found[0].argument, found[0].wanted.as_str()),
                (argument, &*format!("{wanted:?}"))
            );
            let state = state(&connector(), organization(), &base);
            assert_ne!(state.object().string(argument).known(), Some(wanted));
        }
    }

    #[test]
    fn what_was_ignored_is_a_difference() {
        let mut ignored = connector();
        ignored.username = None;
        ignored.active = false;
        let found = differences(&plan(planned()), &ignored);
        let expected = [("username", "\"agent\"", "not set"), ("active", "true", "false")];
        let found = found.iter().map(|d| (d.argument, d.wanted.as_str(), d.got.as_str()));
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_empty_text_of_webex_is_none() {
        let mut empty = connector();
        empty.scope = Some(String::new());
        assert_eq!(differences(&plan(planned()), &empty), []);
        assert_eq!(state(&empty, organization(), &planned()).object().get("scope"), &Value::Null);
    }

    #[test]
    fn a_literal_that_is_not_known_is_shown_as_webex_spells_it() {
        let mut newer = connector();
        newer.authentication_type = Some(AuthenticationType::Other("MUTUAL_TLS".to_owned()));
        let state = state(&newer, organization(), &Object::null(block()));
        assert_eq!(state.object().string("authentication_type").known(), Some("MUTUAL_TLS"));
    }

    #[test]
    fn another_spelling_of_the_same_is_told_from_a_change() {
        let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        let base64 = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8zZjFjOWE1Mi03ZDRlLTRiOGEtOWMwNi01ZTJkO\
                      DFiN2Y0MzA";
        let prior = State::new(
            planned().with("organization_id", ORGANIZATION).with("certificate", pem),
            block(),
        );
        for (argument, wanted, is_same) in [
            ("organization_id", base64, true),
            ("organization_id", &*ORGANIZATION.to_uppercase(), true),
            ("organization_id", "8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b", false),
            ("organization_id", "nonsense", false),
            ("resource_domain_url", "https://EXAMPLE.com:443/api/", true),
            ("resource_domain_url", "https://example.com/API", false),
            ("certificate", &*pem.replace('\n', "\r\n"), true),
            ("certificate", &*pem.replace("AA", "AB"), false),
            ("username", "agent ", false),
            ("name", "help desk", false),
            ("scope", "new", false),
        ] {
            let wanted = Object::null(block()).with(argument, wanted);
            let expected = if is_same { vec![argument] } else { Vec::new() };
            assert_eq!(respelled(&Configuration::new(wanted), &prior), expected, "{argument}");
        }
        for unset in [Value::Null, Value::Unknown] {
            let wanted = Object::null(block()).with("organization_id", unset);
            assert_eq!(respelled(&Configuration::new(wanted), &prior), [""; 0]);
        }
    }

    #[test]
    fn credentials_come_from_the_configuration_only() {
        let configured = Object::null(block()).with("password_wo", Secret::from("new"));
        let content = content(&plan(planned()), &Configuration::new(configured));
        assert_eq!(content.password, Some(Secret::from("new")));
        let nothing = Configuration::new(Object::null(block()));
        assert_eq!(super::content(&plan(planned()), &nothing).password, None);
    }

    #[test]
    fn an_empty_credential_is_none() {
        let configured = Object::null(block()).with("password_wo", Secret::from(""));
        let configuration = Configuration::new(configured);
        assert_eq!(content(&plan(planned()), &configuration).password, None);
        assert_eq!(credentials(&configuration), [""; 0]);
        assert_eq!(configured_credentials(&configuration), ["password"]);
    }

    #[test]
    fn a_credential_that_is_given_in_neither_form_is_left_to_webex() {
        let of = |argument: &str, value: Value| {
            left_to_webex(&Configuration::new(Object::null(block()).with(argument, value)))
        };
        assert_eq!(of("name", Value::from("x")).len(), 9);
        let others = [
            "client_secret",
            "client_secret_wo",
            "client_secret_wo_version",
            "private_key",
            "private_key_wo",
            "private_key_wo_version",
        ];
        // What is not known yet may be a credential.
        for value in [Value::from(Secret::from("hunter2")), Value::Unknown] {
            assert_eq!(of("password", value.clone()), others);
            assert_eq!(of("password_wo", value), others);
        }
    }

    #[test]
    fn a_write_only_credential_is_unsent_until_a_write_carried_it() {
        let with = |argument: &str, value: Value| {
            Configuration::new(Object::null(block()).with(argument, value))
        };
        let memory = PrivateData::of_write(&connector(), &["password"]);
        for value in [Value::from(Secret::from("hunter2")), Value::Unknown] {
            let configuration = with("password_wo", value);
            assert_eq!(unsent(&configuration, &PrivateData::default()), ["password"]);
            assert_eq!(unsent(&configuration, &memory), [""; 0]);
        }
        // Of the stateful form, Terraform itself sees the difference.
        let stateful = with("password", Value::from(Secret::from("hunter2")));
        assert_eq!(unsent(&stateful, &PrivateData::default()), [""; 0]);
    }
}
