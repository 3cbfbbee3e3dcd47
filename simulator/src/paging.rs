//! Paging, as the documented lists do it.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::api_error::ApiError;
use crate::message::{Request, Response};

/// The page size of a request that names none.
const DEFAULT_PAGE_SIZE: usize = 100;

/// Returns the requested page of the rows that match.
///
/// `pageSize` is reduced to `cap` without an error. `links.next` is relative to
/// the host and absent on the last page.
pub(crate) fn page(
    request: &Request,
    organization: &str,
    cap: usize,
    rows: Vec<Value>,
) -> Result<Response, ApiError> {
    let page = number(request, "page", 0)?;
    let page_size = number(request, "pageSize", DEFAULT_PAGE_SIZE)?.min(cap.max(1));
    if page_size == 0 {
        return Err(ApiError::invalid(vec!["pageSize: must be 1 or more.".to_owned()]));
    }
    let total_records = rows.len();
    let total_pages = total_records.div_ceil(page_size);
    let last = total_pages.saturating_sub(1);
    let data: Vec<Value> =
        rows.into_iter().skip(page.saturating_mul(page_size)).take(page_size).collect();

    let link = |page: usize| link(request, page, page_size);
    let mut links = Map::new();
    links.insert("first".to_owned(), json!(link(0)));
    links.insert("self".to_owned(), json!(link(page)));
    if page < last {
        links.insert("next".to_owned(), json!(link(page + 1)));
    }
    links.insert("last".to_owned(), json!(link(last)));
    let meta = json!({
        "orgid": organization,
        "page": page,
        "pageSize": page_size,
        "totalPages": total_pages,
        "totalRecords": total_records,
        "links": links,
    });
    Ok(Response::json(StatusCode::OK, &json!({"meta": meta, "data": data})))
}

fn number(request: &Request, name: &str, default: usize) -> Result<usize, ApiError> {
    match request.parameter(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| {
            ApiError::invalid(vec![format!("{name}: must be a whole number, 0 or more.")])
        }),
    }
}

/// Returns the path and query of another page. All other parameters stay.
fn link(request: &Request, page: usize, page_size: usize) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("page", &page.to_string());
    query.append_pair("pageSize", &page_size.to_string());
    query.extend_pairs(
        form_urlencoded::parse(request.query.as_bytes())
            .filter(|(key, _)| key != "page" && key != "pageSize"),
    );
    format!("{}?{}", request.path, query.finish())
}
