//! API profiles that are drawn at random, and the form that a person fills in.

use serde_json::{Map, Value, json};
use webex_cc_simulator::{CursorForm, Options, TimeForm, VersionForm};

const KINDS: [&str; 4] =
    ["basic", "client_credentials", "password", "client_credentials_certificate"];

const CREDENTIALS: [&str; 3] = ["client_secret", "private_key", "password"];

/// Draws choices from bytes, which proptest shrinks to zeros.
pub(crate) struct Choices<'a>(std::slice::Iter<'a, u8>);

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.iter())
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(*self.0.next().unwrap_or(&0)) % limit
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Places a value in an object, with objects on the way.
fn place(object: &mut Value, pointer: &str, value: Value) {
    let mut node = object;
    for name in pointer.split('/').skip(1) {
        if !node.is_object() {
            *node = json!({});
        }
        node = node.as_object_mut().unwrap().entry(name).or_insert(Value::Null);
    }
    *node = value;
}

fn has(kind: &str, field: &str) -> bool {
    let own: &[&str] = match kind {
        "basic" => &["username", "password", "validation_url"],
        "client_credentials" => &["client_id", "client_secret", "token_url", "scope"],
        "password" => &[
            "client_id",
            "client_secret",
            "token_url",
            "scope",
            "username",
            "password",
            "validation_url",
        ],
        _ => &["client_id", "certificate", "private_key", "token_url", "scope"],
    };
    own.contains(&field) || ["name", "resource_domain_url"].contains(&field)
}

const TEXTS: [&str; 11] = [
    "name",
    "resource_domain_url",
    "client_id",
    "client_secret",
    "token_url",
    "scope",
    "certificate",
    "private_key",
    "username",
    "password",
    "validation_url",
];

