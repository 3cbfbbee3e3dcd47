//! Reads documents: the built-in one, wrong ones, and the JSON Schema.

use super::*;

#[test]
fn built_in_profile_is_valid_and_complete() {
    let profile = Profile::built_in();
    for kind in ConnectorKind::ALL {
        assert_eq!(profile.can_write(kind), Ok(()));
        for row in FIELDS.iter().filter(|row| row.applies_to(kind) != Applies::Never) {
            assert_eq!(profile.can_write_argument(row, kind), Ok(()));
        }
    }
    assert!(profile.writes_active(CallName::Update) && !profile.has_activation_calls());
    assert!(profile.standings().all(|(_, standing)| standing == Standing::Assumed));
}

#[test]
fn connector_path_stays_inside_the_organization() {
    for (path, good) in [
        ("connector", true),
        ("v3/custom-connector", true),
        ("", false),
        ("..", false),
        ("a/../b", false),
        ("/connector", false),
        ("a?b", false),
        ("%2e%2e", false),
        ("{id}", false),
    ] {
        assert_eq!(Profile::built_in_at(path).is_some(), good, "{path}");
    }
    let profile = Profile::built_in_at("v3/link").unwrap();
    let base = Url::parse("https://api.example").unwrap();
    let paths = [CallName::List, CallName::Read, CallName::Create].map(|name| {
        let call = profile.call(name).unwrap();
        profile.url(call, &base, Values::of(organization(), &id())).path().to_owned()
    });
    let root = format!("/organization/{ORGANIZATION}");
    let expected =
        [format!("{root}/v2/v3/link"), format!("{root}/v3/link/{ID}"), format!("{root}/v3/link")];
    assert_eq!(paths, expected);
}

/// Compares the JSON Schema with the reader: what one knows, the other knows.
#[test]
fn schema_describes_what_is_read() {
    let schema: Value = serde_json::from_str(Profile::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let is_valid = |json: &Value| validator.is_valid(json);
    let examples = [
        Profile::built_in().text().to_owned(),
        examples::rest().text().to_owned(),
        examples::rpc().text().to_owned(),
        examples::one_discriminator().text().to_owned(),
    ];
    for text in &examples {
        let json: Value = serde_json::from_str(text).unwrap();
        assert!(is_valid(&json), "{json:#}");
        // Each object refuses a member that it does not know, in both or in none.
        for place in objects(&json, String::new()) {
            let mut changed = json.clone();
            let object = changed.pointer_mut(&place).unwrap().as_object_mut().unwrap();
            object.insert("surprise".to_owned(), json!("/surprise"));
            let is_read = Profile::parse(&changed.to_string()).is_ok();
            assert_eq!(is_valid(&changed), is_read, "{place}");
        }
    }
}

/// Returns the places of all objects.
fn objects(json: &Value, place: String) -> Vec<String> {
    let mut places = Vec::new();
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places.extend(objects(value, format!("{place}/{name}")));
            }
            places.push(place);
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                places.extend(objects(value, format!("{place}/{index}")));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    places
}

/// Each problem, with the place that it is reported at.
/// Returns an object with more members than a profile may have.
fn many_members(prefix: &str) -> Value {
    (0..101).map(|number| (format!("{prefix}{number}"), json!("x"))).collect()
}

