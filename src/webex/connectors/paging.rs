//! Reads lists page by page.
//!
//! A list ends with a page without a next one. Pages that form a loop, do not end, or lead to
//! another host are an error.

use std::sync::Arc;

use url::Url;

use super::super::budget::Budget;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind};
use super::super::identifiers::OrganizationId;
use super::super::pipeline::{Response, RetryMode};
use super::super::problems::{BodyProblem, PagingProblem};
use super::super::request::{PAGE_SIZE, Request};
use super::super::session::Session;
use super::super::transport::LARGEST_RESPONSE;
use super::wire::Page;
use safe_text::Shown;

/// The most pages of a list: 10,000 connectors, a thousand times the documented limit.
pub(super) const MOST_PAGES: usize = 100;

/// The most rows of a list. A server may ignore the page size of a request, and a row takes more
/// memory than in the response.
pub(super) const MOST_ROWS: usize = MOST_PAGES * PAGE_SIZE;

/// The most bytes of a list: 16 MiB, a thousand times ten connectors with certificates. All of them
/// are in memory at once, as responses, connectors and values.
pub(super) const MOST_BYTES: usize = 4 * LARGEST_RESPONSE;

/// The connectors of an organization by page, each read on demand. They are neither read from the
/// shared list nor cached.
pub struct ConnectorPages(pub(super) Pages<Connector>);

impl ConnectorPages {
    /// Returns the next page, which may be empty, or `None` after the last one.
    ///
    /// # Errors
    /// Fails when the page cannot be read. Then it was the last one.
    pub async fn next(&mut self, budget: &Budget) -> Result<Option<Vec<Connector>>, Error> {
        Ok(self.0.next(budget).await?.map(|(rows, _)| rows))
    }
}

/// A list that is read page by page.
pub(super) struct Pages<T> {
    session: Arc<Session>,
    organization: OrganizationId,
    retry_mode: RetryMode,
    read: fn(&[u8]) -> Result<Page<T>, BodyProblem>,
    /// The request for the next page; `None` after the last one.
    request: Option<Request>,
    seen: Vec<Url>,
    rows: usize,
    bytes: usize,
}

impl<T> Pages<T> {
    pub(super) fn new(
        session: Arc<Session>,
        organization: OrganizationId,
        first: Request,
        read: fn(&[u8]) -> Result<Page<T>, BodyProblem>,
        retry_mode: RetryMode,
    ) -> Self {
        let seen = vec![first.url.clone()];
        Self {
            session,
            organization,
            retry_mode,
            read,
            request: Some(first),
            seen,
            rows: 0,
            bytes: 0,
        }
    }

    /// Returns the rows of the next page and its response.
    pub(super) async fn next(
        &mut self,
        budget: &Budget,
    ) -> Result<Option<(Vec<T>, Response)>, Error> {
        let Some(mut request) = self.request.take() else { return Ok(None) };
        let response =
            self.session.send(self.organization, &request, self.retry_mode, budget).await?;
        let page = (self.read)(response.body()).map_err(|problem| response.unreadable(problem))?;
        let paging = |problem| response.error(ErrorKind::Paging(problem));
        self.rows += page.rows.len();
        self.bytes += response.body().len();
        if self.bytes > MOST_BYTES {
            return Err(paging(PagingProblem::TooManyBytes { limit: MOST_BYTES }));
        }
        if self.rows > MOST_ROWS {
            return Err(paging(PagingProblem::TooManyRows { limit: MOST_ROWS }));
        }
        if let Some(link) = page.next {
            request.url = next_page(&request.url, &link).map_err(paging)?;
            if self.seen.contains(&request.url) {
                return Err(paging(PagingProblem::Loop));
            }
            if self.seen.len() == MOST_PAGES {
                return Err(paging(PagingProblem::TooManyPages { limit: MOST_PAGES }));
            }
            self.seen.push(request.url.clone());
            self.request = Some(request);
        }
        Ok(Some((page.rows, response)))
    }

