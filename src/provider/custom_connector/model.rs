//! Maps Terraform's objects to Webex's and back, apart from any call.
//!
//! [`content`] goes from plan and configuration to Webex, [`state`] comes back.
//! A request carries only credentials that its plan has seen, and what Webex
//! returns of one is not even read.

use safe_text::Shown;
use tf_provider::object::{Argument, Configuration, Object, Plan, State};
use tf_provider::value::{SealedSecret, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use webex_contact_center::{
    BASIC, Connector, ConnectorContent, ConnectorFields, Field, OrganizationId, Planned,
    is_same_key, readable_fields,
};

use super::credentials::planned_secrets;
use super::private_data::{PrivateData, Returned};

/// Returns a field's value in Webex. An empty string is none.
fn remote(connector: &Connector, field: Field) -> Option<&str> {
    connector.fields.get(field).filter(|text| !text.is_empty())
}

/// Returns the arguments that the configuration spells otherwise than the prior
/// state, and that mean the same.
///
/// Planning such a difference would replace a connector because its
/// organization's id is written in base64, or deactivate it for an edit because
/// of a line end in a certificate.
#[must_use]
pub fn equivalent_arguments(configuration: &Configuration, prior: &State) -> Vec<&'static str> {
    let (wanted, prior) = (configuration.object(), prior.object());
    let fields = readable_fields().filter(|(_, row)| {
        let (wanted, prior) = (wanted.string(row.argument), prior.string(row.argument));
        matches!((wanted, prior), (Argument::Known(wanted), Argument::Known(prior))
            if wanted != prior && row.equivalence().is_equivalent(wanted, prior))
    });
    let organization =
        |object: &Object| OrganizationId::parse(object.string("organization_id").known()?).ok();
    let same_organization =
        organization(wanted).is_some() && organization(wanted) == organization(prior);
    let same_key = matches!((private_key(wanted), private_key(prior)), (Some(wanted), Some(prior))
        if wanted.is_equivalent(prior, is_same_key));
    fields
        .map(|(_, row)| row.argument)
        .chain(same_organization.then_some("organization_id"))
        .chain(same_key.then_some("private_key"))
        .collect()
}

fn private_key(object: &Object) -> Option<&SealedSecret> {
    if let Value::Secret(key) = object.get("private_key") { Some(key) } else { None }
}

/// Returns what to send: the plan, with the credentials that it knows.
#[must_use]
pub fn content(
    plan: &Plan,
    configuration: &Configuration,
    private: &PrivateData,
) -> ConnectorContent {
    let object = plan.object();
    let fields = fields(object);
    let active = object.bool("active").known().unwrap_or(true);
    ConnectorContent { active, fields, secrets: planned_secrets(plan, configuration, private) }
}

/// Returns the fields of a plan or a state.
fn fields(object: &Object) -> ConnectorFields {
    let known = |(field, row): (Field, &webex_contact_center::Row)| {
        Some((field, object.string(row.argument).known()?.to_owned()))
    };
    let mut fields = readable_fields().filter_map(known).collect::<ConnectorFields>();
    if fields.get(Field::AuthenticationType).is_none() {
        fields.set(Field::AuthenticationType, Some(BASIC.to_owned()));
    }
    fields
}

/// Returns the connector on which the plan of an update is based.
#[must_use]
pub fn planned(prior: &State, private: &PrivateData) -> Planned {
    Planned {
        version: private.version.clone(),
        fields: Some(fields(prior.object())),
        active: prior.object().bool("active").known(),
        created: private.created,
    }
}

/// Returns a state: what Webex has, and from `base` what Webex does not return
/// (credentials in state, versions of write-only ones, timeouts) or spells
/// otherwise. `returned` has what Webex returned for the values of our last write.
#[must_use]
pub fn state(
    connector: &Connector,
    organization: OrganizationId,
    base: &Object,
    returned: &Returned,
) -> State {
    let mut object = base.clone();
    object.set("id", connector.id.as_str());
    if base.string("organization_id").known().and_then(|text| OrganizationId::parse(text).ok())
        != Some(organization)
    {
        object.set("organization_id", organization.to_string());
    }
    for (field, row) in readable_fields() {
        let base_value = base.string(row.argument);
        let is_known = !matches!(base_value, Argument::Absent | Argument::Unknown);
        // What Webex does not say, or says in a word that is not known, is no difference.
        let is_untold = connector.not_told.contains(&field)
            || is_known && connector.unrecognized.contains_key(&field);
        if is_untold && !matches!(base_value, Argument::Unknown) {
            continue;
        }
        let remote = remote(connector, field);
        let keeps = match (base.string(row.argument), remote) {
            (Argument::Known(known), Some(remote)) => {
                let is_answer = returned.get(row.argument).is_some_and(|text| text == remote);
                row.equivalence().is_equivalent(known, remote)
                    || is_answer && row.equivalence().is_stored_form(known, remote)
            }
            (Argument::Absent, None) => true,
            _ => false,
        };
        if !keeps {
            object.set(row.argument, remote.map(str::to_owned));
        }
    }
    if let Some(active) = connector.active {
        object.set("active", active);
    }
    for (argument, time) in [
        ("created_time", connector.created_time),
        ("last_updated_time", connector.last_updated_time),
    ] {
        // A time that a response leaves out is not another one.
        if time.is_some() || matches!(base.string(argument), Argument::Unknown) {
            object.set(argument, time.map(rfc3339));
        }
    }
    State::new(object)
}

