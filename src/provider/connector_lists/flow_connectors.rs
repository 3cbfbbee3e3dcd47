//! The data source `webex_cc_flow_connectors`: the connectors that Flow Designer
//! offers to the *HTTP Request* activity. It uses the one endpoint about
//! connectors that Cisco documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::Row;
use crate::provider::provider_data::ProviderData;
use crate::provider::timeouts::Timeout;
use crate::provider::{api_errors, organization};
use tf_provider::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use tf_provider::diagnostics::Diagnostics;
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::{Type, Value};
use webex_contact_center::{Budget, FlowConnector, FlowSearch};

/// The name of the data source.
pub const TYPE_NAME: &str = "webex_cc_flow_connectors";

const DESCRIPTION: &str = "\
Reads the connectors that Flow Designer offers to the *HTTP Request* activity: their names and \
ids, sorted by name. It uses an endpoint that Cisco documents. The access token needs the scope \
`cjp:config_read`.

Flow Designer offers active connectors only (inferred).";

/// The data source.
pub struct FlowConnectorsData {
    provider_data: Arc<ProviderData>,
}

impl FlowConnectorsData {
    /// Returns the data source, which calls Webex through `provider_data`.
    #[must_use]
    pub fn new(provider_data: Arc<ProviderData>) -> Self {
        Self { provider_data }
    }
}

/// Returns the arguments and the results.
#[must_use]
pub fn schema() -> Schema {
    let connector = BTreeMap::from(["id", "name"].map(|name| (name.to_owned(), Type::String)));
    let attributes = vec![
        super::organization_attribute(),
        Attribute::optional(
            "search",
            Type::String,
            "Only connectors with this text in their name. Webex searches.",
        ),
        Attribute::computed(
            "connectors",
            Type::List(Box::new(Type::Object(connector))),
            "The connectors, sorted by name, each with its `id` and its `name`.",
        ),
        super::ids_attribute(),
    ];
    Schema::new(Block { description: DESCRIPTION.into(), attributes, blocks: Vec::new() })
}

#[async_trait]
impl DataSource for FlowConnectorsData {
    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, request: ValidateRequest<'_>) -> Diagnostics {
        organization::explicit(request.configuration.object()).err().into_iter().collect()
    }

    async fn read(&self, request: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics> {
        let object = request.configuration.object();
        let provider = self.provider_data.ready()?;
        let organization = provider.organization(organization::explicit(object)?)?;
        let search = FlowSearch::Name(object.string("search").known().unwrap_or_default());
        let budget = Budget::within(Timeout::Read.by_default(), request.stop.clone());
        let connectors = provider.client.connectors(organization);
        let found = connectors.flow_connectors(search, &budget).await.map_err(|error| {
            let summary = "Could not read the connectors that Flow Designer offers";
            api_errors::error(summary, &error, "Nothing was read, and nothing was changed.")
        })?;
        let rows = found.into_iter().map(|FlowConnector { id, name, .. }| {
            let id = id.to_string();
            let texts = [("id", id.as_str()), ("name", &name)];
            let texts = texts.map(|(key, text)| (key.to_owned(), Value::from(text)));
            Row { value: Value::Map(texts.into()), id, name }
        });
        Ok(super::response(object, organization, rows.collect()))
    }
}
