//! Calls about the provider as a whole.

use super::Server;
use super::rpc::RpcResponse as _;
use super::wire;
use crate::diagnostics::Diagnostics;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::ConfigureRequest;
use crate::resource::ValidateRequest;

/// What this framework can do beyond the bare protocol, each honoured:
/// destroys are planned, no call depends on an earlier GetSchema, states can be
/// moved (or refused in words), and imported state becomes configuration.
const CAPABILITIES: protocol::ServerCapabilities = protocol::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};

impl Server {
    pub(super) fn metadata(&self) -> protocol::get_metadata::Response {
        use protocol::get_metadata as metadata;
        let registry = &self.registry;
        let name = |name: &&'static str| (*name).to_owned();
        protocol::get_metadata::Response {
            server_capabilities: Some(CAPABILITIES),
            resources: registry
                .resources
                .keys()
                .map(|key| metadata::ResourceMetadata { type_name: name(key) })
                .collect(),
            data_sources: registry
                .data_sources
                .keys()
                .map(|key| metadata::DataSourceMetadata { type_name: name(key) })
                .collect(),
            functions: registry
                .functions
                .keys()
                .map(|key| metadata::FunctionMetadata { name: name(key) })
                .collect(),
            list_resources: registry
                .list_resources
                .keys()
                .map(|key| metadata::ListResourceMetadata { type_name: name(key) })
                .collect(),
            ..Default::default()
        }
    }

    pub(super) fn provider_schema(&self) -> protocol::get_provider_schema::Response {
        let registry = &self.registry;
        protocol::get_provider_schema::Response {
            provider: Some(wire::schema(registry.provider.schema())),
            resource_schemas: registry
                .resources
                .iter()
                .map(|(name, served)| ((*name).to_owned(), wire::schema(served.schema())))
                .collect(),
            data_source_schemas: registry
                .data_sources
                .iter()
                .map(|(name, served)| ((*name).to_owned(), wire::schema(served.schema())))
                .collect(),
            list_resource_schemas: registry
                .list_resources
                .iter()
                .map(|(name, served)| ((*name).to_owned(), wire::schema(served.schema())))
                .collect(),
            functions: self.functions().functions,
            server_capabilities: Some(CAPABILITIES),
            ..Default::default()
        }
    }

    pub(super) fn identity_schemas(&self) -> protocol::get_resource_identity_schemas::Response {
        let identities = self.registry.resources.iter().filter_map(|(name, served)| {
            let (schema, _) = served.identity()?;
            Some(((*name).to_owned(), wire::identity_schema(schema)))
        });
        protocol::get_resource_identity_schemas::Response {
            identity_schemas: identities.collect(),
            ..Default::default()
        }
    }

    pub(super) fn prepare_provider_config(
        &self,
        request: protocol::prepare_provider_config::Request,
    ) -> Result<protocol::prepare_provider_config::Response, Diagnostics> {
        let served = &self.registry.provider;
        let configuration = wire::decode_configuration(
            request.config.as_ref(),
            &served.schema().block,
            served.value_type(),
        )?;
        let messages = served.object.validate(ValidateRequest { configuration: &configuration });
        let answer = protocol::prepare_provider_config::Response {
            prepared_config: request.config,
            ..Default::default()
        };
        Ok(answer.with(messages))
    }

    pub(super) async fn configure_provider(
        &self,
        request: protocol::configure::Request,
    ) -> Result<protocol::configure::Response, Diagnostics> {
        let served = &self.registry.provider;
        let configuration = wire::decode_configuration(
            request.config.as_ref(),
            &served.schema().block,
            served.value_type(),
        )?;
        let request =
            ConfigureRequest { configuration, terraform_version: request.terraform_version };
        let messages = served.object.configure(request).await;
        Ok(protocol::configure::Response::default().with(messages))
    }
}
