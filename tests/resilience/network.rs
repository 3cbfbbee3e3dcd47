//! The waiting times of users: connections, and the calls at the beginning of an apply.

use crate::support::connectors::basic;
use crate::support::simulator::{locked, unlocked};
use crate::support::terraform::Terraform;
use crate::support::tls::{HTTP_1, HTTP_2, TlsFront};

/// Ten connectors are destroyed at the same time. The plan and the apply are two processes, and each
/// has one connection: HTTP/2 carries all requests.
#[test]
fn process_has_one_connection_where_the_server_speaks_http_2() {
    for (simulator, protocols) in [(unlocked(), HTTP_2), (locked(), HTTP_2), (unlocked(), HTTP_1)] {
        let front = TlsFront::start(simulator.address(), protocols);
        let ten = basic().resource().replacen('{', "{\n  count = 10", 1);
        let ten = ten.replacen("\"Zendesk\"", "\"CRM ${count.index}\"", 1);
        let mut terraform = Terraform::configured(&simulator, &ten);
        terraform.set("WEBEX_CC_BASE_URL", &front.url);
        terraform.set("WEBEX_CC_CA_CERTIFICATE_PEM", &front.authority);
        terraform.apply().succeeded();
        let applied = front.take_connections();
        terraform.destroy().succeeded();
        let destroyed = front.take_connections();
        if protocols == HTTP_2 {
            assert_eq!((applied, destroyed), (2, 2));
        } else {
            assert!(applied > 2 && destroyed > 2, "{applied} and {destroyed}");
        }
        assert!(simulator.all_stored(simulator.organization()).is_empty());
    }
}

/// A process cannot know whether Terraform plans or applies before it has to respond to the first
/// plan of a create. If this fails, the second look at the list can be saved.
#[test]
fn plan_and_apply_of_a_create_begin_with_the_same_calls() {
    let simulator = unlocked();
    let mut terraform = Terraform::configured(&simulator, &basic().resource());
    let log = terraform.folder().join("trace.log");
    terraform.set("TF_LOG", "TRACE");
    terraform.set("TF_LOG_PATH", log.to_str().unwrap());
    terraform.apply().succeeded();
    let mut processes = vec![Vec::new()];
    for line in terraform.read("trace.log").lines() {
        if line.contains("starting plugin: path") {
            processes.push(Vec::new());
        } else if line.contains("received request: ")
            && let Some((_, rest)) = line.split_once("tf_rpc=")
        {
            let call = rest.split_whitespace().next().unwrap();
            processes.last_mut().unwrap().push(call.to_owned());
        }
    }
    let first = |calls: &Vec<String>| {
        let plan = calls.iter().position(|call| call == "PlanResourceChange")?;
        Some(calls[..=plan].to_vec())
    };
    let planning = processes.iter().filter_map(first).collect::<Vec<_>>();
    let [plan, apply] = planning.as_slice() else { panic!("{processes:?}") };
    assert_eq!(plan, apply);
}
