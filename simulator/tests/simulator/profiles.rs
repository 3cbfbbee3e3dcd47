//! The APIs that the three sample profiles describe, with requests written by
//! hand.

use serde_json::{Value, json};
use webex_cc_simulator::{Behavior, CursorForm, Options, Script, TimeForm, VersionForm};

use crate::support::{Harness, ORGANIZATION, Response, profile, query_string, with};

fn options(name: &str) -> Options {
    Options { profile: Some(profile(name)), ..Options::default() }
}

fn rest_options() -> Options {
    Options { version_as: VersionForm::Text, times_as: TimeForm::Rfc3339, ..options("rest") }
}

async fn rest(
    harness: &Harness,
    method: &str,
    path: &str,
    body: Option<&Value>,
    headers: &[(&str, &str)],
) -> Response {
    let url = format!(
        "{}/integrations/v3/tenants/{ORGANIZATION}/links{path}",
        harness.simulator.base_url()
    );
    let mut request = harness
        .client
        .request(method.parse().unwrap(), url)
        .bearer_auth(&harness.token)
        .header("X-Tenant", ORGANIZATION)
        .header("X-Requested-By", "control-hub");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.header("Content-Type", "application/json").body(body.to_string());
    }
    crate::support::read(request).await.unwrap()
}

fn rest_secret(name: &str) -> Value {
    json!({
        "link": {
            "category": "CUSTOM",
            "schema": 3,
            "label": name,
            "target": {"baseUrl": "https://crm.example.com"},
            "security": {
                "scheme": "OAuth",
                "flow": "ClientSecret",
                "oauth": {"client": "client", "endpoint": "https://login.example.com/token"},
            },
        },
        "credentials": {"oauthSecret": "first-secret"},
        "notify": false,
    })
}

fn rest_basic(name: &str) -> Value {
    json!({
        "link": {
            "category": "CUSTOM",
            "schema": 3,
            "label": name,
            "target": {"baseUrl": "https://crm.example.com"},
            "security": {
                "scheme": "UserPassword",
                "login": {"user": "service", "probe": "https://crm.example.com/me"},
            },
        },
        "credentials": {"login": "basic-password"},
        "notify": false,
    })
}

const SOURCE: (&str, &str) = ("X-Change-Source", "form");

#[tokio::test]
async fn a_rest_profile_is_served_with_its_names_and_wrapper() {
    let harness = Harness::with(rest_options());
    let created = rest(&harness, "POST", "", Some(&rest_basic("a")), &[]).await.expect(201).json();
    let link = &created["link"];
    let id = link["key"].as_str().unwrap().to_owned();
    assert_eq!(link["tenant"], ORGANIZATION);
    assert_eq!(link["revision"], "0");
    assert_eq!(link["state"], "ENABLED");
    assert_eq!(link["category"], "CUSTOM");
    assert_eq!(link["schema"], 3);
    assert!(link["audit"]["created"].as_str().unwrap().ends_with('Z'));
    assert_eq!(
        link["security"],
        json!({
            "scheme": "UserPassword",
            "login": {"user": "service", "probe": "https://crm.example.com/me"},
        })
    );
    assert_eq!(created.as_object().unwrap().len(), 1);
    let stored = harness.stored(&id);
    assert_eq!(stored["authenticationType"], "BASIC");
    assert_eq!(stored["password"], "basic-password");

    let path = format!("/{id}");
    let edit = json!({
        "link": {
            "revision": "0",
            "label": "b",
            "target": {"baseUrl": "https://new.example.com"},
            "security": {"login": {"user": "other", "probe": "https://crm.example.com/me"}},
        },
        "credentials": {},
    });
    rest(&harness, "PATCH", &path, Some(&edit), &[SOURCE]).await.expect(423);
    let disable = format!("{path}/disable");
    rest(&harness, "POST", &disable, None, &[]).await.expect(400);
    let off = rest(&harness, "POST", &disable, Some(&json!({"reason": "edit"})), &[]).await;
    assert_eq!(off.expect(204).text, "");
    rest(&harness, "PATCH", &path, Some(&edit), &[SOURCE]).await.expect(409);
    let mut edit = edit;
    edit["link"]["revision"] = json!(1);
    rest(&harness, "PATCH", &path, Some(&edit), &[SOURCE]).await.expect(400);
    edit["link"]["revision"] = json!("1");
    rest(&harness, "PATCH", &path, Some(&edit), &[]).await.expect(400);
    let edited = rest(&harness, "PATCH", &path, Some(&edit), &[SOURCE]).await.expect(200).json();
    assert_eq!(edited["link"]["label"], "b");
    assert_eq!(edited["link"]["schema"], 3, "a PATCH merges");
    assert_eq!(edited["link"]["state"], "DISABLED");
    assert_eq!(harness.stored(&id)["password"], "basic-password");
    let on = rest(&harness, "POST", &format!("{path}/enable"), None, &[]).await.expect(200).json();
    assert_eq!(on["link"]["state"], "ENABLED");

    harness.simulator.add_reference(ORGANIZATION, &id, "Greeting");
    let usages = rest(&harness, "GET", &format!("{path}/usages"), None, &[]).await.expect(200);
    assert_eq!(usages.json()["usages"][0]["flow"]["title"], "Greeting");
    assert_eq!(usages.json()["usages"][0]["kind"], "flow");
    harness.simulator.clear_references(ORGANIZATION);
    rest(&harness, "DELETE", &path, None, &[]).await.expect(423);
    harness.simulator.store(ORGANIZATION, &id, json!({"active": false}));
    rest(&harness, "DELETE", &path, None, &[]).await.expect(204);
    let calls: Vec<_> =
        harness.simulator.journal().into_iter().filter_map(|one| one.call).collect();
    assert_eq!(calls.first().unwrap(), "create");
    assert_eq!(calls.last().unwrap(), "delete");
    assert!(calls.contains(&"deactivate".to_owned()));
}

