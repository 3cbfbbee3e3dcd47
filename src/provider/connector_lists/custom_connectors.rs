//! The data source `webex_cc_custom_connectors`: all custom connectors of an
//! organization, or those that match a filter.

use std::sync::Arc;

use async_trait::async_trait;

use super::Row;
use crate::provider::custom_connector::filter::{self, Filter};
use crate::provider::custom_connector::readable_attributes;
use crate::provider::provider_data::ProviderData;
use crate::provider::timeouts::Timeout;
use crate::provider::{api_errors, organization};
use tf_provider::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use tf_provider::diagnostics::Diagnostics;
use tf_provider::object::Object;
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::{Type, Value};
use webex_contact_center::Budget;

/// The name of the data source.
pub const TYPE_NAME: &str = "webex_cc_custom_connectors";

const DESCRIPTION: &str = "\
Reads the custom connectors of an organization, sorted by name: all of them, or those that match \
`active` and `name_regex`. Credentials are not read.

With `import` blocks, it brings all existing connectors under Terraform.";

/// The data source.
pub struct CustomConnectorsData {
    provider_data: Arc<ProviderData>,
}

impl CustomConnectorsData {
    /// Returns the data source, which calls Webex through `provider_data`.
    #[must_use]
    pub fn new(provider_data: Arc<ProviderData>) -> Self {
        Self { provider_data }
    }
}

/// Returns the arguments and the results.
#[must_use]
pub fn schema() -> Schema {
    let mut attributes = vec![super::organization_attribute()];
    attributes.extend(filter::attributes());
    attributes.push(Attribute::computed(
        "connectors",
        Type::List(Box::new(readable_attributes::object_type())),
        "The connectors, sorted by name. Each has the attributes that the data source \
         `webex_cc_custom_connector` has.",
    ));
    attributes.push(super::ids_attribute());
    Schema::new(Block { description: DESCRIPTION.into(), attributes, blocks: Vec::new() })
}

#[async_trait]
impl DataSource for CustomConnectorsData {
    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, request: ValidateRequest<'_>) -> Diagnostics {
        let object = request.configuration.object();
        let mut messages = Diagnostics::new();
        messages.extend(Filter::read(object).err());
        messages.extend(organization::explicit(object).err());
        messages
    }

    async fn read(&self, request: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics> {
        let object = request.configuration.object();
        let filter = Filter::read(object)?;
        let provider = self.provider_data.ready()?;
        let organization = provider.organization(organization::explicit(object)?)?;
        let budget = Budget::within(Timeout::Read.by_default(), request.stop.clone());
        let list =
            provider.client.connectors(organization).list(&budget).await.map_err(|error| {
                let summary =
                    format!("Could not read the connectors of organization {organization}");
                api_errors::error(summary, &error, "Nothing was read, and nothing was changed.")
            })?;

        let base = Object::default().with("organization_id", object.get("organization_id").clone());
        let rows = list.iter().filter(|connector| filter.accepts(connector)).map(|connector| Row {
            name: connector.name().to_owned(),
            id: connector.id.to_string(),
            value: Value::Map(readable_attributes::values(connector, organization, &base)),
        });
        Ok(super::response(object, organization, rows.collect()))
    }
}
