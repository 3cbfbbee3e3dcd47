use std::collections::BTreeSet;

use serde_json::{Value, json};
use webex_cc_simulator::Options;

use crate::support::{Harness, ORGANIZATION, basic, list_path, query_string, references_path};

async fn with_five_connectors(options: Options) -> Harness {
    let harness = Harness::with(options);
    for name in ["alpha", "beta", "my crm", "My ERP", "epsilon"] {
        harness.create(&basic(name)).await.expect(201);
    }
    harness
}

fn names(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_without_parameters_is_one_page() {
    let harness = with_five_connectors(Options::default()).await;
    let page = harness.list(&[]).await.expect(200).json();
    assert_eq!(names(&page), ["alpha", "beta", "my crm", "My ERP", "epsilon"]);
    let meta = &page["meta"];
    assert_eq!(meta["orgid"], ORGANIZATION);
    assert_eq!(meta["page"], 0);
    assert_eq!(meta["pageSize"], 100);
    assert_eq!(meta["totalPages"], 1);
    assert_eq!(meta["totalRecords"], 5);
    assert_eq!(meta["links"].get("next"), None);
    let first = format!("{}?page=0&pageSize=100", list_path());
    assert_eq!(meta["links"]["first"], first);
}

#[tokio::test]
async fn links_next_visits_every_page_with_its_filter() {
    let harness = with_five_connectors(Options::default()).await;
    let filter = r#"connectorType=="CUSTOM""#;
    let query = query_string(&[("pageSize", "2"), ("filter", filter), ("page", "0")]);
    let mut path = format!("{}?{query}", list_path());
    let mut pages = Vec::new();
    loop {
        let page = harness.get(&path).await.expect(200).json();
        assert_eq!(page["meta"]["page"], pages.len());
        assert_eq!(page["meta"]["totalPages"], 3);
        pages.push(names(&page));
        match page["meta"]["links"].get("next") {
            Some(next) => path = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, [vec!["alpha", "beta"], vec!["my crm", "My ERP"], vec!["epsilon"]]);
    let last_query = &harness.simulator.journal()[7].query;
    assert_eq!(*last_query, query_string(&[("page", "2"), ("pageSize", "2"), ("filter", filter)]));
}

#[tokio::test]
async fn a_page_size_above_the_cap_is_reduced() {
    let harness = with_five_connectors(Options { page_size_cap: 2, ..Options::default() }).await;
    for query in [&[("pageSize", "100")][..], &[]] {
        let page = harness.list(query).await.expect(200).json();
        assert_eq!(page["meta"]["pageSize"], 2);
        assert_eq!(names(&page).len(), 2);
        let next = format!("{}?page=1&pageSize=2", list_path());
        assert_eq!(page["meta"]["links"]["next"], next);
    }
}

#[tokio::test]
async fn pages_beyond_the_last_are_empty_invalid_ones_refused() {
    let harness = with_five_connectors(Options::default()).await;
    for number in ["1", "18446744073709551615"] {
        let page = harness.list(&[("page", number)]).await.expect(200).json();
        assert!(names(&page).is_empty());
        assert_eq!(page["meta"]["links"].get("next"), None);
    }
    for query in [("page", "-1"), ("page", "x"), ("pageSize", "0"), ("pageSize", "")] {
        let response = harness.list(&[query]).await.expect(400);
        assert!(response.descriptions()[0].starts_with(query.0));
    }
}

#[tokio::test]
async fn an_organization_without_connectors_has_an_empty_list() {
    let harness = Harness::new();
    let page = harness.list(&[]).await.expect(200).json();
    assert_eq!(page["data"], json!([]));
    assert_eq!(page["meta"]["totalPages"], 0);
    assert_eq!(page["meta"]["links"].get("next"), None);
}

#[tokio::test]
async fn filters_select_by_type_name_and_id() {
    let harness = with_five_connectors(Options::default()).await;
    let stored = harness.simulator.all_stored(ORGANIZATION);
    let id = |index: usize| stored[index]["id"].as_str().unwrap().to_owned();
    for (filter, expected) in [
        (r#"connectorType=="CUSTOM";name=="beta""#.to_owned(), &["beta"][..]),
        (r#"connectorType=="OTHER""#.to_owned(), &[]),
        (format!(r#"id=in=("{}","{}")"#, id(1), id(4)), &["beta", "epsilon"]),
    ] {
        let page = harness.list(&[("filter", &filter)]).await.expect(200).json();
        assert_eq!(names(&page), expected, "{filter}");
        assert_eq!(page["meta"]["totalRecords"], expected.len());
    }
    let response = harness.list(&[("filter", "name")]).await.expect(400);
    assert!(response.descriptions()[0].starts_with("filter: "));
}

#[tokio::test]
async fn search_ignores_case_and_attributes_select_fields() {
    let harness = with_five_connectors(Options::default()).await;
    let page = harness.list(&[("search", "MY"), ("attributes", "id,name")]).await.json();
    assert_eq!(names(&page), ["my crm", "My ERP"]);
    let keys: BTreeSet<&String> = page["data"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, BTreeSet::from([&"id".to_owned(), &"name".to_owned()]));
}

#[tokio::test]
async fn references_are_paged() {
    let harness = with_five_connectors(Options::default()).await;
    let id = harness.simulator.all_stored(ORGANIZATION)[0]["id"].as_str().unwrap().to_owned();
    for number in 0..3 {
        harness.simulator.add_reference(ORGANIZATION, &id, &format!("flow {number}"));
    }
    let path = format!("{}?pageSize=2", references_path(&id));
    let page = harness.get(&path).await.expect(200).json();
    assert_eq!(names(&page), ["flow 0", "flow 1"]);
    let next = page["meta"]["links"]["next"].as_str().unwrap();
    assert_eq!(names(&harness.get(next).await.expect(200).json()), ["flow 2"]);
}

#[tokio::test]
async fn choices_are_the_active_connectors() {
    let harness = with_five_connectors(Options::default()).await;
    let stored = harness.simulator.all_stored(ORGANIZATION);
    let id = |index: usize| stored[index]["id"].as_str().unwrap();
    harness.simulator.store(ORGANIZATION, id(1), json!({"active": false}));
    let path = |activity: &str, input: &str, query: &[(&str, &str)]| {
        format!(
            "/{ORGANIZATION}/project/5e5c9ad6d61f870d6d778c1b/v2/activities/{activity}/inputs/\
             {input}/choices?{}",
            query_string(query)
        )
    };
    let all = [("search", ""), ("validate", "false")];
    let choices = harness.get(&path("http-request", "connectorId", &all)).await.expect(200).json();
    assert_eq!(choices["count"], 4);
    assert_eq!(choices["choices"][0], json!({"name": "alpha", "value": id(0)}));
    assert_eq!(choices["source"], "list");
    assert_eq!(choices["isSearchEnabled"], true);
    assert_eq!(choices["resolvedInput"], "connectorId");
    assert_eq!(choices["activity"], "http-request");
    assert_eq!(choices["input"], "connectorId");

    for (query, expected) in [
        (vec![("search", "my")], vec!["my crm", "My ERP"]),
        (vec![("search", id(2)), ("validate", "true")], vec!["my crm"]),
        (vec![("search", id(1)), ("validate", "true")], vec![]),
        (vec![("search", id(2))], vec![]),
    ] {
        let path = path("http-request-v2", "connectorId", &query);
        let found = harness.get(&path).await.expect(200).json();
        let found: Vec<&str> = found["choices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|choice| choice["name"].as_str().unwrap())
            .collect();
        assert_eq!(found, expected, "{query:?}");
    }
    harness.get(&path("play-music", "connectorId", &all)).await.expect(404);
    harness.get(&path("http-request", "timeout", &all)).await.expect(404);
    let wrong = path("http-request", "connectorId", &[("validate", "maybe")]);
    harness.get(&wrong).await.expect(400);
    harness
        .get(&format!(
            "/{ORGANIZATION}/project/other/v2/activities/http-request/inputs/connectorId/choices"
        ))
        .await
        .expect(404);
}