#[tokio::test]
async fn a_rest_list_has_short_rows_and_cursors() {
    for cursor_as in [CursorForm::Text, CursorForm::Number] {
        let harness = Harness::with(Options { page_size_cap: 2, cursor_as, ..rest_options() });
        for name in ["a", "b", "c"] {
            rest(&harness, "POST", "", Some(&rest_secret(name)), &[]).await.expect(201);
        }
        let first = rest(&harness, "GET", "?view=summary&limit=50", None, &[]).await.expect(200);
        let rows = first.json()["result"]["items"].clone();
        assert_eq!(rows.as_array().unwrap().len(), 2);
        assert_eq!(rows[0]["link"]["title"], "a");
        assert_eq!(rows[0]["link"].get("label"), None);
        assert_eq!(rows[0]["link"]["security"], json!({"scheme": "OAuth", "flow": "ClientSecret"}));
        let cursor = first.json()["result"]["paging"]["after"].clone();
        let cursor = cursor.as_str().map_or_else(|| cursor.to_string(), str::to_owned);
        let query = query_string(&[("view", "summary"), ("limit", "50"), ("after", &cursor)]);
        let last = rest(&harness, "GET", &format!("?{query}"), None, &[]).await.expect(200).json();
        assert_eq!(last["result"]["items"][0]["link"]["title"], "c");
        assert_eq!(last["result"]["paging"]["after"], Value::Null);
        let wrong = "?view=summary&limit=50&after=zz";
        rest(&harness, "GET", wrong, None, &[]).await.expect(400);
    }
}

