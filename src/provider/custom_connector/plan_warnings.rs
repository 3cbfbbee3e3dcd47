//! Warnings about a finished plan, early enough to act upon.

use std::time::Duration;

use super::credentials::{CredentialArguments, CredentialsPlan};
use super::model;
use super::naming::{import_block, named};
use super::private_data::PrivateData;
use super::validation;
use crate::provider::api_errors;
use crate::provider::configuration::status::ConfiguredProvider;
use crate::provider::organization;
use crate::provider::provider_data::ProviderData;
use safe_text::Shown;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Configuration, Object, Plan, State};
use tf_provider::resource::{CheckPlanRequest, CheckPlanResponse};
use tf_provider::value::{Path, Value};
use webex_contact_center::{
    BASIC, Budget, CONNECTOR_LIMIT, Connector, ConnectorId, ConnectorKind, Error, ErrorKind,
    Operation, OrganizationId, readable_fields,
};

/// The time limit of the preflight checks. The client itself gives up sooner.
const PREFLIGHT: Duration = Duration::from_secs(10);

/// The arguments whose change replaces a connector.
pub const REPLACING: [&str; 3] = ["organization_id", "authentication_type", "grant_type"];

/// Checks a plan.
pub async fn check_plan(
    provider: &ProviderData,
    request: CheckPlanRequest<'_>,
) -> CheckPlanResponse {
    let private = PrivateData::before_plan(request.private);
    let mut diagnostics = Diagnostics::new();
    let Some(plan) = request.plan else {
        let private = private.encode();
        return CheckPlanResponse { diagnostics, private, ..CheckPlanResponse::default() };
    };
    let credentials = CredentialsPlan::new(request.configuration, &private);
    match request.prior {
        None => {
            diagnostics.extend(validation::validate_name(request.configuration));
            diagnostics.extend(validation::validate_creation(request.configuration));
            if !diagnostics.has_errors() {
                diagnostics.extend(validation::validate_versions(request.configuration, None));
            }
            diagnostics.extend(not_in_profile(provider, plan));
            diagnostics.extend(unknown_organization(provider, request.configuration));
            if !diagnostics.has_errors() {
                diagnostics.extend(preflight(provider, plan, None, &request).await);
            }
        }
        Some(prior) => {
            let before = Some(prior.object());
            diagnostics.extend(validation::validate_versions(request.configuration, before));
            let is_replaced = !request.requires_replace.is_empty();
            if is_replaced || renamed(prior, plan) {
                diagnostics.extend(validation::validate_name(request.configuration));
            }
            if is_replaced {
                diagnostics.push(replacement(prior, request.requires_replace));
            } else if renamed(prior, plan) {
                let own = prior.object().string("id").known();
                diagnostics.extend(preflight(provider, plan, own, &request).await);
            }
            diagnostics.extend(not_known_yet(prior, plan, request.configuration));
            diagnostics.extend(other_organization(provider, prior, request.configuration));
            diagnostics.extend(validation::certificate_and_key(request.configuration));
            let configured = &credentials.configured;
            if !request.changes_remote {
                let changed = external_change(&private, configured, prior, request.configuration);
                diagnostics.extend(changed);
            } else if !is_replaced {
                let configuration = request.configuration;
                diagnostics.extend(overwritten_change(
                    &private,
                    configured,
                    prior,
                    plan,
                    configuration,
                ));
                diagnostics.extend(taken_away(prior, configuration));
                diagnostics.extend(credential_warnings(
                    &private,
                    &credentials,
                    prior,
                    plan,
                    configuration,
                ));
            }
        }
    }
    diagnostics.extend(claimed_twice(provider, plan, &request));
    let known = credentials.configured.iter().map(|row| row.stateful);
    let private = private.with_plan(known).encode();
    CheckPlanResponse { diagnostics, private, ..CheckPlanResponse::default() }
}

