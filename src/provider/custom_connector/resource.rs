//! The life cycle of a custom connector: which calls are made, in which order,
//! and what is true after each of them.

use std::sync::Arc;

use async_trait::async_trait;

use super::credentials::{self, CredentialsPlan};
use super::import_id::ImportId;
use super::model;
use super::naming::{identity, named};
use super::private_data::{LastWriter, PrivateData};
use super::{plan_warnings, schema, validation, write_errors};
use crate::provider::api_errors;
use crate::provider::configuration::status::ConfiguredProvider;
use crate::provider::organization;
use crate::provider::provider_data::ProviderData;
use crate::provider::timeouts::Timeout;
use safe_text::Shown;
use tf_provider::diagnostics::{Diagnostic, Diagnostics, Result};
use tf_provider::object::{Argument, Object, PrivateState, State};
use tf_provider::plan::PlanBuilder;
use tf_provider::resource::{
    ApplyResponse, CheckPlanRequest, CheckPlanResponse, CreateRequest, DeleteRequest,
    ImportRequest, ImportResponse, ReadRequest, ReadResponse, Resource, UpdateRequest,
    ValidateRequest, generate_block,
};
use tf_provider::schema::{IdentitySchema, Schema};
use tf_provider::value::Value;
use webex_contact_center::{
    Availability, BASIC, Budget, CLIENT_CREDENTIALS, Connector, ConnectorId, ErrorKind, OAUTH2,
    OrganizationId, Reading, RemoteState, Updated, WriteError,
};

/// The resource `webex_cc_custom_connector`.
pub struct CustomConnector {
    provider: Arc<ProviderData>,
}

impl CustomConnector {
    /// Creates the resource, which makes its calls with the configured provider.
    #[must_use]
    pub fn new(provider: Arc<ProviderData>) -> Self {
        Self { provider }
    }
}

