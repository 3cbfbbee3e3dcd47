//! Reads lists page by page.
//!
//! A list ends with a page without a next one. Pages that form a loop, do not end, or lead to
//! another host are an error.

use std::sync::Arc;

use url::Url;

use super::super::address::host_with_port;
use super::super::budget::Budget;
use super::super::connector::Connector;
use super::super::error::{Error, ErrorKind};
use super::super::identifiers::OrganizationId;
use super::super::pipeline::{Response, RetryMode};
use super::super::problems::{BodyProblem, PagingProblem};
use super::super::profile::{NextPage, Page, Profile};
use super::super::request::{Endpoints, Request};
use super::super::session::Session;
use super::super::transport::LARGEST_RESPONSE;
use super::Connectors;
use safe_text::Shown;

/// The most pages of a list: 10,000 connectors, a thousand times the documented limit.
pub(super) const MOST_PAGES: usize = 100;

/// The most rows of a list. A server may ignore the page size of a request, and a row takes more
/// memory than in the response.
pub(super) const MOST_ROWS: usize = MOST_PAGES * 100;

/// The most bytes of a list: 16 MiB, a thousand times ten connectors with certificates. All of them
/// are in memory at once, as responses, connectors and values.
pub(super) const MOST_BYTES: usize = 4 * LARGEST_RESPONSE;

/// The connectors of an organization by page, each read on demand. They are neither read from the
/// shared list nor cached.
pub struct ConnectorPages {
    pub(super) connectors: Connectors,
    pub(super) pages: Pages<Connector>,
}

impl ConnectorPages {
    /// Returns the next page, which may be empty, or `None` after the last one.
    ///
    /// # Errors
    /// Fails when the page, or a connector of a short row, cannot be read. Then it was the last one.
    pub async fn next(&mut self, budget: &Budget) -> Result<Option<Vec<Connector>>, Error> {
        match self.pages.next(budget).await? {
            Some((rows, _)) => Ok(Some(self.connectors.completed(rows, budget).await?)),
            None => Ok(None),
        }
    }
}

/// A list that is read page by page.
pub(super) struct Pages<T> {
    session: Arc<Session>,
    organization: OrganizationId,
    retry_mode: RetryMode,
    /// Builds the request for a page.
    request: RequestForPage,
    read: fn(&Profile, &[u8]) -> Result<Page<T>, BodyProblem>,
    /// The next page to read; `None` after the last one.
    next: Option<NextPage>,
    /// The request for the last page that was read.
    last: Option<Request>,
    /// The links to the pages so far, and their URLs.
    seen: Vec<(NextPage, Url)>,
    /// The body of the last page whose successor is found by counting.
    last_body: Vec<u8>,
    rows: usize,
    bytes: usize,
}

/// Builds the request for a page, from what led to it and its number.
type RequestForPage =
    Box<dyn Fn(&Endpoints, &NextPage, u64) -> Result<Request, Error> + Send + Sync>;

