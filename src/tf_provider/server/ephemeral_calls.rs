//! Calls about ephemeral resources.

use std::time::SystemTime;

use super::rpc::RpcResponse as _;
use super::{Server, find, wire};
use crate::diagnostics::Diagnostics;
use crate::ephemeral::{CloseRequest, EphemeralResource, OpenRequest, OpenResponse, RenewRequest};
use crate::object::PrivateState;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registered;
use crate::value::Value;

impl Server {
    fn ephemeral_resource(
        &self,
        type_name: &str,
    ) -> Result<&Registered<dyn EphemeralResource>, Diagnostics> {
        let table = &self.registry.ephemeral_resources;
        find(table, "Unknown ephemeral resource", "ephemeral resource", type_name)
    }

    pub(super) async fn validate_ephemeral(
        &self,
        request: &protocol::validate_ephemeral_resource_config::Request,
    ) -> Result<protocol::validate_ephemeral_resource_config::Response, Diagnostics> {
        let served = self.ephemeral_resource(&request.type_name)?;
        let messages =
            wire::validate(request.config.as_ref(), served, EphemeralResource::validate)?;
        Ok(protocol::validate_ephemeral_resource_config::Response::default().with(messages))
    }

    pub(super) async fn open(
        &self,
        request: &protocol::open_ephemeral_resource::Request,
    ) -> Result<protocol::open_ephemeral_resource::Response, Diagnostics> {
        let served = self.ephemeral_resource(&request.type_name)?;
        let configuration = wire::decode_configuration(request.config.as_ref(), served)?;
        let client = self.client(request.client_capabilities.as_ref());
        let stop = self.lifetime.stopping();
        let opened = match self.deferred(client) {
            None => served.object.open(OpenRequest { configuration, client, stop }).await?,
            deferred => OpenResponse { deferred, ..OpenResponse::default() },
        };
        let deferred = wire::deferred(opened.deferred, client)?;
        let result = match deferred {
            Some(_) => Value::Unknown,
            None => {
                let mut result = opened.result;
                result.normalize_state(&served.schema().block);
                result.into_value()
            }
        };
        let result = match wire::encode(&result, served.value_type()) {
            Ok(result) => result,
            Err(misfit) => {
                // Terraform closes nothing that it could not open.
                let mut messages = opened.diagnostics;
                messages.extend(misfit);
                let stop = self.lifetime.stopping();
                let close = CloseRequest { private: opened.private, stop };
                let (Ok(said) | Err(said)) = served.object.close(close).await;
                messages.extend(said);
                return Err(messages);
            }
        };
        let response = protocol::open_ephemeral_resource::Response {
            result: Some(result),
            private: Some(opened.private.into_bytes()),
            renew_at: opened.renew_at.map(timestamp),
            deferred,
            ..Default::default()
        };
        Ok(response.with(opened.diagnostics))
    }

    pub(super) async fn renew(
        &self,
        request: &protocol::renew_ephemeral_resource::Request,
    ) -> Result<protocol::renew_ephemeral_resource::Response, Diagnostics> {
        let served = self.ephemeral_resource(&request.type_name)?;
        let private = request.private.clone().unwrap_or_default();
        let renew = RenewRequest {
            private: PrivateState::from_bytes(private.clone()),
            stop: self.lifetime.stopping(),
        };
        let renewed = served.object.renew(renew).await?;
        let response = protocol::renew_ephemeral_resource::Response {
            private: Some(renewed.private.or(&private)),
            renew_at: renewed.renew_at.map(timestamp),
            ..Default::default()
        };
        Ok(response.with(renewed.diagnostics))
    }

    pub(super) async fn close(
        &self,
        request: &protocol::close_ephemeral_resource::Request,
    ) -> Result<protocol::close_ephemeral_resource::Response, Diagnostics> {
        let served = self.ephemeral_resource(&request.type_name)?;
        let close = CloseRequest {
            private: PrivateState::from_bytes(request.private.clone().unwrap_or_default()),
            stop: self.lifetime.stopping(),
        };
        let messages = served.object.close(close).await?;
        Ok(protocol::close_ephemeral_resource::Response::default().with(messages))
    }
}

fn timestamp(time: SystemTime) -> prost_types::Timestamp {
    time.into()
}
