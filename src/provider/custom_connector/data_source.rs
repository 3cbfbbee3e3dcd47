//! The data source `webex_cc_custom_connector`: one connector, by its id or its
//! name.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use unicode_normalization::UnicodeNormalization as _;

use super::readable_attributes;
use crate::provider::configuration::status::ConfiguredProvider;
use crate::provider::provider_data::ProviderData;
use crate::provider::timeouts::Timeout;
use crate::provider::{api_errors, organization};
use safe_text::Shown;
use tf_provider::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::{Argument, Object};
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::{Path, Type};
use webex_contact_center::{Budget, Connector, ConnectorId, OrganizationId};

const DESCRIPTION: &str = "\
Reads one custom connector of an organization, by its id or by its name. Credentials are never read.

Cisco does not document the endpoint. If your organization does not serve it, use \
`webex_cc_flow_connectors` to find ids.";

/// The limit of names that a message lists.
const LISTED: usize = 20;

/// The data source.
pub struct CustomConnectorData {
    provider_data: Arc<ProviderData>,
}

impl CustomConnectorData {
    /// Returns the data source, which calls Webex through `provider_data`.
    #[must_use]
    pub fn new(provider_data: Arc<ProviderData>) -> Self {
        Self { provider_data }
    }
}

/// Returns the arguments and the results.
#[must_use]
pub fn schema() -> Schema {
    let mut attributes = readable_attributes::attributes();
    for attribute in &mut attributes {
        let description = match attribute.name.as_ref() {
            "id" => {
                "The connector's id, a UUID. Control Hub shows it on the connector's page. Set \
                 `id` or `name`."
            }
            "name" => {
                "The connector's exact name; letter case counts. Set `name`, or `id`, which does \
                 not change when somebody renames the connector."
            }
            "organization_id" => {
                "The organization that owns the connector, as a UUID or in the base64 form of the \
                 Webex APIs. Default: the provider's organization."
            }
            _ => continue,
        };
        let argument =
            Attribute::optional_computed(attribute.name.clone(), Type::String, description);
        *attribute = argument;
    }
    Schema::new(Block { description: DESCRIPTION.into(), attributes, blocks: Vec::new() })
}

#[async_trait]
impl DataSource for CustomConnectorData {
    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, request: ValidateRequest<'_>) -> Diagnostics {
        let object = request.configuration.object();
        let mut messages = Diagnostics::new();
        messages.extend(Selector::read(object).err());
        messages.extend(organization::explicit(object).err());
        messages
    }

    async fn read(&self, request: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics> {
        let object = request.configuration.object();
        let Some(selector) = Selector::read(object)? else { return Err(neither_given().into()) };
        let provider = self.provider_data.ready()?;
        let organization = provider.organization(organization::explicit(object)?)?;
        let connector = selector.find(&provider, organization, request.stop.clone()).await?;
        let mut state = object.clone();
        for (name, value) in readable_attributes::values(&connector, organization, object) {
            state.set(&name, value);
        }
        Ok(DataSourceResponse::new(state))
    }
}

/// The argument that selects the connector.
enum Selector {
    Id(ConnectorId),
    Name(String),
}

impl Selector {
    /// Reads the arguments; `None` as long as one of them is not known yet.
    fn read(object: &Object) -> Result<Option<Self>, Diagnostic> {
        match (object.string("id"), object.string("name")) {
            (Argument::Unknown, _) | (_, Argument::Unknown) => Ok(None),
            (Argument::Known(_), Argument::Known(_)) => Err(Diagnostic::error(
                "id and name exclude each other",
                "Keep id, which never changes, or name, which is easier to read. Each of them \
                 selects the connector to read.",
            )
            .at(Path::attribute("name"))),
            (Argument::Absent, Argument::Absent) => Err(neither_given()),
            (Argument::Known(id), Argument::Absent) => match ConnectorId::parse(id) {
                Ok(id) => Ok(Some(Self::Id(id))),
                Err(problem) => Err(Diagnostic::error(
                    "The id cannot be used",
                    format!(
                        "{:?}: {problem}. Control Hub shows the connector id on the connector's \
                         page.",
                        Shown::new(id)
                    ),
                )
                .at(Path::attribute("id"))),
            },
            (Argument::Absent, Argument::Known(name)) => Ok(Some(Self::Name(name.to_owned()))),
        }
    }

    async fn find(
        &self,
        provider: &ConfiguredProvider,
        organization: OrganizationId,
        stop: CancellationToken,
    ) -> Result<Connector, Diagnostic> {
        let budget = Budget::within(Timeout::Read.by_default(), stop);
        let connectors = provider.client.connectors(organization);
        let failed = |named: String, error| {
            let summary = format!("Could not read the connector {named}");
            api_errors::error(summary, &error, "Nothing was read, and nothing was changed.")
        };
        match self {
            Self::Id(id) => connectors
                .read(id, &budget)
                .await
                .map_err(|error| failed(format!("with the id {id}"), error))?
                .ok_or_else(|| no_such_id(id, organization)),
            Self::Name(name) => {
                let list = connectors.list(&budget).await;
                let list =
                    list.map_err(|error| failed(format!("named {:?}", Shown::new(name)), error))?;
                find_by_name(name, &list, organization)
            }
        }
    }
}

