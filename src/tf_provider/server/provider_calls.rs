//! Calls about the provider as a whole.

use super::rpc::RpcResponse as _;
use super::wire;
use super::{Configured, Server};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::protocol::tfplugin5 as protocol;
use crate::provider::{ConfigureRequest, Provider};
use crate::schema_messages;

impl Server {
    pub(super) async fn stop_calls(
        &self,
        _request: &protocol::stop::Request,
    ) -> protocol::stop::Response {
        tracing::info!("Terraform asks to stop");
        self.lifetime.stop();
        protocol::stop::Response::default()
    }

    pub(super) async fn metadata(
        &self,
        _request: &protocol::get_metadata::Request,
    ) -> Result<protocol::get_metadata::Response, Diagnostics> {
        Ok(schema_messages::metadata(&self.registry))
    }

    pub(super) async fn schemas(
        &self,
        _request: &protocol::get_provider_schema::Request,
    ) -> Result<protocol::get_provider_schema::Response, Diagnostics> {
        let faults = self.registry.check().into_iter();
        let messages = faults.map(|fault| {
            let detail = format!("{fault}. This is a defect of the provider; please report it.");
            Diagnostic::error("The provider contradicts itself", detail)
        });
        Ok(schema_messages::provider_schema(&self.registry).with(messages.collect()))
    }

    pub(super) async fn identity_schemas(
        &self,
        _request: &protocol::get_resource_identity_schemas::Request,
    ) -> Result<protocol::get_resource_identity_schemas::Response, Diagnostics> {
        let identity_schemas = schema_messages::identity_schemas(&self.registry);
        Ok(protocol::get_resource_identity_schemas::Response {
            identity_schemas,
            ..Default::default()
        })
    }

    pub(super) async fn functions(
        &self,
        _request: &protocol::get_functions::Request,
    ) -> Result<protocol::get_functions::Response, Diagnostics> {
        let functions = schema_messages::functions(&self.registry);
        Ok(protocol::get_functions::Response { functions, ..Default::default() })
    }

    pub(super) async fn validate_provider(
        &self,
        request: &protocol::prepare_provider_config::Request,
    ) -> Result<protocol::prepare_provider_config::Response, Diagnostics> {
        let served = &self.registry.provider;
        let messages = wire::validate(request.config.as_ref(), served, Provider::validate)?;
        let response = protocol::prepare_provider_config::Response {
            prepared_config: request.config.clone(),
            ..Default::default()
        };
        Ok(response.with(messages))
    }

    pub(super) async fn configure_provider(
        &self,
        request: &protocol::configure::Request,
    ) -> Result<protocol::configure::Response, Diagnostics> {
        let served = &self.registry.provider;
        let configuration = wire::decode_configuration(request.config.as_ref(), served)?;
        // OpenTofu 1.11 allows by mistake that calls are deferred, and fails if one is.
        let handles_deferral = !request.terraform_version.starts_with("1.11.");
        *self.configured() = Configured { deferred: None, handles_deferral };
        let client = self.client(request.client_capabilities.as_ref());
        let configured = served.object.configure(ConfigureRequest {
            configuration,
            terraform_version: request.terraform_version.clone(),
            client,
            stop: self.lifetime.stopping(),
        });
        let configured = configured.await?;
        self.configured().deferred = configured.deferred;
        Ok(protocol::configure::Response::default().with(configured.diagnostics))
    }
}
