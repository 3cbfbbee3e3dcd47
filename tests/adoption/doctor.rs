//! `doctor`: its reports on conforming and failing tenants, and the data that it never shows.

use std::process::Command;

use serde_json::{Value, Value as Json, json};
use webex_cc_simulator::{Action, Options, Script, ScriptedResponse, SecretsInAnswers, Simulator};

use super::made_by_hand;
use crate::support::connectors::ONLY_WEBEX_KNOWS;
use crate::support::simulator::{locked, start, writes};

const LIST: &str = "/organization/*/v2/connector";
const ONE: &str = "/organization/*/connector/*";

struct Seen {
    code: Option<i32>,
    page: String,
    json: Value,
}

impl Seen {
    /// Fails the test unless the page has these words.
    #[track_caller]
    fn says(&self, words: &str) -> &Self {
        let page = self.page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(page.contains(words), "{words:?} is not in:\n{}", self.page);
        self
    }

    /// Returns the outcome of a check.
    #[track_caller]
    fn outcome(&self, name: &str) -> &str {
        self.check(name)["outcome"].as_str().expect("an outcome")
    }

    #[track_caller]
    fn check(&self, name: &str) -> &Value {
        let checks = self.json["checks"].as_array().expect("checks");
        let check = checks.iter().rev().find(|check| check["check"] == name);
        check.unwrap_or_else(|| panic!("{name} is not in {:#}", self.json))
    }

    #[track_caller]
    fn is(&self, code: i32, verdict: &str) -> &Self {
        assert_eq!(self.json["verdict"], verdict, "{}", self.page);
        assert_eq!(self.code, Some(code), "{}", self.page);
        self
    }
}

