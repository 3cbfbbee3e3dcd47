//! A person in front of a page, and a server behind it.

use serde_json::{Map, Value, json};

use super::browser::{Browser, Reply};

/// The input of a person for one connector: arguments with their values at creation and in edits.
pub(super) type Sheet = Vec<(&'static str, Vec<String>)>;

/// The organization of all recordings.
pub(super) const ORGANIZATION: &str = "8f2d1c3b-5a47-4e0e-9d55-0c6f1b2a3c4d";

/// A connector of the server.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) id: String,
    pub(super) version: u64,
    pub(super) active: bool,
    pub(super) edits: usize,
    pub(super) sheet: Sheet,
}

impl Stored {
    /// Returns the value of an argument now.
    pub(super) fn get(&self, argument: &str) -> Option<&str> {
        let (_, values) = self.sheet.iter().find(|(known, _)| *known == argument)?;
        values.get(self.edits).or(values.last()).map(String::as_str)
    }

    /// Returns the value as JSON, null if it was not typed.
    pub(super) fn json(&self, argument: &str) -> Value {
        self.get(argument).map_or(Value::Null, Value::from)
    }

    pub(super) fn kind(&self) -> &'static str {
        match (self.get("authentication_type"), self.get("grant_type")) {
            (Some("oauth2"), Some("password")) => "password",
            (Some("oauth2"), Some("client_credentials_certificate")) => {
                "client_credentials_certificate"
            }
            (Some("oauth2"), _) => "client_credentials",
            _ => "basic",
        }
    }

    /// The milliseconds of the creation, and of the last change.
    pub(super) fn times(&self) -> (u64, u64) {
        let created = 1_774_641_703_000 + u64::from(self.id.as_bytes()[0]) * 1_000;
        (created, created + self.version * 60_000)
    }
}

/// An API as its authors have made it: how a page calls it, and what it responds.
pub(super) trait Api {
    fn list(&self, page: &mut Browser, all: &[Stored]);
    fn read(&self, page: &mut Browser, one: &Stored);
    fn create(&self, page: &mut Browser, one: &Stored);
    /// `before` is what the page has read.
    fn update(&self, page: &mut Browser, before: &Stored, after: &Stored);
    fn switch(&self, page: &mut Browser, before: &Stored, after: &Stored);
    fn delete(&self, page: &mut Browser, one: &Stored);
    /// Returns the id of a connector by its number.
    fn id(&self, number: usize) -> String {
        let digits = 0x5c7c_2677 + number * 0x0101_0101;
        format!("{digits:08x}-1a2b-4c3d-8e4f-{:012x}", 0x00ab_cdef_0123 + number * 7)
    }
}

/// Other actions of the person.
#[derive(Clone, Copy, Default)]
pub(super) struct Habits {
    /// Edits without deactivating before.
    pub(super) edits_active: bool,
    pub(super) no_switch: bool,
    pub(super) no_create: bool,
    pub(super) no_delete: bool,
    pub(super) no_update: bool,
}

/// Lets a person create, open, edit and delete connectors.
pub(super) fn visit(api: &dyn Api, page: &mut Browser, sheets: &[Sheet], habits: Habits) {
    let mut all: Vec<Stored> = Vec::new();
    for (number, sheet) in sheets.iter().enumerate() {
        all.push(Stored {
            id: api.id(number),
            version: 0,
            active: true,
            edits: 0,
            sheet: sheet.clone(),
        });
    }
    if !habits.no_create {
        api.list(page, &[]);
        for (number, one) in all.iter().enumerate() {
            api.create(page, one);
            api.list(page, &all[..=number]);
        }
    } else {
        api.list(page, &all);
    }
    for number in 0..all.len() {
        api.read(page, &all[number]);
        let edits = all[number].sheet.iter().map(|(_, values)| values.len()).max().unwrap();
        if !habits.edits_active && !habits.no_switch {
            let before = all[number].clone();
            all[number].active = false;
            all[number].version += 1;
            api.switch(page, &before, &all[number]);
            api.read(page, &all[number]);
        }
        for _ in 1..edits {
            if habits.no_update {
                break;
            }
            let before = all[number].clone();
            all[number].edits += 1;
            all[number].version += 1;
            api.update(page, &before, &all[number]);
            api.read(page, &all[number]);
        }
        if !habits.no_switch {
            for active in if habits.edits_active { vec![false, true] } else { vec![true] } {
                let before = all[number].clone();
                all[number].active = active;
                all[number].version += 1;
                api.switch(page, &before, &all[number]);
                api.read(page, &all[number]);
            }
        }
        api.list(page, &all);
    }
    if !habits.no_delete {
        for number in 0..all.len() {
            api.delete(page, &all[number]);
            api.list(page, &all[number + 1..]);
        }
    }
}

