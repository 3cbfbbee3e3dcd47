//! Organization ids as users write them.

use crate::tf_provider::diagnostics::Diagnostic;
use crate::webex::OrganizationId;

/// Reads an organization's id: a UUID, or the base64 form of the Webex APIs.
///
/// # Errors
///
/// A message without an attribute; the caller knows where the text stands.
pub fn parse(text: &str) -> Result<OrganizationId, Diagnostic> {
    OrganizationId::parse(text).map_err(|_| {
        Diagnostic::error(
            "The organization id cannot be read",
            format!(
                "{text:?} is neither a UUID such as 8035bad7-e14f-4540-a0a9-1f8f0c1d2e3b nor the \
                 base64 form in which the Webex APIs give it. Control Hub shows it under \
                 Management > Account."
            ),
        )
    })
}
