//! Credentials of the environment, and addresses that a configuration or a module in it chooses.

use crate::support::connectors::basic;
use crate::support::simulator::locked;
use crate::support::terraform::Terraform;

const TOKEN: &str = "envT0ken-Xq7Lw2Zb9";
const HOST: &str = "collector.example.net";

/// The argument that names an address, the variables, and those that are sent there.
type Way = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// The ways to authorize.
const WAYS: [Way; 3] = [
    ("base_url", &[("WEBEX_ACCESS_TOKEN", TOKEN)], "WEBEX_ACCESS_TOKEN"),
    (
        "token_url",
        &[
            ("WEBEX_CC_REGION", "us1"),
            ("WEBEX_CLIENT_ID", "id"),
            ("WEBEX_CLIENT_SECRET", TOKEN),
            ("WEBEX_REFRESH_TOKEN", TOKEN),
        ],
        "WEBEX_CLIENT_SECRET, WEBEX_REFRESH_TOKEN",
    ),
    (
        "applications_url",
        &[
            ("WEBEX_CC_REGION", "us1"),
            ("WEBEX_SERVICE_APP_ID", "app"),
            ("WEBEX_CLIENT_ID", "id"),
            ("WEBEX_CLIENT_SECRET", TOKEN),
            ("WEBEX_ACCESS_TOKEN", TOKEN),
        ],
        "WEBEX_CLIENT_SECRET, WEBEX_ACCESS_TOKEN",
    ),
];

fn provider(argument: &str) -> String {
    format!("provider \"webex\" {{\n  {argument} = \"https://{HOST}\"\n}}\n")
}

#[test]
fn credentials_of_the_environment_do_not_go_to_hosts_of_the_configuration() {
    for (argument, variables, sent) in WAYS {
        let mut terraform = Terraform::offline();
        for (variable, value) in variables {
            terraform.set(variable, value);
        }
        let data = "data \"webex_cc_custom_connectors\" \"all\" {\n  organization_id = \
                    \"3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430\"\n}\n";
        terraform.write("main.tf", &format!("{}{data}", provider(argument)));
        terraform
            .plan()
            .failed()
            .says(&format!("{argument} would send credentials of the environment to a host that"))
            .says(&format!("leads to {HOST}, which is not a host of Cisco"))
            .says(&format!("come from environment variables ({sent})"))
            .says(&format!("set the environment variable WEBEX_CC_ALLOWED_HOSTS={HOST}"))
            .does_not_say(TOKEN);

        // The owner of the environment allows it. The name leads nowhere.
        terraform.set("WEBEX_CC_ALLOWED_HOSTS", HOST);
        terraform.plan().failed().does_not_say("would send").says(HOST);
    }
}

/// Returns a configuration with a module that has a provider block with this content, and the
/// credentials of the environment.
fn with_a_module(block: &str) -> Terraform {
    let mut terraform = Terraform::offline();
    terraform.set("WEBEX_ACCESS_TOKEN", TOKEN);
    let module = terraform.folder().join("module");
    std::fs::create_dir(&module).expect("a folder");
    std::fs::copy(terraform.folder().join("versions.tf"), module.join("versions.tf"))
        .expect("a file");
    let data = "data \"webex_cc_custom_connectors\" \"all\" {\n  organization_id = \
                \"3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430\"\n}\n";
    let provider = format!("provider \"webex\" {{\n{block}}}\n");
    std::fs::write(module.join("main.tf"), format!("{provider}{data}")).expect("a file");
    terraform.write("main.tf", "module \"helper\" {\n  source = \"./module\"\n}\n");
    terraform.run(["get"]).succeeded();
    terraform
}

#[test]
fn credentials_of_the_environment_do_not_go_to_hosts_of_a_module() {
    with_a_module(&format!("  base_url = \"https://{HOST}\"\n"))
        .plan()
        .failed()
        .says("base_url would send credentials of the environment to a host that is not allowed")
        .does_not_say(TOKEN);
}

/// A profile may name the host of its API. One that an environment variable names is that of the
/// owner of the environment.
#[test]
fn credentials_of_the_environment_do_not_go_to_hosts_of_a_profile() {
    let text = include_str!("../support/profiles/rest.json");
    let mut profile: serde_json::Value = serde_json::from_str(text).expect("a profile");
    profile["base_url"] = format!("https://{HOST}").into();
    for region in [None, Some("us1")] {
        let mut terraform = Terraform::offline();
        terraform.set("WEBEX_ACCESS_TOKEN", TOKEN);
        terraform.set("WEBEX_ORGANIZATION_ID", "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430");
        if let Some(region) = region {
            terraform.set("WEBEX_CC_REGION", region);
        }
        terraform.write("profile.json", &profile.to_string());
        terraform.write("main.tf", "data \"webex_cc_custom_connectors\" \"all\" {}\n");
        let block = "provider \"webex\" {\n  api_profile = file(\"profile.json\")\n}\n";
        terraform.write("provider.tf", block);
        terraform
            .plan()
            .failed()
            .says("api_profile would send credentials of the environment to a host that is not")
            .says(&format!("leads to {HOST}"))
            .does_not_say(TOKEN);

        // The name leads nowhere.
        terraform.write("provider.tf", "");
        terraform.set("WEBEX_CC_API_PROFILE", "profile.json");
        terraform.plan().failed().does_not_say("would send").says(HOST);
    }
}

#[test]
fn credentials_and_address_of_one_author_need_no_permission() {
    // Both are the configuration's.
    let mut terraform = Terraform::offline();
    terraform.write(
        "main.tf",
        &format!(
            "provider \"webex\" {{\n  base_url        = \"https://{HOST}\"\n  access_token    = \
             \"{TOKEN}\"\n  organization_id = \"3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430\"\n}}\n{}",
            basic().resource()
        ),
    );
    terraform.plan().succeeded().does_not_say("would send");
    // Both are the environment's, or the address is a loopback address.
    let simulator = locked();
    terraform = Terraform::configured(&simulator, &basic().resource());
    terraform.plan().succeeded();
    terraform.unset("WEBEX_CC_BASE_URL");
    let block = format!("provider \"webex\" {{\n  base_url = \"{}\"\n}}\n", simulator.base_url());
    terraform.write("provider.tf", &block);
    terraform.plan().succeeded();
}

/// A module that adds a certificate authority could read the credentials, if it also controls the
/// network.
#[test]
fn credentials_of_the_environment_do_not_meet_an_authority_of_a_module() {
    with_a_module("  region = \"us1\"\n  ca_certificate_pem = \"a\"\n")
        .plan()
        .failed()
        .says("ca_certificate_pem cannot be used with credentials of the environment")
        .says("Set the environment variable WEBEX_CC_CA_CERTIFICATE_PEM instead")
        .does_not_say(TOKEN);
}