/// Warns that another resource has the same connector or the same name.
fn claimed_twice(
    provider: &ProviderData,
    plan: &Plan,
    request: &CheckPlanRequest<'_>,
) -> Option<Diagnostic> {
    // Terraform plans the new connector of a replacement next. While applying, it plans each
    // resource once more.
    if !request.requires_replace.is_empty() || provider.is_applying() {
        return None;
    }
    let organization = planned_organization(&provider.ready().ok()?, plan.object())?;
    let id = request.prior.and_then(|prior| prior.object().string("id").known());
    let id = id.and_then(|id| ConnectorId::parse(id).ok());
    provider.claims.plan(organization, id.as_ref(), plan.object().string("name").known())
}

/// Warns that a value which decides between an update and a replacement is not known yet.
fn not_known_yet(prior: &State, plan: &Plan, configuration: &Configuration) -> Option<Diagnostic> {
    let is_unknown = |argument: &&str| {
        [plan.object(), configuration.object()]
            .iter()
            .all(|object| matches!(object.get(argument), Value::Unknown))
    };
    let argument = REPLACING.into_iter().find(is_unknown)?;
    let now = prior.object().string(argument).known();
    let now = now.map_or("null".to_owned(), |now| format!("{:?}", Shown::new(now)));
    Some(
        Diagnostic::warning(
            format!("{argument} of connector {} is not known yet", named(prior)),
            format!(
                "To know the value first, apply the resource that {argument} depends on alone \
                 (`terraform apply -target=…`). This plan keeps the connector, which has {now} \
                 now. If the value turns out to be different, the apply fails before it changes \
                 the connector, and Terraform reports \"Provider produced inconsistent final \
                 plan\". Then plan again: the next plan replaces the connector."
            ),
        )
        .at(Path::attribute(argument)),
    )
}

/// Warns of what an update does about credentials, which no plan shows.
fn credential_warnings(
    private: &PrivateData,
    credentials: &CredentialsPlan,
    prior: &State,
    plan: &Plan,
    configuration: &Configuration,
) -> Diagnostics {
    let mut messages = Diagnostics::new();
    messages.extend(left_out(prior, configuration));
    let has_new_version = |row: &CredentialArguments| {
        prior.object().get(row.version) != plan.object().get(row.version)
    };
    if private.uncertain {
        messages.extend(sent_again(&credentials.to_send, prior, configuration));
    } else if !credentials.never_sent.iter().any(has_new_version) {
        // A new version is a difference that speaks for itself.
        messages.extend(credentials.never_sent.iter().map(|row| first_send(row, prior)));
    }
    messages
}

fn renamed(prior: &State, plan: &Plan) -> bool {
    let planned = plan.object().get("name");
    !matches!(planned, Value::Unknown) && prior.object().get("name") != planned
}

/// Warns of a replacement: flows refer to a connector by its id, so a new
/// connector is not a neutral change.
fn replacement(prior: &State, paths: &[Path]) -> Diagnostic {
    let arguments = paths.iter().map(Path::to_string).collect::<Vec<_>>().join(", ");
    let message = Diagnostic::warning(
        format!("Flows that use connector {} will stop working", named(prior)),
        format!(
            "To avoid an outage, add a second resource with another name, change the flows to its \
             connector, and then remove this resource. Names are unique, and {CONNECTOR_LIMIT} \
             connectors are the limit. create_before_destroy does not help, because both \
             connectors would have the same name.\n\nWebex cannot change {arguments} of an \
             existing connector. So this plan deletes the connector and creates another one with a \
             new id. Flows refer to a connector by its id: change each of them to the new \
             connector in Flow Designer. Webex refuses to delete a connector while flows refer to \
             it."
        ),
    );
    match paths.first() {
        Some(path) => message.at(path.clone()),
        None => message,
    }
}

