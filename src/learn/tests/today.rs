//! Today's contract, as the built-in profile describes it.

use serde_json::{Value, json};

use super::browser::{Browser, Reply};
use super::page::{Api, ORGANIZATION, Stored, ok};

pub(super) struct Today {
    pub(super) nulls: bool,
}

impl Today {
    fn object(&self, one: &Stored) -> Value {
        let (created, updated) = one.times();
        let (authentication, grant) = literals(one);
        json!({
            "organizationId": ORGANIZATION, "id": one.id, "version": one.version,
            "name": one.get("name"), "connectorType": "CUSTOM", "active": one.active,
            "authenticationType": authentication, "grantType": grant,
            "resourceDomain": one.get("resource_domain_url"), "clientId": one.json("client_id"),
            "clientSecret": if one.get("client_secret").is_some() { json!("****") } else { json!(null) },
            "tokenUrl": one.json("token_url"), "scope": one.json("scope"),
            "certificate": one.json("certificate"), "privateKey": null,
            "username": one.json("username"), "password": null,
            "validationUrl": one.json("validation_url"),
            "systemDefault": false, "createdTime": created, "lastUpdatedTime": updated,
        })
    }

    fn path(one: &Stored) -> String {
        format!("/organization/{ORGANIZATION}/connector/{}", one.id)
    }
}

fn literals(one: &Stored) -> (&'static str, Option<&'static str>) {
    match one.kind() {
        "basic" => ("BASIC", None),
        "client_credentials" => ("OAUTH2", Some("CLIENT_CREDENTIALS_SECRET")),
        "password" => ("OAUTH2", Some("PASSWORD")),
        _ => ("OAUTH2", Some("CLIENT_CREDENTIALS_CERTIFICATE")),
    }
}

const ARGUMENTS: [(&str, &str); 9] = [
    ("client_id", "clientId"),
    ("client_secret", "clientSecret"),
    ("token_url", "tokenUrl"),
    ("scope", "scope"),
    ("certificate", "certificate"),
    ("private_key", "privateKey"),
    ("username", "username"),
    ("password", "password"),
    ("validation_url", "validationUrl"),
];

impl Api for Today {
    fn list(&self, page: &mut Browser, all: &[Stored]) {
        let mut rows: Vec<Value> = all.iter().map(|one| self.object(one)).collect();
        rows.push(json!({
            "organizationId": ORGANIZATION, "id": "0a0b0c0d-1111-4222-8333-444455556666",
            "version": 4, "name": "Salesforce", "connectorType": "SALESFORCE", "active": true,
        }));
        let here = format!("/organization/{ORGANIZATION}/v2/connector?page=0&pageSize=100");
        page.fetch(
            "GET",
            &format!("/organization/{ORGANIZATION}/v2/connector?filter=connectorType%3D%3D%22CUSTOM%22&page=0&pageSize=100"),
            None,
            ok(json!({
                "meta": {"orgid": ORGANIZATION, "page": 0, "pageSize": 100, "totalPages": 1,
                    "totalRecords": rows.len(), "links": {"first": here, "self": here}},
                "data": rows,
            })),
        );
    }

    fn read(&self, page: &mut Browser, one: &Stored) {
        page.fetch("GET", &Self::path(one), None, ok(self.object(one)));
    }

    fn create(&self, page: &mut Browser, one: &Stored) {
        let (authentication, grant) = literals(one);
        let mut body = json!({
            "connectorType": "CUSTOM", "active": true, "name": one.get("name"),
            "authenticationType": authentication,
            "resourceDomain": one.get("resource_domain_url"),
        });
        if grant.is_some() || self.nulls {
            body["grantType"] = json!(grant);
        }
        for (argument, member) in ARGUMENTS {
            if one.get(argument).is_some() || self.nulls {
                body[member] = one.json(argument);
            }
        }
        let path = format!("/organization/{ORGANIZATION}/connector");
        let reply = Reply { status: 201, body: Some(self.object(one)), location: None };
        page.fetch("POST", &path, Some(body), reply);
    }

    fn update(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        let mut body = self.object(before);
        body["name"] = json!(after.get("name"));
        body["resourceDomain"] = json!(after.get("resource_domain_url"));
        for (argument, member) in ARGUMENTS {
            body[member] = after.json(argument);
        }
        body["active"] = json!(after.active);
        page.fetch("PUT", &Self::path(after), Some(body), ok(self.object(after)));
    }

    fn switch(&self, page: &mut Browser, before: &Stored, after: &Stored) {
        let mut body = self.object(before);
        body["active"] = json!(after.active);
        page.fetch("PUT", &Self::path(after), Some(body), ok(self.object(after)));
    }

    fn delete(&self, page: &mut Browser, one: &Stored) {
        page.fetch("DELETE", &Self::path(one), None, Reply::status(204));
    }
}
