//! Calls about managed resources: validate, read, plan and apply.

use super::rpc::{RpcResponse as _, run_rpc_or};
use super::{Server, find, wire};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::object::{Configuration, Identity, Object, Plan, PrivateState, State};
use crate::plan::plan_change;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registered;
use crate::resource::{
    ApplyResponse, CheckPlanRequest, Checkpoint, CreateRequest, DeleteRequest, ReadRequest,
    Resource, UpdateRequest, ValidateRequest,
};
use crate::schema::Block;
use crate::value::{Path, Value};

impl Server {
    pub(super) fn resource(
        &self,
        type_name: &str,
    ) -> Result<&Registered<dyn Resource>, Diagnostics> {
        find(&self.registry.resources, "Unknown resource type", "resource", type_name)
    }

    pub(super) async fn validate_resource(
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

    /// Reads an object. A failed read keeps the state of the request.
    pub(super) async fn read_or_keep(
        &self,
        request: &protocol::read_resource::Request,
    ) -> protocol::read_resource::Response {
        let kept = || protocol::read_resource::Response {
            new_state: request.current_state.clone(),
            private: request.private.clone(),
            new_identity: request.current_identity.clone(),
            ..Default::default()
        };
        let call =
            async { Ok(self.read(request).await.unwrap_or_else(|messages| kept().with(messages))) };
        run_rpc_or("ReadResource", &request.type_name, call, kept).await
    }

    async fn read(
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
        let result = served.object.read(read).await;
        if let Some(change) = identity_change(stored.as_ref(), result.identity.as_ref()) {
            return Err(change.into());
        }
        let response = protocol::read_resource::Response {
            new_state: Some(wire::encode_state(result.state, served.value_type())?),
            private: result.private.into_bytes(),
            new_identity: wire::encode_identity(result.identity, served.identity())?,
            ..Default::default()
        };
        Ok(response.with(result.diagnostics))
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
            plan_change(block, &configuration, prior.as_ref(), proposed, |builder| {
                served.object.modify_plan(builder, &private);
            })
        });
        let requires_replace =
            planned.as_ref().map_or(&[][..], |planned| planned.requires_replace.as_slice());
        let checked = served
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
        let response = protocol::plan_resource_change::Response {
            requires_replace: requires_replace.iter().map(wire::attribute_path).collect(),
            planned_state: Some(served.encode_plan(planned.map(|planned| planned.plan))?),
            planned_private: checked.private.into_bytes(),
            // To plan a replacement, Terraform asks again without a prior state,
            // and then sends the identity of the replaced object.
            planned_identity: request.prior_identity.clone().filter(|_| prior.is_some()),
            ..Default::default()
        };
        Ok(response.with(checked.diagnostics))
    }

    /// Applies a plan. A failed apply keeps the last checkpoint, or the prior state.
    pub(super) async fn apply_or_keep(
        &self,
        request: &protocol::apply_resource_change::Request,
    ) -> protocol::apply_resource_change::Response {
        let checkpoint = Checkpoint::default();
        let kept = || self.best_known(request, &checkpoint);
        let call = async {
            let response = self.apply(request, checkpoint.clone()).await;
            Ok(response.unwrap_or_else(|messages| kept().with(messages)))
        };
        run_rpc_or("ApplyResourceChange", &request.type_name, call, kept).await
    }

    async fn apply(
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
        let mut result = match (prior, plan) {
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
        if let Some(change) = identity_change(stored.as_ref(), result.identity.as_ref()) {
            result.diagnostics.push(change);
        }
        served.encode_result(result)
    }

    /// Returns the response of a failed apply.
    fn best_known(
        &self,
        request: &protocol::apply_resource_change::Request,
        checkpoint: &Checkpoint,
    ) -> protocol::apply_resource_change::Response {
        let saved = checkpoint
            .last()
            .and_then(|result| self.resource(&request.type_name).ok()?.encode_result(result).ok());
        saved.unwrap_or_else(|| protocol::apply_resource_change::Response {
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            new_identity: request.planned_identity.clone(),
            ..Default::default()
        })
    }
}

impl Registered<dyn Resource> {
    pub(super) fn object_of(
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

    pub(super) fn state(
        &self,
        value: Option<&protocol::DynamicValue>,
    ) -> Result<Option<State>, Diagnostics> {
        let object = self.object_of(value, "state")?;
        Ok(object.map(|object| State::new(object, &self.schema().block)))
    }

    pub(super) fn stored_identity(
        &self,
        identity: Option<&protocol::ResourceIdentityData>,
    ) -> Result<Option<Identity>, Diagnostics> {
        wire::decode_identity(identity, self.identity())
    }

    fn encode_plan(&self, plan: Option<Plan>) -> Result<protocol::DynamicValue, Diagnostics> {
        let value = plan.map_or(Value::Null, |plan| plan.into_object().into_value());
        wire::encode(&value, self.value_type())
    }

    fn encode_result(
        &self,
        result: ApplyResponse,
    ) -> Result<protocol::apply_resource_change::Response, Diagnostics> {
        let response = protocol::apply_resource_change::Response {
            new_state: Some(wire::encode_state(result.state, self.value_type())?),
            private: result.private.into_bytes(),
            new_identity: wire::encode_identity(result.identity, self.identity())?,
            ..Default::default()
        };
        Ok(response.with(result.diagnostics))
    }
}

/// Returns one error for each write-only argument, for a Terraform that would
/// store it.
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

/// Returns the error of an apply with unknown values. Terraform applies known
/// values only; without the unknown ones, the object would not be the configured
/// one.
fn not_known_at_apply() -> Diagnostic {
    Diagnostic::error(
        "The configuration is not wholly known",
        "Terraform asked for a change while a value of the configuration is still unknown. Nothing \
         was changed. This is a defect of Terraform; plan and apply again, and report it if it \
         happens again.",
    )
}

/// Returns the error of a changed identity, which must stay the same. Values that
/// the stored one lacks may be added.
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
