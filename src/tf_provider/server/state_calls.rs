//! Calls that convert, import, move or generate states of managed resources.

use super::{Server, wire};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::object::State;
use crate::protocol::tfplugin5 as protocol;
use crate::resource::{ImportBy, ImportRequest};
use crate::value::json;

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

    pub(super) async fn upgrade_identity(
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

    pub(super) async fn move_state(
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
            "Its schema version is {stored}; this version of the provider knows versions up to \
             {known}. Nothing was changed. Upgrade the provider with `terraform init -upgrade`."
        ),
    )
}
