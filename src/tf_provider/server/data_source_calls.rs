//! Calls about data sources.

use super::rpc::RpcResponse as _;
use super::wire;
use super::{Server, find};
use crate::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use crate::diagnostics::Diagnostics;
use crate::protocol::tfplugin5 as protocol;
use crate::provider::Registered;
use crate::value::Value;

impl Server {
    fn data_source(&self, type_name: &str) -> Result<&Registered<dyn DataSource>, Diagnostics> {
        find(&self.registry.data_sources, "Unknown data source", "data source", type_name)
    }

    pub(super) async fn validate_data_source(
        &self,
        request: &protocol::validate_data_source_config::Request,
    ) -> Result<protocol::validate_data_source_config::Response, Diagnostics> {
        let served = self.data_source(&request.type_name)?;
        let messages = wire::validate(request.config.as_ref(), served, DataSource::validate)?;
        Ok(protocol::validate_data_source_config::Response::default().with(messages))
    }

    pub(super) async fn read_data(
        &self,
        request: &protocol::read_data_source::Request,
    ) -> Result<protocol::read_data_source::Response, Diagnostics> {
        let served = self.data_source(&request.type_name)?;
        let configuration = wire::decode_configuration(request.config.as_ref(), served)?;
        let client = self.client(request.client_capabilities.as_ref());
        let stop = self.lifetime.stopping();
        let read = match self.deferred(client) {
            None => served.object.read(DataSourceRequest { configuration, client, stop }).await?,
            deferred => DataSourceResponse { deferred, ..DataSourceResponse::default() },
        };
        let mut messages = read.diagnostics;
        let deferred = wire::deferred(read.deferred, client)?;
        let state = match deferred {
            Some(_) => wire::encode(&Value::Unknown, served.value_type())?,
            None => wire::encode_state(Some(read.state), served, &mut messages)?,
        };
        let response = protocol::read_data_source::Response {
            state: Some(state),
            deferred,
            ..Default::default()
        };
        Ok(response.with(messages))
    }
}