fn run(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_terraform-provider-webex"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Runs `doctor` in both output formats.
fn examined(variables: &[(&str, &str)]) -> Seen {
    let (code, page, stderr) = run(variables, &["doctor"]);
    assert_eq!(stderr, "");
    let (same_code, json, stderr) = run(variables, &["doctor", "--json"]);
    assert_eq!((same_code, stderr.as_str()), (code, ""));
    Seen { code, page, json: serde_json::from_str(&json).expect("JSON") }
}

fn of(simulator: &Simulator) -> Seen {
    examined(&[
        ("WEBEX_CC_BASE_URL", simulator.base_url()),
        ("WEBEX_ACCESS_TOKEN", simulator.token()),
    ])
}

fn tenant() -> Simulator {
    let simulator = locked();
    made_by_hand(&simulator);
    simulator
}

#[test]
fn doctor_reports_a_conforming_tenant_as_working() {
    let simulator = tenant();
    let seen = of(&simulator);
    seen.is(0, "works")
        .says("Flow Designer offers 9 connectors: \"Zendesk\"")
        .says("The built-in one. Its entries are assumed: the calls list, read, create")
        .says("It has 10 connectors")
        .says("\"Zendesk\"")
        .says("a configuration with the values of Webex plans no change")
        .says("Errors have the documented form.")
        .says("This command writes nothing");
    assert_eq!(seen.check("connector list")["connectors"], 10);
    assert_eq!(seen.check("connector list")["fields"]["data[].active"], json!(["boolean"]));
    assert_eq!(seen.outcome("writing"), "skipped");
    assert_eq!(writes(&simulator), 0, "it reads only");
}

#[test]
fn doctor_skips_checks_without_connectors() {
    let simulator = locked();
    let seen = of(&simulator);
    seen.is(0, "works").says("Create one in Control Hub");
    assert_eq!(seen.outcome("connector"), "skipped");
}

#[test]
fn doctor_advises_to_learn_if_the_list_is_missing() {
    let simulator = tenant();
    let page = json!("<html>canary-page</html>");
    simulator.faults([LIST, ONE].map(|path| Script::answer(404, page.clone()).path(path)));
    let seen = of(&simulator);
    seen.is(1, "only_documented")
        .says("There is no such endpoint (404).")
        .says("terraform-provider-webex learn")
        .says("set WEBEX_CC_API_PROFILE")
        .says("only the data source webex_cc_flow_connectors works");
    assert_eq!(seen.outcome("flow connectors"), "ok");
    assert!(!seen.page.contains("canary-page") && !seen.json.to_string().contains("canary-page"));

    // The environment names the path.
    let set = [
        ("WEBEX_CC_BASE_URL", simulator.base_url()),
        ("WEBEX_ACCESS_TOKEN", simulator.token()),
        ("WEBEX_CC_CONNECTOR_PATH", "connection"),
    ];
    let seen = examined(&set);
    assert_eq!(seen.check("configuration")["connector_path"], "connection");
    assert_eq!(seen.check("API profile")["profile"], "WEBEX_CC_CONNECTOR_PATH");
    assert_eq!(seen.outcome("connector list"), "problem");
}

/// Runs `doctor` on a tenant with one connector of these members.
fn of_connector(row: Json, read: Json) -> Seen {
    let simulator = tenant();
    simulator.faults([
        Script::answer(200, json!({"meta": {}, "data": [row]})).path(LIST),
        Script::answer(200, read).path(&format!("/organization/*/connector/{RECORDED}")),
    ]);
    of(&simulator)
}

/// The id of [`complete`].
const RECORDED: &str = "5c7c2677-0000-4000-8000-000000000001";

/// A connector as a plan needs it.
fn complete() -> Json {
    json!({
        "id": RECORDED, "name": "canary-name", "active": true,
        "authenticationType": "BASIC", "resourceDomain": "https://canary.example.com",
        "username": "canary-user", "validationUrl": "https://canary.example.com/me",
        "version": 3, "lastUpdatedTime": 17,
    })
}

fn with(mut object: Json, changes: Json) -> Json {
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Json::Null => drop(object.as_object_mut().expect("an object").remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}

/// Each connector is read with the mapping of the resource.
#[test]
fn doctor_says_what_a_plan_would_do_to_each_connector() {
    let shiny = json!({"shiny": {"deep": "canary-deep"}, "clientSecret": ONLY_WEBEX_KNOWS});
    let seen = of_connector(complete(), with(complete(), shiny));
    seen.says("\"canary-name\"")
        .says("a configuration with the values of Webex plans no change")
        .says("It has members that the API profile does not know: /shiny")
        .says("Webex returns client_secret as clear text");
    assert_eq!(seen.outcome("connector"), "note");
    for (changes, outcome, words) in [
        (
            json!({"authenticationType": "SAML"}),
            "problem",
            "authentication_type is \"SAML\" in Webex, which the API profile does not know",
        ),
        (
            json!({"resourceDomain": "http://canary.example.com"}),
            "problem",
            "The provider refuses its configuration",
        ),
        (json!({"username": "other"}), "problem", "The list and a read by id differ in username"),
        (json!({"username": null}), "note", "Webex does not return username"),
        (json!({"version": null}), "note", "It has no version"),
        (json!({"password": "****"}), "note", "Webex returns password masked"),
    ] {
        let seen = of_connector(complete(), with(complete(), changes));
        seen.says(words);
        assert_eq!(seen.outcome("connector"), outcome, "{words}");
        let findings = seen.check("connector")["findings"].as_array().expect("findings");
        assert!(!findings.is_empty());
        let json = seen.json.to_string();
        for canary in ["canary-name", "canary.example", "canary-user", "canary-deep"] {
            assert!(!json.contains(canary), "{canary} is in {json}");
        }
    }
}

/// A profile names the literal that the tenant has.
#[test]
fn doctor_uses_the_profile_of_the_environment() {
    let profile = include_str!("../support/profiles/rest.json");
    let simulator = start(Options {
        profile: Some(serde_json::from_str(profile).expect("a profile")),
        ..Options::default()
    });
    made_by_hand(&simulator);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("webex-api.json");
    std::fs::write(&path, profile).expect("the profile");
    let seen = examined(&[
        ("WEBEX_CC_BASE_URL", simulator.base_url()),
        ("WEBEX_ACCESS_TOKEN", simulator.token()),
        ("WEBEX_CC_API_PROFILE", path.to_str().expect("a path")),
    ]);
    seen.says("The one that WEBEX_CC_API_PROFILE gives. Its entries are learned: the calls list");
    assert_eq!(seen.check("API profile")["entries"], json!({"learned": 27}));
    assert_eq!(seen.outcome("connector list"), "ok");
}

#[test]
fn doctor_reports_refusals_with_advice() {
    let simulator = tenant();
    simulator.faults([Script::answer(403, json!({})).path(LIST)]);
    let seen = of(&simulator);
    assert_eq!(seen.outcome("connector list"), "problem");
    seen.says("cjp:config_read");
    assert_eq!(seen.check("connector list")["status"], 403);

    simulator.faults([Script::answer(200, json!("<html>")).path("/*/project/**")]);
    let seen = of(&simulator);
    seen.is(1, "without_flows").says("cannot be read");
    assert_eq!(seen.outcome("flow connectors"), "problem");

    simulator.faults([]);
    simulator.expire_tokens();
    let seen = of(&simulator);
    seen.is(1, "unreachable").says("Webex does not accept the access token");
    assert_eq!(seen.outcome("access token"), "problem");
}

#[test]
fn doctor_reports_a_missing_connector_without_404() {
    for (script, words) in [
        (Script::answer(400, json!({"error": {}})), "with 400 instead of 404"),
        (Script::answer(404, json!("<html>")), "instead of JSON"),
    ] {
        let simulator = tenant();
        // The first read is of an existing connector.
        let first = Script::new(Action::DelayMs(0)).path(ONE).times(1);
        simulator.faults([first, script.path(ONE)]);
        let seen = of(&simulator);
        seen.is(1, "differs").says(words);
    }
}

#[test]
fn doctor_reports_unreachable_hosts_and_missing_settings() {
    let token = ("WEBEX_ACCESS_TOKEN", "canary_3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430");
    let nobody = ("WEBEX_CC_BASE_URL", "http://127.0.0.1:1");
    let seen = examined(&[token, nobody]);
    seen.is(1, "unreachable").says("No connection to 127.0.0.1:");
    assert_eq!(seen.outcome("host"), "problem");
    examined(&[token]).is(1, "unreachable").says("WEBEX_CC_REGION is not set");
    examined(&[nobody])
        .is(1, "unreachable")
        .says("There are no credentials")
        .says("WEBEX_SERVICE_APP_ID")
        .says("WEBEX_ORGANIZATION_ID for the organization to examine, one at a time")
        .says("reads environment variables only, not the provider block");
    examined(&[nobody, ("WEBEX_ACCESS_TOKEN", "opaque")]).says("Set WEBEX_ORGANIZATION_ID");
    let refreshed = [
        ("WEBEX_CLIENT_ID", "id"),
        ("WEBEX_CLIENT_SECRET", "secret"),
        ("WEBEX_REFRESH_TOKEN", "t"),
    ];
    examined(&[&refreshed[..], &[nobody]].concat()).says("Set WEBEX_ORGANIZATION_ID");
    examined(&[token, ("WEBEX_CC_REGION", "moon")]).says("not a known region");
}

/// Credentials of every kind, and a tenant that repeats everything that it receives.
#[test]
fn doctor_shows_no_credentials_and_no_names_in_json() {
    let options = Options { secrets: SecretsInAnswers::Echo, ..Options::default() };
    let simulator = start(options);
    made_by_hand(&simulator);
    let organization = simulator.organization().to_owned();
    let canary = "canary-token-0123456789";
    let token = format!("{canary}_{organization}");
    let echo = json!({
        "trackingId": format!("Bearer {token}"), (token.as_str()): 1,
        "error": {"message": [{"description": format!("you sent {token}")}]},
    });
    let media_type = [("content-type".to_owned(), format!("application/{token}"))];
    let echo =
        ScriptedResponse { status: 403, headers: media_type.into(), body: echo, apply: false };
    let echo = [Script::new(Action::Respond(echo))];
    let sent = "you sent simulator-client-secret with Bearer simulator-applications-token";
    let echo_of_app = [Script::answer(403, json!({"message": sent, "trackingId": sent}))];
    let own = [("WEBEX_ACCESS_TOKEN", token.as_str())];
    let good = [("WEBEX_ACCESS_TOKEN", simulator.token())];
    let token_url = format!("{}/v1/access_token", simulator.base_url());
    let refresh = [
        ("WEBEX_CLIENT_ID", "simulator-client"),
        ("WEBEX_CLIENT_SECRET", "simulator-client-secret"),
        ("WEBEX_REFRESH_TOKEN", "simulator-refresh-token"),
        ("WEBEX_TOKEN_URL", token_url.as_str()),
    ];
    let applications_url = format!("{}/v1/applications", simulator.base_url());
    let service_app = [
        ("WEBEX_CLIENT_ID", "simulator-client"),
        ("WEBEX_CLIENT_SECRET", "simulator-client-secret"),
        ("WEBEX_SERVICE_APP_ID", "simulator-service-app"),
        ("WEBEX_ACCESS_TOKEN", "simulator-applications-token"),
        ("WEBEX_APPLICATIONS_URL", applications_url.as_str()),
    ];
    for (way, faults) in [
        (&own[..], &echo[..]),
        (&own, &[]),
        (&good, &[]),
        (&refresh, &[]),
        (&service_app, &[]),
        (&service_app, &echo_of_app),
    ] {
        simulator.faults(faults.to_vec());
        let common = [
            ("WEBEX_CC_BASE_URL", simulator.base_url()),
            ("WEBEX_ORGANIZATION_ID", organization.as_str()),
            ("TF_LOG", "TRACE"),
        ];
        let variables = [&common[..], way].concat();
        let (_, page, stderr) = run(&variables, &["doctor"]);
        let (_, json, more) = run(&variables, &["doctor", "--json"]);
        let shown = format!("{page}{stderr}{json}{more}");
        for private in [
            canary,
            ONLY_WEBEX_KNOWS,
            "simulator-token",
            "simulator-client-secret",
            "simulator-refresh-token",
            "simulator-applications-token",
            "simulator-issued-",
        ] {
            assert!(!shown.contains(private), "{private} is in {shown}");
        }
        for name in ["Zendesk", organization.as_str(), "5c7c2677-"] {
            assert!(!json.contains(name), "{name} is in {json}");
        }
    }
}

#[test]
fn command_line_prints_help_and_returns_its_exit_codes() {
    let (code, stdout, stderr) = run(&[], &["--version"]);
    let version = format!("terraform-provider-webex {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), version.as_str(), ""));
    let (code, help, _) = run(&[], &["--help"]);
    assert_eq!(code, Some(0));
    for word in ["doctor", "--json", "schema", "--debug", "--version", "EXIT CODES"] {
        assert!(help.contains(word), "{word} is not in {help}");
    }
    assert_eq!(run(&[], &["doctor", "--help"]), (Some(0), help.clone(), String::new()));
    let (code, stdout, stderr) = run(&[], &[]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_eq!(stderr, help);
    for wrong in [&["fix"][..], &["doctor", "--jsn"], &["schema", "x"], &["doctor", "--json", "x"]]
    {
        let (code, stdout, stderr) = run(&[], wrong);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(stderr.contains("There is no argument"), "{stderr}");
    }
}