fn neither_given() -> Diagnostic {
    Diagnostic::error(
        "id or name is missing",
        "Set id or name to select the connector to read. The data source \
         webex_cc_custom_connectors reads all of them.",
    )
}

fn no_such_id(id: &ConnectorId, organization: OrganizationId) -> Diagnostic {
    Diagnostic::error(
        "There is no such connector",
        format!(
            "Check the id on the connector's page in Control Hub, organization_id and region. \
             Webex has no custom connector with the id {id} in organization {organization}."
        ),
    )
    .at(Path::attribute("id"))
}

/// Returns the connector with exactly that name.
fn find_by_name(
    name: &str,
    list: &[Connector],
    organization: OrganizationId,
) -> Result<Connector, Diagnostic> {
    // Terraform normalizes what users write; Webex may hold another form.
    let found = list.iter().filter(|connector| connector.name().nfc().eq(name.nfc()));
    match found.collect::<Vec<_>>().as_slice() {
        [connector] => Ok((*connector).clone()),
        [] => Err(no_such_name(name, list, organization)),
        several => {
            let ids = several.iter().map(|connector| format!("\n- {}", connector.id));
            Err(Diagnostic::error(
                format!("There are {} connectors named {:?}", several.len(), Shown::new(name)),
                format!(
                    "Select one of them by its id. In organization {organization} these have the \
                     name:{}\nNothing was read.",
                    ids.collect::<String>()
                ),
            )
            .at(Path::attribute("name")))
        }
    }
}

fn no_such_name(name: &str, list: &[Connector], organization: OrganizationId) -> Diagnostic {
    let lower = name.to_lowercase();
    let near = list.iter().find(|connector| connector.name().to_lowercase() == lower);
    let there = match near {
        Some(connector) => {
            format!("There is {:?}: the case of letters counts.", Shown::new(connector.name()))
        }
        None if list.is_empty() => "It has no custom connectors.".to_owned(),
        None => {
            let names = list.iter().take(LISTED);
            let names = names.map(|connector| format!("{:?}", Shown::new(connector.name())));
            let more = if list.len() > LISTED { ", and more" } else { "" };
            format!("It has {}{more}.", names.collect::<Vec<_>>().join(", "))
        }
    };
    Diagnostic::error(
        format!("There is no connector named {:?}", Shown::new(name)),
        format!(
            "Check the name, organization_id and region. Webex has no custom connector of that \
             name in organization {organization}. {there}"
        ),
    )
    .at(Path::attribute("name"))
}

#[cfg(test)]
mod tests {
    use tf_provider::value::Value;
    use webex_contact_center::{ConnectorFields, Field};

    use super::*;

    fn connector(id: &str, name: &str) -> Connector {
        let fields = ConnectorFields::default().with(Field::Name, name);
        Connector::new(ConnectorId::parse(id).unwrap(), fields)
    }

    fn find(name: &str, names: &[&str]) -> Result<String, Diagnostic> {
        let organization = OrganizationId::parse("8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b").unwrap();
        let ids = names.iter().enumerate();
        let list = ids.map(|(id, name)| connector(&id.to_string(), name)).collect::<Vec<_>>();
        find_by_name(name, &list, organization).map(|connector| connector.id.to_string())
    }

    #[test]
    fn names_are_compared_with_case_after_normalization() {
        assert_eq!(find("crm", &["CRM", "crm"]), Ok("1".to_owned()));
        // The same letters, composed and decomposed.
        assert_eq!(find("Caf\u{e9}", &["Cafe\u{301}"]), Ok("0".to_owned()));
    }

    #[test]
    fn message_about_a_missing_name_lists_the_others() {
        let near = find("crm", &["CRM"]).unwrap_err();
        assert!(near.detail().contains("There is \"CRM\""), "{near:?}");
        let other = find("crm", &["Zendesk", "Ledger"]).unwrap_err();
        assert!(other.detail().contains("It has \"Zendesk\", \"Ledger\"."), "{other:?}");
        let none = find("crm", &[]).unwrap_err();
        assert!(none.detail().contains("no custom connectors"), "{none:?}");
        assert_eq!(none.attribute(), Some(&Path::attribute("name")));
    }

    #[test]
    fn message_about_an_ambiguous_name_lists_the_ids() {
        let message = find("crm", &["crm", "Zendesk", "crm"]).unwrap_err();
        assert!(message.summary().contains("2 connectors"), "{message:?}");
        assert!(message.detail().contains("\n- 0\n- 2\n"), "{message:?}");
    }

    #[test]
    fn exactly_one_argument_selects_the_connector() {
        let empty = Object::null(&schema().block);
        let read = |object: Object| Selector::read(&object);
        assert!(read(empty.clone()).is_err());
        assert!(read(empty.clone().with("id", "a").with("name", "b")).is_err());
        assert!(read(empty.clone().with("id", "..")).is_err());
        assert!(matches!(read(empty.clone().with("id", "a")), Ok(Some(Selector::Id(_)))));
        assert!(matches!(read(empty.clone().with("name", "b")), Ok(Some(Selector::Name(_)))));
        // An unknown argument may turn out to be null.
        let open = empty.with("id", Value::Unknown);
        assert!(matches!(read(open.clone().with("name", "b")), Ok(None)));
        assert!(matches!(read(open), Ok(None)));
    }
}
