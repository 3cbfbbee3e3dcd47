//! What a finished plan is looked at for: warnings that come early enough to
//! act upon.

use std::time::Duration;

use super::model;
use super::private_data::PrivateData;
use super::resource::named;
use super::validation;
use crate::provider::organization;
use crate::provider::provider_data::{ProviderData, Ready};
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Configuration, Object, Plan, State};
use tf_provider::resource::{CheckPlanRequest, CheckPlanResponse};
use tf_provider::value::{Path, Value};
use webex_contact_center::{Budget, Connector, OrganizationId};

/// How many custom connectors an organization can have (documented by Cisco).
const LIMIT: usize = 10;

/// How long a look ahead may take; the client itself gives up sooner.
const PREFLIGHT: Duration = Duration::from_secs(10);

/// Looks at a plan.
pub async fn review(connection: &ProviderData, request: CheckPlanRequest<'_>) -> CheckPlanResponse {
    let mut memory = PrivateData::recall(request.private);
    let mut diagnostics = Diagnostics::new();
    let Some(plan) = request.plan else {
        return CheckPlanResponse { diagnostics, private: memory.private() };
    };
    match request.prior {
        None => {
            diagnostics.extend(validation::validate_creation(request.configuration));
            if !diagnostics.has_errors() {
                let replaced = memory.replaced.as_deref();
                diagnostics.extend(preflight(connection, plan, replaced, &request).await);
            }
        }
        Some(prior) => {
            memory.replaced = None;
            let is_replaced = !request.requires_replace.is_empty();
            if is_replaced {
                memory.replaced = prior.object().string("id").known().map(str::to_owned);
                diagnostics.push(replacement(prior, request.requires_replace));
            } else if renamed(prior, plan) {
                let own = prior.object().string("id").known();
                diagnostics.extend(preflight(connection, plan, own, &request).await);
            }
            diagnostics.extend(other_organization(connection, prior, request.configuration));
            if !request.changes_remote {
                diagnostics.extend(touched(&memory, prior, request.configuration));
            } else if !is_replaced {
                diagnostics.extend(sent(&memory, prior, plan, request.configuration));
            }
        }
    }
    CheckPlanResponse { diagnostics, private: memory.private() }
}

/// What an update does about credentials, which no plan shows.
fn sent(
    memory: &PrivateData,
    prior: &State,
    plan: &Plan,
    configuration: &Configuration,
) -> Diagnostics {
    let mut messages = Diagnostics::new();
    messages.extend(left_out(prior, configuration));
    let unsent = model::unsent(configuration, memory);
    let has_new_version = |secret: &&str| {
        let version = model::version_of(secret);
        prior.object().get(&version) != plan.object().get(&version)
    };
    if memory.uncertain {
        messages.extend(sent_again(prior, configuration));
    } else if !unsent.iter().any(has_new_version) {
        // A new version is a difference that speaks for itself.
        messages.extend(unsent.iter().map(|secret| first_send(secret, prior)));
    }
    messages
}

fn renamed(prior: &State, plan: &Plan) -> bool {
    let planned = plan.object().get("name");
    !matches!(planned, Value::Unknown) && prior.object().get("name") != planned
}

/// Flows refer to a connector by its id, so a new connector is not a neutral
/// change.
fn replacement(prior: &State, paths: &[Path]) -> Diagnostic {
    let arguments = paths.iter().map(Path::to_string).collect::<Vec<_>>().join(", ");
    let id = prior.object().string("id").known().unwrap_or("unknown").to_owned();
    let message = Diagnostic::warning(
        "Flows that use this connector will stop working",
        format!(
            "Webex cannot change {arguments} of an existing connector, so this plan deletes it and \
             creates another one with a new id. Flows refer to a connector by its id ({id}): each \
             of them must be pointed at the new one in Flow Designer, and Webex refuses to delete \
             the old one while flows refer to it.\n\nTo avoid an outage, add a second resource under \
             another name (names are unique, and {LIMIT} connectors are the limit), move the flows \
             to it, then remove this one. create_before_destroy does not help, because the new \
             connector would need the name of the old one."
        ),
    );
    match paths.first() {
        Some(path) => message.at(path.clone()),
        None => message,
    }
}