/// Returns an error if the API profile cannot create the connector. The apply would find the same.
fn not_in_profile(provider: &ProviderData, plan: &Plan) -> Option<Diagnostic> {
    let ready = provider.ready().ok()?;
    let profile = ready.client.profile();
    let object = plan.object();
    let authentication_type = object.string("authentication_type").known().unwrap_or(BASIC);
    if matches!(object.get("grant_type"), Value::Unknown) {
        return None;
    }
    let grant_type = object.string("grant_type").known();
    let kind = ConnectorKind::of(authentication_type, grant_type)?;
    if let Err(gap) = profile.can_write(kind) {
        let error = Error::new(Operation::CreateConnector, ErrorKind::NotInProfile(gap));
        let summary = "The API profile does not know this kind of connector";
        let path = if grant_type.is_some() { "grant_type" } else { "authentication_type" };
        return Some(api_errors::error(summary, &error, NOTHING_PLANNED).at(Path::attribute(path)));
    }
    readable_fields().find_map(|(_, row)| {
        if object.get(row.argument).is_null() {
            return None;
        }
        let gap = profile.can_write_argument(row, kind).err()?;
        let error = Error::new(Operation::CreateConnector, ErrorKind::NotInProfile(gap));
        let summary = format!("The API profile does not know {}", row.argument);
        let message = api_errors::error(summary, &error, NOTHING_PLANNED);
        Some(message.at(Path::attribute(row.argument)))
    })
}

/// The state after a plan that failed.
const NOTHING_PLANNED: &str = "Nothing was planned.";

/// Returns an error if neither a new connector nor the provider names an organization. The apply
/// would find the same.
fn unknown_organization(
    provider: &ProviderData,
    configuration: &Configuration,
) -> Option<Diagnostic> {
    if !configuration.object().get("organization_id").is_null() {
        return None;
    }
    provider.ready().ok()?.organization(None).err()
}

/// Warns that the provider's organization has changed and the connector's has not.
fn other_organization(
    provider: &ProviderData,
    prior: &State,
    configuration: &Configuration,
) -> Option<Diagnostic> {
    if !configuration.object().get("organization_id").is_null() {
        return None;
    }
    let now = provider.organization()?;
    let then = OrganizationId::parse(prior.object().string("organization_id").known()?).ok()?;
    (now != then).then(|| {
        Diagnostic::warning(
            format!("Connector {} stays in another organization", named(prior)),
            format!(
                "Set organization_id = \"{then}\" to keep the connector where it is, or \"{now}\" \
                 to replace it by a connector there. It was created in organization {then}, and \
                 the provider is now configured for {now}. Until then, it is managed where it is."
            ),
        )
        .at(Path::attribute("organization_id"))
    })
}

/// Warns of a write-only credential that Webex never got from this state, which
/// is no difference that a plan could show.
fn first_send(row: &CredentialArguments, prior: &State) -> Diagnostic {
    let argument = row.write_only;
    Diagnostic::warning(
        format!(
            "{argument} of connector {} will be sent to Webex for the first time",
            named(prior)
        ),
        format!(
            "To keep the credential that Webex has, remove {}. Applying this plan replaces \
             it.\n\nThe connector was imported, or created without this credential, so the one \
             that Webex has did not come from this configuration. For that reason the plan updates \
             the connector, even if no other argument differs.",
            write_only_and_version(row, prior)
        ),
    )
    .at(Path::attribute(argument))
}

/// Warns that it is not known which credentials Webex has, which is no difference that a plan could
/// show either.
fn sent_again(
    credentials: &[CredentialArguments],
    prior: &State,
    configuration: &Configuration,
) -> Option<Diagnostic> {
    let first = credentials.first()?;
    Some(
        Diagnostic::warning(
            format!("The credentials of connector {} will be sent to Webex again", named(prior)),
            format!(
                "Apply this plan: it sends {} as configured. The last change of the connector did \
                 not complete, so it is not known which credentials Webex has now. For that reason \
                 the plan updates the connector, even if no other argument differs.",
                listed(credentials, |row| row.stateful)
            ),
        )
        .at(Path::attribute(first.argument(configuration))),
    )
}

/// Warns of an update that is sent without a credential that the connector needs.
fn left_out(prior: &State, configuration: &Configuration) -> Option<Diagnostic> {
    let missing = validation::missing_credentials(configuration);
    let first = missing.first()?;
    let names = listed(&missing, |row| row.stateful);
    Some(
        Diagnostic::warning(
            format!("The update of connector {} is sent without {names}", named(prior)),
            format!(
                "To be sure that flows can use the connector after this update, set {} before you \
                 apply. The connector needs {names}, which the configuration does not set. \
                 It is not documented whether Webex keeps a credential that an update omits.",
                listed(&missing, |row| row.write_only)
            ),
        )
        .at(Path::attribute(first.write_only)),
    )
}

