//! `doctor`: shows the owner of a tenant on one page which parts of the provider
//! work there, and shows anybody else how the responses differ from the contract.
//!
//! It takes the provider's configuration from the environment, makes reading
//! calls only, and shows no credentials.

mod connector_check;
mod endpoint_checks;
mod environment_checks;
mod field_checks;
mod profile_check;
pub mod report;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use self::environment_checks::text;

use self::endpoint_checks::{CONNECTOR, CONNECTOR_LIST, ERROR_RESPONSES, FLOW_CONNECTORS};
use self::report::{Check, Checks, Outcome, Report, Verdict};
use super::api_errors;
use super::configuration::source::Environment;
use webex_contact_center::probe::{Probe, ProbeTarget};
use webex_contact_center::{Budget, Connector, Connectors, Error, FlowConnector};

/// The deadline of the whole examination.
const DEADLINE: Duration = Duration::from_secs(120);

/// The most connectors that are read.
const MOST_CONNECTORS: usize = 100;

/// Examines the tenant that the environment describes. `each` is called with each check as soon as
/// it is known.
pub async fn examine(
    environment: Environment<'_>,
    user_agent: &str,
    each: &mut (dyn FnMut(&Check) + Send),
) -> Report {
    let mut checks = Checks::new(each);
    let verdict = run(&mut checks, environment, user_agent).await;
    Report { checks: checks.into_found(), verdict: verdict.unwrap_or(Verdict::Unreachable) }
}

/// Adds the checks in their order. Returns none if no connector endpoint can be
/// called.
async fn run(
    checks: &mut Checks<'_>,
    environment: Environment<'_>,
    user_agent: &str,
) -> Option<Verdict> {
    let provider = environment_checks::configuration(checks, environment, user_agent)?;
    checks.push(profile_check::profile(environment));
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
    let list = endpoint_checks::connector_list(checks, list, &choices.offered);
    let has_endpoints = connectors(checks, &tenant, list, &choices.offered).await;
    let verdict = verdict(checks.found(), has_endpoints);
    let unknown = "This command writes nothing. So it cannot check whether the token may create \
                   and change connectors (scope cjp:config_write, and the role of a full \
                   administrator, a Contact Center Service administrator or a partner full \
                   administrator), and how Webex responds.";
    checks.push(Check::new("writing", Outcome::Skipped, unknown));
    Some(verdict)
}

/// Checks each connector, and the response about a connector that does not exist. Returns whether
/// the connector endpoints are there.
async fn connectors(
    checks: &mut Checks<'_>,
    tenant: &Tenant,
    list: Option<Probe>,
    offered: &[FlowConnector],
) -> bool {
    let rows: Vec<&Connector> = list.iter().flat_map(endpoint_checks::listed).collect();
    let mut ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    if list.is_none() {
        ids.extend(offered.iter().map(|offer| offer.id.clone()).take(1));
    }
    if ids.is_empty() {
        let message = if list.is_some() {
            "The organization has no connector to read. Create one in Control Hub, and run this \
             command again."
        } else {
            "The list could not be read, so there is no connector to read. Solve that problem \
             first."
        };
        checks.push(Check::new(CONNECTOR, Outcome::Skipped, message));
    }
    let mut is_read = false;
    for id in ids.iter().take(MOST_CONNECTORS) {
        let probe = tenant.probe(ProbeTarget::Connector(id)).await;
        let Some(probe) = endpoint_checks::connector(checks, probe) else { continue };
        is_read = true;
        let row = rows.iter().find(|row| row.id == *id).copied();
        checks.push(connector_check::check(id, tenant.connectors.organization(), &probe, row));
    }
    if list.is_none() && !is_read {
        return false;
    }
    checks.push(endpoint_checks::error_answers(tenant.probe(ProbeTarget::MissingConnector).await));
    true
}

fn verdict(checks: &[Check], has_endpoints: bool) -> Verdict {
    let has_problem = |names: &[&str]| {
        let has_name = |check: &&Check| names.contains(&check.name);
        checks.iter().filter(has_name).any(|check| check.outcome == Outcome::Problem)
    };
    let differs = has_problem(&[CONNECTOR_LIST, CONNECTOR, ERROR_RESPONSES]);
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
        examine(&environment, "test", &mut |_| ()).await
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
