//! Probes the responses of a tenant for differences from the contract. A probe writes nothing, and
//! keeps no values but the ids and names of connectors.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use uuid::Uuid;

use super::super::budget::Budget;
use super::super::connector::{Connector, FlowConnector};
use super::super::error::Error;
use super::super::error_body::safe;
use super::super::identifiers::ConnectorId;
use super::super::request::FlowSearch;
use super::super::shape::{NameFilter, Shape};
use super::contract::{self, ContractResponse, Difference};
use super::{Connectors, wire};

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
    /// The host of the request.
    pub host: String,
    /// The status of the response.
    pub status: StatusCode,
    /// The error that the response means, when its status is not 2xx.
    pub refusal: Option<Error>,
    /// The media type in the header, such as `application/json`.
    pub media_type: Option<String>,
    /// The fields of the response; `None` when it is no JSON.
    pub shape: Option<Shape>,
    /// The differences from the contract, for errors when the status is not 2xx.
    pub differences: Vec<Difference>,
    /// The connectors in the response that could be read.
    pub connectors: Vec<FlowConnector>,
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
            ProbeTarget::List => endpoints.list(organization),
            ProbeTarget::Connector(id) => endpoints.read(organization, id),
            ProbeTarget::MissingConnector => endpoints.read(organization, &unused_id()),
        };
        let probed = self.session.probe(organization, &request, budget).await?;
        let body = probed.response.body.as_slice();
        let names = NameFilter { is_known: contract::has, redactor: &probed.redactor };
        let shape = Shape::of(body, &names);
        let (expected, read) = match at {
            _ if probed.refusal.is_some() => (ContractResponse::Error, Ok(Vec::new())),
            ProbeTarget::FlowConnectors => {
                (ContractResponse::FlowConnectors, wire::flow_connectors(body))
            }
            ProbeTarget::List => {
                let page = wire::connectors(body).map(|page| page.rows);
                (
                    ContractResponse::ConnectorPage,
                    page.map(|rows| rows.into_iter().map(flow_connector).collect()),
                )
            }
            ProbeTarget::Connector(_) | ProbeTarget::MissingConnector => (
                ContractResponse::Connector,
                wire::connector(body).map(|connector| vec![flow_connector(connector)]),
            ),
        };
        let differences = shape.as_ref().map(|shape| contract::differences(expected, shape));
        let media_type = probed.response.headers.get(CONTENT_TYPE).and_then(|value| {
            let essence = value.to_str().ok()?.split(';').next()?.trim();
            Some(safe(essence, &probed.redactor).to_string())
        });
        let unreadable = read.as_ref().err().map(ToString::to_string);
        Ok(Probe {
            host: request.url.host_str().unwrap_or_default().to_owned(),
            status: probed.response.status,
            refusal: probed.refusal,
            media_type,
            shape,
            differences: differences.unwrap_or_default(),
            connectors: read.unwrap_or_default(),
            unreadable,
        })
    }
}

fn flow_connector(connector: Connector) -> FlowConnector {
    FlowConnector { name: connector.name().to_owned(), id: connector.id }
}

/// Returns an id that no connector has.
#[expect(clippy::expect_used, reason = "a UUID is a connector's id")]
fn unused_id() -> ConnectorId {
    ConnectorId::parse(&Uuid::new_v4().to_string()).expect("a UUID")
}
