//! A REST API with other paths and names: a wrapper, nested members, short rows, cursors, a text
//! as version, PATCH of what changed, activation by calls of their own, required headers.

use serde_json::{Map, Value, json};

use super::browser::{Browser, Reply};
use super::page::{Api, ORGANIZATION, Stored, ok};

pub(super) struct Elsewhere;

fn revision(one: &Stored) -> String {
    format!("r{}-{}", one.version + 1, &one.id[..4])
}

fn instant(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000 % 86_400;
    format!(
        "2026-11-2{}T{:02}:{:02}:{:02}Z",
        milliseconds / 86_400_000 % 9,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn target(one: &Stored) -> Value {
    let mut target = json!({"baseAddress": one.get("resource_domain_url")});
    if one.get("validation_url").is_some() {
        target["probe"] = one.json("validation_url");
    }
    target
}

fn security(one: &Stored, secrets: bool) -> Value {
    let mut all = match one.kind() {
        "basic" => json!({"scheme": "USER_PASSWORD", "login": {"account": one.get("username")}}),
        _ => {
            let mut all = json!({
                "scheme": "TOKEN",
                "oauth": {
                    "flow": match one.kind() {
                        "client_credentials" => "cc",
                        "password" => "ropc",
                        _ => "cc-x509",
                    },
                    "application": one.get("client_id"),
                    "issuer": one.get("token_url"),
                },
            });
            if let Some(scope) = one.get("scope") {
                all["oauth"]["scopes"] = json!(scope.split(' ').collect::<Vec<_>>());
            }
            if one.kind() == "password" {
                all["oauth"]["owner"] = json!(one.get("username"));
            }
            if one.kind() == "client_credentials_certificate" {
                let lines = one.get("certificate").unwrap().replace('\n', "\r\n");
                all["oauth"]["publicPem"] = json!(lines);
            }
            all
        }
    };
    if secrets {
        match one.kind() {
            "basic" => all["login"]["phrase"] = one.json("password"),
            "client_credentials" => all["oauth"]["confidential"] = one.json("client_secret"),
            "password" => {
                all["oauth"]["confidential"] = one.json("client_secret");
                all["oauth"]["ownerPhrase"] = one.json("password");
            }
            _ => {
                let lines = one.get("private_key").unwrap().replace('\n', "\r\n");
                all["oauth"]["signingPem"] = json!(lines);
            }
        }
    }
    all
}

fn integration(one: &Stored) -> Value {
    let (created, updated) = one.times();
    json!({"integration": {
        "ref": one.id,
        "tenant": ORGANIZATION,
        "revision": revision(one),
        "kind": "custom",
        "title": one.get("name"),
        "state": if one.active { "ENABLED" } else { "DISABLED" },
        "target": target(one),
        "security": security(one, false),
        "audit": {"createdAt": instant(created), "modifiedAt": instant(updated), "createdBy": "jane.canary@example.com"},
    }})
}

impl Api for Elsewhere {
    fn list(&self, page: &mut Browser, all: &[Stored]) {
        // Two rows to a page, and one of another kind before all.
        let mut rows: Vec<Value> = vec![json!({
            "ref": "77777777-1111-4222-8333-444455556666", "title": "Sales", "kind": "salesforce",
            "state": "ENABLED",
        })];
        for one in all {
            rows.push(json!({
                "ref": one.id, "title": one.get("name"), "kind": "custom",
                "state": if one.active { "ENABLED" } else { "DISABLED" },
            }));
        }
        for (number, chunk) in rows.chunks(2).enumerate() {
            let next = (number + 1) * 2 < rows.len();
            let cursor = |number: usize| format!("bmV4dC1yb3ctY2FuYXJ5LQ{number}");
            let after =
                if number == 0 { String::new() } else { format!("&after={}", cursor(number)) };
            page.fetch(
                "GET",
                &format!("/svc/v3/integrations?limit=2{after}"),
                None,
                ok(json!({
                    "items": chunk,
                    "page": {"nextCursor": if next { json!(cursor(number + 1)) } else { Value::Null }},
                })),
            );
        }
    }

    fn read(&self, page: &mut Browser, one: &Stored) {
        page.fetch("GET", &format!("/svc/v3/integrations/{}", one.id), None, ok(integration(one)));
    }

    fn create(&self, page: &mut Browser, one: &Stored) {
        let body = json!({"integration": {
            "kind": "custom",
            "title": one.get("name"),
            "target": target(one),
            "security": security(one, true),
        }});
        let reply = Reply {
            status: 201,
            body: Some(json!({"integration": {"ref": one.id, "revision": revision(one)}})),
            location: None,
        };
        page.fetch("POST", "/svc/v3/integrations", Some(body), reply);
    }

    fn update(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        let mut changed = Map::new();
        if before.get("name") != after.get("name") {
            changed.insert("title".to_owned(), json!(after.get("name")));
        }
        if target(before) != target(after) {
            changed.insert("target".to_owned(), target(after));
        }
        if security(before, true) != security(after, true) {
            changed.insert("security".to_owned(), security(after, true));
        }
        changed.insert("revision".to_owned(), json!(revision(before)));
        let body = json!({"integration": changed});
        page.fetch(
            "PATCH",
            &format!("/svc/v3/integrations/{}", after.id),
            Some(body),
            Reply::status(204),
        );
    }

    fn switch(&self, page: &mut Browser, _before: &Stored, after: &Stored) {
        let verb = if after.active { "enable" } else { "disable" };
        let path = format!("/svc/v3/integrations/{}/{verb}", after.id);
        page.fetch("POST", &path, Some(json!({})), Reply::status(204));
    }

    fn delete(&self, page: &mut Browser, one: &Stored) {
        page.fetch("DELETE", &format!("/svc/v3/integrations/{}", one.id), None, Reply::status(204));
    }
}