/// The provider's organization has moved and the connector has not.
fn other_organization(
    connection: &ProviderData,
    prior: &State,
    configuration: &Configuration,
) -> Option<Diagnostic> {
    if !configuration.object().get("organization_id").is_null() {
        return None;
    }
    let now = connection.organization()?;
    let then = OrganizationId::parse(prior.object().string("organization_id").known()?).ok()?;
    (now != then).then(|| {
        Diagnostic::warning(
            "The connector stays in another organization",
            format!(
                "It was created in organization {then}, and the provider is now configured for \
                 {now}. It is still managed where it is. Set organization_id = \"{then}\" to say \
                 that this is meant, or \"{now}\" to replace it by a connector there."
            ),
        )
        .at(Path::attribute("organization_id"))
    })
}

/// A write-only credential that Webex never got from this state, which is no
/// difference that a plan could show.
fn first_send(credential: &str, prior: &State) -> Diagnostic {
    let argument = model::write_only(credential);
    Diagnostic::warning(
        format!("{argument} will be sent to Webex for the first time"),
        format!(
            "The connector {} was imported, or created without this credential, so the one that \
             Webex has did not come from here. Applying this plan replaces it. That is why the \
             connector is updated even where no other argument differs. To keep what Webex has, \
             remove {}.",
            named(prior),
            both_of(credential, prior)
        ),
    )
    .at(Path::attribute(&argument))
}

/// Nobody knows which credentials Webex has, which is no difference that a plan
/// could show either.
fn sent_again(prior: &State, configuration: &Configuration) -> Option<Diagnostic> {
    let credentials = model::configured_credentials(configuration);
    let first = credentials.first()?;
    let write_only = model::write_only(first);
    let is_write_only = !configuration.object().get(&write_only).is_null();
    let argument = if is_write_only { write_only } else { (*first).to_owned() };
    Some(
        Diagnostic::warning(
            "The credentials will be sent to Webex again",
            format!(
                "The last write of the connector {} did not come to its end, so it is not known \
                 which credentials Webex has now. Applying this plan sends {} as configured. That \
                 is why the connector is updated even where no other argument differs.",
                named(prior),
                credentials.join(" and ")
            ),
        )
        .at(Path::attribute(&argument)),
    )
}

/// An update that is sent without a credential that the connector needs.
fn left_out(prior: &State, configuration: &Configuration) -> Option<Diagnostic> {
    let missing = validation::missing_credentials(configuration);
    let first = missing.first()?;
    let write_only = missing.iter().map(|secret| model::write_only(secret)).collect::<Vec<_>>();
    Some(
        Diagnostic::warning(
            format!("The update is sent without {}", missing.join(" and ")),
            format!(
                "The connector {} needs {}, which the configuration does not give in either form. \
                 Whether Webex keeps what it has then is not documented; if it does not, calls of \
                 flows fail after this update. To be sure, set {} before applying.",
                named(prior),
                missing.join(" and "),
                write_only.join(" and ")
            ),
        )
        .at(Path::attribute(&model::write_only(first))),
    )
}

/// What has to be removed to leave a credential to Webex: a version without it
/// would be an error.
fn both_of(credential: &str, prior: &State) -> String {
    let (write_only, version) = (model::write_only(credential), model::version_of(credential));
    match prior.object().get(&version).is_null() {
        true => write_only,
        false => format!("{write_only} and {version}"),
    }
}

