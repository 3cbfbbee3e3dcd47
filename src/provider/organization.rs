//! Organization ids as users write them.

use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::Object;
use tf_provider::value::Path;
use webex_contact_center::OrganizationId;

/// Parses an organization's id: a UUID, or the base64 form of the Webex APIs.
///
/// # Errors
///
/// A message without an attribute, which the caller knows.
pub fn parse(text: &str) -> Result<OrganizationId, Diagnostic> {
    OrganizationId::parse(text).map_err(|_| {
        Diagnostic::error(
            "The organization id cannot be read",
            format!(
                "Control Hub shows the id under Management > Account. {text:?} is neither a UUID \
                 such as 8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b nor the base64 form of the Webex \
                 APIs."
            ),
        )
    })
}

/// Reads the argument `organization_id` of a resource, a data source or a list.
/// Returns `None` when it is not set or not known yet.
///
/// # Errors
///
/// A message that points at the argument, when it is no organization's id.
pub fn explicit(object: &Object) -> Result<Option<OrganizationId>, Diagnostic> {
    let text = object.string("organization_id").known();
    text.map(parse).transpose().map_err(|problem| problem.at(Path::attribute("organization_id")))
}
