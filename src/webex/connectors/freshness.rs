//! Reads that do not believe what is provably old.
//!
//! Webex may show a write late, and a list later than a connector. A caller knows the version and the
//! time of its last write, also from an earlier process.

use std::time::{Duration, SystemTime};

use super::super::budget::Budget;
use super::super::connector::{Connector, Version};
use super::super::error::Error;
use super::super::identifiers::ConnectorId;
use super::super::pipeline::RetryMode;
use super::Connectors;

/// The time after a write during which Webex may not show it yet.
const RECENT: Duration = Duration::from_secs(2 * 60);

/// The last write of a caller to a connector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastWrite {
    /// The version that was seen last.
    pub version: Option<Version>,
    /// When Webex carried out the write, in milliseconds since 1970 (UTC), by its clock.
    pub time: Option<i64>,
    /// The same, if the write was a create and no response has shown the connector since. One that
    /// was shown once and is not found later is gone.
    pub created: Option<i64>,
}

/// The result of a read by a caller that knows its last write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The connector.
    Found(Box<Connector>),
    /// It is gone.
    Gone,
    /// Webex does not show it, or shows it as it was before the last write, which was moments ago.
    NotVisible,
}

impl LastWrite {
    /// Whether a connector is provably older than the last write.
    fn is_after(&self, connector: &Connector) -> bool {
        let versions = self.version.as_ref().zip(connector.version.as_ref());
        // Versions without an order prove nothing.
        versions.is_some_and(|(known, found)| {
            known.distance_to(found).is_some_and(|distance| distance < 0)
        })
    }
}

impl Connectors {
    /// Reads a connector like [`read`](Self::read), and does not believe a response that is older
    /// than the caller's last write. A recent write gets time to become visible.
    ///
    /// # Errors
    /// Fails when the list or the connector cannot be read.
    pub async fn read_after(
        &self,
        id: &ConnectorId,
        last: &LastWrite,
        budget: &Budget,
    ) -> Result<Reading, Error> {
        let first = self.read(id, budget).await?;
        if let Some(connector) = &first
            && !last.is_after(connector)
        {
            return Ok(Reading::Found(Box::new(connector.clone())));
        }
        let is_new = self.is_recent(last.created, budget).await;
        if first.is_none() && !is_new {
            return Ok(Reading::Gone);
        }
        let is_recent = self.is_recent(last.time, budget).await;
        let mut pauses = self.session.pauses_until_visible();
        loop {
            // The list may be older than the connector. One that is listed is not gone: a 404 may
            // be as old.
            match self.get(id, budget).await? {
                Some(connector) if !last.is_after(&connector) || !is_recent => {
                    return Ok(Reading::Found(Box::new(connector)));
                }
                None if !is_new && !self.is_listed(id, budget).await? => return Ok(Reading::Gone),
                Some(_) | None => {}
            }
            match pauses.next() {
                Some(pause) if budget.wait(pause).await.is_ok() => {}
                Some(_) | None => return Ok(Reading::NotVisible),
            }
        }
    }

    /// Whether a new list has a connector.
    async fn is_listed(&self, id: &ConnectorId, budget: &Budget) -> Result<bool, Error> {
        self.forget_list();
        let list = self.cached_list(RetryMode::Normal, budget).await?;
        Ok(list.by_id(id).is_some())
    }

    /// Whether a write was moments ago, by Webex's clock.
    pub(super) async fn is_recent(&self, time: Option<i64>, budget: &Budget) -> bool {
        let Some(time) = time.and_then(|time| u64::try_from(time).ok()) else { return false };
        let list = self.cached_list(RetryMode::OneAttempt, budget).await.ok();
        let now = list.and_then(|list| list.server_time).unwrap_or_else(SystemTime::now);
        let written = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(time));
        written.is_some_and(|written| {
            // A clock that is behind makes it negative.
            now.duration_since(written).unwrap_or_default() < RECENT
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{
        SERVER_EPOCH, Script, budget, connectors, empty, id, object, page, response, with,
    };

    fn written(version: i64, ago: i64) -> LastWrite {
        let time = Some(SERVER_EPOCH - ago * 1000);
        LastWrite { version: Some(version.into()), time, created: None }
    }

    fn created(ago: i64) -> LastWrite {
        let written = written(1, ago);
        LastWrite { created: written.time, ..written }
    }

    fn list(rows: &[Value]) -> crate::testing::Reply {
        response(200, &page(rows))
    }

    #[tokio::test(start_paused = true)]
    async fn connector_created_moments_ago_is_not_gone() {
        let appears =
            Script::new([list(&[]), empty(404), empty(404), response(200, &object(3, 1))]);
        let read = connectors(appears.clone()).read_after(&id(), &created(5), &budget()).await;
        assert!(matches!(read, Ok(Reading::Found(_))), "{read:?}");
        assert!(appears.is_done());
        let mut replies = vec![list(&[])];
        replies.extend((0..8).map(|_| empty(404)));
        let never = Script::new(replies);
        let read = connectors(never).read_after(&id(), &created(5), &budget()).await;
        assert_eq!(read, Ok(Reading::NotVisible));
        // A create of long ago, an update, which has found it, and an import.
        for last in [created(600), written(3, 5), LastWrite::default()] {
            let gone = Script::new([list(&[]), empty(404)]);
            let read = connectors(gone).read_after(&id(), &last, &budget()).await;
            assert_eq!(read, Ok(Reading::Gone), "{last:?}");
        }
        // It is deleted after its row was listed.
        let gone = Script::new([list(&[object(2, 1)]), empty(404), list(&[])]);
        let read = connectors(gone).read_after(&id(), &written(3, 5), &budget()).await;
        assert_eq!(read, Ok(Reading::Gone));
        // The response to the read by id is as old as the row.
        let late = [list(&[object(2, 1)]), empty(404), list(&[object(2, 1)])];
        let late = Script::new(late.into_iter().chain([response(200, &object(3, 1))]));
        let read = connectors(late).read_after(&id(), &written(3, 5), &budget()).await;
        assert!(matches!(read, Ok(Reading::Found(_))), "{read:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn older_row_is_not_believed() {
        let newer = with(object(5, 1), &json!({"scope": "new"}));
        let script = Script::new([list(&[object(4, 1)]), response(200, &newer)]);
        let read = connectors(script).read_after(&id(), &written(5, 600), &budget()).await.unwrap();
        let Reading::Found(connector) = read else { panic!("{read:?}") };
        assert_eq!(connector.version, Some(5.into()));
        // It is older by its id as well, long after the write: it was restored, for example.
        let script = Script::new([list(&[object(4, 1)]), response(200, &object(4, 1))]);
        let read = connectors(script).read_after(&id(), &written(5, 600), &budget()).await.unwrap();
        let Reading::Found(connector) = read else { panic!("{read:?}") };
        assert_eq!(connector.version, Some(4.into()));
        // Moments after it, the write becomes visible.
        let old = || response(200, &object(4, 1));
        let script =
            Script::new([list(&[object(4, 1)]), old(), old(), response(200, &object(5, 1))]);
        let read = connectors(script).read_after(&id(), &written(5, 5), &budget()).await.unwrap();
        let Reading::Found(connector) = read else { panic!("{read:?}") };
        assert_eq!(connector.version, Some(5.into()));
    }
}