/// Somebody else has saved the connector, and nothing visible differs.
fn touched(
    memory: &PrivateData,
    prior: &State,
    configuration: &Configuration,
) -> Option<Diagnostic> {
    let time = memory.touched?;
    let credentials = model::configured_credentials(configuration);
    // A version is the easiest to raise, and one of them sends all credentials.
    let is_write_only =
        |credential: &&&str| !configuration.object().get(&model::write_only(credential)).is_null();
    let credential =
        credentials.iter().find(is_write_only).or_else(|| credentials.first()).copied()?;
    let (write_only, version) = (model::write_only(credential), model::version_of(credential));
    let (argument, how) = if is_write_only(&&credential) {
        let how = match prior.object().number(&version).known() {
            Some(number) => format!("raise {version} (it is {number})"),
            None => format!("set {version} = 1"),
        };
        let way_out = format!(
            "{how}. If somebody else keeps the credential from now on, remove {}; nothing is sent \
             then",
            both_of(credential, prior)
        );
        (write_only, way_out)
    } else {
        let how = format!(
            "replace {credential} by {write_only} and {version} = 1, which is sent at once and \
             again whenever you raise the version"
        );
        (credential.to_owned(), how)
    };
    Some(
        Diagnostic::warning(
            "Somebody else has saved this connector",
            format!(
                "The connector {} was saved outside Terraform at {}. Nothing that the provider \
                 reads differs from the configuration, but it does not read credentials: {} may \
                 have been replaced.\n\nTo send yours again, {how}.",
                named(prior),
                model::rfc3339(time),
                credentials.join(" and ")
            ),
        )
        .at(Path::attribute(&argument)),
    )
}

/// A look at the organization's connectors before anything is created.
///
/// It never fails and never waits: offline or unconfigured, it says nothing.
async fn preflight(
    connection: &ProviderData,
    plan: &Plan,
    own_id: Option<&str>,
    request: &CheckPlanRequest<'_>,
) -> Diagnostics {
    let Ok(ready) = connection.ready() else { return Diagnostics::new() };
    if !ready.preflight || connection.is_applying() {
        return Diagnostics::new();
    }
    let Some(organization) = planned_organization(&ready, plan.object()) else {
        return Diagnostics::new();
    };
    let budget = Budget::within(PREFLIGHT, request.stop.clone());
    let connectors = ready.client.connectors(organization).list_best_effort(&budget).await;
    let Some(connectors) = connectors else { return Diagnostics::new() };
    let others = connectors.iter().filter(|other| Some(other.id.as_str()) != own_id);
    let others = others.collect::<Vec<_>>();

    let mut messages = Diagnostics::new();
    if let Some(name) = plan.object().string("name").known()
        && let Some(rival) = others.iter().find(|other| other.name == name)
    {
        messages.push(name_taken(rival, organization));
    }
    if request.prior.is_none() && others.len() >= LIMIT {
        messages.push(Diagnostic::warning(
            "The organization has no room for another custom connector",
            format!(
                "Organization {organization} has {} custom connectors, and Webex allows {LIMIT}. \
                 Delete one that is not used, or import it instead of creating another.",
                others.len()
            ),
        ));
    }
    messages
}

fn planned_organization(ready: &Ready, plan: &Object) -> Option<OrganizationId> {
    match plan.string("organization_id").known() {
        Some(text) => organization::parse(text).ok(),
        None => ready.organization,
    }
}

fn name_taken(rival: &Connector, organization: OrganizationId) -> Diagnostic {
    Diagnostic::warning(
        "The name is already taken",
        format!(
            "Organization {organization} has a connector named {:?} already, and names are unique: \
             applying this plan will fail, unless the same plan deletes the existing connector \
             first, which it does not with create_before_destroy. Choose another name, or take the \
             existing connector over:\n\n{}",
            rival.name,
            import_block(organization, rival.id.as_str())
        ),
    )
    .at(Path::attribute("name"))
}

/// The block that adopts an existing connector.
#[must_use]
pub fn import_block(organization: OrganizationId, id: &str) -> String {
    format!(
        "import {{\n  to = {}.<NAME>\n  id = \"{organization}/{id}\"\n}}",
        super::schema::TYPE_NAME
    )
}
