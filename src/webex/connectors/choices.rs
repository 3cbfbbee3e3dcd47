//! The connectors that Flow Designer offers, as its documented endpoint returns them.

use super::super::connector::FlowConnector;
use super::super::identifiers::ConnectorId;
use super::super::json::Object;
use super::super::problems::BodyProblem;

/// Reads the connectors that Flow Designer offers.
pub(crate) fn flow_connectors(body: &[u8]) -> Result<Vec<FlowConnector>, BodyProblem> {
    let object = Object::parse(body)?;
    let choices = object.array("choices").ok_or(BodyProblem::Missing("choices"))?;
    let choice = |raw| {
        let object = Object::from_raw(raw).ok()?;
        let id = ConnectorId::parse(&object.text("value")?).ok()?;
        Some(FlowConnector { id, name: object.text("name")? })
    };
    Ok(choices.into_iter().filter_map(choice).collect())
}