#[async_trait]
impl Resource for CustomConnector {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(schema::identity())
    }

    fn validate(&self, request: ValidateRequest<'_>) -> Diagnostics {
        validation::validate(request.configuration)
    }

    fn modify_plan(&self, plan: &mut PlanBuilder<'_>, private: &PrivateState) {
        let grant = match plan.planned().string("authentication_type") {
            Argument::Known(OAUTH2) => Value::from(CLIENT_CREDENTIALS),
            Argument::Known(BASIC) | Argument::Absent => Value::Null,
            // A literal of a newer Webex: what is there stays.
            Argument::Known(_) => plan.planned().get("grant_type").clone(),
            Argument::Unknown => Value::Unknown,
        };
        plan.set_default("grant_type", grant);
        if let Some(prior) = plan.prior {
            for argument in model::equivalent_arguments(plan.configuration, prior) {
                plan.use_prior_state(argument);
            }
        }
        if plan.prior.is_none()
            && let Some(organization) = self.provider.organization()
        {
            plan.set_default("organization_id", organization.to_string());
        }
        let private = PrivateData::before_plan(private);
        let credentials = CredentialsPlan::new(plan.configuration, &private);
        for argument in credentials.unmanaged_arguments() {
            plan.exclude_from_update(argument);
        }
        // What flows refer to is not replaced for a value that may turn out to be the same.
        for argument in plan_warnings::REPLACING {
            plan.keep_while_unknown(argument);
        }
        if !credentials.to_send.is_empty() || private.deactivated {
            plan.force_update();
        }
    }

    async fn check_plan(&self, request: CheckPlanRequest<'_>) -> CheckPlanResponse {
        if let Ok(ready) = self.provider.ready() {
            credentials::watch(&ready.client, request.configuration.object());
            if let Some(prior) = request.prior {
                credentials::watch(&ready.client, prior.object());
            }
        }
        plan_warnings::check_plan(&self.provider, request).await
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadResponse> {
        let target = Target::of_state(&self.provider, &request.state)?;
        let budget = Budget::within(Timeout::Read.of(request.state.object()), request.stop.clone());
        let connectors = target.ready.client.connectors(target.organization);
        let private = PrivateData::decode(&request.private);
        self.provider.note_read(target.organization, &target.id);
        match connectors.read_after(&target.id, &private.last_write(), &budget).await {
            Ok(Reading::Found(connector)) => {
                let private = private.after_read(&connector);
                let base = request.state.object();
                let state = model::state(&connector, target.organization, base, &private.returned);
                Ok(ReadResponse {
                    identity: Some(identity(&connector.id, target.organization)),
                    private: private.encode(),
                    diagnostics: write_errors::unrecognized(&connector).into_iter().collect(),
                    ..ReadResponse::new(state)
                })
            }
            Ok(Reading::NotVisible) => {
                Err(write_errors::not_visible(&named(&request.state)).into())
            }
            Ok(Reading::Gone) if request.state.object().get("name").is_null() => {
                Err(never_there(&target).into())
            }
            Ok(Reading::Gone) => Ok(ReadResponse {
                diagnostics: gone(&request.state, &target).into(),
                ..ReadResponse::gone()
            }),
            Err(error) => {
                let summary = format!("Could not read connector {}", named(&request.state));
                let truth = if request.state.object().get("name").is_null() {
                    "Nothing was imported."
                } else {
                    "Nothing was changed. State has what was known before."
                };
                Err(api_errors::error(summary, &error, truth).into())
            }
        }
    }

    async fn create(&self, request: CreateRequest) -> Result<ApplyResponse> {
        self.provider.mark_applying();
        let (ready, organization) = self.destination(request.plan.object())?;
        let budget =
            Budget::within(Timeout::Create.of(request.plan.object()), request.stop.clone());
        let private = PrivateData::decode(&request.private);
        let content = model::content(&request.plan, &request.configuration, &private);
        let created = ready.client.connectors(organization).create(&content, &budget).await;
        let base = request.plan.object();
        let sent = credentials::names(&content.secrets);
        match created {
            Ok(created) => {
                let mut private = PrivateData::of_create(&created.connector, &sent)
                    .with_returned(model::respelled(&request.plan, &created.connector));
                if created.adopted {
                    private = private.with_lost_response(&created.connector);
                }
                private = private.with_failed_switch(created.not_switched.as_ref());
                let different = model::differences(&request.plan, &created.connector);
                let mut outcome = outcome_of(&created.connector, organization, base, &private);
                let as_planned = |state| model::as_planned(state, &request.plan, &different);
                outcome.state = outcome.state.map(as_planned);
                request.checkpoint.save(outcome.clone());
                if created.adopted {
                    outcome
                        .diagnostics
                        .push(write_errors::adopted(&created.connector, organization));
                }
                let name = content.fields.name();
                outcome.diagnostics.extend(match &created.not_switched {
                    Some(error) => {
                        let write = write_errors::Write::Create;
                        vec![write_errors::not_switched(error, name, content.active, write)]
                    }
                    None => write_errors::not_taken(&different, name, write_errors::Write::Create),
                });
                Ok(outcome)
            }
            Err(failure) => {
                let message =
                    write_errors::create_failed(&failure, content.fields.name(), organization);
                match &failure.remote {
                    RemoteState::OnlyId(id) => Ok(ApplyResponse {
                        diagnostics: message.into(),
                        ..outcome_of_id(id, organization, base, &sent)
                    }),
                    RemoteState::Absent
                    | RemoteState::Unchanged
                    | RemoteState::Found(_)
                    | RemoteState::Unknown(_) => Err(message.into()),
                }
            }
        }
    }

    async fn update(&self, request: UpdateRequest) -> Result<ApplyResponse> {
        self.provider.mark_applying();
        let private = PrivateData::decode(&request.private);
        let credentials = CredentialsPlan::new(&request.configuration, &private);
        let unmanaged = credentials.unmanaged_arguments().collect::<Vec<_>>();
        if changes_nothing_remote(&request, &unmanaged) {
            let private = private.without(&unmanaged).encode();
            let planned = request.plan.into_object();
            return Ok(ApplyResponse { private, ..ApplyResponse::new(planned) });
        }
        let target = Target::of_state(&self.provider, &request.prior)?;
        for object in [request.plan.object(), request.configuration.object()] {
            credentials::watch(&target.ready.client, object);
        }
        let budget =
            Budget::within(Timeout::Update.of(request.plan.object()), request.stop.clone());
        let mut content = model::content(&request.plan, &request.configuration, &private);
        // What an earlier write has deactivated is activated, unless the configuration says
        // otherwise: `ignore_changes` hides from a plan what it says.
        let is_restored = private.deactivated
            && !content.active
            && request.configuration.object().bool("active").known() != Some(false);
        content.active |= is_restored;
        let sent = credentials::names(&content.secrets);
        let connectors = target.ready.client.connectors(target.organization);
        let planned = model::planned(&request.prior, &private);
        match connectors.update(&target.id, &content, &planned, &budget).await {
            Ok(Updated { mut connector, inactive_for, not_switched }) => {
                let base = request.plan.object();
                let mut restored = None;
                if is_restored && connector.active == Some(true) {
                    // The plan has what state had.
                    connector.active = Some(false);
                    restored = Some(write_errors::activated_again(&named(&request.prior)));
                }
                let private = PrivateData::of_write(&connector, &sent)
                    .with_returned(model::respelled(&request.plan, &connector))
                    .with_failed_switch(not_switched.as_ref())
                    .with_deactivation(private.deactivated && not_switched.is_some());
                let mut outcome = outcome_of(&connector, target.organization, base, &private);
                request.checkpoint.save(outcome.clone());
                let mut different = model::differences(&request.plan, &connector);
                if let Some(error) = &not_switched {
                    different.retain(|difference| difference.argument != "active");
                    let write = write_errors::Write::Update;
                    let name = connector.name();
                    outcome.diagnostics.push(write_errors::not_switched(
                        error,
                        name,
                        content.active,
                        write,
                    ));
                }
                if !different.is_empty() {
                    outcome.diagnostics.extend(write_errors::not_taken(
                        &different,
                        connector.name(),
                        write_errors::Write::Update,
                    ));
                }
                let named = named(&request.prior);
                let long = inactive_for.and_then(|time| write_errors::long_outage(&named, time));
                outcome.diagnostics.extend(long);
                outcome.diagnostics.extend(restored);
                Ok(outcome)
            }
            Err(failure) => {
                let message = write_errors::update_failed(&failure, &named(&request.prior), &sent);
                // The credentials of the prior state stay beside the old content,
                // so that new ones are a difference still.
                let known = Before { prior: &request.prior, private };
                Ok(known.after(&failure, target.organization, message))
            }
        }
    }

    async fn delete(&self, request: DeleteRequest) -> Result<ApplyResponse> {
        self.provider.mark_applying();
        let target = Target::of_state(&self.provider, &request.prior)?;
        let budget =
            Budget::within(Timeout::Delete.of(request.prior.object()), request.stop.clone());
        let connectors = target.ready.client.connectors(target.organization);
        let private = PrivateData::decode(&request.private);
        match connectors.delete_after(&target.id, &private.last_write(), &budget).await {
            Ok(_) => Ok(ApplyResponse::deleted()),
            Err(failure) => {
                let message = write_errors::delete_failed(&failure, &named(&request.prior));
                let known = Before { prior: &request.prior, private };
                Ok(known.after(&failure, target.organization, message))
            }
        }
    }

    async fn import(&self, request: ImportRequest) -> Result<ImportResponse> {
        let given = ImportId::read(&request)?;
        let ready = self.provider.ready()?;
        let organization = ready.organization(given.organization)?;
        let id = given.resolve(&ready, organization, &request).await?;
        let identity = identity(&id, organization);
        let state = identity.object().clone();
        Ok(ImportResponse { identity: Some(identity), ..ImportResponse::new(state) })
    }

    /// As for any resource, but without the provider's own organization, which
    /// goes without saying.
    fn generate(&self, schema: &Schema, state: &State) -> Object {
        let mut configuration = generate_block(&schema.block, state.object());
        let organization = configuration.string("organization_id").known().map(str::to_owned);
        let organization = organization.and_then(|text| OrganizationId::parse(&text).ok());
        if organization.is_some() && organization == self.provider.organization() {
            configuration.set("organization_id", Value::Null);
        }
        configuration
    }
}

