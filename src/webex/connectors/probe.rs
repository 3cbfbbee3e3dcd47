//! Probes the responses of a tenant for differences from the contract. A probe writes nothing, and
//! keeps no values but the ids and names of connectors.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use uuid::Uuid;

use super::super::address::host_with_port;
use super::super::budget::Budget;
use super::super::calls::CallName;
use super::super::connector::FlowConnector;
use super::super::error::Error;
use super::super::error_body::safe;
use super::super::identifiers::ConnectorId;
use super::super::profile::{Examined, NextPage};
use super::super::request::FlowSearch;
use super::super::shape::{NameFilter, Shape};
use super::contract::{self, ContractResponse, Difference};
use super::{Connectors, choices};

/// The endpoint of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeTarget<'a> {
    /// The connectors that Flow Designer offers.
    FlowConnectors,
    /// The first page of the list of connectors.
    List,
    /// A connector by its id.
    Connector(&'a ConnectorId),
    /// A connector that does not exist.
    MissingConnector,
}

/// The result of a probe.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The host of the request, with its port unless that is the default one.
    pub host: String,
    /// The status of the response.
    pub status: StatusCode,
    /// The error that the response means, when its status is not 2xx.
    pub refusal: Option<Error>,
    /// The media type in the header, such as `application/json`.
    pub media_type: Option<String>,
    /// The fields of the response; `None` when it is no JSON.
    pub shape: Option<Shape>,
    /// The differences from the documentation, for errors when the status is not 2xx.
    pub differences: Vec<Difference>,
    /// The connectors that Flow Designer offers.
    pub offered: Vec<FlowConnector>,
    /// The connectors in the response, as the API profile reads them.
    pub examined: Vec<Examined>,
    /// The reason why a response of status 2xx cannot be read.
    pub unreadable: Option<String>,
}

impl Connectors {
    /// Probes an endpoint with one request that is not retried.
    ///
    /// # Errors
    /// Fails when there is no response.
    pub async fn probe(&self, at: ProbeTarget<'_>, budget: &Budget) -> Result<Probe, Error> {
        let endpoints = &self.session.endpoints;
        let organization = self.organization;
        let request = match at {
            ProbeTarget::FlowConnectors => {
                endpoints.flow_connectors(organization, FlowSearch::Name(""))
            }
            ProbeTarget::List => endpoints.list(organization, &NextPage::None, 0)?,
            ProbeTarget::Connector(id) => endpoints.read(organization, id)?,
            ProbeTarget::MissingConnector => endpoints.read(organization, &unused_id())?,
        };
        let probed = self.session.probe(organization, &request, budget).await?;
        let body = probed.response.body.as_slice();
        let names = NameFilter { is_known: contract::has, redactor: &probed.redactor };
        let shape = Shape::of(body, &names);
        let (mut offered, mut examined, mut unreadable) = (Vec::new(), Vec::new(), None);
        let mut expected = None;
        match at {
            _ if probed.refusal.is_some() => expected = Some(ContractResponse::Error),
            ProbeTarget::FlowConnectors => {
                expected = Some(ContractResponse::FlowConnectors);
                match choices::flow_connectors(body) {
                    Ok(found) => offered = found,
                    Err(problem) => unreadable = Some(problem),
                }
            }
            ProbeTarget::List | ProbeTarget::Connector(_) | ProbeTarget::MissingConnector => {
                let call = if at == ProbeTarget::List { CallName::List } else { CallName::Read };
                match endpoints.profile.examine(call, body, &|name| names.is_shown(name)) {
                    Ok(found) => examined = found,
                    Err(problem) => unreadable = Some(problem),
                }
            }
        }
        let differences = expected.zip(shape.as_ref());
        let differences =
            differences.map(|(expected, shape)| contract::differences(expected, shape));
        let media_type = probed.response.headers.get(CONTENT_TYPE).and_then(|value| {
            let essence = value.to_str().ok()?.split(';').next()?.trim();
            Some(safe(essence, &probed.redactor).to_string())
        });
        Ok(Probe {
            host: host_with_port(&request.url).unwrap_or_default(),
            status: probed.response.status,
            refusal: probed.refusal,
            media_type,
            shape,
            differences: differences.unwrap_or_default(),
            offered,
            examined,
            unreadable: unreadable.map(|problem| problem.to_string()),
        })
    }
}

/// Returns an id that no connector has.
#[expect(clippy::expect_used, reason = "a UUID is a connector's id")]
fn unused_id() -> ConnectorId {
    ConnectorId::parse(&Uuid::new_v4().to_string()).expect("a UUID")
}