/// Draws a profile.
pub(crate) fn profile(choices: &mut Choices<'_>) -> Value {
    let style = choices.below(3);
    let wrapper = choices.one(&["", "/connector", "/data/0", "/0/result/data/json"]);
    let envelope = choices.one(&["", "/connector", "/0/json/input"]);
    let numeric_id = choices.yes();
    let group = choices.one(&["", "/auth", "/settings/deep"]);
    let prefix = choices.one(&["", "x_", "its-"]);
    let apart = choices.yes();
    let version = choices.below(3);
    let active_by_call = choices.below(3);
    let by_kind = choices.yes();
    let one_discriminator = choices.yes();
    let update = choices.one(&["PUT", "PATCH", "POST"]);
    let overlay = choices.yes();

    let mut fields = Map::new();
    let mut field = |name: &str, rest: Value| {
        let mut entry = json!({"standing": "learned"});
        entry.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        fields.insert(name.to_owned(), entry);
    };
    let id = format!("/{prefix}id");
    field("id", if numeric_id { json!({"at": id, "type": "number"}) } else { json!({"at": id}) });
    let states = choices.one(&[[Some(true), Some(false)], [None, None]]);
    let state = |on: &str| match on {
        "true" => states[0].map_or(json!("ON"), |on| json!(on)),
        _ => states[1].map_or(json!("OFF"), |off| json!(off)),
    };
    let values = json!({"true": state("true"), "false": state("false")});
    field("active", json!({"at": format!("/{prefix}state/on"), "values": values}));
    if version > 0 {
        field("version", json!({"at": "/revision"}));
    }
    if choices.yes() {
        field("organization_id", json!({"at": "/owner"}));
        field("created_time", json!({"at": "/audit/created"}));
        field("last_updated_time", json!({"at": "/audit/changed"}));
    }
    let (authentication, grant) =
        (format!("{group}/{prefix}mode"), format!("{group}/{prefix}flow"));
    if one_discriminator {
        let values: Map<_, _> = KINDS
            .iter()
            .enumerate()
            .map(|(index, kind)| ((*kind).to_owned(), json!(index)))
            .collect();
        field("authentication_type", json!({"at": authentication, "values": values}));
    } else {
        let values = json!({"basic": "B", "oauth2": "O"});
        field("authentication_type", json!({"at": authentication, "values": values}));
        let values = json!({
            "client_credentials": "CC", "password": "RO", "client_credentials_certificate": "X",
        });
        field("grant_type", json!({"at": grant, "values": values}));
    }
    // The place of a field in the object. A user name may depend on the kind.
    let username_by_kind = choices.yes();
    let at = |name: &str, kind: &str| match name {
        "name" => format!("/{prefix}label"),
        "username" if username_by_kind => format!("{group}/{prefix}user-{kind}"),
        name => format!("{group}/{prefix}{name}"),
    };
    for name in TEXTS {
        let mut rest = json!({});
        if !CREDENTIALS.contains(&name) {
            rest["at"] = match name {
                "username" if username_by_kind => {
                    json!({"basic": at(name, "basic"), "password": at(name, "password")})
                }
                name => json!(at(name, "basic")),
            };
        }
        if ["certificate", "private_key"].contains(&name) {
            rest["encoding"] = json!(choices.one(&["text", "crlf", "escaped", "base64"]));
        }
        if name == "scope" && choices.yes() {
            rest["encoding"] = json!("list");
        }
        field(name, rest);
    }

    // The bodies of create and update.
    let body = |kind: Option<&str>, is_update: bool| {
        let mut body = json!({});
        let mut put = |pointer: &str, value: Value| place(&mut body, pointer, value);
        put(&format!("{envelope}/kind"), json!("CUSTOM"));
        put("/notify", json!(false));
        put(&format!("{envelope}{authentication}"), json!("{authentication_type}"));
        if !one_discriminator {
            put(&format!("{envelope}{grant}"), json!("{grant_type?}"));
        }
        if active_by_call == 0 {
            put(&format!("{envelope}/{prefix}state/on"), json!("{active}"));
        }
        if is_update && version == 1 {
            put(&format!("{envelope}/revision"), json!("{version}"));
        }
        if style != 0 && is_update {
            put("/target/id", json!("{id}"));
        }
        for name in TEXTS {
            if kind.is_some_and(|kind| !has(kind, name)) || (kind.is_none() && name == "username") {
                continue;
            }
            let credential = CREDENTIALS.contains(&name);
            // An update clears by null.
            let optional = if credential || !is_update { "?" } else { "" };
            let root = if credential && apart { "/secrets" } else { envelope };
            put(
                &format!("{root}{}", at(name, kind.unwrap_or("basic"))),
                json!(format!("{{{name}{optional}}}")),
            );
        }
        if kind.is_none() {
            for kind in ["basic", "password"] {
                put(&format!("{envelope}{}", at("username", kind)), json!("{username?}"));
            }
        }
        body
    };
    // One body for all kinds cannot say where the user name of a kind is.
    let by_kind = by_kind || username_by_kind;
    let with_body = |mut call: Value, is_update: bool| {
        if by_kind {
            let bodies = KINDS.map(|kind| (kind.to_owned(), body(Some(kind), is_update)));
            call["body_by_kind"] = Value::Object(bodies.into_iter().collect());
        } else {
            call["body"] = body(None, is_update);
        }
        call
    };
    let path = |procedure: &str, names_object: bool| match style {
        0 if names_object => "/hub/{organization}/items/{id}".to_owned(),
        0 => "/hub/{organization}/items".to_owned(),
        1 => format!("/rpc/connectors.{procedure}"),
        _ => format!("/api/v1/{procedure}"),
    };
    let query = |names_object: bool| match style {
        0 => json!({}),
        1 if names_object => {
            json!({"input": {"0": {"json": {"org": "{organization}", "id": "{id}"}}}})
        }
        1 => {
            json!({"input": {"0": {"json": {"org": "{organization}", "cursor": "{cursor?}", "page": "{page?}"}}}})
        }
        _ if names_object => json!({"org": "{organization}", "id": "{id}"}),
        _ => json!({"org": "{organization}", "cursor": "{cursor?}", "page": "{page?}"}),
    };
    let method = |rest: &'static str| if style == 1 { "POST" } else { rest };
    let tenant = json!({"X-Tenant": "{organization}"});

    let next = match choices.below(4) {
        0 => json!({"link": "/paging/next"}),
        1 if style != 0 => json!({"cursor": "/paging/cursor"}),
        2 if style != 0 => json!({"page": choices.below(2), "total": "/paging/total"}),
        3 if style != 0 => json!({"page": 1}),
        _ => Value::Null,
    };
    let rows = choices.one(&["/rows", "/result/items"]);
    let mut list_response = json!({"rows": rows, "row": choices.one(&["", "/item"])});
    if !next.is_null() {
        list_response["next"] = next;
    }
    if choices.yes() {
        list_response["fields"] = json!({"scope": null, "client_id": null, "username": null});
    }
    let mut list = json!({"standing": "learned", "method": "GET", "path": path("list", false), "response": list_response});
    list["query"] = query(false);
    let mut read = json!({"standing": "learned", "method": "GET", "path": path("read", true), "response": {"object": wrapper}});
    read["query"] = query(true);
    let create_response = match choices.below(4) {
        0 => json!({"object": wrapper}),
        1 => json!({"id": "/created/id"}),
        2 => json!({"id_header": "Location"}),
        _ => json!({}),
    };
    let mut create = with_body(
        json!({"standing": "learned", "method": "POST", "path": path("create", false), "response": create_response}),
        false,
    );
    create["headers"] = tenant.clone();
    let mut change = with_body(
        json!({"standing": "learned", "method": if style == 1 { "POST" } else { update }, "path": path("update", true)}),
        true,
    );
    change["headers"] = tenant.clone();
    if version == 2 {
        change["headers"]["If-Match"] = json!("rev-{version}");
    }
    if overlay && (update != "PATCH" || style == 1) {
        change["overlay"] = json!(envelope);
    }
    if choices.yes() {
        change["response"] = json!({"object": wrapper});
    }
    let mut delete =
        json!({"standing": "learned", "method": method("DELETE"), "path": path("delete", true)});
    delete["headers"] = tenant;
    if style == 1 {
        delete["body"] = json!({"0": {"json": {"id": "{id}"}}});
        delete["response"] = json!({"object": wrapper});
    } else {
        delete["query"] = query(true);
    }
    let mut calls =
        json!({"list": list, "read": read, "create": create, "update": change, "delete": delete});
    if active_by_call > 0 {
        for name in ["activate", "deactivate"] {
            let procedure = if active_by_call == 1 { name } else { "switch" };
            let path = match style {
                0 => format!("/hub/{{organization}}/items/{{id}}/{procedure}"),
                _ => path(procedure, true),
            };
            let body = match active_by_call {
                1 => json!({"target": {"id": "{id}"}}),
                _ => json!({"target": {"id": "{id}", "on": "{active}"}}),
            };
            calls[name] =
                json!({"standing": "learned", "method": "POST", "path": path, "body": body});
        }
    }
    json!({
        "format": 1,
        "headers": {"X-Client": "page-{organization}"},
        "calls": calls,
        "fields": fields,
        "custom_only": {"/kind": "CUSTOM"},
        "reads_omit_empty": {"standing": "learned", "value": choices.yes()},
    })
}