    /// Returns all rows and the first response, for its date.
    pub(super) async fn all(
        mut self,
        budget: &Budget,
    ) -> Result<(Vec<T>, Option<Response>), Error> {
        let (mut all, mut first) = (Vec::new(), None);
        while let Some((rows, response)) = self.next(budget).await? {
            all.extend(rows);
            first.get_or_insert(response);
        }
        Ok((all, first))
    }
}

/// Returns the URL of the next page: the current one with the link's query.
///
/// Links are relative to the host (documented). Only their query is used, so a base URL with a path
/// works, and no link leads to another path.
fn next_page(current: &Url, link: &str) -> Result<Url, PagingProblem> {
    let target = current.join(link).map_err(|_| PagingProblem::BadLink)?;
    if target.origin() != current.origin() {
        return Err(PagingProblem::OtherOrigin {
            host: target.host_str().map(|host| Shown::new(host).to_string()),
        });
    }
    let mut next = current.clone();
    next.set_query(Some(target.query().ok_or(PagingProblem::BadLink)?));
    Ok(next)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{LARGEST_RESPONSE, MOST_BYTES, MOST_ROWS};
    use crate::testing::{OTHER_ID, Script, budget, connectors, object, raw, response, with};
    use crate::{ErrorKind, PagingProblem};

    #[tokio::test(start_paused = true)]
    async fn page_is_read_on_demand() {
        let page = |id: &str, next: Option<&str>| {
            let row = with(object(1, 1), &json!({"id": id}));
            json!({"meta": {"links": {"next": next}}, "data": [row]})
        };
        let script = Script::new([
            response(200, &page("first", Some("/x?page=1"))),
            response(200, &page(OTHER_ID, None)),
        ]);
        let (connectors, budget) = (connectors(script.clone()), budget());
        let mut pages = connectors.pages();
        assert_eq!(script.requests().len(), 0);
        assert_eq!(pages.next(&budget).await.unwrap().unwrap()[0].id.as_str(), "first");
        assert_eq!(script.requests().len(), 1);
        assert_eq!(pages.next(&budget).await.unwrap().unwrap()[0].id.as_str(), OTHER_ID);
        assert!(pages.next(&budget).await.unwrap().is_none());
        assert_eq!(script.requests().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn list_with_too_many_rows_is_an_error() {
        let rows = |number: usize| {
            let row = r#"{"id":"a","name":"","active":true}"#;
            format!("[{}]", vec![row; number].join(","))
        };
        let linked = |page: usize, number: usize| {
            let link = format!("/x?page={page}");
            raw(
                200,
                &format!(r#"{{"meta":{{"links":{{"next":"{link}"}}}},"data":{}}}"#, rows(number)),
            )
        };
        let script = Script::new([linked(1, MOST_ROWS / 2), raw(200, &rows(MOST_ROWS / 2))]);
        assert_eq!(connectors(script).list(&budget()).await.unwrap().len(), MOST_ROWS);
        let script = Script::new([linked(1, MOST_ROWS / 2), linked(2, MOST_ROWS / 2 + 1)]);
        let error = connectors(script.clone()).list(&budget()).await.unwrap_err();
        let problem = PagingProblem::TooManyRows { limit: MOST_ROWS };
        assert_eq!(error.kind, ErrorKind::Paging(problem));
        assert_eq!(script.requests().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn list_with_too_many_bytes_is_an_error() {
        let page = |number: usize| {
            let (link, name) = (format!("/x?page={number}"), "x".repeat(LARGEST_RESPONSE - 1000));
            let row = with(object(1, 1), &json!({"name": name}));
            response(200, &json!({"meta": {"links": {"next": link}}, "data": [row]}))
        };
        let script = Script::new((1..=5).map(page));
        let error = connectors(script.clone()).list(&budget()).await.unwrap_err();
        let problem = PagingProblem::TooManyBytes { limit: MOST_BYTES };
        assert_eq!(error.kind, ErrorKind::Paging(problem));
        assert_eq!(script.requests().len(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn pages_end_after_an_error() {
        let script = Script::new([response(403, &json!({}))]);
        let connectors = connectors(script.clone());
        let mut pages = connectors.pages();
        assert!(pages.next(&budget()).await.is_err());
        assert!(pages.next(&budget()).await.unwrap().is_none());
        assert_eq!(script.requests().len(), 1);
    }
}