/// Warns of an update that takes something away that a new connector needs.
fn taken_away(prior: &State, configuration: &Configuration) -> Option<Diagnostic> {
    let removed = validation::removed_arguments(configuration, prior.object());
    let first = removed.first()?;
    let names = removed.join(" and ");
    Some(
        Diagnostic::warning(
            format!("The update of connector {} removes {names}", named(prior)),
            format!(
                "Set {names} to keep what Webex has. The connector has {names}, and the \
                 configuration does not. A new connector of this kind needs it. Webex may refuse \
                 the update, or flows that use the connector may fail after it."
            ),
        )
        .at(Path::attribute(first)),
    )
}

fn listed(
    credentials: &[CredentialArguments],
    argument: impl Fn(&CredentialArguments) -> &'static str,
) -> String {
    credentials.iter().map(argument).collect::<Vec<_>>().join(" and ")
}

/// Returns what has to be removed to leave a credential to Webex: a version
/// without it would be an error.
fn write_only_and_version(row: &CredentialArguments, prior: &State) -> String {
    match prior.object().get(row.version).is_null() {
        true => row.write_only.to_owned(),
        false => format!("{} and {}", row.write_only, row.version),
    }
}

/// Warns that somebody else has saved the connector, although nothing visible
/// differs.
fn external_change(
    private: &PrivateData,
    configured: &[CredentialArguments],
    prior: &State,
    configuration: &Configuration,
) -> Option<Diagnostic> {
    let time = private.external_change?;
    // A version is the easiest to raise, and one of them sends all credentials.
    let is_write_only = |row: &&CredentialArguments| row.is_write_only(configuration);
    let row = configured.iter().find(is_write_only).or_else(|| configured.first())?;
    let CredentialArguments { stateful, write_only, version, .. } = *row;
    let how = if row.is_write_only(configuration) {
        let how = match prior.object().number(version).known() {
            Some(number) => format!("raise {version} (it is {number})"),
            None => format!("set {version} = 1"),
        };
        format!(
            "{how}. If somebody else manages the credential from now on, remove {}: then none is \
             sent",
            write_only_and_version(row, prior)
        )
    } else {
        format!(
            "replace {stateful} by {write_only} and {version} = 1. The provider sends it with the \
             next apply, and again whenever you raise the version"
        )
    };
    Some(
        Diagnostic::warning(
            format!("Somebody else has saved connector {}", named(prior)),
            format!(
                "To send your credentials again, {how}.\n\nThe connector was saved outside \
                 Terraform at {}. Nothing that the provider reads differs from the configuration, \
                 but it does not read credentials: {} may have been replaced.",
                model::rfc3339(time),
                listed(configured, |row| row.stateful)
            ),
        )
        .at(Path::attribute(row.argument(configuration))),
    )
}

/// Warns that an update overwrites the credentials of a connector that somebody
/// else has saved.
fn overwritten_change(
    private: &PrivateData,
    configured: &[CredentialArguments],
    prior: &State,
    plan: &Plan,
    configuration: &Configuration,
) -> Option<Diagnostic> {
    let time = private.external_change?;
    let first = configured.first()?;
    // A new version or a new value is there to overwrite the credentials.
    let changes = |argument: &str| prior.object().get(argument) != plan.object().get(argument);
    if configured.iter().any(|row| changes(row.version) || changes(row.stateful)) {
        return None;
    }
    let names = listed(configured, |row| row.stateful);
    Some(
        Diagnostic::warning(
            format!(
                "Somebody else has saved connector {}, and its credentials will be overwritten",
                named(prior)
            ),
            format!(
                "If somebody replaced {names} on purpose, update the configuration before you \
                 apply: this plan sends the values of the configuration. To send none, remove the \
                 credential from the configuration, or list its argument in ignore_changes. It is \
                 not documented whether Webex then keeps what it has.\n\nThe connector was saved \
                 outside Terraform at {}. The provider does not read credentials, so it cannot \
                 tell whether one was replaced.",
                model::rfc3339(time),
            ),
        )
        .at(Path::attribute(first.argument(configuration))),
    )
}

