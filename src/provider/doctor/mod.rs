//! `doctor`: tells a tenant's owner in one page what of this provider works on
//! the tenant, and anybody else how the tenant's answers differ from the
//! contract.
//!
//! It takes the provider's configuration from the environment, makes reading
//! calls only, and shows no credentials.

mod fields;
pub mod report;

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use self::report::{Check, Outcome, Report, Verdict};
use super::configuration::schema::{ENVIRONMENT, variable};
use super::configuration::source::Environment;
use super::provider_data::{Ready, Status};
use super::{api_errors, configuration};
use tf_provider::diagnostics::{Diagnostic, Severity};
use tf_provider::object::{Configuration, Object};
use webex_contact_center::probe::{Probe, ProbeTarget};
use webex_contact_center::{
    Budget, ConnectorId, Connectors, Error, ErrorKind, FlowConnector, Operation, OrganizationId,
};

/// How long the whole examination may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many names a check lists.
const LISTED: usize = 20;

/// What a tenant's owner can do when an endpoint is not where it is assumed.
const OTHER_PATH: &str = "\
Your organization may have connectors at another path. Control Hub calls it itself: open a \
connector's page there with the network view of the browser's developer tools, look for a request \
whose path has your organization's id in it, and set WEBEX_CC_CONNECTOR_PATH (connector_path) to \
what stands there in the place of \"connector\".";

/// What people forget who configure Terraform otherwise.
const NO_BLOCK: &str = "This command reads the environment only, not the provider block of a \
                        configuration.";

/// Examines the tenant that the environment describes.
pub async fn examine(environment: Environment<'_>, user_agent: &str) -> Report {
    let mut examination = Examination { checks: Vec::new() };
    let verdict = examination.run(environment, user_agent).await;
    Report { checks: examination.checks, verdict }
}

struct Examination {
    checks: Vec<Check>,
}

impl Examination {
    fn add(&mut self, name: &'static str, outcome: Outcome, says: impl Into<String>) {
        self.checks.push(Check::new(name, outcome, says));
    }

    async fn run(&mut self, environment: Environment<'_>, user_agent: &str) -> Verdict {
        let Some(ready) = self.configuration(environment, user_agent) else {
            return Verdict::Unreachable;
        };
        let Some(organization) = self.organization(&ready, environment) else {
            return Verdict::Unreachable;
        };
        let tenant = Tenant {
            connectors: ready.client.connectors(organization),
            budget: Budget::within(PATIENCE, CancellationToken::new()),
        };
        let first = tenant.look(ProbeTarget::FlowConnectors).await;
        let Some(choices) = self.contact(first) else { return Verdict::Unreachable };
        for notice in api_errors::notices(&ready.client) {
            self.checks.push(Check::new("access token", Outcome::Note, told(&notice)));
        }
        let offered = self.offered(&choices);
        let list = tenant.look(ProbeTarget::List).await;
        let listed = self.list(&list, &offered, environment);
        let verdict = self.connectors(&tenant, list, listed.as_deref(), &offered).await;
        let without_flows = self.came_out("flow connectors", Outcome::Problem);
        let verdict = match (verdict, without_flows) {
            (Some(Verdict::Works), true) => Verdict::WithoutFlows,
            (Some(verdict), _) => verdict,
            (None, true) => Verdict::Nothing,
            (None, false) => Verdict::OnlyDocumented,
        };
        let unknown = "Nothing was written, so it is not known whether the token may create and \
                       change connectors (scope cjp:config_write, and a full or Contact Center \
                       service administrator's role), nor how Webex answers then.";
        self.add("writing", Outcome::Skipped, unknown);
        verdict
    }

    fn came_out(&self, name: &str, outcome: Outcome) -> bool {
        self.checks.iter().any(|check| check.name == name && check.outcome == outcome)
    }