#[tokio::test]
async fn what_the_profile_does_not_say_is_refused() {
    let harness = Harness::with(rest_options());
    let valid = rest_secret("a");
    let mut other_constant = valid.clone();
    other_constant["link"]["schema"] = json!(4);
    let mut unknown = valid.clone();
    unknown["link"]["security"]["oauth"]["audience"] = json!("x");
    let mut other_literal = valid.clone();
    other_literal["link"]["security"]["flow"] = json!("Other");
    let mut missing = valid.clone();
    missing.as_object_mut().unwrap().remove("notify");
    let mut other_kind = valid.clone();
    other_kind["link"]["security"]["scheme"] = json!("UserPassword");
    let mut no_secret = valid.clone();
    no_secret["credentials"]["oauthSecret"] = Value::Null;
    for (body, expected) in [
        (other_constant, "/link/schema: must be 3."),
        (unknown, "/link/security/oauth/audience: is not known."),
        (other_literal, "grant_type: does not fit the authentication type."),
        (missing, "/notify: is missing."),
        (other_kind, "grant_type: does not fit the authentication type."),
        (no_secret, "clientSecret: must not be null."),
    ] {
        let response = rest(&harness, "POST", "", Some(&body), &[]).await.expect(400);
        assert_eq!(response.descriptions(), [expected], "{body}");
    }
    let list = "?view=summary&limit=50";
    for (path, expected) in [
        ("?limit=50", "view: the query parameter is missing."),
        ("?view=all&limit=50", "view: is not as the profile says."),
        ("?view=summary&limit=50&x=1", "x: the query parameter is not known."),
    ] {
        let response = rest(&harness, "GET", path, None, &[]).await.expect(400);
        assert_eq!(response.descriptions(), [expected]);
    }
    let url = format!("{}/integrations/v3/tenants", harness.simulator.base_url());
    let get = |tenant: &str, header: &str| {
        let request = harness.client.get(format!("{url}/{tenant}/links{list}"));
        let request = request.bearer_auth(&harness.token).header("X-Tenant", header);
        crate::support::read(request.header("X-Requested-By", "control-hub"))
    };
    let other = "0b8f7a0e-2f55-4c1d-9d0b-6f4f6f6c1f11";
    let differs = get(ORGANIZATION, other).await.unwrap().expect(400).descriptions();
    assert_eq!(differs, ["organization: differs between two places of the request."]);
    get(other, other).await.unwrap().expect(403);
    get(ORGANIZATION, ORGANIZATION).await.unwrap().expect(200);
    let request = harness.client.get(format!("{url}/{ORGANIZATION}/links{list}"));
    let missing = crate::support::read(request.bearer_auth(&harness.token)).await.unwrap();
    assert_eq!(
        missing.expect(400).descriptions(),
        ["x-requested-by: the header is missing.", "x-tenant: the header is missing."]
    );
    let wrong_method = rest(&harness, "PUT", "/5", None, &[]).await.expect(405);
    assert_eq!(wrong_method.header("Allow"), Some("DELETE, GET, PATCH"));
    harness.get("/organization/o/v2/connector").await.expect(404);
    assert!(harness.simulator.all_stored(ORGANIZATION).is_empty());
}

async fn trpc(harness: &Harness, name: &str, input: &Value, post: bool) -> Response {
    let batch = json!({"0": {"json": input}});
    let input = batch.to_string();
    let query = if post {
        query_string(&[("batch", "1")])
    } else {
        query_string(&[("batch", "1"), ("input", &input)])
    };
    let url = format!("{}/trpc/connectors.{name}?{query}", harness.simulator.base_url());
    let request = if post {
        let request = harness.client.post(url).header("Content-Type", "application/json");
        request.body(batch.to_string())
    } else {
        harness.client.get(url)
    };
    let request = request.bearer_auth(&harness.token).header("X-Trpc-Source", "control-hub");
    crate::support::read(request).await.unwrap()
}

fn rpc_certificate(name: &str) -> Value {
    json!({
        "origin": "TENANT",
        "displayName": name,
        "enabled": false,
        "host": "https://crm.example.com",
        "auth": {
            "type": "oauth",
            "grant": "certificate",
            "clientId": "client",
            "tokenEndpoint": "https://login.example.com/token",
            "x509": "-----BEGIN-----\r\nabc\r\n",
            "pkcs8": "-----BEGIN KEY-----\r\nabc\r\n",
        },
    })
}