impl CustomConnector {
    /// Returns the organization of a connector to create.
    fn destination(
        &self,
        plan: &Object,
    ) -> Result<(ConfiguredProvider, OrganizationId), Diagnostic> {
        let ready = self.provider.ready()?;
        credentials::watch(&ready.client, plan);
        let explicit = organization::explicit(plan)?;
        let organization = ready.organization(explicit)?;
        Ok((ready, organization))
    }
}

/// An existing connector, and the means to reach it.
struct Target {
    ready: ConfiguredProvider,
    organization: OrganizationId,
    id: ConnectorId,
}

impl Target {
    fn of_state(provider: &ProviderData, state: &State) -> Result<Self, Diagnostic> {
        let ready = provider.ready()?;
        credentials::watch(&ready.client, state.object());
        let organization = ready.organization(organization::explicit(state.object())?)?;
        let id = state.object().string("id").known().unwrap_or_default();
        let id = ConnectorId::parse(id).map_err(|problem| {
            Diagnostic::error(
                "The id in state cannot be used",
                format!("Import the connector again. State has {:?}: {problem}.", Shown::new(id)),
            )
        })?;
        Ok(Self { ready, organization, id })
    }
}

/// The connector as Terraform knew it before a write that failed.
struct Before<'a> {
    prior: &'a State,
    private: PrivateData,
}

