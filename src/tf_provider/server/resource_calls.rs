//! Calls about managed resources.

use super::rpc::RpcResponse as _;
use super::{Server, find, wire};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::object::{Configuration, Identity, Object, Plan, PrivateState, State};
use crate::plan::plan_change;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registered;
use crate::resource::{
    ApplyResponse, CheckPlanRequest, Checkpoint, CreateRequest, DeleteRequest, ImportBy,
    ImportRequest, ReadRequest, Resource, UpdateRequest, ValidateRequest,
};
use crate::schema::Block;
use crate::value::{Path, Value, json};

impl Server {
    fn resource(&self, type_name: &str) -> Result<&Registered<dyn Resource>, Diagnostics> {
        find(&self.registry.resources, "Unknown resource type", "resource", type_name)
    }

    pub(super) fn validate_resource(
        &self,
        request: &protocol::validate_resource_type_config::Request,
    ) -> Result<protocol::validate_resource_type_config::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let configuration = served.configuration(request.config.as_ref())?;
        let mut messages =
            served.object.validate(ValidateRequest { configuration: &configuration });
        let allowed = request
            .client_capabilities
            .is_some_and(|capabilities| capabilities.write_only_attributes_allowed);
        if !allowed {
            messages.extend(write_only_refused(&served.schema().block, &configuration));
        }
        Ok(protocol::validate_resource_type_config::Response::default().with(messages))
    }

    pub(super) fn upgrade_state(
        &self,
        request: &protocol::upgrade_resource_state::Request,
    ) -> Result<protocol::upgrade_resource_state::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let schema = served.schema();
        if request.version > schema.version {
            return Err(newer_state("state", request.version, schema.version).into());
        }
        let raw = request.raw_state.as_ref().map_or(&[][..], |raw| raw.json.as_slice());
        if raw.is_empty() {
            return Err(Diagnostic::error(
                "The stored state is too old to be read",
                "It was written by Terraform 0.11 or older, which this provider does not support. \
                 Nothing was changed. Import the object again.",
            )
            .into());
        }
        let object = served.object.upgrade(schema, request.version, raw)?;
        let state = State::new(object, &schema.block);
        Ok(protocol::upgrade_resource_state::Response {
            upgraded_state: Some(wire::encode_state(Some(state), served.value_type())?),
            ..Default::default()
        })
    }

    pub(super) fn upgrade_identity(
        &self,
        request: &protocol::upgrade_resource_identity::Request,
    ) -> Result<protocol::upgrade_resource_identity::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let Some((schema, value_type)) = served.identity() else {
            return Err(Diagnostic::error(
                "This resource has no identity",
                format!("Resources of type {:?} are told apart by their id.", request.type_name),
            )
            .into());
        };
        if request.version > schema.version {
            return Err(newer_state("identity", request.version, schema.version).into());
        }
        let raw = request.raw_identity.as_ref().map_or(&[][..], |raw| raw.json.as_slice());
        let unreadable = |cause: String| {
            Diagnostic::error(
                "The stored identity cannot be read",
                format!("{cause}. Nothing was changed. Refreshing the resource stores it anew."),
            )
        };
        let value =
            json::decode_state(raw, value_type).map_err(|error| unreadable(error.to_string()))?;
        if value.is_null() {
            return Err(unreadable("It holds no object".to_owned()).into());
        }
        Ok(protocol::upgrade_resource_identity::Response {
            upgraded_identity: Some(protocol::ResourceIdentityData {
                identity_data: Some(wire::encode(&value, value_type)?),
            }),
            ..Default::default()
        })
    }

    pub(super) async fn read(
        &self,
        request: &protocol::read_resource::Request,
    ) -> Result<protocol::read_resource::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let Some(state) = served.state(request.current_state.as_ref())? else {
            return Ok(protocol::read_resource::Response {
                new_state: Some(wire::encode_state(None, served.value_type())?),
                ..Default::default()
            });
        };
        let stored = served.stored_identity(request.current_identity.as_ref())?;
        let read = ReadRequest {
            state,
            private: PrivateState::from_bytes(request.private.clone()),
            identity: stored.clone(),
            stop: self.lifetime.stopping(),
        };
        let outcome = served.object.read(read).await;
        if let Some(change) = identity_change(stored.as_ref(), outcome.identity.as_ref()) {
            return Err(change.into());
        }
        let answer = protocol::read_resource::Response {
            new_state: Some(wire::encode_state(outcome.state, served.value_type())?),
            private: outcome.private.into_bytes(),
            new_identity: wire::encode_identity(outcome.identity, served.identity())?,
            ..Default::default()
        };
        Ok(answer.with(outcome.diagnostics))
    }

    pub(super) async fn plan(
        &self,
        request: &protocol::plan_resource_change::Request,
    ) -> Result<protocol::plan_resource_change::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let block = &served.schema().block;
        let configuration = served.configuration(request.config.as_ref())?;
        let prior = served.state(request.prior_state.as_ref())?;
        let proposed = served.object_of(request.proposed_new_state.as_ref(), "proposed state")?;
        let private = PrivateState::from_bytes(request.prior_private.clone());

        let planned = proposed.map(|proposed| {
            plan_change(block, &configuration, prior.as_ref(), proposed, |draft| {
                served.object.modify_plan(draft, &private);
            })
        });
        let requires_replace =
            planned.as_ref().map_or(&[][..], |planned| planned.requires_replace.as_slice());
        let review = served
            .object
            .check_plan(CheckPlanRequest {
                configuration: &configuration,
                prior: prior.as_ref(),
                plan: planned.as_ref().map(|planned| &planned.plan),
                changes_remote: planned.as_ref().is_none_or(|planned| planned.changes_remote),
                requires_replace,
                private: &private,
                stop: self.lifetime.stopping(),
            })
            .await;
        let answer = protocol::plan_resource_change::Response {
            requires_replace: requires_replace.iter().map(wire::attribute_path).collect(),
            planned_state: Some(served.encode_plan(planned.map(|planned| planned.plan))?),
            planned_private: review.private.into_bytes(),
            // While it plans a replacement, Terraform asks once more without a
            // prior state, and then sends the identity of what is replaced.
            planned_identity: request.prior_identity.clone().filter(|_| prior.is_some()),
            ..Default::default()
        };
        Ok(answer.with(review.diagnostics))
    }

    pub(super) async fn apply(
        &self,
        request: &protocol::apply_resource_change::Request,
        checkpoint: Checkpoint,
    ) -> Result<protocol::apply_resource_change::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let block = &served.schema().block;
        let prior = served.state(request.prior_state.as_ref())?;
        let plan = served
            .object_of(request.planned_state.as_ref(), "planned state")?
            .map(|object| Plan::new(object, block));
        let configuration = served.configuration(request.config.as_ref())?;
        if plan.is_some() && !configuration.object().is_wholly_known() {
            return Err(not_known_at_apply().into());
        }
        let private = PrivateState::from_bytes(request.planned_private.clone());
        let identity = served.stored_identity(request.planned_identity.as_ref())?;
        let stored = identity.clone().filter(|_| prior.is_some());
        let stop = self.lifetime.stopping();
        let _change = prior.is_some().then(|| self.lifetime.change());
        let mut outcome = match (prior, plan) {
            (None, None) => ApplyResponse::default(),
            (None, Some(plan)) => {
                let request = CreateRequest { configuration, plan, private, checkpoint, stop };
                served.object.create(request).await
            }
            (Some(prior), Some(plan)) => {
                let request = UpdateRequest {
                    configuration,
                    prior,
                    plan,
                    private,
                    identity,
                    checkpoint,
                    stop,
                };
                served.object.update(request).await
            }
            (Some(prior), None) => {
                let request = DeleteRequest { prior, private, identity, checkpoint, stop };
                served.object.delete(request).await
            }
        };
        if let Some(change) = identity_change(stored.as_ref(), outcome.identity.as_ref()) {
            outcome.diagnostics.push(change);
        }
        served.encode_outcome(outcome)
    }

    /// The answer of an apply that did not come to its end: what was true last.
    pub(super) fn best_known(
        &self,
        request: &protocol::apply_resource_change::Request,
        checkpoint: &Checkpoint,
    ) -> protocol::apply_resource_change::Response {
        let saved = checkpoint.last().and_then(|outcome| {
            self.resource(&request.type_name).ok()?.encode_outcome(outcome).ok()
        });
        saved.unwrap_or_else(|| protocol::apply_resource_change::Response {
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            new_identity: request.planned_identity.clone(),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        &self,
        request: &protocol::import_resource_state::Request,
    ) -> Result<protocol::import_resource_state::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let by = match served.stored_identity(request.identity.as_ref())? {
            Some(identity) => ImportBy::Identity(identity),
            None => ImportBy::Id(request.id.clone()),
        };
        let import = ImportRequest { by, stop: self.lifetime.stopping() };
        let imported = served.object.import(import).await?;
        let resource = protocol::import_resource_state::ImportedResource {
            type_name: request.type_name.clone(),
            state: Some(wire::encode_state(Some(imported.state), served.value_type())?),
            private: imported.private.into_bytes(),
            identity: wire::encode_identity(imported.identity, served.identity())?,
        };
        Ok(protocol::import_resource_state::Response {
            imported_resources: vec![resource],
            ..Default::default()
        })
    }

    pub(super) fn move_state(
        &self,
        request: &protocol::move_resource_state::Request,
    ) -> Result<protocol::move_resource_state::Response, Diagnostics> {
        self.resource(&request.target_type_name)?;
        Err(Diagnostic::error(
            "The resource cannot be moved from another type",
            format!(
                "A {:?} of {} cannot become a {:?}: no other resource type describes the same \
                 object. Nothing was changed. Replace the `moved` block by an `import` block, and \
                 by a `removed` block for the old address.",
                request.source_type_name, request.source_provider_address, request.target_type_name
            ),
        )
        .into())
    }

    pub(super) fn generate(
        &self,
        request: &protocol::generate_resource_config::Request,
    ) -> Result<protocol::generate_resource_config::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let Some(state) = served.state(request.state.as_ref())? else {
            return Err(Diagnostic::error(
                "There is nothing to generate configuration from",
                "The imported object has no state.",
            )
            .into());
        };
        let configuration = served.object.generate(served.schema(), &state);
        Ok(protocol::generate_resource_config::Response {
            config: Some(wire::encode(&configuration.into_value(), served.value_type())?),
            ..Default::default()
        })
    }
}