#[tokio::test]
async fn an_rpc_profile_has_arguments_and_results_in_envelopes() {
    let extra_members = Some(json!({"tags": ["a"], "auth": {"realm": "r"}, "version": 7}));
    let behavior = Behavior { extra_members, ..Behavior::default() };
    let harness = Harness::with(Options { behavior, page_size_cap: 1, ..options("rpc") });
    let new = |connector: Value| json!({"orgId": ORGANIZATION, "connector": connector});
    let created = trpc(&harness, "create", &new(rpc_certificate("a")), true).await.expect(200);
    let object = created.json()[0]["result"]["data"]["json"].clone();
    let id = object["id"].as_str().unwrap().to_owned();
    assert_eq!(object["auth"]["x509"], "-----BEGIN-----\r\nabc\r\n");
    assert_eq!(object["auth"]["user"], Value::Null);
    assert_eq!(object["auth"]["realm"], "r");
    assert_eq!(object["rev"], 0);
    assert_eq!(harness.stored(&id)["certificate"], "-----BEGIN-----\nabc\n");
    let mut bare = new(rpc_certificate("b"));
    bare["connector"]["auth"]["x509"] = json!("a\nb");
    trpc(&harness, "create", &bare, true).await.expect(400);
    trpc(&harness, "create", &new(with(&rpc_certificate("b"), json!({}))), true).await.expect(200);

    // The whole object comes back with changes, unknown members included.
    let mut edited = object.clone();
    edited["displayName"] = json!("c");
    edited["auth"]["scopes"] = json!("read");
    edited["auth"]["realm"] = json!("s");
    let update =
        |connector: &Value| json!({"orgId": ORGANIZATION, "id": id, "connector": connector});
    let updated = trpc(&harness, "update", &update(&edited), true).await.expect(200).json();
    let updated = updated[0]["result"]["data"]["json"].clone();
    assert_eq!(updated["displayName"], "c");
    assert_eq!(updated["auth"]["realm"], "s");
    assert_eq!(updated["tags"], json!(["a"]));
    assert_eq!(updated["version"], 7, "no field of this API");
    assert_eq!(updated["enabled"], false);
    let mut unknown = updated.clone();
    unknown["surprise"] = json!(1);
    let refused = trpc(&harness, "update", &update(&unknown), true).await.expect(400);
    assert_eq!(refused.descriptions(), ["/surprise: is not a field of a connector."]);
    let mut lossy = updated.clone();
    lossy.as_object_mut().unwrap().remove("tags");
    trpc(&harness, "update", &update(&lossy), true).await.expect(200);
    let input = json!({"orgId": ORGANIZATION, "id": id});
    let read = trpc(&harness, "byId", &input, false).await.expect(200).json();
    assert_eq!(read[0]["result"]["data"]["json"].get("tags"), None, "left out");

    let switch = json!({"orgId": ORGANIZATION, "id": id, "enabled": true});
    let on = trpc(&harness, "setEnabled", &switch, true).await.expect(200).json();
    assert_eq!(on[0]["result"]["data"]["json"]["enabled"], true);
    assert_eq!(harness.simulator.journal().last().unwrap().call.as_deref(), Some("activate"));

    let list = json!({"orgId": ORGANIZATION, "take": 25});
    let first = trpc(&harness, "list", &list, false).await.expect(200).json();
    let page = &first[0]["result"]["data"]["json"];
    assert_eq!(page["items"][0]["displayName"], "c");
    let next = with(&list, json!({"cursor": page["nextCursor"]}));
    let last = trpc(&harness, "list", &next, false).await.expect(200).json();
    assert_eq!(last[0]["result"]["data"]["json"]["items"][0]["displayName"], "b");
    trpc(&harness, "delete", &input, true).await.expect(423);
    trpc(&harness, "byId", &json!({"orgId": ORGANIZATION, "id": 5}), false).await.expect(400);
    let unknown = json!({"orgId": ORGANIZATION, "id": "5"});
    trpc(&harness, "byId", &unknown, false).await.expect(404);
    let off = json!({"orgId": ORGANIZATION, "id": id, "enabled": false});
    trpc(&harness, "setEnabled", &off, true).await.expect(200);
    let usages = trpc(&harness, "usages", &input, false).await.expect(200).json();
    assert_eq!(usages[0]["result"]["data"]["json"], json!([]));
    let deleted = trpc(&harness, "delete", &input, true).await.expect(200).json();
    assert_eq!(deleted, json!([{"result": {"data": {"json": true}}}]));
}

