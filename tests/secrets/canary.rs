//! Searches every byte that a life cycle leaves for its credentials.
//!
//! Eight connectors are created, changed, rotated, imported and destroyed, and many of the calls
//! fail with responses that repeat the request. Each kind of connector exists twice: with
//! write-only credentials, which nothing may hold, and with stateful ones, which only plan and
//! state may hold.
//!
//! The program has no way to panic on request. `tf_provider::server::tests::panics` covers panics
//! in calls, and `tf_provider::plugin::log` the standard error of a process that panics.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use webex_cc_simulator::{Authorization, Options, Script, SecretsInAnswers, Simulator};

use super::search::{Canary, Hit, Search, contents, unpacked};
use crate::support::connectors::{Connector, Form, all};
use crate::support::simulator::{all_stored, start};
use crate::support::terraform::{Output, Terraform};

/// Terraform has to keep stateful credentials in plan, state, and their JSON.
const KEPT: [&str; 3] = ["terraform.tfstate", "plan", "json"];

/// A variable of the configuration that holds a credential.
struct Variable {
    name: String,
    is_write_only: bool,
    /// Before and after a rotation.
    values: [String; 2],
}

/// The state of a life cycle.
struct LifeCycle {
    simulator: Simulator,
    terraform: Terraform,
    /// The connectors, which refer to variables.
    connectors: Vec<(Connector, Form)>,
    variables: Vec<Variable>,
    generation: usize,
    edit: usize,
    canaries: Vec<Canary>,
    /// The access token while it is in use.
    token: Option<String>,
    /// The output of commands, with its place.
    seen: Vec<(String, Vec<u8>)>,
    commands: usize,
    /// Whether logs go to a file instead of standard error.
    logs_to_file: bool,
}

/// Returns a random credential.
fn unmistakable(counter: &mut u32) -> String {
    *counter += 1;
    let number = *counter;
    // No two credentials share eight characters in a row.
    let mut seed = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for _ in 0..20 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
        text.push(char::from(letters[(seed % 57) as usize]));
    }
    text
}

/// Returns a random credential with characters that encodings change.
fn unmistakable_and_awkward(counter: &mut u32) -> String {
    let (one, two) = (unmistakable(counter), unmistakable(counter));
    format!("{one}\"<é>/+?&=%\\ {two}")
}

impl LifeCycle {
    fn new(mode: SecretsInAnswers, logs_to_file: bool) -> Self {
        let mut counter = 0;
        let mut canaries = Vec::new();
        let mut canary = |name: &str, text: String| {
            canaries.push(Canary::new(name, text.clone()));
            text
        };
        let access_token = canary("access token", unmistakable(&mut counter));
        let client_secret = canary("provider client secret", unmistakable(&mut counter));
        let refresh_token = canary("refresh token", unmistakable(&mut counter));
        let authorization = Authorization { client_secret, refresh_token, ..Default::default() };
        let simulator = start(Options {
            secrets: mode,
            tokens: vec![access_token.clone()],
            authorization,
            ..Options::default()
        });

        let (mut connectors, mut variables) = (Vec::new(), Vec::new());
        for (suffix, form) in [("stateful", Form::Stateful), ("write_only", Form::WriteOnly)] {
            for mut connector in all() {
                let address = format!("{}_{suffix}", connector.kind);
                for credential in &mut connector.credentials {
                    let name = format!("{address}_{}", credential.argument);
                    for (generation, value) in credential.values.iter_mut().enumerate() {
                        if credential.key == "privateKey" {
                            for (part, text) in secret_parts(value) {
                                canary(&format!("{name} {generation} {part}"), text);
                            }
                        } else {
                            let text = unmistakable_and_awkward(&mut counter);
                            *value = canary(&format!("{name} {generation}"), text);
                        }
                    }
                    let variable = [0, 1].map(|_| format!("${{var.{name}}}"));
                    let values = std::mem::replace(&mut credential.values, variable);
                    variables.push(Variable {
                        name,
                        is_write_only: form == Form::WriteOnly,
                        values,
                    });
                }
                let edited = connector.text(connector.editable).expect("an argument");
                let editable = connector.editable;
                let connector = connector
                    .with("name", address)
                    .with(editable, format!("{edited}${{var.edit}}"));
                connectors.push((connector, form));
            }
        }
        let mut terraform = Terraform::with(&simulator);
        terraform.set("WEBEX_ORGANIZATION_ID", simulator.organization());
        terraform.set("WEBEX_CC_REQUESTS_PER_MINUTE", "100000");
        terraform.set("WEBEX_CC_MAX_RETRIES", "0");
        terraform.set("TF_LOG", "TRACE");
        terraform.set("TF_LOG_PROVIDER", "TRACE");
        terraform.set("RUST_BACKTRACE", "full");
        let mut cycle = Self {
            simulator,
            terraform,
            connectors,
            variables,
            generation: 0,
            edit: 0,
            canaries,
            token: Some(access_token),
            seen: Vec::new(),
            commands: 0,
            logs_to_file,
        };
        cycle.configure();
        cycle
    }

