//! Files that a configuration names and that end or respond never, and addresses of proxies that
//! cannot be read.

use std::time::{Duration, Instant};

use crate::support::connectors::basic;
use crate::support::peer::Peer;
use crate::support::simulator::locked;
use crate::support::terraform::Terraform;

#[cfg(unix)]
#[test]
fn certificate_file_without_an_end_is_refused_at_once() {
    let simulator = locked();
    let terraform = Terraform::configured(&simulator, &basic().resource());
    let pipe = terraform.folder().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let large = terraform.folder().join("large.pem");
    std::fs::write(&large, vec![b'x'; (1 << 20) + 1]).expect("a file");
    for (path, words) in [
        (pipe.to_str().expect("a path"), "it is not an ordinary file"),
        ("/dev/zero", "it is not an ordinary file"),
        (large.to_str().expect("a path"), "it is larger than 1 MiB"),
    ] {
        let block = format!("provider \"webex\" {{\n  ca_certificate_file = \"{path}\"\n}}\n");
        terraform.write("provider.tf", &block);
        let began = Instant::now();
        terraform.plan().failed().says("ca_certificate_file cannot be opened").says(words);
        assert!(began.elapsed() < Duration::from_secs(60), "{path}");
    }
}

/// The library ignores such a variable, and would call the host directly.
#[test]
fn address_of_a_proxy_that_cannot_be_read_is_an_error_and_no_direct_connection() {
    let mut terraform = Terraform::offline();
    terraform.set("WEBEX_CC_BASE_URL", "https://webex.example.invalid");
    terraform.set("WEBEX_ACCESS_TOKEN", "token");
    terraform.set("WEBEX_ORGANIZATION_ID", "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430");
    terraform.write("main.tf", &basic().resource());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        terraform.set(variable, "http://u:hunter2@[bad");
        terraform
            .plan()
            .failed()
            .says(&format!("{variable} cannot be used"))
            .says("requests would bypass the proxy")
            .does_not_say("hunter2");
        terraform.unset(variable);
    }
    // The library would ignore these, too.
    for (variables, unset) in [
        ([("REQUEST_METHOD", "GET"), ("HTTPS_PROXY", "http://proxy.invalid:1")], "REQUEST_METHOD"),
        ([("HTTPS_PROXY", ""), ("https_proxy", "http://proxy.invalid:1")], "https_proxy"),
    ] {
        for (name, value) in variables {
            terraform.set(name, value);
        }
        // The plan warns that the connectors cannot be listed.
        terraform.plan().succeeded().says("proxy.invalid");
        terraform.unset(unset);
    }
    // Loopback addresses are called without a proxy, so its address does not matter.
    let peer = Peer::start(|_, _| (200, "{\"data\":[]}".to_owned()));
    terraform.set("WEBEX_CC_BASE_URL", &peer.url);
    terraform.set("HTTPS_PROXY", "http://[bad");
    terraform.plan().succeeded();
}