impl<T> Pages<T> {
    pub(super) fn new(
        session: Arc<Session>,
        organization: OrganizationId,
        retry_mode: RetryMode,
        request: RequestForPage,
        read: fn(&Profile, &[u8]) -> Result<Page<T>, BodyProblem>,
    ) -> Self {
        Self {
            session,
            organization,
            retry_mode,
            request,
            read,
            next: Some(NextPage::None),
            last: None,
            seen: Vec::new(),
            last_body: Vec::new(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Returns the rows of the next page and its response.
    pub(super) async fn next(
        &mut self,
        budget: &Budget,
    ) -> Result<Option<(Vec<T>, Response)>, Error> {
        let Some(page) = self.next.take() else { return Ok(None) };
        let request = match (&page, &self.last) {
            (NextPage::Link(link), Some(last)) => {
                let url = next_page(&last.url, link);
                let url =
                    url.map_err(|problem| Error::new(last.operation, ErrorKind::Paging(problem)))?;
                Request { url, ..last.clone() }
            }
            _ => {
                let number = u64::try_from(self.seen.len()).unwrap_or(u64::MAX);
                (self.request)(&self.session.endpoints, &page, number)?
            }
        };
        let response =
            self.session.send(self.organization, &request, self.retry_mode, budget).await?;
        let profile = &self.session.endpoints.profile;
        let found = (self.read)(profile, response.body())
            .map_err(|problem| response.unreadable(problem))?;
        let paging = |problem| response.error(ErrorKind::Paging(problem));
        self.rows += found.rows.len();
        self.bytes += response.body().len();
        if self.bytes > MOST_BYTES {
            return Err(paging(PagingProblem::TooManyBytes { limit: MOST_BYTES }));
        }
        if self.rows > MOST_ROWS {
            return Err(paging(PagingProblem::TooManyRows { limit: MOST_ROWS }));
        }
        self.seen.push((page, request.url.clone()));
        let next = self.after(&found, &request.url, &response).map_err(paging)?;
        if next.is_some() && self.seen.len() == MOST_PAGES {
            return Err(paging(PagingProblem::TooManyPages { limit: MOST_PAGES }));
        }
        self.next = next;
        self.last = Some(request);
        Ok(Some((found.rows, response)))
    }

    /// Returns the page after one, if there is another.
    fn after(
        &mut self,
        page: &Page<T>,
        url: &Url,
        response: &Response,
    ) -> Result<Option<NextPage>, PagingProblem> {
        match &page.next {
            NextPage::None => Ok(None),
            next @ NextPage::Link(link) => {
                let target = next_page(url, link)?;
                let is_seen = self.seen.iter().any(|(_, seen)| *seen == target);
                if is_seen { Err(PagingProblem::Loop) } else { Ok(Some(next.clone())) }
            }
            next @ NextPage::Cursor(_) => {
                let is_seen = self.seen.iter().any(|(seen, _)| seen == next);
                if is_seen { Err(PagingProblem::Loop) } else { Ok(Some(next.clone())) }
            }
            next @ NextPage::Number { total, pages } => {
                let read = u64::try_from(self.seen.len()).unwrap_or(u64::MAX);
                let rows = u64::try_from(self.rows).unwrap_or(u64::MAX);
                let is_last = page.rows.is_empty()
                    || total.is_some_and(|total| rows >= total)
                    || pages.is_some_and(|pages| read >= pages);
                if is_last {
                    return Ok(None);
                }
                // A server that ignores the number returns the same page for ever.
                if self.last_body == response.body() {
                    return Err(PagingProblem::Loop);
                }
                self.last_body = response.body().to_vec();
                Ok(Some(next.clone()))
            }
        }
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
            host: host_with_port(&target).map(|host| Shown::new(&host).to_string()),
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
            let row = r#"{"id":"a","name":"","active":true,"version":1,"createdTime":1,"lastUpdatedTime":1,
                "authenticationType":"BASIC","resourceDomain":"","username":"","validationUrl":""}"#;
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
    async fn objects_of_short_rows_with_too_many_bytes_are_an_error() {
        let id = |number: usize| format!("5c7c2677-0000-4000-8000-{number:012}");
        let rows = (0..50).map(|number| json!({"id": id(number), "name": "a"}));
        let list = response(200, &crate::testing::page(&rows.collect::<Vec<_>>()));
        let long = "x".repeat(LARGEST_RESPONSE / 4);
        let whole = |number| {
            response(200, &with(object(1, 1), &json!({"id": id(number), "username": long})))
        };
        let script = Script::new(std::iter::once(list).chain((0..50).map(whole)));
        let error = connectors(script.clone()).list(&budget()).await.err().unwrap();
        let problem = PagingProblem::TooManyBytes { limit: MOST_BYTES };
        assert_eq!(error.kind, ErrorKind::Paging(problem));
        assert!(script.requests().len() < 40, "{}", script.requests().len());
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