/// Returns the arguments that Webex returned in another spelling than the one that was sent, where
/// the difference would count: it has added a slash to an address, or removed one.
#[must_use]
pub fn respelled(plan: &Plan, connector: &Connector) -> Returned {
    let respelled = readable_fields().filter_map(|(field, row)| {
        let (sent, remote) =
            (plan.object().string(row.argument).known()?, remote(connector, field)?);
        let equivalence = row.equivalence();
        let counts =
            !equivalence.is_equivalent(sent, remote) && equivalence.is_stored_form(sent, remote);
        counts.then(|| (row.argument.to_owned(), remote.to_owned()))
    });
    respelled.collect()
}

/// Formats milliseconds since 1970 as RFC 3339, in UTC. A time that no calendar
/// holds is shown as the number that it is.
#[must_use]
pub fn rfc3339(milliseconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| milliseconds.to_string())
}

/// Returns a state with the planned values of some arguments.
///
/// A connector that was created is there, whatever its response says of its arguments: an error
/// would make Terraform replace it. The next refresh shows the difference.
#[must_use]
pub fn as_planned(state: State, plan: &Plan, differences: &[Difference]) -> State {
    let mut object = state.object().clone();
    for Difference { argument, .. } in differences {
        object.set(argument, plan.object().get(argument).clone());
    }
    State::new(object)
}

/// An argument that Webex has otherwise than it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The argument.
    pub argument: &'static str,
    /// The planned value, for people.
    pub wanted: String,
    /// The value in Webex, for people.
    pub got: String,
}

/// Returns the arguments that came back otherwise than planned: ignored, or
/// changed in more than their spelling.
#[must_use]
pub fn differences(plan: &Plan, connector: &Connector) -> Vec<Difference> {
    let shown = |text: Option<&str>| {
        text.map_or("not set".to_owned(), |text| format!("{:?}", Shown::new(text)))
    };
    let mut found = Vec::new();
    for (field, row) in readable_fields() {
        if connector.not_told.contains(&field) || connector.unrecognized.contains_key(&field) {
            continue;
        }
        let remote = remote(connector, field);
        let planned = plan.object().string(row.argument);
        let same = match (&planned, remote) {
            (Argument::Known(planned), Some(remote)) => {
                row.equivalence().is_stored_form(planned, remote)
            }
            (Argument::Absent, None) | (Argument::Unknown, _) => true,
            (Argument::Known(_), None) | (Argument::Absent, Some(_)) => false,
        };
        if !same {
            let (wanted, got) = (shown(planned.known()), shown(remote));
            found.push(Difference { argument: row.argument, wanted, got });
        }
    }
    if let Argument::Known(active) = plan.object().bool("active")
        && let Some(remote) = connector.active
        && active != remote
    {
        let (wanted, got) = (active.to_string(), remote.to_string());
        found.push(Difference { argument: "active", wanted, got });
    }
    found
}

#[cfg(test)]
pub(in crate::provider) mod tests {
    use safe_text::Secret;
    use webex_contact_center::{ConnectorId, Credential, OAUTH2};

    use super::*;
    use crate::provider::custom_connector::schema::block;

    const ORGANIZATION: &str = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430";

    pub(in crate::provider) fn organization() -> OrganizationId {
        OrganizationId::parse(ORGANIZATION).unwrap()
    }

    /// A connector as Webex answers it.
    pub(in crate::provider) fn connector() -> Connector {
        let fields = ConnectorFields::default()
            .with(Field::Name, "Help desk")
            .with(Field::AuthenticationType, BASIC)
            .with(Field::ResourceDomainUrl, "https://example.com/api")
            .with(Field::Username, "agent")
            .with(Field::ValidationUrl, "https://example.com");
        let id = ConnectorId::parse("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10").unwrap();
        let mut connector = Connector::new(id, fields);
        connector.organization_id = Some(organization());
        connector.version = Some(7.into());
        connector.created_time = Some(1_774_641_703_000);
        connector.last_updated_time = Some(1_774_641_703_042);
        connector
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
        Plan::new(object)
    }

