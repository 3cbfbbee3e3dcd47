//! Renewal of tokens, for one organization and for many.

use webex_cc_simulator::{Authorization, Options, Simulator};

use crate::support::connectors::{Form, basic, resource};
use crate::support::simulator::{ANOTHER_ORGANIZATION, locked, start, two_organizations, unlocked};
use crate::support::terraform::Terraform;

/// Returns a folder with a refresh token for the provider.
fn with_refresh_token(simulator: &Simulator) -> Terraform {
    let mut terraform = Terraform::with(simulator);
    let authorization = Authorization::default();
    terraform.unset("WEBEX_ACCESS_TOKEN");
    terraform.set("WEBEX_CLIENT_ID", &authorization.client_id);
    terraform.set("WEBEX_CLIENT_SECRET", &authorization.client_secret);
    terraform.set("WEBEX_REFRESH_TOKEN", &authorization.refresh_token);
    terraform.set("WEBEX_TOKEN_URL", &format!("{}/v1/access_token", simulator.base_url()));
    terraform.set("WEBEX_ORGANIZATION_ID", simulator.organization());
    terraform
}

/// Returns a provider block with a Service App.
fn service_app(simulator: &Simulator) -> String {
    let Authorization { client_id, client_secret, service_app_id, applications_token, .. } =
        Authorization::default();
    format!(
        r#"
provider "webex" {{
  base_url         = "{base_url}"
  applications_url = "{base_url}/v1/applications"
  service_app_id   = "{service_app_id}"
  client_id        = "{client_id}"
  client_secret    = "{client_secret}"
  access_token     = "{applications_token}"
}}
"#,
        base_url = simulator.base_url()
    )
}

fn token_requests(simulator: &Simulator) -> usize {
    let journal = simulator.journal();
    journal.iter().filter(|exchange| exchange.path == "/v1/access_token").count()
}

#[test]
fn parallel_operations_share_one_token_refresh() {
    let simulator = unlocked();
    let terraform = with_refresh_token(&simulator);
    let arguments = basic().with("name", "c${count.index}").hcl(Form::Stateful);
    terraform.write("main.tf", &resource(&format!("  count = 10\n{arguments}")));
    terraform.apply().succeeded().says("10 added");
    simulator.clear_journal();
    terraform.plans_nothing();
    assert_eq!(token_requests(&simulator), 1);
}

/// Returns a configuration that imports a connector.
fn import_of(id: &str) -> String {
    let connector = resource(&basic().hcl(Form::Absent));
    format!("{connector}import {{\n  to = webex_cc_custom_connector.test\n  id = \"{id}\"\n}}\n")
}

/// The run continues with the new refresh token.
#[test]
fn replaced_refresh_token_raises_a_warning() {
    let authorization = Authorization { rotate_refresh_token: true, ..Authorization::default() };
    let options = Options { active_lock: false, authorization, ..Options::default() };
    let simulator = start(options);
    let terraform = with_refresh_token(&simulator);
    let id = basic().make_by_hand(&simulator);
    terraform.write("main.tf", &import_of(&id));
    terraform
        .plan()
        .succeeded()
        .says("Webex has replaced the refresh token")
        .says("Only this process has the new refresh token")
        .says("expires on");
    // The simulator revokes the old one at once, so the next process is refused.
    terraform
        .plan()
        .failed()
        .says("refuses the credentials")
        .says("the refresh token has expired or was replaced: authorize the app again");
}

/// The run fails, and its process has the only token that is valid.
#[test]
fn failed_run_tells_that_it_used_up_the_refresh_token() {
    let authorization = Authorization { rotate_refresh_token: true, ..Authorization::default() };
    let simulator = start(Options { authorization, ..Options::default() });
    let terraform = with_refresh_token(&simulator);
    terraform.write("main.tf", &import_of("6e1f0c4e-52a1-4d63-9a55-0b9f3f1f2a10"));
    terraform
        .plan()
        .failed()
        .says("There is no such connector")
        .says("Webex has replaced the refresh token");
}

/// Nothing is read for a new connector but the list, for the checks of its plan.
#[test]
fn plan_of_a_new_connector_tells_that_it_used_up_the_refresh_token() {
    let authorization = Authorization { rotate_refresh_token: true, ..Authorization::default() };
    let simulator = start(Options { authorization, ..Options::default() });
    let terraform = with_refresh_token(&simulator);
    terraform.write("main.tf", &basic().resource());
    terraform.plan().succeeded().says("Webex has replaced the refresh token");
    terraform
        .plan()
        .succeeded()
        .says("Warning: This plan could not be checked with Webex")
        .says("the refresh token has expired or was replaced");
}

#[test]
fn wrong_client_secret_is_an_error_of_the_token_endpoint() {
    let simulator = locked();
    let mut terraform = with_refresh_token(&simulator);
    terraform.set("WEBEX_CLIENT_SECRET", "wrong-client-secret");
    terraform.write("main.tf", &basic().resource());
    terraform
        .apply()
        .failed()
        .says("refuses the credentials")
        .says("Nothing was created.")
        .does_not_say("wrong-client-secret");
    // Nothing is asked of the API without a token.
    assert!(simulator.journal().iter().all(|exchange| exchange.path == "/v1/access_token"));
}

/// The provider block names the endpoint of the tokens.
#[test]
fn service_app_uses_one_token_per_organization() {
    let simulator = two_organizations(false);
    let organizations = [simulator.organization(), ANOTHER_ORGANIZATION];
    let terraform = Terraform::offline();
    let each = format!(
        "  for_each        = toset({organizations:?})\n  organization_id = each.value\n{}",
        basic().hcl(Form::Stateful)
    );
    terraform.write("main.tf", &format!("{}{}", service_app(&simulator), resource(&each)));
    terraform.apply().succeeded().says("2 added").does_not_say("simulator-issued");
    simulator.clear_journal();
    terraform.plans_nothing();

    let journal = simulator.journal();
    let path = "/v1/applications/simulator-service-app/token";
    assert_eq!(journal.iter().filter(|exchange| exchange.path == path).count(), 2);
    for organization in organizations {
        let mut calls = journal.iter().filter(|exchange| exchange.path.contains(organization));
        assert!(calls.all(|call| call.headers["authorization"].ends_with(organization)));
    }
}

/// The messages do not mention refresh tokens.
#[test]
fn service_app_errors_name_its_own_arguments() {
    let simulator = locked();
    let good = service_app(&simulator);
    let elsewhere = basic().with("organization_id", ANOTHER_ORGANIZATION);
    for (provider, connector, advice) in [
        (good.clone(), elsewhere, "must have authorized the Service App in Control Hub"),
        (
            good.replace("simulator-applications-token", simulator.token()),
            basic(),
            "That access token needs the scope spark:applications_token",
        ),
        (
            good.replace("simulator-service-app", "another"),
            basic(),
            "Check service_app_id, and applications_url if it is set.",
        ),
    ] {
        let mut terraform = Terraform::offline();
        terraform.set("WEBEX_ORGANIZATION_ID", simulator.organization());
        terraform.write("main.tf", &format!("{provider}{}", connector.resource()));
        terraform
            .apply()
            .failed()
            .says("Nothing was created.")
            .says(advice)
            .does_not_say("refresh_token")
            .does_not_say("connector_path")
            .does_not_say("simulator-applications-token");
    }
}
