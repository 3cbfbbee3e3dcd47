//! The 28 calls of the protocol: decode, look up, call, encode.
//!
//! This file dispatches each call to the file of its kind of object.

mod data_source_calls;
mod function_calls;
mod list_calls;
mod provider_calls;
mod resource_calls;
mod rpc;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use tonic::{Request, Response, Status};

use self::rpc::{RpcResponse as _, run_rpc, run_rpc_or};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::lifetime::Lifetime;
use super::protocol::tfplugin5::{self as protocol, provider_server};
use super::provider::{Registered, Registry};
use super::resource::Checkpoint;
use super::schema_messages;

/// Serves everything in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    registry: Arc<Registry>,
    lifetime: Lifetime,
}

impl Server {
    /// Returns a server of everything in `registry`. The Stop call cancels the
    /// token in the requests of all running calls, by `lifetime`.
    pub(crate) fn new(registry: Registry, lifetime: Lifetime) -> Self {
        Self { registry: Arc::new(registry), lifetime }
    }
}

/// Returns the registered object with this name.
fn find<'a, T: ?Sized>(
    table: &'a BTreeMap<&'static str, Registered<T>>,
    summary: &str,
    kind: &str,
    name: &str,
) -> Result<&'a Registered<T>, Diagnostics> {
    table.get(name).ok_or_else(|| {
        let detail = format!("This version of the provider has no {kind} {name:?}.");
        Diagnostic::error(summary, detail).into()
    })
}

/// Returns UNIMPLEMENTED for a kind that is not served; Terraform then does not
/// use it.
fn not_served<T>(kind: &str) -> Result<Response<T>, Status> {
    Err(Status::unimplemented(format!("this provider serves no {kind}")))
}

#[tonic::async_trait]
impl provider_server::Provider for Server {
    async fn get_metadata(
        &self,
        _request: Request<protocol::get_metadata::Request>,
    ) -> Result<Response<protocol::get_metadata::Response>, Status> {
        run_rpc("GetMetadata", "", async { Ok(schema_messages::metadata(&self.registry)) }).await
    }

    async fn get_schema(
        &self,
        _request: Request<protocol::get_provider_schema::Request>,
    ) -> Result<Response<protocol::get_provider_schema::Response>, Status> {
        run_rpc("GetSchema", "", async { Ok(schema_messages::provider_schema(&self.registry)) })
            .await
    }

    async fn prepare_provider_config(
        &self,
        request: Request<protocol::prepare_provider_config::Request>,
    ) -> Result<Response<protocol::prepare_provider_config::Response>, Status> {
        let request = request.into_inner();
        run_rpc("PrepareProviderConfig", "", async { self.prepare_provider_config(request) }).await
    }

    async fn configure(
        &self,
        request: Request<protocol::configure::Request>,
    ) -> Result<Response<protocol::configure::Response>, Status> {
        let request = request.into_inner();
        run_rpc("Configure", "", self.configure_provider(request)).await
    }

    async fn stop(
        &self,
        _request: Request<protocol::stop::Request>,
    ) -> Result<Response<protocol::stop::Response>, Status> {
        tracing::info!("Terraform asks to stop");
        self.lifetime.stop();
        Ok(Response::new(protocol::stop::Response::default()))
    }