    #[test]
    fn state_combines_webex_and_what_webex_does_not_return() {
        let state = state(&connector(), organization(), &planned(), &Returned::new());
        let object = state.object();
        assert_eq!(object.string("id").known(), Some("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10"));
        assert_eq!(object.string("organization_id").known(), Some(ORGANIZATION));
        assert_eq!(object.string("created_time").known(), Some("2026-03-27T20:01:43Z"));
        assert_eq!(object.string("last_updated_time").known(), Some("2026-03-27T20:01:43.042Z"));
        assert_eq!(object.get("password"), &Value::from(Secret::from("hunter2")));
        assert_eq!(object.get("grant_type"), &Value::Null);
    }

    #[test]
    fn time_that_a_response_leaves_out_stays() {
        let mut untold = connector();
        (untold.created_time, untold.last_updated_time) = (None, None);
        let before = "2026-03-27T20:01:43Z";
        let base = planned().with("created_time", before).with("last_updated_time", Value::Unknown);
        let state = state(&untold, organization(), &base, &Returned::new());
        assert_eq!(state.object().string("created_time").known(), Some(before));
        assert_eq!(state.object().get("last_updated_time"), &Value::Null);
    }

    #[test]
    fn equivalent_spelling_of_the_user_stays() {
        let same = [
            ("resource_domain_url", "https://EXAMPLE.com:443/api"),
            ("validation_url", "https://example.com/"),
            ("organization_id", "3F1C9A52-7D4E-4B8A-9C06-5E2D81B7F430"),
        ];
        for (argument, spelling) in same {
            let base = planned().with(argument, spelling);
            let state = state(&connector(), organization(), &base, &Returned::new());
            assert_eq!(state.object().string(argument).known(), Some(spelling));
            assert_eq!(differences(&plan(base), &connector()), []);
        }
    }

    /// A slash that somebody else added is drift.
    #[test]
    fn slash_of_webex_is_remembered_and_another_one_is_drift() {
        let sent = planned().with("resource_domain_url", "https://example.com/api/");
        let returned = respelled(&plan(sent.clone()), &connector());
        let expected = [("resource_domain_url".to_owned(), "https://example.com/api".to_owned())];
        assert_eq!(returned, Returned::from(expected));
        assert_eq!(differences(&plan(sent.clone()), &connector()), []);
        let url = |connector: &Connector, returned: &Returned| {
            let state = state(connector, organization(), &sent, returned);
            state.object().string("resource_domain_url").known().map(str::to_owned)
        };
        assert_eq!(url(&connector(), &returned).as_deref(), Some("https://example.com/api/"));
        assert_eq!(url(&connector(), &Returned::new()).as_deref(), Some("https://example.com/api"));
        let mut edited = connector();
        let other = "https://example.com/api//";
        edited.fields.set(Field::ResourceDomainUrl, Some(other.to_owned()));
        assert_eq!(url(&edited, &returned).as_deref(), Some(other));
        assert_eq!(respelled(&plan(planned()), &connector()), Returned::new());
    }