/// Compares a plan with the organization's connectors before anything is created.
///
/// It never fails: a list that cannot be read raises a warning, and an unconfigured provider none.
///
/// An apply waits for it once more before its first write. Terraform plans every change again while
/// it applies, in another process, and its request is the same as that of a plan: the configuration,
/// the prior state and the prior private data (for a create, nulls), but not the plan that is applied.
async fn preflight(
    provider: &ProviderData,
    plan: &Plan,
    own_id: Option<&str>,
    request: &CheckPlanRequest<'_>,
) -> Diagnostics {
    let Ok(ready) = provider.ready() else { return Diagnostics::new() };
    if !ready.preflight || provider.is_applying() {
        return Diagnostics::new();
    }
    let Some(organization) = planned_organization(&ready, plan.object()) else {
        return Diagnostics::new();
    };
    let budget = Budget::within(PREFLIGHT, request.stop.clone());
    let connectors = ready.client.connectors(organization).list_best_effort(&budget).await;
    let mut messages = Diagnostics::new();
    let connectors = match connectors {
        Ok(connectors) => connectors,
        Err(error) => {
            messages.extend(unchecked(&error));
            return messages;
        }
    };
    let others = connectors.iter().filter(|other| Some(other.id.as_str()) != own_id);
    let others = others.collect::<Vec<_>>();

    if let Some(name) = plan.object().string("name").known()
        && let Some(holder) = others.iter().find(|other| other.name() == name)
        // One that is in state keeps the name, gives it up in this plan, or is replaced by what is
        // planned here.
        && !provider.claims.is_in_state(organization, &holder.id)
    {
        messages.push(name_taken(holder, organization));
    }
    if request.prior.is_none() && others.len() >= CONNECTOR_LIMIT {
        messages.push(Diagnostic::warning(
            "The organization has no room for another custom connector",
            format!(
                "Delete a connector that is not used, or import it instead of creating another. \
                 Organization {organization} has {} custom connectors, and Webex allows \
                 {CONNECTOR_LIMIT}.",
                others.len()
            ),
        ));
    }
    messages
}

/// Warns that a plan was not compared with what the organization has. The cause is often one that
/// makes the apply fail, too. It has no path and no name, so that Terraform folds the warnings of
/// many connectors into one.
fn unchecked(error: &Error) -> Option<Diagnostic> {
    const TRUTH: &str = "The provider could not check whether the organization has room for what \
                         is planned, and whether the names are free. The apply may fail for that, \
                         or for the cause below.";
    if error.kind == ErrorKind::Stopped {
        return None;
    }
    let detail = if error.kind == ErrorKind::DeadlineExceeded {
        // There is no argument for the limit of three seconds.
        api_errors::detail_advising(error, TRUTH, String::new())
    } else {
        api_errors::detail(error, TRUTH)
    };
    Some(Diagnostic::warning("This plan could not be checked with Webex", detail))
}

fn planned_organization(ready: &ConfiguredProvider, plan: &Object) -> Option<OrganizationId> {
    match plan.string("organization_id").known() {
        Some(text) => organization::parse(text).ok(),
        None => ready.organization,
    }
}

fn name_taken(holder: &Connector, organization: OrganizationId) -> Diagnostic {
    Diagnostic::warning(
        format!("The name {:?} is already taken", Shown::new(holder.name())),
        format!(
            "Choose another name. Or, if no other resource manages the existing connector, import \
             it:\n\n{}\n\nOrganization {organization} has this connector already, and names are \
             unique. Applying this plan will fail, unless the same plan deletes or renames the \
             existing connector first.",
            import_block(organization, &holder.id)
        ),
    )
    .at(Path::attribute("name"))
}
