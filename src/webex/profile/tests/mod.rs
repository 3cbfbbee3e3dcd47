//! Tests the built-in profile, and what a profile can say, without requests.

mod documents;
mod examples;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use url::Url;

use super::super::connector::{Connector, ConnectorContent, ReadObject, Version};
use super::super::fields::{ConnectorFields, NO_SECRETS, Secrets};
use super::super::kinds::{BASIC, CLIENT_CREDENTIALS_CERTIFICATE, PASSWORD};
use super::super::problems::BodyProblem;
use super::*;
use crate::testing::{ID, ORGANIZATION, content, id, object, organization, read, with};

fn basic() -> ConnectorContent {
    let fields = ConnectorFields::default()
        .with(Field::Name, "crm")
        .with(Field::AuthenticationType, BASIC)
        .with(Field::ResourceDomainUrl, "https://crm.example/api")
        .with(Field::Username, "svc")
        .with(Field::ValidationUrl, "https://crm.example/check");
    let secrets = Secrets::default().with(Credential::Password, "p\"w\n".into());
    ConnectorContent { active: true, fields, secrets }
}

fn password() -> ConnectorContent {
    let ConnectorContent { active, fields, secrets } = content();
    let fields = fields
        .with(Field::GrantType, PASSWORD)
        .with(Field::Scope, "a b")
        .with(Field::Username, "svc");
    let secrets = secrets.with(Credential::Password, "pw".into());
    ConnectorContent { active, fields, secrets }
}

fn certificate() -> ConnectorContent {
    let fields = content()
        .fields
        .with(Field::GrantType, CLIENT_CREDENTIALS_CERTIFICATE)
        .with(Field::Certificate, "PEM");
    let secrets = Secrets::default().with(Credential::PrivateKey, "KEY".into());
    ConnectorContent { active: true, fields, secrets }
}

/// Returns the body of a create.
fn create(profile: &Profile, content: &ConnectorContent) -> Value {
    let values = Values {
        active: Some(content.active),
        fields: Some(&content.fields),
        secrets: &content.secrets,
        ..Values::new(organization())
    };
    body(profile, CallName::Create, content, values)
}

/// Returns the body of an update of `current`.
fn update(profile: &Profile, current: &Connector, content: &ConnectorContent) -> Value {
    let values = Values {
        version: current.version.as_ref(),
        active: Some(content.active),
        fields: Some(&content.fields),
        secrets: &content.secrets,
        read: Some(current),
        ..Values::of(organization(), &current.id)
    };
    body(profile, CallName::Update, content, values)
}

/// Returns the body of a deactivation.
fn deactivate(current: &Connector, secrets: &Secrets) -> Value {
    let values = Values {
        version: current.version.as_ref(),
        active: Some(false),
        secrets,
        read: Some(current),
        ..Values::of(organization(), &current.id)
    };
    let content = ConnectorContent {
        active: false,
        fields: current.fields.clone(),
        secrets: secrets.clone(),
    };
    body(&Profile::built_in(), CallName::Update, &content, values)
}

fn body(
    profile: &Profile,
    name: CallName,
    content: &ConnectorContent,
    values: Values<'_>,
) -> Value {
    let call = profile.call(name).unwrap();
    let body = profile.body(call, content.fields.kind(), values, &content.secrets);
    serde_json::from_slice(&body.unwrap().unwrap().unwrap().bytes()).unwrap()
}

fn built_in_json() -> Value {
    serde_json::from_str(Profile::built_in().text()).unwrap()
}

/// Returns the built-in profile with some places changed, by JSON Pointer.
fn changed(changes: &[(&str, Value)]) -> Result<Profile, Vec<ProfileProblem>> {
    let mut json = built_in_json();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.insert(name.replace("~1", "/"), value.clone());
    }
    Profile::parse(&json.to_string())
}

fn without_secrets(content: ConnectorContent) -> ConnectorContent {
    ConnectorContent { secrets: Secrets::default(), ..content }
}

