//! Calls about the provider as a whole.

use super::Server;
use super::rpc::RpcResponse as _;
use super::wire;
use crate::diagnostics::Diagnostics;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::ConfigureRequest;
use crate::resource::ValidateRequest;

impl Server {
    pub(super) fn prepare_provider_config(
        &self,
        request: protocol::prepare_provider_config::Request,
    ) -> Result<protocol::prepare_provider_config::Response, Diagnostics> {
        let served = &self.registry.provider;
        let configuration = wire::decode_configuration(request.config.as_ref(), served)?;
        let messages = served.object.validate(ValidateRequest { configuration: &configuration });
        let response = protocol::prepare_provider_config::Response {
            prepared_config: request.config,
            ..Default::default()
        };
        Ok(response.with(messages))
    }

    pub(super) async fn configure_provider(
        &self,
        request: protocol::configure::Request,
    ) -> Result<protocol::configure::Response, Diagnostics> {
        let served = &self.registry.provider;
        let configuration = wire::decode_configuration(request.config.as_ref(), served)?;
        let request =
            ConfigureRequest { configuration, terraform_version: request.terraform_version };
        let messages = served.object.configure(request).await;
        Ok(protocol::configure::Response::default().with(messages))
    }
}