#[tokio::test]
async fn one_discriminator_numbers_and_pages() {
    let harness = Harness::with(Options {
        page_size_cap: 1,
        active_lock: false,
        ..options("one_discriminator")
    });
    let base = format!("/ccx/connectors?orgId={ORGANIZATION}");
    let connector = |name: &str| {
        json!({
            "title": name,
            "mode": "OCX",
            "on": 1,
            "domain": "https://crm.example.com",
            "settings": {
                "client": "client",
                "token": "https://login.example.com/token",
                "scopes": ["read", "write"],
                "certificate": "YQpi",
                "key": "a\\nb",
            },
        })
    };
    let created = harness.call("POST", &base, Some(&connector("a"))).await.expect(201);
    assert_eq!(created.text, "");
    let id = created.header("Location").unwrap().rsplit_once('/').unwrap().1.to_owned();
    let stored = harness.stored(&id);
    assert_eq!(stored["certificate"], "a\nb");
    assert_eq!(stored["privateKey"], "a\nb");
    assert_eq!(stored["scope"], "read write");
    harness.call("POST", &base, Some(&connector("b"))).await.expect(201);
    let path = format!("/ccx/connectors/{id}?orgId={ORGANIZATION}");
    let read = harness.get(&path).await.expect(200).json();
    assert_eq!(read["id"].as_u64().unwrap().to_string(), id);
    assert_eq!(read["mode"], "OCX");
    assert_eq!(read["on"], 1);
    assert_eq!(read["settings"]["scopes"], json!(["read", "write"]));
    assert_eq!(read["settings"]["certificate"], "YQpi");

    let mut edit = with(&read, json!({"on": 0}));
    edit["settings"]["scopes"] = Value::Null;
    let edited = harness.call("PUT", &path, Some(&edit)).await.expect(200).json();
    assert_eq!(edited["on"], 0);
    assert_eq!(edited["settings"]["scopes"], Value::Null);
    assert_eq!(harness.stored(&id)["privateKey"], "a\nb");
    let text_id = with(&read, json!({"id": id}));
    harness.call("PUT", &path, Some(&text_id)).await.expect(400);
    let mut echoed = edit.clone();
    echoed["settings"]["key"] = json!(5);
    harness.call("PUT", &path, Some(&echoed)).await.expect(400);

    for (page, title, count) in [(1, "a", 1), (2, "b", 1), (3, "", 0)] {
        let list = harness.get(&format!("{base}&size=20&page={page}")).await.expect(200).json();
        assert_eq!(list["totalElements"], 2);
        assert_eq!(list["content"].as_array().unwrap().len(), count);
        if count > 0 {
            assert_eq!(list["content"][0]["title"], title);
        }
    }
    harness.get(&format!("{base}&size=20&page=0")).await.expect(400);
    harness.call("DELETE", &path, None).await.expect(204);
    harness.get(&path).await.expect(404);
}

#[tokio::test]
async fn the_profile_of_the_assumed_api_is_that_api() {
    let text = include_str!("../../../src/webex/profile/built_in.json");
    let profile: Value = serde_json::from_str(text).unwrap();
    let harness = Harness::with(Options {
        profile: Some(profile),
        active_lock: false,
        page_size_cap: 1,
        ..Options::default()
    });
    for sample in crate::support::samples() {
        let created = harness.create(&sample).await.expect(201).json();
        let id = created["id"].as_str().unwrap();
        for (field, value) in sample.as_object().unwrap() {
            if !["password", "clientSecret", "privateKey"].contains(&field.as_str()) {
                assert_eq!(&created[field], value, "{field}");
            }
        }
        let mut edited = created.clone();
        edited["name"] = json!(format!("{} edited", created["name"].as_str().unwrap()));
        let replaced = harness.replace(id, &edited).await.expect(200).json();
        assert_eq!(replaced["version"], 1);
        assert_eq!(replaced["name"], edited["name"]);
        assert_eq!(harness.read(id).await.expect(200).json(), replaced);
    }
    let query = [("filter", "connectorType==\"CUSTOM\""), ("page", "0"), ("pageSize", "100")];
    let mut list = harness.list(&query).await.expect(200).json();
    let mut rows = 1;
    while let Some(next) = list["meta"]["links"]["next"].as_str() {
        list = harness.get(next).await.expect(200).json();
        rows += list["data"].as_array().unwrap().len();
    }
    assert_eq!(rows, 4);
}