    /// What the environment says; none when that is not enough for a call.
    fn configuration(&mut self, environment: Environment<'_>, user_agent: &str) -> Option<Ready> {
        const NAME: &str = "configuration";
        let is_set = |name: &&str| environment(name).is_some_and(|value| !value.is_empty());
        let set = ENVIRONMENT.iter().map(|(_, name)| *name).filter(is_set).collect::<Vec<_>>();
        let nothing = Configuration::new(Object::default());
        let (status, messages) = configuration::read(&nothing, environment, user_agent);
        let mut facts = Map::from_iter([("variables".to_owned(), json!(set))]);
        for argument in ["region", "connector_path"] {
            if let Some(value) = environment(variable(argument)) {
                facts.insert(argument.to_owned(), json!(value));
            }
        }
        let mut add = |outcome, says: String| {
            self.checks.push(Check { name: NAME, outcome, says, facts: facts.clone() });
        };
        for message in messages.iter() {
            let outcome = match message.severity() {
                Severity::Error => Outcome::Problem,
                Severity::Warning => Outcome::Note,
            };
            add(outcome, told(message));
        }
        match status {
            Status::Ready(ready) => {
                add(Outcome::Good, format!("From the environment: {}.", set.join(", ")));
                Some(ready)
            }
            Status::Missing(argument) => {
                add(Outcome::Problem, missing(argument));
                None
            }
            // The environment knows no unknown values, and what was refused
            // has been told.
            Status::Unknown(_) | Status::Unconfigured => None,
        }
    }

    fn organization(
        &mut self,
        ready: &Ready,
        environment: Environment<'_>,
    ) -> Option<OrganizationId> {
        const NAME: &str = "organization";
        let Some(organization) = ready.organization else {
            self.add(
                NAME,
                Outcome::Problem,
                "It is not known which one to examine: it can be read only from a \
                 WEBEX_ACCESS_TOKEN that ends with it, and never with a refresh token or a Service \
                 App. Set WEBEX_ORGANIZATION_ID; Control Hub shows the id under Management > \
                 Account.",
            );
            return None;
        };
        let source = variable("organization_id");
        let is_set = environment(source).is_some();
        let origin = if is_set { source } else { "the end of the access token" };
        let says = format!("{organization}, from {origin}.");
        let check = Check::new(NAME, Outcome::Good, says);
        let origin = if is_set { "setting" } else { "token" };
        self.checks.push(check.with("from", origin));
        Some(organization)
    }

    /// Whether the host answers and accepts the token; none when there is no
    /// point in going on.
    fn contact(&mut self, first: Result<Probe, Error>) -> Option<Probe> {
        let look = match first {
            Ok(look) => look,
            Err(error) => {
                let at_token_endpoint = match error.operation {
                    Operation::RefreshAccessToken | Operation::MakeServiceAppToken => true,
                    Operation::CreateConnector
                    | Operation::ReadConnector
                    | Operation::ListConnectors
                    | Operation::UpdateConnector
                    | Operation::DeactivateConnector
                    | Operation::ReactivateConnector
                    | Operation::DeleteConnector
                    | Operation::ListReferences
                    | Operation::ListFlowConnectors => false,
                };
                let name = if at_token_endpoint { "access token" } else { "host" };
                self.checks.push(failure(name, &error));
                return None;
            }
        };
        let is_unauthorized = |error: &&Error| matches!(error.kind, ErrorKind::Unauthorized { .. });
        self.add("host", Outcome::Good, format!("{} answers.", look.host));
        if let Some(error) = look.refusal.as_ref().filter(is_unauthorized) {
            self.checks.push(failure("access token", error));
            return None;
        }
        self.add("access token", Outcome::Good, "Webex accepts it.");
        Some(look)
    }

    /// What the documented endpoint lists.
    fn offered(&mut self, look: &Probe) -> Vec<FlowConnector> {
        const NAME: &str = "flow connectors";
        let check = match answered(NAME, look) {
            Err(check) => check,
            Ok(()) => {
                let says = format!(
                    "Flow Designer offers {}. (This endpoint is documented.)",
                    counted(&look.connectors)
                );
                Check::new(NAME, Outcome::Good, says)
            }
        };
        self.checks.push(facts(check, look));
        look.connectors.clone()
    }

