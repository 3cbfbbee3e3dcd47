//! The id in an import: found out without a read by a text that is no id.

use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use super::naming::import_block;
use crate::provider::configuration::status::ConfiguredProvider;
use crate::provider::timeouts::Timeout;
use crate::provider::unseen::Unseen;
use crate::provider::{api_errors, organization};
use safe_text::Shown;
use tf_provider::diagnostics::Diagnostic;
use tf_provider::resource::{ImportBy, ImportRequest};
use webex_contact_center::{Budget, Connector, ConnectorId, OrganizationId};

/// The id of a connector to import, as the user gave it.
pub(super) struct ImportId<'a> {
    /// The organization, if it was given.
    pub(super) organization: Option<OrganizationId>,
    text: &'a str,
}

impl<'a> ImportId<'a> {
    /// Reads `<id>`, `<organization id>/<id>`, or an identity. An organization's base64 form may
    /// hold slashes, an id does not.
    ///
    /// # Errors
    ///
    /// When the organization cannot be read.
    pub(super) fn read(request: &'a ImportRequest) -> Result<Self, Diagnostic> {
        let (organization, text) = match &request.by {
            ImportBy::Id(text) => match text.rsplit_once('/') {
                None => (None, text.as_str()),
                Some((organization, id)) => (Some(organization::parse(organization.trim())?), id),
            },
            ImportBy::Identity(identity) => {
                let organization = identity.string("organization_id").known();
                let organization = organization.map(organization::parse).transpose()?;
                (organization, identity.string("id").known().unwrap_or_default())
            }
        };
        Ok(Self { organization, text })
    }

    /// Returns the connector's id. Webex uses UUIDs in lower case; any other text is looked for
    /// among the ids and the names in the organization's list, which the read after the import
    /// shares.
    ///
    /// # Errors
    ///
    /// When the text is no id. For a name, and for an id in another spelling, the message has the id
    /// to use.
    pub(super) async fn resolve(
        self,
        provider: &ConfiguredProvider,
        organization: OrganizationId,
        request: &ImportRequest,
    ) -> Result<ConnectorId, Diagnostic> {
        let uuid = canonical(self.text);
        let id = match ConnectorId::parse(self.text) {
            Ok(id) if uuid.as_deref() == Some(self.text) => return Ok(id),
            Err(problem) if uuid.is_none() => return Err(unusable(&format!("{problem}."))),
            id => id.ok(),
        };
        let budget = Budget::within(Timeout::Read.by_default(), request.stop.clone());
        let list = provider.client.connectors(organization).list(&budget).await;
        let list = list.map_err(|error| {
            let summary = format!("Could not find connector {:?}", Shown::new(self.text));
            let truth = "Nothing was imported. The import id is no UUID, so the provider looks for \
                         a connector of this name.";
            api_errors::error(summary, &error, truth)
        })?;
        if let Some(id) = id.filter(|id| list.iter().any(|connector| connector.id == *id)) {
            return Ok(id);
        }
        let same = |connector: &&Connector| canonical(connector.id.as_str()) == uuid;
        Err(match list.iter().find(same).filter(|_| uuid.is_some()) {
            Some(connector) => respelled(self.text, &connector.id),
            None => no_such_id(self.text, &list, organization),
        })
    }
}

/// Returns the UUID of a text as Webex writes it.
fn canonical(text: &str) -> Option<String> {
    let uuid = Uuid::try_parse(text.trim_matches(|c: char| c.is_whitespace() || c == '"')).ok()?;
    Some(uuid.as_hyphenated().to_string())
}

fn respelled(text: &str, id: &ConnectorId) -> Diagnostic {
    let problem = match Unseen::find(text) {
        Some(unseen) => unseen.sentence(),
        None => "Webex writes the id in another way.".to_owned(),
    };
    unusable(&format!("{problem} Use \"{id}\"."))
}

fn unusable(problem: &str) -> Diagnostic {
    Diagnostic::error(
        "The import id cannot be used",
        format!(
            "Import by <connector id>, or by <organization id>/<connector id>. Control Hub shows \
             the connector id on the connector's page. {problem} Nothing was imported."
        ),
    )
}

/// Returns the error for a text that is no id of a connector, with the ids of those that have it as
/// their name.
fn no_such_id(text: &str, list: &[Connector], organization: OrganizationId) -> Diagnostic {
    let wanted = text.trim().nfc().collect::<String>().to_lowercase();
    let named = list.iter().filter(|connector| {
        connector.name().trim().nfc().collect::<String>().to_lowercase() == wanted
    });
    let blocks = named.map(|connector| {
        let name = Shown::new(connector.name());
        format!("\n\n# {name:?}\n{}", import_block(organization, &connector.id))
    });
    let blocks = blocks.collect::<String>();
    let text = Shown::new(text);
    if blocks.is_empty() {
        let detail = format!(
            "Check the id, organization_id and region. Control Hub shows the id on the connector's \
             page, and the data source webex_cc_custom_connectors lists all ids by name. {text:?} \
             is neither the id nor the name of a connector in organization {organization}. Nothing \
             was imported."
        );
        return Diagnostic::error("There is no such connector", detail);
    }
    let detail = format!(
        "Use:{blocks}\n\n{text:?} is the name of a connector, and connectors are imported by id. \
         Nothing was imported."
    );
    Diagnostic::error("A connector is imported by its id", detail)
}
