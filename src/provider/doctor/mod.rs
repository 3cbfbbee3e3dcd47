//! `doctor`: shows the owner of a tenant on one page which parts of the provider
//! work there, and shows anybody else how the responses differ from the contract.
//!
//! It takes the provider's configuration from the environment, makes reading
//! calls only, and shows no credentials.

mod endpoint_checks;
mod environment_checks;
mod field_checks;
pub mod report;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use self::endpoint_checks::{CONNECTOR, CONNECTOR_LIST, ERROR_ANSWERS, FLOW_CONNECTORS};
use self::report::{Check, Outcome, Report, Verdict};
use super::api_errors;
use super::configuration::source::Environment;
use webex_contact_center::probe::{Probe, ProbeTarget};
use webex_contact_center::{Budget, Connectors, Error, FlowConnector};

/// The deadline of the whole examination.
const DEADLINE: Duration = Duration::from_secs(120);

/// Examines the tenant that the environment describes.
pub async fn examine(environment: Environment<'_>, user_agent: &str) -> Report {
    let mut checks = Vec::new();
    let verdict = run(&mut checks, environment, user_agent).await;
    Report { checks, verdict: verdict.unwrap_or(Verdict::Unreachable) }
}

/// Adds the checks in their order. Returns none if no connector endpoint can be
/// called.
async fn run(
    checks: &mut Vec<Check>,
    environment: Environment<'_>,
    user_agent: &str,
) -> Option<Verdict> {
    let provider = environment_checks::configuration(checks, environment, user_agent)?;
    let organization = environment_checks::organization(checks, &provider, environment)?;
    let tenant = Tenant {
        connectors: provider.client.connectors(organization),
        budget: Budget::within(DEADLINE, CancellationToken::new()),
    };
    let first = tenant.probe(ProbeTarget::FlowConnectors).await;
    let choices = endpoint_checks::host(checks, first)?;
    for notice in api_errors::notices(&provider.client) {
        checks.push(Check::new("access token", Outcome::Note, environment_checks::text(&notice)));
    }
    checks.push(endpoint_checks::flow_connectors(&choices));
    let list = tenant.probe(ProbeTarget::List).await;
    let list = endpoint_checks::connector_list(checks, list, &choices.connectors, environment);
    let has_endpoints = connectors(checks, &tenant, list, &choices.connectors).await;
    let verdict = verdict(checks, has_endpoints);
    let unknown = "Nothing was written, so it is not known whether the token may create and change \
                   connectors (scope cjp:config_write, and a full or Contact Center service \
                   administrator's role), nor how Webex answers then.";
    checks.push(Check::new("writing", Outcome::Skipped, unknown));
    Some(verdict)
}

/// Checks one connector, the fields, and the response about a connector that
/// does not exist. Returns whether the connector endpoints are there.
async fn connectors(
    checks: &mut Vec<Check>,
    tenant: &Tenant,
    list: Option<Probe>,
    offered: &[FlowConnector],
) -> bool {
    let listed = list.as_ref().map(|list| list.connectors.as_slice()).unwrap_or_default();
    let one = match listed.first().or_else(|| offered.first()) {
        None => {
            let message = "There is no connector to read. Make one in Control Hub and run this \
                           command again to learn more.";
            checks.push(Check::new(CONNECTOR, Outcome::Skipped, message));
            None
        }
        Some(FlowConnector { id, .. }) => {
            endpoint_checks::connector(checks, id, tenant.probe(ProbeTarget::Connector(id)).await)
        }
    };
    if list.is_none() && one.is_none() {
        return false;
    }
    checks.push(field_checks::check([&list, &one].into_iter().flatten()));
    checks.push(endpoint_checks::error_answers(tenant.probe(ProbeTarget::MissingConnector).await));
    true
}

fn verdict(checks: &[Check], has_endpoints: bool) -> Verdict {
    let has_problem = |names: &[&str]| {
        let has_name = |check: &&Check| names.contains(&check.name);
        checks.iter().filter(has_name).any(|check| check.outcome == Outcome::Problem)
    };
    let differs = has_problem(&[CONNECTOR_LIST, CONNECTOR, field_checks::NAME, ERROR_ANSWERS]);
    match (has_endpoints, has_problem(&[FLOW_CONNECTORS])) {
        (true, _) if differs => Verdict::Differs,
        (true, true) => Verdict::WithoutFlows,
        (true, false) => Verdict::Works,
        (false, true) => Verdict::Nothing,
        (false, false) => Verdict::OnlyDocumented,
    }
}

/// The organization under examination.
struct Tenant {
    connectors: Connectors,
    budget: Budget,
}

impl Tenant {
    async fn probe(&self, target: ProbeTarget<'_>) -> Result<Probe, Error> {
        self.connectors.probe(target, &self.budget).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn report_of(variables: &[(&str, &str)]) -> Report {
        let environment = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        examine(&environment, "test").await
    }

    #[tokio::test]
    async fn missing_variables_are_named() {
        for (variables, message) in [
            (&[][..], "There are no credentials"),
            (&[("WEBEX_ACCESS_TOKEN", "t")], "WEBEX_CC_REGION is not set"),
            (&[("WEBEX_CC_REGION", "moon")], "WEBEX_CC_REGION is not a known region"),
            (
                &[("WEBEX_ACCESS_TOKEN", "t"), ("WEBEX_CC_REGION", "us1")],
                "Set WEBEX_ORGANIZATION_ID",
            ),
        ] {
            let report = report_of(variables).await;
            assert_eq!(report.verdict, Verdict::Unreachable, "{variables:?}");
            let page = report.page().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(page.contains(message), "{message:?} is not in {page}");
            assert!(!report.is_good());
        }
    }
}