    async fn validate_resource_type_config(
        &self,
        request: Request<protocol::validate_resource_type_config::Request>,
    ) -> Result<Response<protocol::validate_resource_type_config::Response>, Status> {
        let request = request.into_inner();
        run_rpc("ValidateResourceTypeConfig", &request.type_name, async {
            self.validate_resource(&request)
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<protocol::upgrade_resource_state::Request>,
    ) -> Result<Response<protocol::upgrade_resource_state::Response>, Status> {
        let request = request.into_inner();
        run_rpc("UpgradeResourceState", &request.type_name, async { self.upgrade_state(&request) })
            .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<protocol::get_resource_identity_schemas::Request>,
    ) -> Result<Response<protocol::get_resource_identity_schemas::Response>, Status> {
        run_rpc("GetResourceIdentitySchemas", "", async {
            Ok(protocol::get_resource_identity_schemas::Response {
                identity_schemas: schema_messages::identity_schemas(&self.registry),
                ..Default::default()
            })
        })
        .await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<protocol::upgrade_resource_identity::Request>,
    ) -> Result<Response<protocol::upgrade_resource_identity::Response>, Status> {
        let request = request.into_inner();
        run_rpc("UpgradeResourceIdentity", &request.type_name, async {
            self.upgrade_identity(&request)
        })
        .await
    }

    async fn read_resource(
        &self,
        request: Request<protocol::read_resource::Request>,
    ) -> Result<Response<protocol::read_resource::Response>, Status> {
        let request = request.into_inner();
        // A failed refresh must not lose what is in state.
        let kept = || protocol::read_resource::Response {
            new_state: request.current_state.clone(),
            private: request.private.clone(),
            new_identity: request.current_identity.clone(),
            ..Default::default()
        };
        let call = async {
            Ok(self.read(&request).await.unwrap_or_else(|messages| kept().with(messages)))
        };
        run_rpc_or("ReadResource", &request.type_name, call, kept).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<protocol::plan_resource_change::Request>,
    ) -> Result<Response<protocol::plan_resource_change::Response>, Status> {
        let request = request.into_inner();
        run_rpc("PlanResourceChange", &request.type_name, self.plan(&request)).await
    }

    async fn apply_resource_change(
        &self,
        request: Request<protocol::apply_resource_change::Request>,
    ) -> Result<Response<protocol::apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        let checkpoint = Checkpoint::default();
        let kept = || self.best_known(&request, &checkpoint);
        let call = async {
            let outcome = self.apply(&request, checkpoint.clone()).await;
            Ok(outcome.unwrap_or_else(|messages| kept().with(messages)))
        };
        run_rpc_or("ApplyResourceChange", &request.type_name, call, kept).await
    }

    async fn import_resource_state(
        &self,
        request: Request<protocol::import_resource_state::Request>,
    ) -> Result<Response<protocol::import_resource_state::Response>, Status> {
        let request = request.into_inner();
        run_rpc("ImportResourceState", &request.type_name, self.import(&request)).await
    }

    async fn move_resource_state(
        &self,
        request: Request<protocol::move_resource_state::Request>,
    ) -> Result<Response<protocol::move_resource_state::Response>, Status> {
        let request = request.into_inner();
        run_rpc("MoveResourceState", &request.target_type_name, async { self.move_state(&request) })
            .await
    }

    async fn generate_resource_config(
        &self,
        request: Request<protocol::generate_resource_config::Request>,
    ) -> Result<Response<protocol::generate_resource_config::Response>, Status> {
        let request = request.into_inner();
        run_rpc("GenerateResourceConfig", &request.type_name, async { self.generate(&request) })
            .await
    }

    async fn validate_data_source_config(
        &self,
        request: Request<protocol::validate_data_source_config::Request>,
    ) -> Result<Response<protocol::validate_data_source_config::Response>, Status> {
        let request = request.into_inner();
        run_rpc("ValidateDataSourceConfig", &request.type_name, async {
            self.validate_data_source(&request)
        })
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<protocol::read_data_source::Request>,
    ) -> Result<Response<protocol::read_data_source::Response>, Status> {
        let request = request.into_inner();
        run_rpc("ReadDataSource", &request.type_name, self.read_data(&request)).await
    }

    async fn get_functions(
        &self,
        _request: Request<protocol::get_functions::Request>,
    ) -> Result<Response<protocol::get_functions::Response>, Status> {
        run_rpc("GetFunctions", "", async {
            let functions = schema_messages::functions(&self.registry);
            Ok(protocol::get_functions::Response { functions, ..Default::default() })
        })
        .await
    }

    async fn call_function(
        &self,
        request: Request<protocol::call_function::Request>,
    ) -> Result<Response<protocol::call_function::Response>, Status> {
        Ok(Response::new(self.function_result(&request.into_inner()).await))
    }

    type ListResourceStream = list_calls::Events;

    async fn list_resource(
        &self,
        request: Request<protocol::list_resource::Request>,
    ) -> Result<Response<Self::ListResourceStream>, Status> {
        Ok(Response::new(self.list(&request.into_inner()).await))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<protocol::validate_list_resource_config::Request>,
    ) -> Result<Response<protocol::validate_list_resource_config::Response>, Status> {
        let request = request.into_inner();
        run_rpc("ValidateListResourceConfig", &request.type_name, async {
            self.validate_list(&request)
        })
        .await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        _request: Request<protocol::validate_ephemeral_resource_config::Request>,
    ) -> Result<Response<protocol::validate_ephemeral_resource_config::Response>, Status> {
        not_served("ephemeral resources")
    }

    async fn open_ephemeral_resource(
        &self,
        _request: Request<protocol::open_ephemeral_resource::Request>,
    ) -> Result<Response<protocol::open_ephemeral_resource::Response>, Status> {
        not_served("ephemeral resources")
    }

    async fn renew_ephemeral_resource(
        &self,
        _request: Request<protocol::renew_ephemeral_resource::Request>,
    ) -> Result<Response<protocol::renew_ephemeral_resource::Response>, Status> {
        not_served("ephemeral resources")
    }

    async fn close_ephemeral_resource(
        &self,
        _request: Request<protocol::close_ephemeral_resource::Request>,
    ) -> Result<Response<protocol::close_ephemeral_resource::Response>, Status> {
        not_served("ephemeral resources")
    }

    async fn plan_action(
        &self,
        _request: Request<protocol::plan_action::Request>,
    ) -> Result<Response<protocol::plan_action::Response>, Status> {
        not_served("actions")
    }

    async fn validate_action_config(
        &self,
        _request: Request<protocol::validate_action_config::Request>,
    ) -> Result<Response<protocol::validate_action_config::Response>, Status> {
        not_served("actions")
    }

    type InvokeActionStream = tokio_stream::Empty<Result<protocol::invoke_action::Event, Status>>;

    async fn invoke_action(
        &self,
        _request: Request<protocol::invoke_action::Request>,
    ) -> Result<Response<Self::InvokeActionStream>, Status> {
        not_served("actions")
    }
}