#[test]
fn every_problem_is_found_with_its_pointer() {
    let problems = [
        ("/format", json!(2), "/format"),
        ("/surprise", json!(1), "/surprise"),
        ("/base_url", json!("not a url"), "/base_url"),
        ("/headers", json!({"Authorization": "x"}), "/headers/Authorization"),
        ("/headers", many_members("X-"), "/headers"),
        ("/calls/list/query", many_members(""), "/calls/list/query"),
        ("/custom_only", many_members("/"), "/custom_only"),
        ("/fields/name/at", json!("/a".repeat(33)), "/fields/name/at"),
        (
            "/custom_only",
            json!({"/a".repeat(33): "x"}),
            &format!("/custom_only/{}", "~1a".repeat(20)),
        ),
        ("/headers", json!({"Cookie": "x"}), "/headers/Cookie"),
        ("/headers", json!({"Content-Type": "x"}), "/headers/Content-Type"),
        ("/headers", json!({"X-Name": "{name}"}), "/headers/X-Name"),
        ("/headers", json!({"X-A": "a\nb"}), "/headers/X-A"),
        ("/headers", json!({"X A": "a"}), "/headers/X A"),
        ("/calls/read/standing", json!("rumored"), "/calls/read/standing"),
        ("/calls/read/method", json!("TRACE"), "/calls/read/method"),
        ("/calls/read/path", json!("x/{id}"), "/calls/read/path"),
        ("/calls/read/path", json!("//x/{id}"), "/calls/read/path"),
        ("/calls/read/path", json!("/x/%2E%2e/{id}"), "/calls/read/path"),
        ("/calls/read/path", json!("/x/{id}?a=b"), "/calls/read/path"),
        ("/calls/read/path", json!("/x/{id}#a"), "/calls/read/path"),
        ("/calls/read/path", json!("/x/{identity}"), "/calls/read/path"),
        ("/calls/read/path", json!("/x/{id"), "/calls/read/path"),
        ("/calls/read/path", json!("/x"), "/calls/read"),
        ("/calls/read/path", json!("/x/{id}/{name}"), "/calls/read"),
        ("/calls/read/query", json!({"a": 1}), "/calls/read/query/a"),
        ("/calls/read/query", json!({"a": "{password}"}), "/calls/read"),
        ("/calls/read/query", json!({"a": {"b": "{cursor}"}}), "/calls/read"),
        ("/calls/read/response", json!({}), "/calls/read"),
        ("/calls/read/response", json!({"object": "data"}), "/calls/read/response/object"),
        ("/calls/read/response", json!({"rows": ""}), "/calls/read/response/rows"),
        ("/calls/read/overlay", json!(""), "/calls/read/overlay"),
        ("/calls/read/body_by_kind", json!({}), "/calls/read/body_by_kind"),
        ("/calls/create/body_by_kind", json!({}), "/calls/create/body_by_kind"),
        ("/calls/create/body", json!({"a": "{client_secret}"}), "/calls/create"),
        ("/calls/create/body", json!({"a": "{id}", "n": "{name}"}), "/calls/create"),
        (
            "/calls/create/body",
            json!({"a": "Basic {password}", "n": "{name}"}),
            "/calls/create/body",
        ),
        ("/calls/create/body", json!({"a": "{", "n": "{name}"}), "/calls/create/body/a"),
        ("/calls/update/overlay", json!("/nowhere"), "/calls/update/overlay"),
        ("/calls/list/response", json!({}), "/calls/list"),
        (
            "/calls/list/response",
            json!({"rows": "", "next": {"link": "/a", "cursor": "/b"}}),
            "/calls/list/response/next",
        ),
        (
            "/calls/list/response",
            json!({"rows": "", "next": {"page": 2}}),
            "/calls/list/response/next/page",
        ),
        ("/calls/list/response", json!({"rows": "", "next": {"cursor": "/b"}}), "/calls/list"),
        (
            "/calls/list/response",
            json!({"rows": "", "fields": {"shoe": "/b"}}),
            "/calls/list/response/fields/shoe",
        ),
        (
            "/calls/activate",
            json!({"standing": "learned", "method": "POST", "path": "/{id}"}),
            "/calls",
        ),
        ("/fields/id", json!({"standing": "learned"}), "/fields/id"),
        ("/fields/active", json!({"standing": "learned", "at": "/a"}), "/fields/active"),
        ("/fields/active/values", json!({"yes": 1}), "/fields/active/values/yes"),
        ("/fields/active/values", json!({"true": 1, "false": 1}), "/fields/active/values/true"),
        (
            "/fields/grant_type/values",
            json!({"password": {}}),
            "/fields/grant_type/values/password",
        ),
        ("/fields/scope/encoding", json!("rot13"), "/fields/scope/encoding"),
        ("/fields/name/encoding", json!("list"), "/fields/name/encoding"),
        ("/fields/username/at", json!({"saml": "/a"}), "/fields/username/at/saml"),
        ("/custom_only", json!({"": "x"}), "/custom_only/"),
        ("/custom_only", json!({"/a": []}), "/custom_only/~1a"),
        ("/reads_omit_empty", json!({"standing": "learned"}), "/reads_omit_empty"),
        (
            "/reads_omit_empty",
            json!({"standing": "learned", "value": 1}),
            "/reads_omit_empty/value",
        ),
    ];
    for (pointer, value, expected) in &problems {
        let found = changed(&[(pointer, value.clone())]).err();
        let found = found.unwrap_or_else(|| panic!("{pointer} = {value} is valid"));
        let pointers = found.iter().map(|problem| problem.pointer.as_str());
        assert!(pointers.clone().any(|found| found == *expected), "{expected}: {found:#?}");
    }
    // All at once.
    let several = [0, 1, 3, 15].map(|index| (problems[index].0, problems[index].1.clone()));
    assert!(changed(&several).unwrap_err().len() >= 4);
}

#[test]
fn problems_quote_no_values() {
    let canary = "canary-value";
    for pointer in ["/base_url", "/format", "/calls", "/fields", "/calls/read/method"] {
        let problems = changed(&[(pointer, json!(canary))]).unwrap_err();
        let shown = format!("{problems:?}");
        assert!(!shown.contains(canary), "{shown}");
    }
    for text in ["", "{", "[]", "{\"format\":1", "\"canary-value\"", "nonsense"] {
        let problems = Profile::parse(text).unwrap_err();
        assert!(!format!("{problems:?}").contains("canary"));
    }
}

#[test]
fn profiles_of_any_size_are_bounded() {
    let large = format!("\"{}\"", "x".repeat(2 * 1024 * 1024));
    assert_eq!(Profile::parse(&large).unwrap_err().len(), 1);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Profile::parse(&deep).is_err());
    let many = (0..1000).map(|n| (format!("x{n}"), json!(1))).collect::<serde_json::Map<_, _>>();
    assert_eq!(Profile::parse(&Value::Object(many).to_string()).unwrap_err().len(), 50);
}
