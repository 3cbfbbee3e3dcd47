//! The provider as a process, from its start to its end.

mod clients;
mod ends;
mod starts;
mod terraform_ends;

use crate::support::plugin_client::proto::tfplugin5::provider_client::ProviderClient;
use crate::support::plugin_client::proto::tfplugin5::{get_provider_schema, stop};
use tonic::transport::Channel;

/// Makes a call that always succeeds.
async fn serves(mut client: ProviderClient<Channel>) -> Result<(), tonic::Status> {
    client.get_schema(get_provider_schema::Request {}).await.map(|_| ())
}

/// Makes the Stop call. Returns its error.
async fn stop(mut client: ProviderClient<Channel>) -> String {
    client.stop(stop::Request {}).await.unwrap().into_inner().error
}
