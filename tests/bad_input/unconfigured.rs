//! A provider that is not configured, or not yet.

use tf_provider::value::Value;

use crate::support::checker::plain;
use crate::support::connectors::{Form, basic};
use crate::support::simulator::{locked, writes};
use crate::support::terraform::Terraform;
use crate::support::terraform_core::TerraformCore;

/// Environment variables and their values.
type Environment = [(&'static str, &'static str)];

/// An incomplete environment, the summary of the error, and parts of its detail.
const LACKS: [(&Environment, &str, &[&str]); 5] = [
    (
        &[],
        "The provider's access_token and region are missing",
        &["WEBEX_ACCESS_TOKEN", "WEBEX_CC_REGION"],
    ),
    (
        &[("WEBEX_CC_REGION", "us1")],
        "The provider's access_token is missing",
        &["WEBEX_ACCESS_TOKEN"],
    ),
    (&[("WEBEX_ACCESS_TOKEN", "t")], "The provider's region is missing", &["WEBEX_CC_REGION"]),
    (
        &[("WEBEX_REFRESH_TOKEN", "t")],
        "WEBEX_REFRESH_TOKEN needs client_id and client_secret",
        &[
            "WEBEX_CLIENT_ID and WEBEX_CLIENT_SECRET",
            "The region is missing, too.",
            "WEBEX_CC_REGION",
        ],
    ),
    (
        &[("WEBEX_SERVICE_APP_ID", "app"), ("WEBEX_CC_REGION", "us1")],
        "WEBEX_SERVICE_APP_ID needs client_id and client_secret and access_token",
        &["WEBEX_CLIENT_ID and WEBEX_CLIENT_SECRET and WEBEX_ACCESS_TOKEN"],
    ),
];

/// A plan that no apply could carry out does not begin.
#[tokio::test]
async fn configure_names_all_that_is_missing_at_once() {
    for (environment, summary, details) in LACKS {
        let failed = TerraformCore::try_running(environment).await.1.err();
        let failed = failed.expect("an error of Configure");
        assert!(failed.contains(summary), "{summary}: {failed}");
        for detail in details {
            assert!(failed.contains(detail), "{detail}: {failed}");
        }
    }
}

/// The provider cannot tell the organization from these tokens.
const WITHOUT_ORGANIZATION: [&Environment; 2] = [
    &[("WEBEX_ACCESS_TOKEN", "t"), ("WEBEX_CC_REGION", "us1")],
    &[
        ("WEBEX_REFRESH_TOKEN", "t"),
        ("WEBEX_CLIENT_ID", "id"),
        ("WEBEX_CLIENT_SECRET", "secret"),
        ("WEBEX_CC_REGION", "us1"),
    ],
];

#[tokio::test]
async fn missing_organization_is_an_error_of_the_plan_that_needs_it() {
    for environment in WITHOUT_ORGANIZATION {
        let (plugin, mut core) = TerraformCore::running(environment).await;
        let connector = basic().object(Form::WriteOnly, 0);
        let plan = core.plan(None, &plain(&connector)).await.expect("a plan");
        let [message] = &plan.messages[..] else { panic!("{:#?}", plan.messages) };
        assert_eq!((message.is_error, message.summary()), (true, "The organization is not known"));
        assert_eq!(message.at.as_deref(), Some("organization_id"));
        for words in ["WEBEX_ORGANIZATION_ID", "refresh_token or service_app_id"] {
            assert!(message.detail().contains(words), "{message:?}");
        }
        plugin.shutdown().await.assert_tidy();

        // A resource may name its own, known or not.
        let offline = [environment, &[("WEBEX_CC_PREFLIGHT_CHECKS", "false")]].concat();
        let (plugin, mut core) = TerraformCore::running(&offline).await;
        for own in ["3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430".into(), Value::Unknown] {
            let connector = connector.clone().with("organization_id", own);
            let plan = core.plan(None, &plain(&connector)).await.expect("a plan");
            assert_eq!(plan.messages, []);
        }
        plugin.shutdown().await.assert_tidy();
    }
}

