//! Remote procedures: one path for each, arguments and results in envelopes, batches.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::browser::{Browser, Reply};
use super::page::{Api, ORGANIZATION, Stored};

pub(super) struct Procedures;

fn settings(one: &Stored, secrets: bool) -> Value {
    let mut all = json!({
        "label": one.get("name"),
        "variant": match one.kind() {
            "basic" => "basicAuth",
            "client_credentials" => "oauthClient",
            "password" => "oauthOwner",
            _ => "oauthCert",
        },
        "domain": one.get("resource_domain_url"),
        "clientKey": one.json("client_id"),
        "tokenEndpoint": one.json("token_url"),
        "scopes": one.json("scope"),
        "cert": one.get("certificate").map(|pem| pem.replace('\n', "\\n")),
        "user": one.json("username"),
        "checkUrl": one.json("validation_url"),
    });
    if secrets {
        all["secrets"] = json!({
            "client": one.json("client_secret"),
            "key": one.get("private_key").map(|pem| pem.replace('\n', "\\n")),
            "pass": one.json("password"),
        });
    }
    all
}

fn connector(one: &Stored) -> Value {
    let (created, updated) = one.times();
    let mut all = settings(one, false);
    all["uid"] = json!(one.id.parse::<u64>().unwrap());
    all["orgId"] = json!(ORGANIZATION);
    all["enabled"] = json!(one.active);
    all["rev"] = json!(one.version);
    all["created"] = json!(created);
    all["changed"] = json!(updated);
    all["type"] = json!("HTTP_CUSTOM");
    all
}

fn query(page: &mut Browser, procedure: &str, input: Value, result: Value) {
    let input = json!({"0": {"json": input}}).to_string();
    let input = utf8_percent_encode(&input, NON_ALPHANUMERIC);
    let result = json!([{"result": {"data": {"json": result}}}]);
    page.fetch(
        "GET",
        &format!("/bff/trpc/{procedure}?batch=1&input={input}"),
        None,
        Reply::ok(result),
    );
}

fn mutate(page: &mut Browser, procedure: &str, input: Value, result: Value) {
    let body = json!({"0": {"json": input}});
    let result = json!([{"result": {"data": {"json": result}}}]);
    page.fetch("POST", &format!("/bff/trpc/{procedure}?batch=1"), Some(body), Reply::ok(result));
}

impl Api for Procedures {
    fn list(&self, page: &mut Browser, all: &[Stored]) {
        let mut rows: Vec<Value> = all.iter().map(connector).collect();
        rows.insert(
            0,
            json!({"uid": 4711, "orgId": ORGANIZATION, "label": "Other", "type": "CALENDAR",
            "enabled": true, "rev": 2}),
        );
        query(
            page,
            "integration.list",
            json!({"orgId": ORGANIZATION, "limit": 50, "cursor": null}),
            json!({"items": rows, "nextCursor": null}),
        );
    }

    fn read(&self, page: &mut Browser, one: &Stored) {
        // The page asks for the flags of the user in the same request.
        let uid = one.id.parse::<u64>().unwrap();
        let input = json!({
            "0": {"json": {"orgId": ORGANIZATION}},
            "1": {"json": {"orgId": ORGANIZATION, "uid": uid}},
        });
        let input = input.to_string();
        let input = utf8_percent_encode(&input, NON_ALPHANUMERIC);
        let result = json!([
            {"result": {"data": {"json": {"beta": true, "theme": "dark"}}}},
            {"result": {"data": {"json": connector(one)}}},
        ]);
        page.fetch(
            "GET",
            &format!("/bff/trpc/flags.mine,integration.byId?batch=1&input={input}"),
            None,
            Reply::ok(result),
        );
    }

    fn create(&self, page: &mut Browser, one: &Stored) {
        let mut input = settings(one, true);
        input["orgId"] = json!(ORGANIZATION);
        input["type"] = json!("HTTP_CUSTOM");
        mutate(page, "integration.add", input, json!({"uid": one.id.parse::<u64>().unwrap()}));
    }

    fn update(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        let mut input = settings(after, true);
        input["orgId"] = json!(ORGANIZATION);
        input["uid"] = json!(after.id.parse::<u64>().unwrap());
        input["rev"] = json!(before.version);
        mutate(page, "integration.change", input, connector(after));
    }

    fn switch(&self, page: &mut Browser, _before: &Stored, after: &Stored) {
        let input = json!({
            "orgId": ORGANIZATION, "uid": after.id.parse::<u64>().unwrap(), "enabled": after.active,
        });
        mutate(page, "integration.setEnabled", input, json!({"ok": true}));
    }

    fn delete(&self, page: &mut Browser, one: &Stored) {
        let input = json!({"orgId": ORGANIZATION, "uid": one.id.parse::<u64>().unwrap()});
        mutate(page, "integration.remove", input, json!({"removed": true}));
    }

    fn id(&self, number: usize) -> String {
        // One of them looks like a time.
        if number == 3 { "1795732211820".to_owned() } else { (81 + 7 * number).to_string() }
    }
}