impl Before<'_> {
    /// Returns what is true after the failed write.
    fn after(
        self,
        failure: &WriteError,
        organization: OrganizationId,
        message: Diagnostic,
    ) -> ApplyResponse {
        let found = match &failure.remote {
            RemoteState::Found(connector) => Some(&**connector),
            RemoteState::Absent
            | RemoteState::Unchanged
            | RemoteState::OnlyId(_)
            | RemoteState::Unknown(_) => None,
        };
        let is_deactivated =
            matches!(failure.availability, Availability::Lost(_) | Availability::Uncertain);
        let private = self.private.with_uncertainty(failure.credentials_uncertain);
        let private = private.with_deactivation(is_deactivated);
        let private = private.after_failure(last_writer(failure), found);
        let mut response = match found {
            Some(connector) => outcome_of(connector, organization, self.prior.object(), &private),
            None => {
                let state = match failure.availability {
                    Availability::Uncertain => inactive(self.prior),
                    Availability::Unaffected | Availability::Restored | Availability::Lost(_) => {
                        self.prior.clone()
                    }
                };
                ApplyResponse { private: private.encode(), ..ApplyResponse::new(state) }
            }
        };
        response.diagnostics.push(message);
        response
    }
}

/// Classifies who may have written last, after a write of ours that failed.
fn last_writer(failure: &WriteError) -> LastWriter {
    let error = &failure.error;
    let is_found = matches!(failure.remote, RemoteState::Found(_));
    let is_switched =
        matches!(failure.availability, Availability::Restored | Availability::Lost(_));
    if let ErrorKind::Stale { .. } = &error.kind {
        LastWriter::SomeoneElse
    } else if is_switched && is_found {
        // The connector was deactivated, and perhaps activated again.
        LastWriter::Us
    } else if failure.availability == Availability::Unaffected && !failure.credentials_uncertain {
        // The write was refused, or a read has shown that it had no effect. A
        // delete never moves the time.
        LastWriter::NotUs
    } else if error.outcome_unknown {
        LastWriter::Unknown
    } else {
        LastWriter::Us
    }
}

/// Returns the response to a write that succeeded.
fn outcome_of(
    connector: &Connector,
    organization: OrganizationId,
    base: &Object,
    private: &PrivateData,
) -> ApplyResponse {
    ApplyResponse {
        private: private.encode(),
        identity: Some(identity(&connector.id, organization)),
        ..ApplyResponse::new(model::state(connector, organization, base, &private.returned))
    }
}

/// Returns the response to a create of which only the id came back: the plan, as
/// far as it is known.
fn outcome_of_id(
    id: &ConnectorId,
    organization: OrganizationId,
    plan: &Object,
    sent: &[&str],
) -> ApplyResponse {
    let mut object = plan.clone();
    for attribute in &schema::block().attributes {
        if matches!(object.get(&attribute.name), Value::Unknown) {
            object.set(&attribute.name, Value::Null);
        }
    }
    object.set("id", id.as_str());
    if object.get("organization_id").is_null() {
        object.set("organization_id", organization.to_string());
    }
    ApplyResponse {
        private: PrivateData::of_unread_write(sent).encode(),
        identity: Some(identity(id, organization)),
        ..ApplyResponse::new(object)
    }
}

/// The state of a connector that may have been left deactivated. Saying so in
/// state makes the next plan repair it; reading corrects it otherwise.
fn inactive(prior: &State) -> State {
    State::new(prior.object().clone().with("active", false))
}

/// Whether nothing that Webex knows of is to change. A time of change that is
/// not known yet says that the plan has found something.
fn changes_nothing_remote(request: &UpdateRequest, unmanaged: &[&str]) -> bool {
    let block = schema::block();
    block.attributes.iter().all(|attribute| {
        unmanaged.contains(&attribute.name.as_ref())
            || request.prior.object().get(&attribute.name)
                == request.plan.object().get(&attribute.name)
    })
}

/// A connector that Terraform knows has disappeared.
fn gone(state: &State, target: &Target) -> Diagnostic {
    Diagnostic::warning(
        format!("Connector {} no longer exists", named(state)),
        format!(
            "If the connector should exist, check organization_id and region before you apply. \
             Otherwise the next apply creates a new connector, with a new id, if the configuration \
             still has it. Then change the flows that used the old connector to the new one.\n\n\
             Organization {} has no connector with the id {}: somebody deleted it outside \
             Terraform. It was removed from state.",
            target.organization, target.id
        ),
    )
}

/// A connector that was to be imported does not exist.
fn never_there(target: &Target) -> Diagnostic {
    Diagnostic::error(
        "There is no such connector",
        format!(
            "Check the id on the connector's page in Control Hub, organization_id and region. \
             Webex has no custom connector with the id {} in organization {}. Nothing was \
             imported.",
            target.id, target.organization
        ),
    )
}