    /// What the list of our contract has; none when it cannot be had.
    fn list(
        &mut self,
        list: &Result<Probe, Error>,
        offered: &[FlowConnector],
        environment: Environment<'_>,
    ) -> Option<Vec<FlowConnector>> {
        const NAME: &str = "connector list";
        let look = match list {
            Ok(look) => look,
            Err(error) => {
                self.checks.push(failure(NAME, error));
                return None;
            }
        };
        if let Err(mut check) = answered(NAME, look) {
            let is_assumed = environment(variable("connector_path")).is_none();
            if look.status.as_u16() == 404 && is_assumed {
                check.says = format!("There is no such endpoint (404). {OTHER_PATH}");
            }
            self.checks.push(facts(check, look));
            return None;
        }
        let listed = look.connectors.clone();
        let unlisted = offered.iter().filter(|offer| !listed.iter().any(|row| row.id == offer.id));
        let unlisted = unlisted.cloned().collect::<Vec<_>>();
        let says = format!("It has {}.", counted(&listed));
        let check = if unlisted.is_empty() {
            Check::new(NAME, Outcome::Good, says)
        } else {
            let says = format!(
                "{says} Flow Designer offers others beside: {}. That is right if they are no \
                 custom connectors.",
                counted(&unlisted)
            );
            Check::new(NAME, Outcome::Note, says)
        };
        self.checks.push(facts(check.with("offered_but_not_listed", unlisted.len()), look));
        Some(listed)
    }

    /// One connector, its fields, and the answer about one that does not exist.
    /// None when the endpoints are not there.
    async fn connectors(
        &mut self,
        tenant: &Tenant,
        list: Result<Probe, Error>,
        listed: Option<&[FlowConnector]>,
        offered: &[FlowConnector],
    ) -> Option<Verdict> {
        let id = listed.unwrap_or_default().first().or_else(|| offered.first());
        let one = match id {
            None => {
                let says = "There is no connector to read. Make one in Control Hub and run this \
                            command again to learn more.";
                self.add("connector", Outcome::Skipped, says);
                None
            }
            Some(FlowConnector { id, .. }) => self.one(tenant, id).await,
        };
        if listed.is_none() && one.is_none() {
            return None;
        }
        let list = list.ok().filter(|_| listed.is_some());
        let looks = [list.as_ref(), one.as_ref()];
        let fields = fields::check(looks.into_iter().flatten());
        let differs = fields.outcome == Outcome::Problem;
        self.checks.push(fields);
        self.nothing(tenant).await;
        let broken = ["connector list", "connector", "error answers"];
        let broken = broken.iter().any(|name| self.came_out(name, Outcome::Problem));
        Some(if differs || broken { Verdict::Differs } else { Verdict::Works })
    }

    async fn one(&mut self, tenant: &Tenant, id: &ConnectorId) -> Option<Probe> {
        const NAME: &str = "connector";
        let look = match tenant.look(ProbeTarget::Connector(id)).await {
            Ok(look) => look,
            Err(error) => {
                self.checks.push(failure(NAME, &error));
                return None;
            }
        };
        if let Err(check) = answered(NAME, &look) {
            self.checks.push(facts(check, &look));
            return None;
        }
        let is_same = look.connectors.iter().any(|found| found.id == *id);
        let check = if is_same {
            Check::new(NAME, Outcome::Good, format!("Reading {id} works."))
        } else {
            let says = format!("Asked for {id}, Webex answered another connector.");
            Check::new(NAME, Outcome::Problem, says)
        };
        self.checks.push(facts(check, &look));
        Some(look)
    }

    /// The answer about a connector that does not exist. By it the provider
    /// tells that somebody has deleted one.
    async fn nothing(&mut self, tenant: &Tenant) {
        const NAME: &str = "error answers";
        let look = match tenant.look(ProbeTarget::Nothing).await {
            Ok(look) => look,
            Err(error) => return self.checks.push(failure(NAME, &error)),
        };
        let status = look.status.as_u16();
        let consequence = "Connectors that were deleted in Control Hub are then errors and are not \
                           taken out of state; `terraform state rm` does that.";
        let check = if status != 404 {
            let says = format!(
                "A connector that does not exist is answered by {status} instead of 404. {consequence}"
            );
            Check::new(NAME, Outcome::Problem, says)
        } else if look.shape.is_none() {
            let kind = look.media_type.as_deref().unwrap_or("nothing");
            let says = format!(
                "A connector that does not exist is answered by 404, but with {kind} instead of \
                 JSON. {consequence}"
            );
            Check::new(NAME, Outcome::Problem, says)
        } else if look.differences.is_empty() {
            Check::new(NAME, Outcome::Good, "Errors have the documented form.")
        } else {
            let says = format!(
                "Errors have another form than documented, so messages will say less: {}",
                fields::listed(&look.differences)
            );
            Check::new(NAME, Outcome::Note, says)
        };
        self.checks.push(facts(check, &look));
    }
}