    #[test]
    fn different_value_is_reported_and_stored() {
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
            let state = state(&connector(), organization(), &base, &Returned::new());
            assert_ne!(state.object().string(argument).known(), Some(wanted));
        }
    }

    #[test]
    fn ignored_argument_is_reported() {
        let mut ignored = connector();
        ignored.fields.set(Field::Username, None);
        ignored.active = Some(false);
        let found = differences(&plan(planned()), &ignored);
        let expected = [("username", "\"agent\"", "not set"), ("active", "true", "false")];
        let found = found.iter().map(|d| (d.argument, d.wanted.as_str(), d.got.as_str()));
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn empty_string_of_webex_is_null() {
        let mut empty = connector();
        empty.fields.set(Field::Scope, Some(String::new()));
        assert_eq!(differences(&plan(planned()), &empty), []);
        let state = state(&empty, organization(), &planned(), &Returned::new());
        assert_eq!(state.object().get("scope"), &Value::Null);
    }

    #[test]
    fn what_webex_does_not_tell_is_kept() {
        let mut short = connector();
        short.fields.set(Field::Username, None);
        short.not_told.insert(Field::Username);
        short.active = None;
        let known = planned();
        let kept = state(&short, organization(), &known, &Returned::new());
        assert_eq!(kept.object().string("username").known(), Some("agent"));
        assert_eq!(kept.object().bool("active").known(), Some(true));
        assert_eq!(differences(&plan(known), &short), []);
        // Null is told.
        short.not_told.clear();
        let emptied = state(&short, organization(), &planned(), &Returned::new());
        assert_eq!(emptied.object().get("username"), &Value::Null);
    }

    #[test]
    fn literal_that_is_not_known_is_no_difference() {
        let mut newer = connector();
        newer.fields.set(Field::AuthenticationType, Some("MUTUAL_TLS".to_owned()));
        newer.unrecognized.insert(Field::AuthenticationType, "MUTUAL_TLS".into());
        let kept = state(&newer, organization(), &planned(), &Returned::new());
        assert_eq!(kept.object().string("authentication_type").known(), Some(BASIC));
        assert_eq!(differences(&plan(planned()), &newer), []);
        // An import shows what Webex calls it.
        let imported = state(&newer, organization(), &Object::null(block()), &Returned::new());
        assert_eq!(imported.object().string("authentication_type").known(), Some("MUTUAL_TLS"));
    }

    #[test]
    fn created_connector_keeps_what_was_planned() {
        let mut ignored = connector();
        ignored.fields.set(Field::Username, Some("other".to_owned()));
        ignored.active = Some(false);
        let plan = plan(planned());
        let differences = differences(&plan, &ignored);
        let state = state(&ignored, organization(), plan.object(), &Returned::new());
        let state = as_planned(state, &plan, &differences);
        assert_eq!(state.object().string("username").known(), Some("agent"));
        assert_eq!(state.object().bool("active").known(), Some(true));
    }

    #[test]
    fn unknown_literal_is_shown_as_webex_spells_it() {
        let mut newer = connector();
        newer.fields.set(Field::AuthenticationType, Some("MUTUAL_TLS".to_owned()));
        let state = state(&newer, organization(), &Object::null(block()), &Returned::new());
        assert_eq!(state.object().string("authentication_type").known(), Some("MUTUAL_TLS"));
    }

    #[test]
    fn equivalent_spellings_are_no_change() {
        let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        let base64 = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8zZjFjOWE1Mi03ZDRlLTRiOGEtOWMwNi01ZTJkO\
                      DFiN2Y0MzA";
        let prior =
            State::new(planned().with("organization_id", ORGANIZATION).with("certificate", pem));
        for (argument, wanted, is_same) in [
            ("organization_id", base64, true),
            ("organization_id", &*ORGANIZATION.to_uppercase(), true),
            ("organization_id", "8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b", false),
            ("organization_id", "nonsense", false),
            ("resource_domain_url", "https://EXAMPLE.com:443/api", true),
            ("resource_domain_url", "https://example.com/api/", false),
            ("resource_domain_url", "https://example.com/API", false),
            ("certificate", &*pem.replace('\n', "\r\n"), true),
            ("certificate", &*pem.replace("AA", "AB"), false),
            ("username", "agent ", false),
            ("name", "help desk", false),
            ("scope", "new", false),
        ] {
            let wanted = Object::null(block()).with(argument, wanted);
            let expected = if is_same { vec![argument] } else { Vec::new() };
            assert_eq!(
                equivalent_arguments(&Configuration::new(wanted), &prior),
                expected,
                "{argument}"
            );
        }
        for unset in [Value::Null, Value::Unknown] {
            let wanted = Object::null(block()).with("organization_id", unset);
            assert_eq!(equivalent_arguments(&Configuration::new(wanted), &prior), [""; 0]);
        }
    }

    fn password_sent(plan: Object, configured: Object, private: &PrivateData) -> Option<String> {
        let content = content(&super::tests::plan(plan), &Configuration::new(configured), private);
        content.secrets.get(Credential::Password).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn write_only_credential_comes_from_the_configuration() {
        let plan = || Object::null(block()).with("name", "Help desk");
        let configured = |value: &str| plan().with("password_wo", Secret::from(value));
        let private = PrivateData::default();
        assert_eq!(password_sent(plan(), configured("new"), &private).as_deref(), Some("new"));
        assert_eq!(password_sent(plan(), configured(""), &private), None, "empty");
        assert_eq!(password_sent(plan(), plan(), &private), None, "absent");
    }

    #[test]
    fn credential_that_the_plan_ignores_is_not_sent() {
        let plan = || Object::null(block()).with("name", "Help desk");
        let configured = || plan().with("password_wo", Secret::from("new"));
        let ignored = PrivateData::default().with_plan(["client_secret"].into_iter());
        assert_eq!(password_sent(plan(), configured(), &ignored), None);
        let known = PrivateData::default().with_plan(["password"].into_iter());
        assert_eq!(password_sent(plan(), configured(), &known).as_deref(), Some("new"));
    }

    #[test]
    fn stateful_credential_is_sent_as_planned() {
        let configured = planned().with("password", Secret::from("ignored"));
        let private = PrivateData::default().with_plan(["password"].into_iter());
        assert_eq!(password_sent(planned(), configured, &private).as_deref(), Some("hunter2"));
    }
}