    /// Writes the configuration, which refers to variables for all credentials.
    fn configure(&mut self) {
        let mut text = "variable \"edit\" { type = string }\n".to_owned();
        for Variable { name, is_write_only, values } in &self.variables {
            let kind = if *is_write_only { "ephemeral = true" } else { "sensitive = true" };
            let _ = writeln!(text, "variable \"{name}\" {{\n  type = string\n  {kind}\n}}");
            self.terraform.set(&format!("TF_VAR_{name}"), &values[self.generation]);
        }
        self.terraform.set("TF_VAR_edit", &self.edit.to_string());
        for (connector, form) in &self.connectors {
            let _ = write!(
                text,
                "resource \"webex_cc_custom_connector\" \"{}\" {{\n{}}}\n",
                connector.text("name").expect("a name"),
                connector.hcl_of(*form, self.generation)
            );
        }
        self.terraform.write("main.tf", &text);
    }

    /// Changes a visible argument of every connector.
    fn edit(&mut self) {
        self.edit += 1;
        self.configure();
    }

    /// Changes all credentials.
    fn rotate(&mut self) {
        self.generation = 1;
        self.configure();
    }

    /// Runs a command and keeps its output.
    fn run(&mut self, arguments: &[&str]) -> Output {
        self.commands += 1;
        let number = self.commands;
        if self.logs_to_file {
            let log = self.terraform.folder().join(format!("log-{number}"));
            self.terraform.set("TF_LOG_PATH", &log.to_string_lossy());
        }
        let output = self.terraform.run(arguments);
        let is_json = arguments.contains(&"-json") || arguments.contains(&"pull");
        let stdout = if is_json { "json" } else { "stdout" };
        let command = arguments.join(" ");
        self.seen.push((format!("{stdout}: {command}"), output.stdout.clone().into_bytes()));
        self.seen.push((format!("stderr: {command}"), output.stderr.clone().into_bytes()));
        output
    }

    fn apply(&mut self) -> Output {
        self.run(&["apply", "-auto-approve", "-no-color"])
    }

    /// Returns the credentials in each request for a connector, the token included.
    fn sent_for(&self, connector: &str) -> Vec<&str> {
        let own = self.variables.iter().filter(|variable| variable.name.starts_with(connector));
        let own = own.map(|variable| variable.values[self.generation].as_str());
        own.chain(self.token.as_deref()).collect()
    }

    /// Returns a script for each connector: its next requests of this method fail with a response
    /// that repeats the credentials.
    fn echoes(&self, method: &str, statuses: [u16; 8]) -> Vec<Script> {
        let stored = all_stored(&self.simulator);
        let scripts = stored.iter().zip(statuses).map(|(connector, status)| {
            let (id, name) = (text(&connector["id"]), text(&connector["name"]));
            let path = format!("/organization/*/connector/{id}");
            echo(status, &self.sent_for(name)).method(method).path(&path)
        });
        scripts.collect()
    }

    /// Applies an edit with these faults, which has to fail.
    fn fails(&mut self, scripts: impl IntoIterator<Item = Script>) {
        self.simulator.faults(scripts);
        self.edit();
        let output = self.apply();
        assert_eq!(output.code, Some(1), "{}\n{}", output.stdout, output.stderr);
        assert!(output.text().contains("Could not "), "{}", output.text());
        self.simulator.faults([]);
    }

