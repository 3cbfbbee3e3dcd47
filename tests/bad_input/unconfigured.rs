//! A provider that is not configured, or not yet.

use crate::support::checker::plain;
use crate::support::connectors::{Form, basic};
use crate::support::simulator::locked;
use crate::support::terraform::Terraform;
use crate::support::terraform_core::TerraformCore;

/// Environment variables and their values.
type Environment = [(&'static str, &'static str)];

/// An incomplete environment, the summary of the error, and a part of its detail.
const LACKS: [(&Environment, &str, &str); 4] = [
    (&[], "The provider's access_token is missing", "WEBEX_ACCESS_TOKEN"),
    (&[("WEBEX_ACCESS_TOKEN", "t")], "The provider's region is missing", "WEBEX_CC_REGION"),
    (
        &[("WEBEX_ACCESS_TOKEN", "t"), ("WEBEX_CC_REGION", "us1")],
        "The organization is not known",
        "WEBEX_ORGANIZATION_ID",
    ),
    // The provider cannot tell the organization from these tokens.
    (
        &[
            ("WEBEX_REFRESH_TOKEN", "t"),
            ("WEBEX_CLIENT_ID", "id"),
            ("WEBEX_CLIENT_SECRET", "secret"),
            ("WEBEX_CC_REGION", "us1"),
        ],
        "The organization is not known",
        "With refresh_token or service_app_id that is always needed.",
    ),
];

#[tokio::test]
async fn apply_without_configuration_names_what_is_missing() {
    for (environment, summary, variable) in LACKS {
        let (plugin, mut core) = TerraformCore::running(environment).await;
        let configuration = plain(&basic().object(Form::WriteOnly, 0));
        let plan = core.plan(None, &configuration).await.expect("a plan");
        assert_eq!(plan.messages, [], "{summary}");

        let applied = core.apply(None, &configuration, &plan).await;
        let (made, said) = applied.expect("an answer");
        let [message] = &said[..] else { panic!("{said:#?}") };
        assert_eq!((message.is_error, message.summary()), (true, summary));
        assert!(message.detail().contains(variable), "{message:?}");
        assert!(made.is_none());
        plugin.shutdown().await.assert_tidy();
    }
}

#[test]
fn cli_names_the_missing_token_at_apply() {
    let terraform = Terraform::offline();
    terraform.write("main.tf", &basic().resource());
    terraform.validate().succeeded();
    terraform.plan().succeeded().says("1 to add");
    terraform
        .apply()
        .failed()
        .says("The provider's access_token is missing")
        .says("Set access_token in the provider block, or WEBEX_ACCESS_TOKEN in the environment.")
        .says("set client_id, client_secret and refresh_token instead")
        .says("for a Service App, set service_app_id");
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
