//! An API that responds to writes with `Location` only, has one member for all kinds, keys of its
//! own for activation, and base64 for certificates.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::browser::{Browser, Reply};
use super::page::{Api, ORGANIZATION, Stored};

pub(super) struct Located;

fn base64(one: &Stored, argument: &str) -> Value {
    one.get(argument).map_or(Value::Null, |text| json!(STANDARD.encode(text)))
}

fn body(one: &Stored, secrets: bool) -> Value {
    let mut all = json!({
        "display_name": one.get("name"),
        "auth_kind": match one.kind() {
            "basic" => "B",
            "client_credentials" => "OCC",
            "password" => "OPW",
            _ => "OCX",
        },
        "base_url": one.get("resource_domain_url"),
        "status": if one.active { "on" } else { "off" },
    });
    let mut put = |member: &str, value: Value| {
        if !value.is_null() {
            all[member] = value;
        }
    };
    put("oauth_client", one.json("client_id"));
    put("oauth_token_url", one.json("token_url"));
    put("oauth_scope", one.json("scope"));
    put("certificate_b64", base64(one, "certificate"));
    put("service_user", one.json("username"));
    put("test_url", one.json("validation_url"));
    if secrets {
        put("oauth_client_secret", one.json("client_secret"));
        put("private_key_b64", base64(one, "private_key"));
        put("service_password", one.json("password"));
    }
    all
}

impl Api for Located {
    fn list(&self, page: &mut Browser, all: &[Stored]) {
        let rows: Vec<Value> = all
            .iter()
            .map(|one| json!({"node": {"key": one.id, "attributes": body(one, false)}}))
            .collect();
        page.fetch(
            "GET",
            "/api/connections?page=1&per_page=25",
            None,
            Reply::ok(json!({"edges": rows, "total_count": all.len()})),
        );
    }

    fn read(&self, page: &mut Browser, one: &Stored) {
        let reply = Reply::ok(json!({"key": one.id, "attributes": body(one, false)}));
        page.fetch("GET", &format!("/api/connections/{}", one.id), None, reply);
    }

    fn create(&self, page: &mut Browser, one: &Stored) {
        let reply = Reply {
            status: 201,
            body: None,
            location: Some(format!("/api/connections/{}", one.id)),
        };
        page.fetch("POST", "/api/connections", Some(json!({"data": body(one, true)})), reply);
    }

    fn update(&self, page: &mut Browser, _before: &Stored, after: &Stored) {
        let path = format!("/api/connections/{}", after.id);
        page.fetch("PUT", &path, Some(json!({"data": body(after, true)})), Reply::status(204));
    }

    fn switch(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        // The page sends the form as it is, without the credentials.
        let _ = before;
        let path = format!("/api/connections/{}", after.id);
        page.fetch("PUT", &path, Some(json!({"data": body(after, false)})), Reply::status(204));
    }

    fn delete(&self, page: &mut Browser, one: &Stored) {
        page.fetch("DELETE", &format!("/api/connections/{}", one.id), None, Reply::ok(json!({})));
    }

    fn id(&self, number: usize) -> String {
        let _ = ORGANIZATION;
        format!("cn_{}x{}", ["8fk2", "p0q9", "zz71", "m3n4"][number % 4], 17 + number)
    }
}