/// Absent fields have no key.
#[test]
fn bodies_of_creates_are_exact() {
    let profile = Profile::built_in();
    let common = json!({"connectorType": "CUSTOM", "active": true, "name": "crm"});
    for (content, expected) in [
        (
            basic(),
            json!({
                "authenticationType": "BASIC", "resourceDomain": "https://crm.example/api",
                "username": "svc", "password": "p\"w\n",
                "validationUrl": "https://crm.example/check",
            }),
        ),
        (
            content(),
            json!({
                "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_SECRET",
                "resourceDomain": "https://crm.example/api", "clientId": "abc",
                "clientSecret": "s3cret-canary", "tokenUrl": "https://crm.example/token",
            }),
        ),
        (
            password(),
            json!({
                "authenticationType": "OAUTH2", "grantType": "PASSWORD",
                "resourceDomain": "https://crm.example/api", "clientId": "abc",
                "clientSecret": "s3cret-canary", "tokenUrl": "https://crm.example/token",
                "scope": "a b", "username": "svc", "password": "pw",
            }),
        ),
        (
            certificate(),
            json!({
                "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
                "resourceDomain": "https://crm.example/api", "clientId": "abc",
                "tokenUrl": "https://crm.example/token", "certificate": "PEM", "privateKey": "KEY",
            }),
        ),
    ] {
        assert_eq!(create(&profile, &content), with(common.clone(), &expected));
    }
}

/// Absent fields are null, but an absent credential has no key. What was read survives.
#[test]
fn bodies_of_updates_are_exact() {
    let profile = Profile::built_in();
    let current = read(&with(object(3, 1), &json!({"shiny": [1]})));
    let common = json!({
        "id": ID, "version": 3, "connectorType": "CUSTOM", "active": true, "name": "crm",
        "grantType": null, "clientId": null, "tokenUrl": null, "scope": null, "certificate": null,
        "username": null, "validationUrl": null, "organizationId": ORGANIZATION,
        "systemDefault": false, "createdTime": 1, "lastUpdatedTime": 1, "shiny": [1],
    });
    for (content, expected) in [
        (
            basic(),
            json!({
                "authenticationType": "BASIC", "resourceDomain": "https://crm.example/api",
                "username": "svc", "password": "p\"w\n",
                "validationUrl": "https://crm.example/check",
            }),
        ),
        (
            without_secrets(basic()),
            json!({
                "authenticationType": "BASIC", "resourceDomain": "https://crm.example/api",
                "username": "svc", "validationUrl": "https://crm.example/check",
            }),
        ),
        (
            certificate(),
            json!({
                "authenticationType": "OAUTH2", "grantType": "CLIENT_CREDENTIALS_CERTIFICATE",
                "resourceDomain": "https://crm.example/api", "clientId": "abc",
                "tokenUrl": "https://crm.example/token", "certificate": "PEM", "privateKey": "KEY",
            }),
        ),
    ] {
        let sent = update(&profile, &current, &content);
        assert_eq!(sent, with(common.clone(), &expected));
    }
}

#[test]
fn activation_sends_back_what_was_read() {
    let current = read(&with(object(4, 17), &json!({"grantType": "NEW_GRANT", "scope": "x"})));
    let content = content();
    let sent = deactivate(&current, &content.secrets);
    for (key, expected) in [
        ("active", json!(false)),
        ("version", json!(4)),
        ("grantType", json!("NEW_GRANT")),
        ("scope", json!("x")),
        ("clientSecret", json!("s3cret-canary")),
    ] {
        assert_eq!(sent[key], expected, "{key}");
    }
    // The masked credential that was read is not sent back.
    assert!(deactivate(&current, &NO_SECRETS).get("clientSecret").is_none());
}

#[test]
fn what_was_not_told_is_not_blanked_by_an_activation() {
    let mut short = object(4, 17);
    for key in ["scope", "tokenUrl"] {
        short.as_object_mut().unwrap().remove(key);
    }
    let current = read(&short);
    assert_eq!(current.not_told, BTreeSet::from([Field::Scope, Field::TokenUrl]));
    let sent = deactivate(&current, &NO_SECRETS);
    assert!(sent.get("scope").is_none() && sent.get("tokenUrl").is_none(), "{sent}");
}

#[test]
fn connector_is_read() {
    let read = read(&object(3, 17));
    let expected = Connector {
        id: id(),
        organization_id: Some(organization()),
        version: Some(Version::Number(3)),
        active: Some(true),
        fields: content().fields,
        not_told: BTreeSet::new(),
        unrecognized: BTreeMap::new(),
        created_time: Some(17),
        last_updated_time: Some(17),
        object: ReadObject::default(),
    };
    assert_eq!(read, expected);
    assert!(read.may_be(&content().fields));
}