/// Who is asked.
struct Tenant {
    connectors: Connectors,
    budget: Budget,
}

impl Tenant {
    async fn look(&self, at: ProbeTarget<'_>) -> Result<Probe, Error> {
        self.connectors.look(at, &self.budget).await
    }
}

/// Whether an answer is one that can be read; if not, the check that says so.
fn answered(name: &'static str, look: &Probe) -> Result<(), Check> {
    if let Some(error) = &look.refusal {
        return Err(failure(name, error));
    }
    let Some(problem) = &look.unreadable else { return Ok(()) };
    let kind = look.media_type.as_deref().unwrap_or("nothing in particular");
    let says = format!(
        "It answers {}, but what it answers cannot be read: {problem}. It claims to be {kind}. \
         Check region or base_url, and what stands between this machine and the host.",
        look.status.as_u16()
    );
    Err(Check::new(name, Outcome::Problem, says))
}

/// The check of a call that failed.
fn failure(name: &'static str, error: &Error) -> Check {
    let says = api_errors::error("", error, "").detail().to_owned();
    let check = Check::new(name, Outcome::Problem, says);
    match error.status {
        Some(status) => check.with("status", status.as_u16()),
        None => check.with("failed_before_an_answer", true),
    }
}

/// Adds what anybody may know of an answer.
fn facts(check: Check, look: &Probe) -> Check {
    let fields = look.shape.iter().flat_map(|shape| shape.fields()).map(|(path, kinds)| {
        let kinds = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>();
        (path.to_owned(), json!(kinds))
    });
    let differences = look.differences.iter().map(fields::fact).collect::<Vec<_>>();
    check
        .with("status", look.status.as_u16())
        .with("media_type", look.media_type.clone())
        .with("connectors", look.connectors.len())
        .with("fields", Value::Object(fields.collect()))
        .with("differences", differences)
}

/// A message of the configuration, as one text.
fn told(message: &Diagnostic) -> String {
    format!("{}. {}", message.summary(), message.detail())
}

fn missing(argument: &str) -> String {
    match argument {
        "region" => format!(
            "WEBEX_CC_REGION is not set. It is the region of your Contact Center, such as us1 or \
             eu1; WEBEX_CC_BASE_URL can be set in its place. {NO_BLOCK}"
        ),
        _ => format!(
            "There are no credentials. Set WEBEX_ACCESS_TOKEN; or WEBEX_CLIENT_ID, \
             WEBEX_CLIENT_SECRET and WEBEX_REFRESH_TOKEN, for tokens that are renewed; or, for a \
             Service App, WEBEX_SERVICE_APP_ID with its WEBEX_CLIENT_ID and WEBEX_CLIENT_SECRET, \
             a WEBEX_ACCESS_TOKEN of scope spark:applications_token, and WEBEX_ORGANIZATION_ID \
             for the organization to examine, one at a time. {NO_BLOCK}"
        ),
    }
}

/// How many connectors there are, and their names.
fn counted(connectors: &[FlowConnector]) -> String {
    let names = connectors.iter().take(LISTED).map(|connector| format!("{:?}", connector.name));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if connectors.len() > LISTED { " and more" } else { "" };
    match connectors.len() {
        0 => "no connector".to_owned(),
        1 => format!("one connector: {names}"),
        number => format!("{number} connectors: {names}{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn examined(variables: &[(&str, &str)]) -> Report {
        let environment = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        examine(&environment, "test").await
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        for (variables, says) in [
            (&[][..], "There are no credentials"),
            (&[("WEBEX_ACCESS_TOKEN", "t")], "WEBEX_CC_REGION is not set"),
            (&[("WEBEX_CC_REGION", "moon")], "WEBEX_CC_REGION is not a known region"),
            (
                &[("WEBEX_ACCESS_TOKEN", "t"), ("WEBEX_CC_REGION", "us1")],
                "Set WEBEX_ORGANIZATION_ID",
            ),
        ] {
            let report = examined(variables).await;
            assert_eq!(report.verdict, Verdict::Unreachable, "{variables:?}");
            let page = report.page().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(page.contains(says), "{says:?} is not in {page}");
            assert!(!report.is_good());
        }
    }
}
