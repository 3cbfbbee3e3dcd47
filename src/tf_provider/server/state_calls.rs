//! Calls that convert, import, move or generate states of managed resources.

use super::rpc::RpcResponse as _;
use super::{Server, wire};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::object::{Identity, PrivateState};
use crate::protocol::tfplugin5 as protocol;
use crate::raw_state::RawState;
use crate::resource::{ImportBy, ImportRequest, ImportResponse, MoveStateRequest};
use crate::value::Value;

impl Server {
    pub(super) async fn upgrade_state(
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
                "Remove the resource with `terraform state rm` and import it again. Terraform 0.11 \
                 or older wrote the state. Nothing was changed.",
            )
            .into());
        }
        let stored = RawState::new(request.version, raw, served.value_type());
        let object = if request.version == schema.version {
            stored.decode()?
        } else {
            served.object.upgrade(stored)?
        };
        let mut messages = Diagnostics::new();
        let upgraded = wire::encode_state(Some(object.into()), served, &mut messages)?;
        if messages.has_errors() {
            return Err(messages);
        }
        Ok(protocol::upgrade_resource_state::Response {
            upgraded_state: Some(upgraded),
            ..Default::default()
        })
    }

    pub(super) async fn upgrade_identity(
        &self,
        request: &protocol::upgrade_resource_identity::Request,
    ) -> Result<protocol::upgrade_resource_identity::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let Some((schema, value_type)) = served.identity() else {
            return Err(Diagnostic::error(
                "This resource has no identity",
                format!("Resources of type {:?} are identified by their id.", request.type_name),
            )
            .into());
        };
        if request.version > schema.version {
            return Err(newer_state("identity", request.version, schema.version).into());
        }
        let raw = request.raw_identity.as_ref().map_or(&[][..], |raw| raw.json.as_slice());
        let stored = RawState::new(request.version, raw, value_type);
        let identity = if request.version == schema.version {
            Identity::new(stored.decode()?)
        } else {
            served.object.upgrade_identity(stored)?
        };
        Ok(protocol::upgrade_resource_identity::Response {
            upgraded_identity: Some(protocol::ResourceIdentityData {
                identity_data: Some(wire::encode(
                    &identity.into_object().into_value(),
                    value_type,
                )?),
            }),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        &self,
        request: &protocol::import_resource_state::Request,
    ) -> Result<protocol::import_resource_state::Response, Diagnostics> {
        let served = self.resource(&request.type_name)?;
        let identity = served.stored_identity(request.identity.as_ref())?;
        let by = match identity.clone() {
            Some(identity) => ImportBy::Identity(identity),
            None => ImportBy::Id(request.id.clone()),
        };
        let client = self.client(request.client_capabilities.as_ref());
        let stop = self.lifetime.stopping();
        let imported = match self.deferred(client) {
            None => served.object.import(ImportRequest { by, client, stop }).await?,
            deferred => ImportResponse { deferred, ..ImportResponse::default() },
        };
        let deferred = wire::deferred(imported.deferred, client)?;
        let mut messages = Diagnostics::new();
        let identity = imported.identity.or(identity);
        let identity = identity.or_else(|| served.identity_in(Some(&imported.state)));
        let state = match deferred {
            Some(_) => wire::encode(&Value::Unknown, served.value_type())?,
            None => wire::encode_state(Some(imported.state), served, &mut messages)?,
        };
        let resource = protocol::import_resource_state::ImportedResource {
            type_name: request.type_name.clone(),
            state: Some(state),
            private: imported.private.into_bytes(),
            identity: wire::encode_identity(identity, served.identity(), &mut messages)?,
        };
        let response = protocol::import_resource_state::Response {
            imported_resources: vec![resource],
            deferred,
            ..Default::default()
        };
        Ok(response.with(messages))
    }

    pub(super) async fn move_state(
        &self,
        request: &protocol::move_resource_state::Request,
    ) -> Result<protocol::move_resource_state::Response, Diagnostics> {
        let served = self.resource(&request.target_type_name)?;
        let json = |raw: &Option<protocol::RawState>| {
            raw.as_ref().map(|raw| raw.json.clone()).unwrap_or_default()
        };
        let (raw, raw_identity) = (json(&request.source_state), json(&request.source_identity));
        let moved = MoveStateRequest {
            provider_address: &request.source_provider_address,
            type_name: &request.source_type_name,
            state: RawState::new(request.source_schema_version, &raw, served.value_type()),
            raw_identity: &raw_identity,
            private: PrivateState::from_bytes(request.source_private.clone()),
        };
        if !served.object.moves_from().contains(&moved.type_name) {
            return Err(Diagnostic::error(
                "The resource cannot be moved from another type",
                format!(
                    "Replace the `moved` block by an `import` block, and by a `removed` block for \
                     the old address. This provider cannot convert a {:?} of {} to a {:?}. Nothing \
                     was changed.",
                    request.source_type_name,
                    request.source_provider_address,
                    request.target_type_name
                ),
            )
            .into());
        };
        let moved = served.object.move_state(moved).await?;
        let mut messages = moved.diagnostics;
        let identity = moved.identity.or_else(|| served.identity_in(Some(&moved.state)));
        let response = protocol::move_resource_state::Response {
            target_state: Some(wire::encode_state(Some(moved.state), served, &mut messages)?),
            target_private: moved.private.into_bytes(),
            target_identity: wire::encode_identity(identity, served.identity(), &mut messages)?,
            ..Default::default()
        };
        Ok(response.with(messages))
    }

    pub(super) async fn generate(
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

/// Returns the error of a stored version that this provider does not know.
fn newer_state(what: &str, stored: i64, known: i64) -> Diagnostic {
    Diagnostic::error(
        format!("The stored {what} was written by a newer provider"),
        format!(
            "Upgrade the provider with `terraform init -upgrade`. Its present version knows schema \
             versions up to {known}, and the stored version is {stored}. Nothing was changed."
        ),
    )
}