#[test]
fn unknown_members_and_literals_are_tolerated() {
    let body = json!({
        "LASTUPDATEDTIME": 5, "future": {"deep": [1]}, "Active": false, "ID": ID, "Name": "n",
        "authenticationType": "SAML", "grantType": "oauth9", "organizationId": ORGANIZATION,
    });
    let found = read(&body);
    assert_eq!(found.fields.get(Field::AuthenticationType), Some("SAML"));
    assert_eq!(found.fields.get(Field::GrantType), Some("oauth9"));
    let literals = found.unrecognized.into_iter().collect::<Vec<_>>();
    let saml = (Field::AuthenticationType, json!("SAML"));
    assert_eq!(literals, [saml, (Field::GrantType, json!("oauth9"))]);
    assert_eq!((found.last_updated_time, found.active), (Some(5), Some(false)));
    let found = read(&json!({"id": ID, "name": "n", "active": true, "grantType": "password"}));
    assert_eq!(found.fields.get(Field::GrantType), Some(PASSWORD));
    assert!(found.unrecognized.is_empty());
}

#[test]
fn absent_null_and_empty_are_three_things() {
    let mut body = with(object(3, 17), &json!({"tokenUrl": ""}));
    body.as_object_mut().unwrap().remove("clientId");
    let found = read(&body);
    assert_eq!(found.not_told, BTreeSet::from([Field::ClientId]));
    assert_eq!(found.fields.get(Field::Scope), None);
    assert_eq!(found.fields.get(Field::TokenUrl), Some(""));
    // A field of another kind of connector is not missing.
    assert!(!found.not_told.contains(&Field::Username));
    // A profile can say that reads leave out what is empty.
    let omits = json!({"standing": "learned", "value": true});
    let profile = changed(&[("/reads_omit_empty", omits)]).unwrap();
    let call = profile.call(CallName::Read).unwrap();
    let found = profile.connector(call, body.to_string().as_bytes(), Source::Read);
    assert_eq!(found.unwrap().unwrap().not_told, BTreeSet::new());
    // It says so of reads, not of responses to writes.
    let found = profile.connector(call, body.to_string().as_bytes(), Source::Write);
    assert_eq!(found.unwrap().unwrap().not_told, BTreeSet::from([Field::ClientId]));
}

#[test]
fn versions_and_times_are_read_in_any_form() {
    let body = json!({
        "version": "7a", "createdTime": "2026-03-27T20:01:43.042Z", "lastUpdatedTime": "17",
    });
    let found = read(&with(object(3, 17), &body));
    assert_eq!(found.version, Some(Version::Text("7a".to_owned())));
    assert_eq!(found.created_time, Some(1_774_641_703_042));
    assert_eq!(found.last_updated_time, Some(17));
    let numbers = |a: i64, b: i64| Version::from(b).is_after(&Version::from(a));
    assert!(numbers(9, 10) && !numbers(10, 9));
    let texts =
        |a: &str, b: &str| Version::Text(b.to_owned()).is_after(&Version::Text(a.to_owned()));
    assert!(texts("9", "10") && !texts("10", "9"));
    assert!(texts("x", "a") && !texts("x", "x"));
}

#[test]
fn returned_credential_is_not_kept() {
    for echoed in [json!("****"), json!("s3cret-canary"), json!(null), json!({"x": 1})] {
        let body = with(object(3, 17), &json!({"clientSecret": echoed, "password": echoed}));
        let read = read(&body);
        let kept = read.object.value().unwrap();
        assert!(!format!("{read:?} {kept:?}").contains("canary"));
        assert!(kept.get("clientSecret").is_none() && kept.get("password").is_none());
    }
}

#[test]
fn connector_without_a_required_member_is_unreadable() {
    let profile = Profile::built_in();
    let call = profile.call(CallName::Read).unwrap();
    for key in ["id", "name", "active"] {
        let mut body = object(3, 17);
        body[key] = Value::Null;
        let problem = profile.connector(call, body.to_string().as_bytes(), Source::Read);
        assert_eq!(problem.unwrap_err(), BodyProblem::Missing(key));
    }
}

#[test]
fn connector_of_another_type_is_refused() {
    let profile = Profile::built_in();
    let call = profile.call(CallName::Read).unwrap();
    for (kind, expected) in [
        (json!("SALESFORCE"), Some(BodyProblem::OtherType)),
        (json!("custom"), None),
        (json!(null), None),
    ] {
        let body = with(object(3, 17), &json!({ "connectorType": kind })).to_string();
        assert_eq!(profile.connector(call, body.as_bytes(), Source::Read).err(), expected);
    }
}

