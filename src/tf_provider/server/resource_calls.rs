//! Calls about managed resources: validate, read, plan and apply.

use super::rpc::{Rpc, RpcResponse as _, run_rpc_or};
use super::{Server, find, wire};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::object::{Configuration, Identity, Object, Plan, PrivateState, State};
use crate::plan::plan_change;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registered;
use crate::resource::{
    ApplyResponse, CheckPlanRequest, CheckPlanResponse, Checkpoint, CreateRequest, DeleteRequest,
    ReadRequest, ReadResponse, Resource, UpdateRequest, ValidateRequest,
};
use crate::schema::{Block, Nesting};
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
        let client = self.client(request.client_capabilities.as_ref());
        let mut messages =
            served.object.validate(ValidateRequest { configuration: &configuration, client });
        if !client.write_only_attributes_allowed {
            let block = &served.schema().block;
            refuse_write_only(block, configuration.object(), &Path::root(), &mut messages);
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
        run_rpc_or(&self.registry, Rpc::new("ReadResource", &request.type_name), call, kept).await
    }

    async fn read(
        &self,
        request: &protocol::read_resource::Request,
    ) -> Result<protocol::read_resource::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let Some(state) = served.state(request.current_state.as_ref())? else {
            return Ok(protocol::read_resource::Response {
                new_state: Some(wire::encode(&Value::Null, served.value_type())?),
                ..Default::default()
            });
        };
        let stored = served.stored_identity(request.current_identity.as_ref())?;
        let client = self.client(request.client_capabilities.as_ref());
        let read = ReadRequest {
            state,
            private: PrivateState::from_bytes(request.private.clone()),
            identity: stored.clone(),
            client,
            stop: self.lifetime.stopping(),
        };
        let result = match self.deferred(client) {
            None => served.object.read(read).await?,
            deferred => ReadResponse { deferred, ..ReadResponse::default() },
        };
        if let Some(deferred) = wire::deferred(result.deferred, client)? {
            let kept = protocol::read_resource::Response {
                new_state: request.current_state.clone(),
                private: request.private.clone(),
                new_identity: request.current_identity.clone(),
                deferred: Some(deferred),
                ..Default::default()
            };
            return Ok(kept.with(result.diagnostics));
        }
        if let Some(change) = served.identity_change(stored.as_ref(), result.identity.as_ref()) {
            return Err(change.into());
        }
        let mut messages = result.diagnostics;
        let identity = result.identity.or(stored);
        let identity = identity.or_else(|| served.identity_in(result.state.as_ref()));
        if result.state.is_some() && served.lacks_identity(identity.as_ref(), &messages) {
            messages.push(missing_identity(Diagnostic::warning));
        }
        let response = protocol::read_resource::Response {
            new_state: Some(wire::encode_state(result.state, served, &mut messages)?),
            private: result.private.or(&request.private),
            new_identity: wire::encode_identity(identity, served.identity(), &mut messages)?,
            ..Default::default()
        };
        Ok(response.with(messages))
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
        let client = self.client(request.client_capabilities.as_ref());

        let planned = proposed.map(|proposed| {
            plan_change(block, &configuration, prior.as_ref(), proposed, |builder| {
                served.object.modify_plan(builder, &private);
            })
        });
        let requires_replace =
            planned.as_ref().map_or(&[][..], |planned| planned.requires_replace.as_slice());
        let check = CheckPlanRequest {
            configuration: &configuration,
            prior: prior.as_ref(),
            plan: planned.as_ref().map(|planned| &planned.plan),
            changes_remote: planned.as_ref().is_none_or(|planned| planned.changes_remote),
            requires_replace,
            private: &private,
            client,
            stop: self.lifetime.stopping(),
        };
        let checked = match self.deferred(client) {
            None => served.object.check_plan(check).await,
            deferred => CheckPlanResponse { deferred, ..CheckPlanResponse::default() },
        };
        let deferred = wire::deferred(checked.deferred, client)?;
        let response = protocol::plan_resource_change::Response {
            requires_replace: requires_replace.iter().map(wire::attribute_path).collect(),
            planned_state: Some(served.encode_plan(planned.map(|planned| planned.plan))?),
            planned_private: checked.private.or(&request.prior_private),
            deferred,
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
        run_rpc_or(&self.registry, Rpc::new("ApplyResourceChange", &request.type_name), call, kept)
            .await
    }

    async fn apply(
        &self,
        request: &protocol::apply_resource_change::Request,
        checkpoint: Checkpoint,
    ) -> Result<protocol::apply_resource_change::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let prior = served.state(request.prior_state.as_ref())?;
        let plan =
            served.object_of(request.planned_state.as_ref(), "planned state")?.map(Plan::new);
        let configuration = served.configuration(request.config.as_ref())?;
        if plan.is_some() && !configuration.object().is_wholly_known() {
            return Err(not_known_at_apply().into());
        }
        let private = PrivateState::from_bytes(request.planned_private.clone());
        let mut identity = served.stored_identity(request.planned_identity.as_ref())?;
        if plan.is_none() {
            // Terraform sends none with the deletion that is a part of a replacement.
            identity = identity.or_else(|| served.identity_in(prior.as_ref()));
        }
        let stored = identity.clone().filter(|_| prior.is_some());
        let stop = self.lifetime.stopping();
        let _change = prior.is_some().then(|| self.lifetime.change());
        let is_create = prior.is_none();
        let mut result = match (prior, plan) {
            (None, None) => ApplyResponse::default(),
            (None, Some(plan)) => {
                let request = CreateRequest { configuration, plan, private, checkpoint, stop };
                served.object.create(request).await?
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
                served.object.update(request).await?
            }
            (Some(prior), None) => {
                let request = DeleteRequest { prior, private, identity, checkpoint, stop };
                served.object.delete(request).await?
            }
        };
        if let Some(change) = served.identity_change(stored.as_ref(), result.identity.as_ref()) {
            result.diagnostics.push(change);
        }
        if result.identity.is_none() && stored.is_none() {
            result.identity = served.identity_in(result.state.as_ref());
        }
        if is_create
            && result.state.is_some()
            && served.lacks_identity(result.identity.as_ref(), &result.diagnostics)
        {
            result.diagnostics.push(missing_identity(Diagnostic::error));
        }
        served.encode_result(result, request)
    }

    /// Returns the response of a failed apply.
    fn best_known(
        &self,
        request: &protocol::apply_resource_change::Request,
        checkpoint: &Checkpoint,
    ) -> protocol::apply_resource_change::Response {
        let saved = checkpoint.last().and_then(|result| {
            self.resource(&request.type_name).ok()?.encode_result(result, request).ok()
        });
        saved.unwrap_or_else(|| protocol::apply_resource_change::Response {
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            new_identity: request.planned_identity.clone().or_else(|| self.prior_identity(request)),
            ..Default::default()
        })
    }

    /// Returns the identity in the prior state.
    fn prior_identity(
        &self,
        request: &protocol::apply_resource_change::Request,
    ) -> Option<protocol::ResourceIdentityData> {
        let served = self.resource(&request.type_name).ok()?;
        let prior = served.state(request.prior_state.as_ref()).ok()?;
        let identity = served.identity_in(prior.as_ref());
        wire::encode_identity(identity, served.identity(), &mut Diagnostics::new()).ok()?
    }
}