impl Registered<dyn Resource> {
    fn object_of(
        &self,
        value: Option<&protocol::DynamicValue>,
        what: &str,
    ) -> Result<Option<Object>, Diagnostics> {
        wire::decode_object(value, self, what)
    }

    fn configuration(
        &self,
        value: Option<&protocol::DynamicValue>,
    ) -> Result<Configuration, Diagnostics> {
        wire::decode_configuration(value, self)
    }

    fn state(&self, value: Option<&protocol::DynamicValue>) -> Result<Option<State>, Diagnostics> {
        let object = self.object_of(value, "state")?;
        Ok(object.map(|object| State::new(object, &self.schema().block)))
    }

    fn stored_identity(
        &self,
        identity: Option<&protocol::ResourceIdentityData>,
    ) -> Result<Option<Identity>, Diagnostics> {
        wire::decode_identity(identity, self.identity())
    }

    fn encode_plan(&self, plan: Option<Plan>) -> Result<protocol::DynamicValue, Diagnostics> {
        let value = plan.map_or(Value::Null, |plan| plan.into_object().into_value());
        wire::encode(&value, self.value_type())
    }

    fn encode_outcome(
        &self,
        outcome: ApplyResponse,
    ) -> Result<protocol::apply_resource_change::Response, Diagnostics> {
        let answer = protocol::apply_resource_change::Response {
            new_state: Some(wire::encode_state(outcome.state, self.value_type())?),
            private: outcome.private.into_bytes(),
            new_identity: wire::encode_identity(outcome.identity, self.identity())?,
            ..Default::default()
        };
        Ok(answer.with(outcome.diagnostics))
    }
}