pub(crate) fn options(choices: &mut Choices<'_>) -> Options {
    Options {
        version_as: choices.one(&[VersionForm::Number, VersionForm::Text]),
        times_as: choices.one(&[TimeForm::Milliseconds, TimeForm::Rfc3339]),
        cursor_as: choices.one(&[CursorForm::Text, CursorForm::Number, CursorForm::Object]),
        page_size_cap: choices.one(&[1, 3, 100]),
        active_lock: choices.yes(),
        ..Options::default()
    }
}

/// Returns what a person types for all four kinds.
pub(crate) fn form() -> Value {
    json!([
        {
            "name": ["crm basic", "crm basic two"],
            "resource_domain_url": ["https://crm.example.com", "https://crm2.example.com"],
            "username": ["service", "service-two"],
            "password": ["typed-password-1", "typed-password-2"],
            "validation_url": "https://crm.example.com/me",
        },
        {
            "authentication_type": "oauth2",
            "name": "crm secret",
            "resource_domain_url": "https://crm.example.com",
            "client_id": "client-of-secret",
            "client_secret": ["typed-secret-1", "typed-secret-2", "typed-secret-3"],
            "token_url": "https://login.example.com/token",
            "scope": ["read write", "read"],
        },
        {
            "authentication_type": "oauth2",
            "grant_type": "password",
            "name": "crm password",
            "resource_domain_url": "https://crm.example.com",
            "client_id": "client-of-password",
            "client_secret": "typed-secret-4",
            "token_url": "https://login.example.com/token",
            "username": "owner",
            "password": "typed-password-3",
        },
        {
            "authentication_type": "oauth2",
            "grant_type": "client_credentials_certificate",
            "name": "crm certificate",
            "resource_domain_url": "https://crm.example.com",
            "client_id": "client-of-certificate",
            "certificate": "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
            "private_key": "-----BEGIN PRIVATE KEY-----\nZGVm\n-----END PRIVATE KEY-----\n",
            "token_url": "https://login.example.com/token",
        },
    ])
}