impl Registered<dyn Resource> {
    pub(super) fn object_of(
        &self,
        value: Option<&protocol::DynamicValue>,
        what: &str,
    ) -> Result<Option<Object>, Diagnostics> {
        let mut object = wire::decode_object(value, self, what)?;
        if let Some(object) = &mut object {
            object.clear_write_only(&self.schema().block);
        }
        Ok(object)
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
        Ok(self.object_of(value, "state")?.map(State::new))
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
        request: &protocol::apply_resource_change::Request,
    ) -> Result<protocol::apply_resource_change::Response, Diagnostics> {
        let mut messages = result.diagnostics;
        let identity = result.identity.or_else(|| {
            // A checkpoint of a create, whose plan has no identity.
            self.identity_in(result.state.as_ref()).filter(|_| request.planned_identity.is_none())
        });
        let identity = wire::encode_identity(identity, self.identity(), &mut messages)?;
        let response = protocol::apply_resource_change::Response {
            new_state: Some(wire::encode_state(result.state, self, &mut messages)?),
            private: result.private.or(&request.planned_private),
            new_identity: identity.or_else(|| request.planned_identity.clone()),
            ..Default::default()
        };
        Ok(response.with(messages))
    }

    /// Returns the identity in a state: its attributes of the same names. `None` if
    /// one that an import needs is not known, or if all of them are null.
    pub(super) fn identity_in(&self, state: Option<&State>) -> Option<Identity> {
        let (state, (schema, _)) = (state?, self.identity()?);
        let mut identity = Object::default();
        for attribute in &schema.attributes {
            let value = Some(state.get(&attribute.name)).filter(|value| value.is_wholly_known());
            let value = value.unwrap_or(&Value::Null);
            if value.is_null() && attribute.required_for_import {
                return None;
            }
            identity.set(&attribute.name, value.clone());
        }
        let is_empty = identity.entries().values().all(Value::is_null);
        (!is_empty).then_some(Identity::new(identity))
    }

