//! The list resource `webex_cc_custom_connector`, for `terraform query`.

use std::sync::Arc;

use async_trait::async_trait;

use super::filter::{self, Filter};
use super::model;
use super::naming::identity;
use super::private_data::Returned;
use crate::provider::provider_data::ProviderData;
use crate::provider::timeouts::Timeout;
use crate::provider::{api_errors, organization};
use safe_text::Shown;
use tf_provider::diagnostics::{Diagnostics, Result};
use tf_provider::list::{ListItem, ListRequest, ListResource, ListSink};
use tf_provider::object::Object;
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::Type;
use webex_contact_center::{Budget, Connector, OrganizationId};

const DESCRIPTION: &str = "\
Finds the custom connectors of an organization for `terraform query`, which can write the \
configuration that imports them (Terraform 1.14 or later).";

/// The list resource.
pub struct CustomConnectorList {
    provider_data: Arc<ProviderData>,
}

impl CustomConnectorList {
    /// Returns the list resource, which calls Webex through `provider_data`.
    #[must_use]
    pub fn new(provider_data: Arc<ProviderData>) -> Self {
        Self { provider_data }
    }
}

/// Returns the arguments of a query.
#[must_use]
pub fn schema() -> Schema {
    let mut attributes = vec![Attribute::optional(
        "organization_id",
        Type::String,
        "The organization to search, as a UUID or in the base64 form of the Webex \
         APIs. Default: the provider's organization.",
    )];
    attributes.extend(filter::attributes());
    Schema::new(Block { description: DESCRIPTION.into(), attributes, blocks: Vec::new() })
}

#[async_trait]
impl ListResource for CustomConnectorList {
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

    /// Sends the connectors of each page before it reads the next, so that a
    /// query at its limit reads no further page.
    async fn list(&self, request: ListRequest, found: ListSink) -> Result<()> {
        let object = request.configuration.object();
        let filter = Filter::read(object)?;
        let provider = self.provider_data.ready()?;
        let organization = provider.organization(organization::explicit(object)?)?;
        let budget = Budget::within(Timeout::Read.by_default(), request.stop.clone());
        let mut pages = provider.client.connectors(organization).pages();
        let failed = |error| {
            let summary = format!("Could not list the connectors of organization {organization}");
            let truth = "What was found before is listed, the rest is not. Nothing was changed.";
            api_errors::error(summary, &error, truth)
        };
        while let Some(page) = pages.next(&budget).await.map_err(failed)? {
            for connector in page.iter().filter(|connector| filter.accepts(connector)) {
                if !found.send(item(connector, organization, request.include_object)).await {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn item(connector: &Connector, organization: OrganizationId, include_object: bool) -> ListItem {
    let object = include_object
        .then(|| model::state(connector, organization, &Object::default(), &Returned::new()));
    ListItem {
        identity: Some(identity(&connector.id, organization)),
        display_name: Shown::new(connector.name()).to_string(),
        object,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use webex_cc_simulator::{Action, Options, Script, Simulator};

    use super::*;
    use crate::provider::configuration;
    use tf_provider::object::Configuration;

    fn nothing(schema: &Schema) -> Configuration {
        Configuration::new(Object::null(&schema.block))
    }

    /// Returns the list of a simulator's connectors, and a request for all.
    fn list_of(simulator: &Simulator) -> (CustomConnectorList, ListRequest) {
        let environment = |variable: &str| match variable {
            "WEBEX_CC_BASE_URL" => Some(simulator.base_url().to_owned()),
            "WEBEX_ACCESS_TOKEN" => Some(simulator.token().to_owned()),
            _ => None,
        };
        let provider = nothing(&configuration::schema::schema());
        let (status, _) = configuration::read(&provider, &environment, "test");
        let provider_data = Arc::new(ProviderData::default());
        provider_data.set(status);
        let request = ListRequest::new(nothing(&schema()));
        (CustomConnectorList::new(provider_data), request)
    }

    #[test]
    fn display_name_shows_invisible_characters_as_escapes() {
        let mut connector = crate::provider::custom_connector::model::tests::connector();
        let name = "\u{1b}[2Ja\u{202e}b\nError: c";
        connector.fields.set(webex_contact_center::Field::Name, Some(name.to_owned()));
        let organization = OrganizationId::parse(webex_cc_simulator::DEFAULT_ORGANIZATION);
        let item = item(&connector, organization.unwrap(), false);
        assert_eq!(item.display_name, r"\u{1b}[2Ja\u{202e}b\nError: c");
    }

    #[tokio::test]
    async fn query_ends_when_terraform_stops() {
        let simulator = Simulator::start(Options::default()).unwrap();
        // Webex would take an hour to answer.
        simulator.faults([Script::new(Action::DelayMs(3_600_000))]);
        let (list, request) = list_of(&simulator);
        let stop = request.stop.clone();
        let (found, _events) = ListSink::channel(1, usize::MAX);
        let search = tokio::spawn(async move { list.list(request, found).await });
        stop.cancel();
        let searched = tokio::time::timeout(Duration::from_secs(20), search).await;
        assert!(searched.unwrap().unwrap().is_err());
    }
}