/// Returns the form of sheets.
pub(super) fn form(sheets: &[Sheet]) -> Vec<u8> {
    let connectors = sheets.iter().map(|sheet| {
        let members = sheet.iter().map(|(argument, values)| {
            let value = match values.as_slice() {
                [one] => json!(one),
                several => json!(several),
            };
            ((*argument).to_owned(), value)
        });
        Value::Object(members.collect::<Map<_, _>>())
    });
    Value::Array(connectors.collect()).to_string().into_bytes()
}

pub(super) fn sheet(rows: &[(&'static str, &[&str])]) -> Sheet {
    rows.iter()
        .map(|(argument, values)| (*argument, values.iter().map(|v| (*v).to_owned()).collect()))
        .collect()
}

pub(super) const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIBcanaryCertificateLineOne0123\nabcdefghijklmnopqrstuvwxyz==\n-----END CERTIFICATE-----\n";
pub(super) const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIGHcanaryKeyLineOne9876543210AB\nzyxwvutsrqponmlkjihgfedcba==\n-----END PRIVATE KEY-----\n";

/// One connector of each kind.
pub(super) fn four() -> Vec<Sheet> {
    vec![
        sheet(&[
            ("name", &["canary desk", "canary desk two"]),
            (
                "resource_domain_url",
                &["https://desk.example.com/api", "https://desk2.example.com/api"],
            ),
            ("username", &["canary-svc-desk", "canary-svc-desk2"]),
            ("password", &["canary-Pa55 desk", "canary-Pa55 desk2"]),
            ("validation_url", &["https://desk.example.com/api", "https://desk2.example.com/api"]),
        ]),
        sheet(&[
            ("name", &["canary crm"]),
            ("authentication_type", &["oauth2"]),
            ("resource_domain_url", &["https://crm.example.com/v9/"]),
            ("client_id", &["canary-client-crm"]),
            ("client_secret", &["canary-s3cret-crm", "canary-s3cret-crm-2"]),
            ("token_url", &["https://login.example.com/token"]),
            ("scope", &["tickets.read tickets.write"]),
        ]),
        sheet(&[
            ("name", &["canary erp"]),
            ("authentication_type", &["oauth2"]),
            ("grant_type", &["password"]),
            ("resource_domain_url", &["https://erp.example.com"]),
            ("client_id", &["canary-client-erp"]),
            ("client_secret", &["canary-s3cret-erp"]),
            ("token_url", &["https://erp.example.com/oauth"]),
            ("username", &["canary-svc-erp"]),
            ("password", &["canary-Pa55-erp", "canary-Pa55-erp-2"]),
            ("validation_url", &["https://erp.example.com/me"]),
        ]),
        sheet(&[
            ("name", &["canary vault"]),
            ("authentication_type", &["oauth2"]),
            ("grant_type", &["client_credentials_certificate"]),
            ("resource_domain_url", &["https://vault.example.com"]),
            ("client_id", &["canary-client-vault", "canary-client-vault-2"]),
            ("token_url", &["https://login.example.com/vault"]),
            ("scope", &["vault"]),
            ("certificate", &[CERTIFICATE]),
            ("private_key", &[KEY]),
        ]),
    ]
}

/// A response to a list.
pub(super) fn ok(body: Value) -> Reply {
    Reply::ok(body)
}
