//! The 28 calls of the protocol: decode, look up, call, encode.
//!
//! This file dispatches each call to the file of its kind of object. Most calls
//! are rows of a table; their handlers return a response or messages.

mod action_calls;
mod data_source_calls;
mod ephemeral_calls;
mod function_calls;
mod list_calls;
mod provider_calls;
mod resource_calls;
mod rpc;
mod state_calls;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tonic::{Request, Response, Status};

use self::rpc::{Rpc, run_rpc};
use super::client::{ClientCapabilities, Deferred};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::lifetime::Lifetime;
use super::protocol::tfplugin5::{self as protocol, provider_server};
use super::provider::{Registered, Registry, Table};

/// Serves everything in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    registry: Arc<Registry>,
    lifetime: Lifetime,
    configured: Arc<Mutex<Configured>>,
}

/// The result of the last Configure.
#[derive(Clone, Copy, Debug, Default)]
struct Configured {
    /// The reason why calls have to wait.
    deferred: Option<Deferred>,
    /// Whether the client handles a response that waits, if it allows one.
    handles_deferral: bool,
}

impl Server {
    /// Returns a server of everything in `registry`. The Stop call cancels the
    /// token in the requests of all running calls, by `lifetime`.
    pub(crate) fn new(registry: Registry, lifetime: Lifetime) -> Self {
        Self { registry: Arc::new(registry), lifetime, configured: Arc::default() }
    }

    fn configured(&self) -> MutexGuard<'_, Configured> {
        // A panic while the lock is held leaves it valid.
        self.configured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the capabilities of the client of a call.
    fn client(&self, sent: Option<&protocol::ClientCapabilities>) -> ClientCapabilities {
        let mut client = wire::client(sent);
        client.deferral_allowed &= self.configured().handles_deferral;
        client
    }

    /// Returns the reason why a call has to wait for the configuration of the provider.
    fn deferred(&self, client: ClientCapabilities) -> Option<Deferred> {
        self.configured().deferred.filter(|_| client.deferral_allowed)
    }
}

/// Returns the registered object with this name.
fn find<'a, T: ?Sized>(
    table: &'a Table<T>,
    summary: &str,
    kind: &str,
    name: &str,
) -> Result<&'a Registered<T>, Diagnostics> {
    table.get(name).ok_or_else(|| {
        let detail = format!("This version of the provider has no {kind} {name:?}.");
        Diagnostic::error(summary, detail).into()
    })
}

/// Returns UNIMPLEMENTED for a kind of which nothing is served; Terraform then does
/// not use it.
fn served_kind<T: ?Sized>(table: &Table<T>, kind: &str) -> Result<(), Status> {
    if table.is_empty() {
        return Err(Status::unimplemented(format!("this provider serves no {kind}")));
    }
    Ok(())
}

/// Implements the service.
///
/// A row of `calls` is a call, its name in the log, its handler, and the field of
/// the request with the name of the type, if any. The handlers of `infallible`
/// return a response in any case. Those of `optional` are about a kind that not
/// every provider serves.
macro_rules! service {
    (
        calls { $($method:ident $rpc:literal => $handler:ident($($name:ident)?);)+ }
        infallible { $($infallible:ident => $infallible_handler:ident();)+ }
        optional {
            $($optional:ident $name_of:literal =>
                $optional_handler:ident($($type_name:ident)?) in $table:ident $kind:literal;)+
        }
    ) => {
        #[tonic::async_trait]
        impl provider_server::Provider for Server {
            $(
                async fn $method(
                    &self,
                    request: Request<protocol::$method::Request>,
                ) -> Result<Response<protocol::$method::Response>, Status> {
                    let request = request.into_inner();
                    let [type_name, ..] = [$(request.$name.as_str(),)? ""];
                    let rpc = Rpc::new($rpc, type_name);
                    Ok(Response::new(run_rpc(&self.registry, rpc, self.$handler(&request)).await))
                }
            )+
            $(
                async fn $infallible(
                    &self,
                    request: Request<protocol::$infallible::Request>,
                ) -> Result<Response<protocol::$infallible::Response>, Status> {
                    Ok(Response::new(self.$infallible_handler(&request.into_inner()).await))
                }
            )+
            $(
                async fn $optional(
                    &self,
                    request: Request<protocol::$optional::Request>,
                ) -> Result<Response<protocol::$optional::Response>, Status> {
                    served_kind(&self.registry.$table, $kind)?;
                    let request = request.into_inner();
                    let [type_name, ..] = [$(request.$type_name.as_str(),)? ""];
                    let rpc = Rpc::new($name_of, type_name);
                    let call = self.$optional_handler(&request);
                    Ok(Response::new(run_rpc(&self.registry, rpc, call).await))
                }
            )+

            type ListResourceStream = list_calls::Events;

            async fn list_resource(
                &self,
                request: Request<protocol::list_resource::Request>,
            ) -> Result<Response<Self::ListResourceStream>, Status> {
                served_kind(&self.registry.list_resources, "list resources")?;
                Ok(Response::new(self.list(&request.into_inner()).await))
            }

            type InvokeActionStream = action_calls::Events;

            async fn invoke_action(
                &self,
                request: Request<protocol::invoke_action::Request>,
            ) -> Result<Response<Self::InvokeActionStream>, Status> {
                served_kind(&self.registry.actions, "actions")?;
                Ok(Response::new(self.invoke(request.into_inner()).await))
            }
        }
    };
}

service! {
    calls {
        get_metadata "GetMetadata" => metadata();
        get_schema "GetSchema" => schemas();
        get_resource_identity_schemas "GetResourceIdentitySchemas" => identity_schemas();
        get_functions "GetFunctions" => functions();
        prepare_provider_config "PrepareProviderConfig" => validate_provider();
        configure "Configure" => configure_provider();
        validate_resource_type_config "ValidateResourceTypeConfig" => validate_resource(type_name);
        upgrade_resource_state "UpgradeResourceState" => upgrade_state(type_name);
        upgrade_resource_identity "UpgradeResourceIdentity" => upgrade_identity(type_name);
        plan_resource_change "PlanResourceChange" => plan(type_name);
        import_resource_state "ImportResourceState" => import(type_name);
        move_resource_state "MoveResourceState" => move_state(target_type_name);
        generate_resource_config "GenerateResourceConfig" => generate(type_name);
        validate_data_source_config "ValidateDataSourceConfig" => validate_data_source(type_name);
        read_data_source "ReadDataSource" => read_data(type_name);
    }
    infallible {
        stop => stop_calls();
        read_resource => read_or_keep();
        apply_resource_change => apply_or_keep();
        call_function => function_result();
    }
    optional {
        validate_list_resource_config "ValidateListResourceConfig" =>
            validate_list(type_name) in list_resources "list resources";
        validate_ephemeral_resource_config "ValidateEphemeralResourceConfig" =>
            validate_ephemeral(type_name) in ephemeral_resources "ephemeral resources";
        open_ephemeral_resource "OpenEphemeralResource" =>
            open(type_name) in ephemeral_resources "ephemeral resources";
        renew_ephemeral_resource "RenewEphemeralResource" =>
            renew(type_name) in ephemeral_resources "ephemeral resources";
        close_ephemeral_resource "CloseEphemeralResource" =>
            close(type_name) in ephemeral_resources "ephemeral resources";
        validate_action_config "ValidateActionConfig" =>
            validate_action(type_name) in actions "actions";
        plan_action "PlanAction" => plan_action_call(action_type) in actions "actions";
    }
}
