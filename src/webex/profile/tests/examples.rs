//! The profiles that are kept as examples, in what they write and read.

use super::*;

fn profile(text: &str) -> Profile {
    Profile::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(super) fn rest() -> Profile {
    profile(include_str!("../../../../tests/support/profiles/rest.json"))
}

pub(super) fn rpc() -> Profile {
    profile(include_str!("../../../../tests/support/profiles/rpc.json"))
}

pub(super) fn one_discriminator() -> Profile {
    profile(include_str!("../../../../tests/support/profiles/one_discriminator.json"))
}

#[test]
fn kind_decides_where_a_field_is_written_and_read() {
    let profile = rest();
    let sent = create(&profile, &basic());
    assert_eq!(sent.pointer("/link/security/login/user"), Some(&json!("svc")));
    assert_eq!(sent.pointer("/credentials/login"), Some(&json!("p\"w\n")));
    let sent = create(&profile, &password());
    assert_eq!(sent.pointer("/link/security/oauth/owner"), Some(&json!("svc")));
    assert_eq!(sent.pointer("/link/security/flow"), Some(&json!("ResourceOwner")));
    let oauth = json!({"owner": "svc", "client": "abc", "endpoint": "https://crm.example/token"});
    let body = json!({"link": {
        "key": ID, "label": "crm", "state": "DISABLED", "category": "CUSTOM", "revision": "r3",
        "target": {"baseUrl": "https://crm.example/api"},
        "security": {"scheme": "OAuth", "flow": "ResourceOwner", "oauth": oauth},
    }});
    let call = profile.call(CallName::Read).unwrap();
    let found = profile.connector(call, body.to_string().as_bytes(), Source::Read);
    let found = found.unwrap().unwrap();
    assert_eq!(found.fields.get(Field::Username), Some("svc"));
    assert_eq!(found.fields.kind(), Some(ConnectorKind::Password));
    assert_eq!(found.version, Some(Version::Text("r3".to_owned())));
    assert_eq!(found.active, Some(false));
    // Its reads leave out what is empty.
    assert!(found.not_told.is_empty(), "{found:?}");
}

#[test]
fn one_member_can_tell_type_and_grant() {
    let profile = one_discriminator();
    for (content, literal) in
        [(basic(), "B"), (content(), "OCC"), (password(), "OPW"), (certificate(), "OCX")]
    {
        let kind = content.fields.kind().unwrap();
        assert_eq!(profile.can_write(kind), Ok(()));
        assert_eq!(create(&profile, &content)["mode"], literal);
        let body = json!({"id": 7, "title": "crm", "on": 1, "mode": literal});
        let call = profile.call(CallName::Read).unwrap();
        let found = profile.connector(call, body.to_string().as_bytes(), Source::Read);
        let found = found.unwrap().unwrap();
        assert_eq!(found.fields.kind(), Some(kind));
        assert_eq!((found.id.as_str(), found.active), ("7", Some(true)));
    }
}

#[test]
fn texts_stand_in_their_encodings() {
    let profile = one_discriminator();
    let content = password();
    assert_eq!(create(&profile, &content)["settings"]["scopes"], json!(["a", "b"]));
    let mut content = certificate();
    content.fields = content.fields.with(Field::Certificate, "A\nB\n");
    content.secrets = Secrets::default().with(Credential::PrivateKey, "K\r\nL\n".into());
    let settings = &create(&profile, &content)["settings"];
    assert_eq!(settings["certificate"], json!("QQpCCg=="));
    assert_eq!(settings["key"], json!("K\\nL\\n"));
}

#[test]
fn arguments_stand_in_json_in_a_query() {
    let profile = rpc();
    let base = Url::parse("https://bff.example/prefix").unwrap();
    let call = profile.call(CallName::Read).unwrap();
    let url = profile.url(call, &base, Values::of(organization(), &id()));
    let query = url.query_pairs().collect::<Vec<_>>();
    let input = query.iter().find(|(name, _)| name == "input").unwrap();
    let input: Value = serde_json::from_str(&input.1).unwrap();
    let text = input.to_string();
    assert!(text.contains(ID) && text.contains(ORGANIZATION), "{text}");
    assert!(url.path().starts_with("/prefix/"), "{url}");
}

#[test]
fn kind_that_was_not_recorded_is_refused() {
    let mut json: Value = serde_json::from_str(rest().text()).unwrap();
    let bodies = json.pointer_mut("/calls/create/body_by_kind").unwrap();
    bodies.as_object_mut().unwrap().remove("password");
    let profile = Profile::parse(&json.to_string()).unwrap();
    let refused = ProfileGap::Kind(ConnectorKind::Password);
    assert_eq!(profile.can_write(ConnectorKind::Password), Err(refused));
    assert_eq!(profile.can_write(ConnectorKind::Basic), Ok(()));
    // A literal is missing.
    let values = json!({"client_credentials": "CLIENT_CREDENTIALS_SECRET"});
    let profile = changed(&[("/fields/grant_type/values", values)]).unwrap();
    assert_eq!(profile.can_write(ConnectorKind::Password), Err(refused));
    assert_eq!(profile.can_write(ConnectorKind::ClientCredentials), Ok(()));
    // An argument has no place.
    let mut json = built_in_json();
    json.pointer_mut("/calls/create/body").unwrap().as_object_mut().unwrap().remove("scope");
    let profile = Profile::parse(&json.to_string()).unwrap();
    let row = Row::of(Field::Scope);
    assert_eq!(profile.can_write(ConnectorKind::ClientCredentials), Ok(()));
    let refused = Err(ProfileGap::Argument("scope"));
    assert_eq!(profile.can_write_argument(row, ConnectorKind::ClientCredentials), refused);
}
