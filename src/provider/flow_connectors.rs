//! The data source `webex_cc_flow_connectors`: what Flow Designer offers to the
//! *HTTP Request* activity, by the one endpoint about connectors that Cisco
//! documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::provider_data::ProviderData;
use super::timeouts::Timeout;
use super::{api_errors, ids_by_name, organization};
use tf_provider::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use tf_provider::diagnostics::Diagnostics;
use tf_provider::object::State;
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::{Type, Value};
use webex_contact_center::{Budget, FlowSearch};

/// The name of the data source.
pub const TYPE_NAME: &str = "webex_cc_flow_connectors";

const DESCRIPTION: &str = "\
Reads the connectors that Flow Designer offers to the *HTTP Request* activity: their names and ids, \
sorted by name. It uses an endpoint that Cisco documents, so it is the one part of this provider \
that needs no assumption about Webex. The access token needs the scope `cjp:config_read`.

Flow Designer presumably offers active connectors only.";

/// The data source.
pub struct FlowConnectorsData {
    connection: Arc<ProviderData>,
}

impl FlowConnectorsData {
    /// The data source, which makes its calls over `connection`.
    #[must_use]
    pub fn new(connection: Arc<ProviderData>) -> Self {
        Self { connection }
    }
}

/// The data source's arguments and results.
#[must_use]
pub fn schema() -> Schema {
    let connector = BTreeMap::from(["id", "name"].map(|name| (name.to_owned(), Type::String)));
    let attributes = vec![
        Attribute::optional_computed(
            "organization_id",
            Type::String,
            "The organization whose connectors to read, as a UUID or in the base64 form of the \
             Webex APIs. The provider's organization if not set.",
        ),
        Attribute::optional(
            "search",
            Type::String,
            "Only connectors whose name contains this text. Webex does the search.",
        ),
        Attribute::computed(
            "connectors",
            Type::List(Box::new(Type::Object(connector))),
            "The connectors, sorted by name, each with its `id` and its `name`.",
        ),
        ids_by_name::attribute(),
    ];
    Schema::new(Block { description: DESCRIPTION, attributes, blocks: Vec::new() })
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
        let ready = self.connection.ready()?;
        let organization = ready.organization(organization::explicit(object)?)?;
        let search = FlowSearch::Name(object.string("search").known().unwrap_or_default());
        let budget = Budget::within(Timeout::Read.by_default(), request.stop.clone());
        let connectors = ready.client.connectors(organization);
        let mut found = connectors.flow_connectors(search, &budget).await.map_err(|error| {
            let summary = "Could not read the connectors that Flow Designer offers";
            api_errors::error(summary, &error, "Nothing was read, and nothing was changed.")
        })?;
        found.sort_by(|left, right| (&left.name, &left.id).cmp(&(&right.name, &right.id)));

        let rows = found.iter().map(|connector| {
            let pairs = [("id", connector.id.as_str()), ("name", &connector.name)];
            Value::Map(pairs.map(|(name, text)| (name.to_owned(), Value::from(text))).into())
        });
        let connectors = Value::List(rows.collect());
        let pairs = found.iter().map(|found| (found.name.as_str(), found.id.as_str()));
        let (ids, mut diagnostics) = ids_by_name::map(pairs);
        diagnostics.extend(api_errors::notices(&ready.client));
        let mut state = object.clone().with("connectors", connectors).with("ids", ids);
        if object.get("organization_id").is_null() {
            state.set("organization_id", organization.to_string());
        }
        Ok(DataSourceResponse { state: State::new(state, &schema().block), diagnostics })
    }
}
