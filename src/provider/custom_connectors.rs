//! The data source `webex_cc_custom_connectors`: all custom connectors of an
//! organization, or those that a filter wants.

use std::sync::Arc;

use async_trait::async_trait;

use super::custom_connector::filter::{self, Filter};
use super::custom_connector::readable_attributes;
use super::provider_data::ProviderData;
use super::timeouts::Timeout;
use super::{api_errors, ids_by_name, organization};
use tf_provider::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use tf_provider::diagnostics::Diagnostics;
use tf_provider::object::{Object, State};
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::{Type, Value};
use webex_contact_center::Budget;

/// The name of the data source.
pub const TYPE_NAME: &str = "webex_cc_custom_connectors";

const DESCRIPTION: &str = "\
Reads the custom connectors of an organization, sorted by name: all of them, or those that \
`active` and `name_regex` let through. Credentials are not among what can be read.

Together with `import` blocks it brings all existing connectors under Terraform at once.";

/// The data source.
pub struct CustomConnectorsData {
    connection: Arc<ProviderData>,
}

impl CustomConnectorsData {
    /// The data source, which makes its calls over `connection`.
    #[must_use]
    pub fn new(connection: Arc<ProviderData>) -> Self {
        Self { connection }
    }
}

/// The data source's arguments and results.
#[must_use]
pub fn schema() -> Schema {
    let mut attributes = vec![Attribute::optional_computed(
        "organization_id",
        Type::String,
        "The organization whose connectors to read, as a UUID or in the base64 form of the Webex \
         APIs. The provider's organization if not set.",
    )];
    attributes.extend(filter::attributes());
    attributes.push(Attribute::computed(
        "connectors",
        Type::List(Box::new(readable_attributes::object_type())),
        "The connectors, sorted by name. Each has the attributes that the data source \
         `webex_cc_custom_connector` has.",
    ));
    attributes.push(ids_by_name::attribute());
    Schema::new(Block { description: DESCRIPTION, attributes, blocks: Vec::new() })
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
        let ready = self.connection.ready()?;
        let organization = ready.organization(organization::explicit(object)?)?;
        let budget = Budget::within(Timeout::Read.by_default(), request.stop.clone());
        let list = ready.client.connectors(organization).list(&budget).await.map_err(|error| {
            let summary = format!("Could not read the connectors of organization {organization}");
            api_errors::error(summary, &error, "Nothing was read, and nothing was changed.")
        })?;

        let mut wanted = list.iter().filter(|found| filter.accepts(found)).collect::<Vec<_>>();
        wanted.sort_by(|left, right| (left.name(), &left.id).cmp(&(right.name(), &right.id)));
        let base = Object::default().with("organization_id", object.get("organization_id").clone());
        let rows =
            wanted.iter().map(|found| readable_attributes::values(found, organization, &base));
        let connectors = Value::List(rows.map(Value::Map).collect());
        let pairs = wanted.iter().map(|found| (found.name(), found.id.as_str()));
        let (ids, mut diagnostics) = ids_by_name::map(pairs);
        diagnostics.extend(api_errors::notices(&ready.client));

        let mut state = object.clone().with("connectors", connectors).with("ids", ids);
        if object.get("organization_id").is_null() {
            state.set("organization_id", organization.to_string());
        }
        Ok(DataSourceResponse { state: State::new(state, &schema().block), diagnostics })
    }
}