#[tokio::test]
async fn paths_may_be_below_the_base_url_and_fit_two_calls() {
    let mut changed = profile("one_discriminator");
    changed["base_url"] = json!("https://hub.example.com/gateway/");
    changed["calls"]["list"]["path"] = json!("/ccx/connectors/all");
    let harness = Harness::with(Options { profile: Some(changed), ..Options::default() });
    let query = format!("orgId={ORGANIZATION}&page=1&size=20");
    for path in ["/ccx/connectors/all", "/gateway/ccx/connectors/all"] {
        let list = harness.get(&format!("{path}?{query}")).await.expect(200).json();
        assert_eq!(list, json!({"content": [], "totalElements": 0}));
    }
    harness.get(&format!("/other/ccx/connectors/all?{query}")).await.expect(404);
    let all = harness.get(&format!("/ccx/connectors/all?orgId={ORGANIZATION}")).await;
    assert_eq!(all.expect(404).descriptions(), ["connector all: not found for given orgId."]);
}

#[tokio::test]
async fn nulls_stand_where_the_kind_has_the_field() {
    let mut changed = profile("rpc");
    for (word, at) in [("scope", "/permissions/scopes"), ("username", "/person/user")] {
        changed["fields"][word]["at"] = json!(at);
    }
    let harness = Harness::with(Options { profile: Some(changed), ..Options::default() });
    let new = json!({"orgId": ORGANIZATION, "connector": rpc_certificate("a")});
    let created = trpc(&harness, "create", &new, true).await.expect(200).json();
    let object = &created[0]["result"]["data"]["json"];
    assert_eq!(object["permissions"], json!({"scopes": null}));
    assert_eq!(object.get("person"), None);
    assert_eq!(object["auth"]["check"], Value::Null);
}

#[tokio::test]
async fn fault_scripts_act_on_a_call() {
    let harness = Harness::with(rest_options());
    let body = rest_secret("a");
    harness.simulator.faults([
        Script::answer(503, "later".into()).call("create").times(1),
        Script::behave(Behavior {
            ignored_fields: vec!["active".to_owned()],
            ..Behavior::default()
        })
        .call("deactivate"),
    ]);
    rest(&harness, "GET", "?view=summary&limit=50", None, &[]).await.expect(200);
    rest(&harness, "POST", "", Some(&body), &[]).await.expect(503);
    let created = rest(&harness, "POST", "", Some(&body), &[]).await.expect(201).json();
    let id = created["link"]["key"].as_str().unwrap();
    let off = json!({"reason": "edit"});
    rest(&harness, "POST", &format!("/{id}/disable"), Some(&off), &[]).await.expect(204);
    assert_eq!(harness.stored(id)["active"], true, "it changes nothing");
    harness.simulator.faults([]);
    rest(&harness, "POST", &format!("/{id}/disable"), Some(&off), &[]).await.expect(204);
    assert_eq!(harness.stored(id)["active"], false);
}

#[test]
fn a_profile_that_is_not_understood_fails_at_the_start() {
    let rest = profile("rest");
    let mut cases = Vec::new();
    let mut case = |at: &str, value: Value, expected: &'static str| {
        let mut changed = rest.clone();
        *changed.pointer_mut(at).unwrap() = value;
        cases.push((changed, expected));
    };
    case("/format", json!(2), "/format: 2 is not supported, only 1 is");
    case("/calls/read/path", json!("/{colour}"), "{colour}: is no placeholder");
    case("/calls/read/method", json!("HEAD"), "/calls/read/method: HEAD is no method");
    case("/calls/read", json!({"verb": "GET"}), "/calls/read: unknown field `verb`");
    case("/fields/scope", json!({"standing": "guessed"}), "/fields/scope: unknown variant");
    case("/fields/id", json!({"standing": "seen", "at": "id"}), "/fields/id: ");
    case("/fields", json!({}), "/fields/id: is missing");
    case("/calls/list/response/next", json!({"offset": 1}), "/calls/list: unknown field `offset`");
    for (profile, expected) in cases {
        let options = Options { profile: Some(profile), ..Options::default() };
        let error = webex_cc_simulator::Simulator::start(options).unwrap_err().to_string();
        assert!(error.starts_with("the profile is wrong: "), "{error}");
        assert!(error.contains(expected), "{error}\n{expected}");
    }
}