#[test]
fn lists_are_read_in_both_shapes() {
    let profile = Profile::built_in();
    let other = with(object(1, 1), &json!({"connectorType": "SALESFORCE"}));
    let rows = json!([object(1, 1), other, {"name": "without id"}, 5]);
    let bare = profile.connectors(rows.to_string().as_bytes()).unwrap();
    let meta = json!({"meta": {"links": {"next": "/organization/x?page=1"}}, "data": rows});
    let wrapped = profile.connectors(meta.to_string().as_bytes()).unwrap();
    assert_eq!((bare.rows.len(), bare.next), (1, NextPage::None));
    assert_eq!(wrapped.rows, bare.rows);
    assert_eq!(wrapped.next, NextPage::Link("/organization/x?page=1".to_owned()));
    assert!(profile.connectors(b"{}").is_err());
}

#[test]
fn short_row_is_noticed() {
    let profile = Profile::built_in();
    let is_short = |row: &Value| {
        let page = profile.connectors(json!([row]).to_string().as_bytes()).unwrap();
        page.rows[0].is_short()
    };
    assert!(!is_short(&object(1, 1)));
    for key in ["active", "scope", "version", "lastUpdatedTime", "authenticationType", "name"] {
        let mut row = object(1, 1);
        row.as_object_mut().unwrap().remove(key);
        assert!(is_short(&row), "{key}");
    }
    // Fields of another kind of connector, and credentials.
    for key in ["certificate", "username", "password", "clientSecret", "systemDefault"] {
        let mut row = object(1, 1);
        row.as_object_mut().unwrap().remove(key);
        assert!(!is_short(&row), "{key}");
    }
}

#[test]
fn unknown_members_are_named() {
    let profile = Profile::built_in();
    let body = with(object(1, 1), &json!({"shiny": {"deep": "value"}, "password": "in clear"}));
    let may_show = |name: &str| name != "hidden";
    let found = profile.examine(CallName::Read, body.to_string().as_bytes(), &may_show).unwrap();
    assert_eq!(found[0].unknown_members, ["/shiny"]);
    assert_eq!(found[0].masked_credentials, [Credential::ClientSecret]);
    assert_eq!(found[0].shown_credentials, [Credential::Password]);
    let body = json!([with(object(1, 1), &json!({"hidden": 1}))]);
    let found = profile.examine(CallName::List, body.to_string().as_bytes(), &may_show).unwrap();
    assert_eq!(found[0].unknown_members, ["/(other)"]);
}

#[test]
fn masked_texts_and_credentials_in_arrays_are_not_sent_back() {
    let theirs = json!({
        "secrets": [{"name": "password", "value": "********"}, {"name": "x", "value": "y"}],
        "lists": [["a"], ["\u{2022}\u{2022}\u{2022}"]],
        "nested": {"kept": [{"a": [1, "b"]}], "dropped": [{"a": ["***"]}], "token": "●●●●"},
        "separator": ".", "dots": "..", "bullets": "**", "shiny": [{"deep": [1]}, "x"],
    });
    let sent = deactivate(&read(&with(object(4, 17), &theirs)), &NO_SECRETS);
    for name in ["secrets", "lists"] {
        assert!(sent.get(name).is_none(), "{name} is in {sent}");
    }
    assert_eq!(sent["nested"], json!({"kept": [{"a": [1, "b"]}]}));
    for name in ["separator", "dots", "bullets", "shiny"] {
        assert_eq!(sent[name], theirs[name], "{name}");
    }
    // Escapes of JSON do not hide the marks.
    let escaped =
        object(4, 17).to_string().replacen('{', r#"{"token":"\u2022\u2022\u2022\u2022","#, 1);
    let profile = Profile::built_in();
    let call = profile.call(CallName::Read).unwrap();
    let current = profile.connector(call, escaped.as_bytes(), Source::Read).unwrap().unwrap();
    assert!(deactivate(&current, &NO_SECRETS).get("token").is_none());
}

#[test]
fn credential_of_the_profile_in_an_array_is_not_sent_back() {
    let at = json!({"standing": "learned", "at": "/secrets/0/value"});
    let profile = changed(&[("/fields/password", at)]).unwrap();
    let theirs = json!({"secrets": [{"value": "in-the-clear"}, {"value": "x"}]});
    let text = with(object(4, 17), &theirs).to_string();
    let call = profile.call(CallName::Read).unwrap();
    let current = profile.connector(call, text.as_bytes(), Source::Read).unwrap().unwrap();
    let sent = update(&profile, &current, &content());
    assert!(sent.get("secrets").is_none(), "{sent}");
}

#[test]
fn what_is_too_deep_to_search_is_not_sent_back() {
    let deep = (0..50).fold(json!("****"), |value, _| json!({ "a": value }));
    let sent = deactivate(&read(&with(object(4, 17), &json!({"deep": deep}))), &NO_SECRETS);
    assert!(!sent.to_string().contains("****"), "{sent}");
}