/// One error for each write-only argument that a Terraform which would store it
/// has sent.
fn write_only_refused(block: &Block, configuration: &Configuration) -> Vec<Diagnostic> {
    let set = block.attributes.iter().filter(|attribute| {
        attribute.write_only && !configuration.object().get(attribute.name).is_null()
    });
    set.map(|attribute| {
        let name = attribute.name;
        let alternative = attribute.stored_alternative.map_or_else(String::new, |alternative| {
            format!(", or use {alternative} instead, which is stored in state")
        });
        Diagnostic::error(
            format!("{name} needs Terraform 1.11 or later"),
            format!(
                "Write-only arguments such as {name} are kept out of plan and state, which this \
                 version of Terraform does not support yet. Upgrade to Terraform 1.11 (OpenTofu \
                 1.11) or later{alternative}."
            ),
        )
        .at(Path::attribute(name))
    })
    .collect()
}

/// Terraform applies only what is known. Applying what is left of a
/// configuration would create something that nobody asked for.
fn not_known_at_apply() -> Diagnostic {
    Diagnostic::error(
        "The configuration is not wholly known",
        "Terraform asked for a change while a value of the configuration is still unknown. Nothing \
         was changed. This is a defect of Terraform; plan and apply again, and report it if it \
         happens again.",
    )
}

/// An object has one identity for life. Values that the stored one has not got
/// may be added.
fn identity_change(stored: Option<&Identity>, now: Option<&Identity>) -> Option<Diagnostic> {
    let (stored, now) = (stored?, now?);
    let changed = stored.0.names().find(|name| {
        let before = stored.0.get(name);
        !before.is_null() && before != now.0.get(name)
    })?;
    Some(Diagnostic::error(
        "The object's identity is not the stored one",
        format!(
            "State has the identity of another object: its {changed} differs from that of the \
             object that state describes. Remove the resource from state with `terraform state rm` \
             and import the right object again."
        ),
    ))
}

fn newer_state(what: &str, stored: i64, known: i64) -> Diagnostic {
    Diagnostic::error(
        format!("The stored {what} was written by a newer provider"),
        format!(
            "Its schema version is {stored}; this version of the provider knows versions up to \
             {known}. Nothing was changed. Upgrade the provider with `terraform init -upgrade`."
        ),
    )
}
