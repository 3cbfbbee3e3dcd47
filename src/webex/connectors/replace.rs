//! Sends an edit or a switch of a connector, and completes a response that has only a part of the
//! connector, or nothing.

use super::super::budget::Budget;
use super::super::calls::CallName;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind};
use super::super::fields::ConnectorFields;
use super::super::problems::BodyProblem;
use super::super::request::Request;
use super::Connectors;

impl Connectors {
    /// Sends an edit, an activation or a deactivation. After an error with an unknown outcome it may
    /// have been carried out.
    ///
    /// An activation or a deactivation has a `wanted` value of `active`. A response without it is
    /// an error: a server may report success and ignore a field. Fields that the response leaves
    /// out are as `sent`.
    pub(super) async fn replace(
        &self,
        request: Result<Request, Error>,
        current: &Connector,
        sent: &ConnectorFields,
        wanted: Option<bool>,
        budget: &Budget,
    ) -> Result<Connector, Error> {
        let request = request?;
        let id = &current.id;
        let response = self.write(&request, budget).await?;
        let unknown = |error: Error| error.with_outcome_unknown(true);
        let name = request.call.unwrap_or(CallName::Update);
        let told = self.read_response(name, &response, id).map_err(unknown)?;
        let mut connector = match told {
            Some(told) if !told.lacks_what_is_told_by(current) => told,
            told => {
                let budget = budget.for_reconciliation();
                let seen = self.read_back(current, sent, wanted, &budget).await;
                match (told, seen) {
                    (None, Ok(Some(seen))) if self.is_one_edit(current, &seen) => seen,
                    (None, Ok(None)) => return Err(unknown(response.error(ErrorKind::NotFound))),
                    (None, Ok(Some(_)) | Err(_)) => {
                        return Err(unknown(response.unreadable(BodyProblem::Empty)));
                    }
                    (Some(told), Ok(Some(seen))) if self.completes(&told, &seen, current, sent) => {
                        seen
                    }
                    (Some(told), _) => told,
                }
            }
        };
        if wanted.is_some() && wanted != connector.active {
            return Err(response.error(ErrorKind::ActiveUnchanged).with_outcome_unknown(true));
        }
        connector.complete_from(sent);
        Ok(connector)
    }

    /// Whether a connector that was read is what the partial response to a write is about, and not
    /// an older state or somebody else's save.
    fn completes(
        &self,
        told: &Connector,
        seen: &Connector,
        before: &Connector,
        sent: &ConnectorFields,
    ) -> bool {
        let is_of_this_write = match (&told.version, &before.version) {
            (Some(_), _) => seen.version == told.version,
            (None, Some(_)) => seen.version != before.version && self.is_one_edit(before, seen),
            (None, None) => true,
        };
        is_of_this_write && seen.active == told.active && seen.may_be(sent)
    }

    /// Reads a connector after a write whose response does not have it, or only a part. The write
    /// gets time to become visible: the version moves or, where there are none, the fields are as
    /// `sent`. The caller checks that nobody else has saved the connector since.
    async fn read_back(
        &self,
        before: &Connector,
        sent: &ConnectorFields,
        wanted: Option<bool>,
        budget: &Budget,
    ) -> Result<Option<Connector>, Error> {
        let mut pauses = self.session.pauses_until_visible();
        loop {
            let Some(found) = self.get(&before.id, budget).await? else { return Ok(None) };
            let is_visible = match wanted {
                Some(active) => found.active == Some(active),
                None if before.version.is_none() => found.may_be(sent),
                None => found.version != before.version,
            };
            let pause = pauses.next().filter(|_| !is_visible);
            let Some(pause) = pause else { return Ok(Some(found)) };
            if budget.wait(pause).await.is_err() {
                return Ok(Some(found));
            }
        }
    }
}