    /// Whether a successful response has no identity, although the schema has one.
    fn lacks_identity(&self, identity: Option<&Identity>, messages: &Diagnostics) -> bool {
        identity.is_none() && self.identity().is_some() && !messages.has_errors()
    }

    /// Returns the error of a changed identity, which must stay the same. Values
    /// that the stored one lacks may be added.
    fn identity_change(
        &self,
        stored: Option<&Identity>,
        now: Option<&Identity>,
    ) -> Option<Diagnostic> {
        let (stored, now) = (stored?, now?);
        let (schema, _) = self.identity()?;
        let changed = schema.attributes.iter().find(|attribute| {
            let before = stored.get(&attribute.name);
            !before.is_null() && !before.equals(now.get(&attribute.name), &attribute.ty)
        })?;
        Some(Diagnostic::error(
            "State has the identity of another object",
            format!(
                "Remove the resource from state with `terraform state rm`, and import the right \
                 object. The identity in state belongs to another object: its {} differs.",
                changed.name
            ),
        ))
    }
}

/// Returns the message of a response without identity.
fn missing_identity(message: fn(&'static str, &'static str) -> Diagnostic) -> Diagnostic {
    message(
        "The provider returned no identity",
        "The object exists, and state has its values, but not the identity that this type of \
         resource declares. This is a defect of the provider; please report it.",
    )
}

/// Adds one error for each write-only argument, for a Terraform that would store
/// it.
fn refuse_write_only(block: &Block, object: &Object, path: &Path, messages: &mut Diagnostics) {
    for attribute in block.attributes.iter().filter(|attribute| attribute.write_only) {
        if object.get(&attribute.name).is_null() {
            continue;
        }
        let name = &attribute.name;
        let alternative = attribute.stored_alternative.as_ref().map_or_else(String::new, |name| {
            format!(", or use {name} instead, which is stored in state")
        });
        let refused = Diagnostic::error(
            format!("{name} needs Terraform 1.11 or later"),
            format!(
                "Upgrade to Terraform 1.11 (OpenTofu 1.11) or later{alternative}. This version of \
                 Terraform does not support write-only arguments such as {name}, which are in \
                 neither plan nor state."
            ),
        );
        messages.push(refused.at(path.clone().name(name)));
    }
    for nested in &block.blocks {
        let at = path.clone().name(&nested.name);
        match nested.nesting {
            Nesting::Single => {
                if let Some(inner) = object.block(&nested.name).known() {
                    refuse_write_only(&nested.block, &inner, &at, messages);
                }
            }
            // No argument in a set is write-only: see `Registry::check`.
            Nesting::Set => {}
            Nesting::List => {
                let items = object.blocks(&nested.name).unwrap_or_default();
                for (index, inner) in items.iter().enumerate() {
                    refuse_write_only(&nested.block, inner, &at.clone().index(index), messages);
                }
            }
        }
    }
}

/// Returns the error of an apply with unknown values. Terraform applies known
/// values only; without the unknown ones, the object would not be the configured
/// one.
fn not_known_at_apply() -> Diagnostic {
    Diagnostic::error(
        "A value of the configuration is not known yet",
        "Plan and apply again, and report this message if it happens again. Terraform asked for a \
         change before all values were known, which is a defect of Terraform. Nothing was \
         changed.",
    )
}