#[test]
fn cli_names_what_is_missing_at_plan() {
    let terraform = Terraform::offline();
    // Without a provider block, Terraform adds an error of its own.
    terraform.write("main.tf", &format!("provider \"webex\" {{}}\n{}", basic().resource()));
    terraform.validate().succeeded();
    let output = terraform.plan().failed();
    assert_eq!(output.text().matches("Error:").count(), 1, "{}", output.stderr);
    output
        .says("The provider's access_token and region are missing")
        .says("Set access_token in the provider block, or WEBEX_ACCESS_TOKEN in the environment.")
        .says("set client_id, client_secret and refresh_token instead")
        .says("For a Service App, set service_app_id")
        .says(
            "Set region in the provider block, or WEBEX_CC_REGION in the environment, or base_url",
        )
        .does_not_say("1 to add");
}

/// Terraform would call it a bug of the provider.
#[test]
fn saved_plan_without_the_environment_names_what_is_missing() {
    let simulator = locked();
    let mut terraform = Terraform::configured(&simulator, &basic().resource());
    let planned = |terraform: &Terraform| {
        terraform.run(["plan", "-no-color", "-out=planned"]).succeeded();
    };
    let apply = |terraform: &Terraform| {
        let output = terraform.run(["apply", "-no-color", "planned"]).failed();
        output.does_not_say("inconsistent").does_not_say("bug in the provider")
    };
    planned(&terraform);
    terraform.unset("WEBEX_ACCESS_TOKEN");
    apply(&terraform).says("The provider's access_token is missing");
    terraform.set("WEBEX_ACCESS_TOKEN", simulator.token());
    planned(&terraform);
    terraform.set("WEBEX_ACCESS_TOKEN", "token-without-organization");
    apply(&terraform).says("The organization is not known");
    assert_eq!(writes(&simulator), 0);
}

/// A test against a simulator would otherwise write to a tenant.
#[test]
fn region_with_the_variable_of_base_url_makes_no_call() {
    let simulator = locked();
    let terraform = Terraform::with(&simulator);
    let provider = "provider \"webex\" {\n  region = \"us1\"\n}\n";
    terraform.write("main.tf", &format!("{provider}{}", basic().resource()));
    terraform
        .plan()
        .failed()
        .says("region and WEBEX_CC_BASE_URL exclude each other")
        .says("region = \"us1\"");
    assert!(simulator.journal().is_empty());
}

/// The variables may be there for other programs, so this is no warning.
#[test]
fn ignored_credentials_of_the_environment_are_logged() {
    let simulator = locked();
    let mut terraform = Terraform::with(&simulator);
    let token = simulator.token();
    let provider = format!("provider \"webex\" {{\n  access_token = \"{token}\"\n}}\n");
    terraform.write("main.tf", &format!("{provider}{}", basic().resource()));
    terraform.set("TF_LOG_PROVIDER", "WARN");
    let line =
        "The environment variable WEBEX_REFRESH_TOKEN is not used, because the provider block";
    terraform.plan().succeeded().does_not_say(line);
    terraform.set("WEBEX_REFRESH_TOKEN", "hunter2");
    terraform.plan().succeeded().says(line).does_not_say("hunter2");
}

/// The values of the provider block become known during the apply.
#[test]
fn provider_known_only_at_apply_plans_without_a_call() {
    let simulator = locked();
    let terraform = Terraform::offline();
    let late = |name: &str, value: &str| {
        format!("resource \"terraform_data\" \"{name}\" {{\n  input = \"{value}\"\n}}\n")
    };
    let provider = "provider \"webex\" {\n  base_url     = terraform_data.url.output\n  \
                    access_token = terraform_data.token.output\n}\n";
    terraform.write(
        "main.tf",
        &[
            late("url", simulator.base_url()),
            late("token", simulator.token()),
            provider.to_owned(),
            basic().resource(),
        ]
        .concat(),
    );
    terraform.plan().succeeded().says("3 to add");
    assert!(simulator.journal().is_empty(), "planning made no call");
    terraform.apply().succeeded().says("3 added");
    terraform.plans_nothing();
}