    /// Searches the output of all commands, and the folder.
    fn hits(&self) -> Vec<Hit> {
        let search = Search::of(&self.canaries);
        let printed = self.seen.iter().flat_map(|(place, bytes)| unpacked(place, bytes.clone()));
        let places = printed.chain(contents(&self.terraform.folder()));
        let mut hits = places.flat_map(|(place, bytes)| search.hits(&place, &bytes));
        let mut found = Vec::new();
        for hit in &mut hits {
            if !found.contains(&hit) {
                found.push(hit);
            }
        }
        found
    }

    /// Returns all requests that arrived at Webex, as one text.
    fn arrived(&self) -> String {
        let journal = self.simulator.journal();
        let texts = journal.iter().map(|exchange| {
            let body = match &exchange.body {
                Json::String(form) => form.clone(),
                other => strings(other).join("\n"),
            };
            format!("{:?}\n{body}", exchange.headers)
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// Returns an error response that repeats credentials in the documented error fields and in others.
fn echo(status: u16, credentials: &[&str]) -> Script {
    let all = credentials.join(" and ");
    let header = credentials.iter().find(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
    let sentence = |credential| json!({ "description": format!("not valid: {credential}") });
    let body = json!({
        "trackingId": all,
        "error": {
            "key": all,
            "reason": format!("you sent {all:?}"),
            "message": credentials.iter().map(sentence).collect::<Vec<_>>(),
            "referencedEntities": credentials,
        },
        "error_description": all,
        "message": all,
        "sent": all,
    });
    Script::answer(status, body).header("TrackingID", header.unwrap_or(&""))
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

/// Returns the strings in a JSON value.
fn strings(json: &Json) -> Vec<String> {
    match json {
        Json::String(text) => vec![text.clone()],
        Json::Array(items) => items.iter().flat_map(strings).collect(),
        Json::Object(fields) => fields.values().flat_map(strings).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) => Vec::new(),
    }
}

/// Returns the secret parts of a private key in PEM. The beginning is alike in all keys, and the
/// end holds the public key.
fn secret_parts(pem: &str) -> [(&'static str, String); 2] {
    let lines = pem.lines().collect::<Vec<_>>();
    [("part 1", lines[1][50..64].to_owned()), ("part 2", lines[2][..24].to_owned())]
}

/// Runs the life cycle, and searches for its credentials.
fn leaks_nothing(mode: SecretsInAnswers, logs_to_file: bool) {
    let mut cycle = LifeCycle::new(mode, logs_to_file);

    // Create by a saved plan, with an access token.
    cycle.run(&["plan", "-no-color", "-out=plan"]).succeeded();
    cycle.run(&["show", "-no-color", "plan"]).succeeded();
    cycle.run(&["show", "-json", "plan"]).succeeded();
    cycle.run(&["apply", "-no-color", "plan"]).succeeded().says("8 added");
    cycle.run(&["show", "-no-color"]).succeeded();
    cycle.run(&["show", "-json"]).succeeded();

    // Rotation, and an update of another argument.
    cycle.rotate();
    cycle.edit();
    cycle.run(&["plan", "-no-color", "-out=plan"]).succeeded();
    cycle.run(&["show", "-json", "plan"]).succeeded();
    cycle.run(&["apply", "-no-color", "plan"]).succeeded().says("8 changed");

    // Calls fail, with responses that repeat the request.
    let on = |method: &str, script: Script| script.method(method).path("/organization/**");
    for statuses in
        [[400, 401, 403, 409, 412, 418, 429, 500], [500, 400, 400, 400, 400, 400, 422, 400]]
    {
        let echoes = cycle.echoes("PUT", statuses);
        cycle.fails(echoes);
    }
    // Calls fail in the middle of an edit, after the connector was deactivated.
    let locked = on("PUT", Script::answer(423, json!(null)).times(8));
    let mut scripts = vec![locked];
    scripts.extend(cycle.echoes("PUT", [400; 8]));
    cycle.fails(scripts);
    // Reads send only the token. Bodies that are no JSON are not shown.
    let token = cycle.canaries[0].text.clone();
    cycle.fails([on("GET", echo(403, &[&token]))]);
    let all = cycle.canaries.iter().map(|canary| format!("<p>{}</p>", canary.text));
    let html = json!(format!("<html>{}", all.collect::<String>()));
    cycle.fails([on("GET", Script::answer(502, html.clone()))]);
    cycle.fails([on("GET", Script::answer(200, html))]);
    cycle.apply().succeeded();

    // From here on, the provider requests the tokens.
    let (secret, refresh) = (cycle.canaries[1].text.clone(), cycle.canaries[2].text.clone());
    cycle.token = None;
    cycle.terraform.unset("WEBEX_ACCESS_TOKEN");
    cycle.terraform.set("WEBEX_CLIENT_ID", "simulator-client");
    cycle.terraform.set("WEBEX_CLIENT_SECRET", &secret);
    cycle.terraform.set("WEBEX_REFRESH_TOKEN", &refresh);
    let endpoint = format!("{}/v1/access_token", cycle.simulator.base_url());
    cycle.terraform.set("WEBEX_TOKEN_URL", &endpoint);
    for status in [400, 401, 500] {
        cycle.fails([echo(status, &[&secret, &refresh]).path("/v1/access_token")]);
    }
    cycle.edit();
    cycle.apply().succeeded().says("8 changed");

    // Import.
    let address = "webex_cc_custom_connector.basic_write_only";
    let id = cycle.terraform.attributes(address)["id"].clone();
    cycle.run(&["state", "rm", address]).succeeded();
    cycle.run(&["import", "-no-color", address, id.as_str().expect("an id")]).succeeded();
    cycle.apply().succeeded().says("1 changed");

    // A create that fails, and one with a lost response.
    let address = "webex_cc_custom_connector.password_write_only";
    cycle.run(&["destroy", "-auto-approve", "-no-color", "-target", address]).succeeded();
    let sent = cycle.sent_for("password_write_only");
    let echo_of_create = on("POST", echo(400, &sent));
    cycle.fails([echo_of_create]);
    cycle.run(&["state", "list"]).succeeded().does_not_say(address);
    cycle.simulator.faults([on("POST", Script::close_after())]);
    cycle.apply().succeeded().says("was lost");
    cycle.simulator.faults([]);

    // Destroy fails at first.
    cycle.simulator.faults([on("DELETE", echo(412, &[&secret, &refresh]))]);
    cycle.run(&["destroy", "-auto-approve", "-no-color"]).failed();
    cycle.simulator.faults([]);
    cycle.run(&["show", "-json"]).succeeded();
    cycle.run(&["state", "pull"]).succeeded();
    cycle.run(&["destroy", "-auto-approve", "-no-color"]).succeeded();

    // Issued tokens are credentials, too.
    let arrived = cycle.arrived();
    cycle.canaries.push(Canary::new("issued token", "simulator-issued-"));

    // Every credential was sent.
    for canary in &cycle.canaries {
        assert!(
            arrived.contains(&canary.text) || arrived.contains(&form_encoded(&canary.text)),
            "{} was never sent",
            canary.name
        );
    }
    let (kept, leaked): (Vec<_>, Vec<_>) = cycle.hits().into_iter().partition(|hit| {
        let place = hit.place.split([':', '/']).next().unwrap_or_default();
        let is_kept = KEPT.contains(&place) || place.starts_with("terraform.tfstate.");
        is_kept && hit.canary.contains("_stateful_") && !hit.place.contains("private")
    });
    assert!(leaked.is_empty(), "{leaked:#?}");
    // The search finds stateful credentials.
    for place in ["terraform.tfstate.backup", "plan/", "json: show -json"] {
        let found = kept.iter().filter(|hit| hit.place.starts_with(place)).count();
        assert!(found >= 5, "{place} has {found} of the credentials that are kept in state");
    }
}

fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn no_credential_leaks_if_webex_omits_them() {
    leaks_nothing(SecretsInAnswers::Omit, false);
}

#[test]
fn no_credential_leaks_if_webex_returns_null() {
    leaks_nothing(SecretsInAnswers::Null, true);
}

#[test]
fn no_credential_leaks_if_webex_masks_them() {
    leaks_nothing(SecretsInAnswers::Mask, false);
}

#[test]
fn no_credential_leaks_if_webex_repeats_them() {
    leaks_nothing(SecretsInAnswers::Echo, true);
}
