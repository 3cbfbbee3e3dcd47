//! A look at what a tenant answers, for people who want to know whether it is
//! what the contract says. Nothing is written, and no value is kept but the ids
//! and names of connectors.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use uuid::Uuid;

use super::super::budget::Budget;
use super::super::connector::{Connector, FlowConnector};
use super::super::error::Error;
use super::super::error_body::safe;
use super::super::identifiers::ConnectorId;
use super::super::request::FlowSearch;
use super::super::shape::{Names, Shape};
use super::contract::{self, Difference, Part};
use super::{Connectors, wire};

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeTarget<'a> {
    /// The choices that Flow Designer offers.
    FlowConnectors,
    /// The first page of the list of connectors.
    List,
    /// One connector.
    Connector(&'a ConnectorId),
    /// A connector that does not exist.
    Nothing,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The host that was asked.
    pub host: String,
    /// The status of the answer.
    pub status: StatusCode,
    /// What the answer means, when its status is not 2xx.
    pub refusal: Option<Error>,
    /// The kind of content that the answer claims to be, such as
    /// `application/json`.
    pub media_type: Option<String>,
    /// Its fields; none when it is no JSON.
    pub shape: Option<Shape>,
    /// How it differs from the contract: from the contract of errors, when its
    /// status is not 2xx.
    pub differences: Vec<Difference>,
    /// The connectors in it, as far as they could be read.
    pub connectors: Vec<FlowConnector>,
    /// Why it cannot be read, although its status is 2xx.
    pub unreadable: Option<String>,
}

impl Connectors {
    /// Looks at an endpoint, by one request that is not repeated.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn probe(&self, at: ProbeTarget<'_>, budget: &Budget) -> Result<Probe, Error> {
        let endpoints = &self.session.endpoints;
        let organization = self.organization;
        let request = match at {
            ProbeTarget::FlowConnectors => {
                endpoints.flow_connectors(organization, FlowSearch::Name(""))
            }
            ProbeTarget::List => endpoints.list(organization),
            ProbeTarget::Connector(id) => endpoints.read(organization, id),
            ProbeTarget::Nothing => endpoints.read(organization, &nobody()),
        };
        let seen = self.session.probe(organization, &request, budget).await?;
        let body = seen.answer.body.as_slice();
        let names = Names { is_known: contract::has, redactor: &seen.redactor };
        let shape = Shape::of(body, &names);
        let (part, read) = match at {
            _ if seen.refusal.is_some() => (Part::Error, Ok(Vec::new())),
            ProbeTarget::FlowConnectors => (Part::Choices, wire::flow_connectors(body)),
            ProbeTarget::List => {
                let page = wire::connectors(body).map(|page| page.rows);
                (Part::Page, page.map(|rows| rows.into_iter().map(short).collect()))
            }
            ProbeTarget::Connector(_) | ProbeTarget::Nothing => {
                (Part::Connector, wire::connector(body).map(|connector| vec![short(connector)]))
            }
        };
        let differences = shape.as_ref().map(|shape| contract::differences(part, shape));
        let media_type = seen.answer.headers.get(CONTENT_TYPE).and_then(|value| {
            let essence = value.to_str().ok()?.split(';').next()?.trim();
            Some(safe(essence, &seen.redactor))
        });
        let unreadable = read.as_ref().err().map(ToString::to_string);
        Ok(Probe {
            host: request.url.host_str().unwrap_or_default().to_owned(),
            status: seen.answer.status,
            refusal: seen.refusal,
            media_type,
            shape,
            differences: differences.unwrap_or_default(),
            connectors: read.unwrap_or_default(),
            unreadable,
        })
    }
}

fn short(connector: Connector) -> FlowConnector {
    FlowConnector { name: connector.name().to_owned(), id: connector.id }
}

/// An id that nothing has.
#[expect(clippy::expect_used, reason = "a UUID is a connector's id")]
fn nobody() -> ConnectorId {
    ConnectorId::parse(&Uuid::new_v4().to_string()).expect("a UUID")
}
