//! Flows as Flow Designer exports them, damaged ones, and random ones.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Contradiction, LISTED, RebindError, rebind_connectors};

const OLD: &str = "5c7c2677-0000-4000-8000-000000000001";
const OTHER: &str = "5c7c2677-0000-4000-8000-000000000002";
const NEW: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const NEWER: &str = "aaaaaaaa-0000-4000-8000-000000000002";

fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, id)| ((*key).to_owned(), (*id).to_owned())).collect()
}

fn rebind(flow: &str, entries: &[(&str, &str)]) -> Result<String, RebindError> {
    rebind_connectors(flow, &map(entries))
}

/// An export with everything that Flow Designer puts around the references:
/// the process, the diagram, a flow for events, another kind of activity, and
/// white space in places.
const EXPORT: &str = r#"{
  "orgId": "12700722-cd25-46b9-971e-ed0ce9f140c6", "version": 41, "score": 1.50e+1,
  "process": { "activities": {
    "a1": {"id":"a1","name":"GetCustomer","group":"action","properties":{
      "connectorId":"5c7c2677-0000-4000-8000-000000000001", "authenticated":true,
      "connectorId:name" : "crm_api","connectorId_name":"crm_api", "httpRequestUrl":null,
      "activityName":"http-request-v2","activityId":"http-request-v2","name":"GetCustomer",
      "httpRequestBody":"{\"connectorId\":\"5c7c2677-0000-4000-8000-000000000001\"}"}},
    "a2": {"properties":{"name":"Open","activityName":"http-request-v2","authenticated":false,
      "connectorId":null,"httpRequestUrl":"https:\/\/example.com\/\u00e9"}},
    "a3": {"properties":{"name":"Ask","activityName":"ivr-virtualassistantvoice",
      "connectorId":"5c7c2677-0000-4000-8000-000000000001","connectorId_name":"crm_api"}}
  }},
  "diagram":{"widgets":{"a1":{"properties":{"activityName":"http-request-v2","name":"GetCustomer",
    "connectorId_name":"crm_api","connectorId":"5c7c2677-0000-4000-8000-000000000001"}}}},
  "eventFlows":{"eventsMap":{"GLOBAL_EVENTS":{"process":{"activities":[
    {"properties":{"connectorId":"5c7c2677-0000-4000-8000-000000000002",
     "connectorId:name":"tickets","name":"Report","activityName":"http-request"}}]}}}}
}
"#;

#[test]
fn rebinding_changes_only_the_ids_of_an_export() {
    let rebound = rebind(EXPORT, &[("crm_api", NEW), ("tickets", NEWER), ("spare", OTHER)]);
    let expected = [
        (r#""connectorId":"5c7c2677-0000-4000-8000-000000000001", "authenticated""#, OLD, NEW),
        (r#""crm_api","connectorId":"5c7c2677-0000-4000-8000-000000000001"}}}}"#, OLD, NEW),
        (r#""connectorId":"5c7c2677-0000-4000-8000-000000000002""#, OTHER, NEWER),
    ]
    .iter()
    .fold(EXPORT.to_owned(), |flow, (place, from, to)| {
        assert_eq!(flow.matches(place).count(), 1, "{place}");
        flow.replace(place, &place.replace(from, to))
    });
    assert_eq!(rebound, Ok(expected));
}

#[test]
fn rebinding_twice_or_to_the_same_ids_changes_nothing() {
    let same = [("crm_api", OLD), ("tickets", OTHER)];
    assert_eq!(rebind(EXPORT, &same).as_deref(), Ok(EXPORT));
    let new = [("crm_api", NEW), ("tickets", NEWER)];
    let once = rebind(EXPORT, &new).unwrap();
    assert_eq!(rebind(&once, &new), Ok(once.clone()));
}

#[test]
fn either_spelling_of_the_name_is_enough() {
    for names in [
        r#""connectorId:name":"crm""#,
        r#""connectorId_name":"crm""#,
        r#""connectorId:name":null,"connectorId_name":"crm""#,
        r#""connectorId:name":"crm","connectorId_name":"""#,
        r#""connectorId:name":"crm","connectorId_name":"\u0063rm""#,
        r#""\u0063onnectorId:name":"crm""#,
    ] {
        let flow = |id: &str| format!(r#"[{{{names},"connectorId":"{id}"}}]"#);
        assert_eq!(rebind(&flow(OLD), &[("crm", NEW)]), Ok(flow(NEW)), "{names}");
    }
}

#[test]
fn name_takes_precedence_over_id() {
    let flow = |id: &str| format!(r#"{{"connectorId":"{id}","connectorId:name":"crm"}}"#);
    assert_eq!(rebind(&flow(OLD), &[("crm", NEW), (OLD, NEWER)]), Ok(flow(NEW)));
    assert_eq!(rebind(&flow(OLD), &[(OLD, NEWER)]), Ok(flow(NEWER)));
}

#[test]
fn activity_without_a_connector_name_is_found_by_its_id() {
    let flow = |id: &str| {
        format!(r#"{{"activityName":"http-request","connectorId":"{id}","name":"Look \"up\""}}"#)
    };
    assert_eq!(rebind(&flow(OLD), &[(OLD, NEW)]), Ok(flow(NEW)));
    // It is bound already.
    assert_eq!(rebind(&flow(NEW), &[(OLD, NEW)]), Ok(flow(NEW)));
    assert_eq!(rebind(&flow(NEW), &[("crm", NEW)]), Ok(flow(NEW)));

    let error = rebind(&flow(OLD), &[("crm", NEW)]).unwrap_err();
    let activities = vec![(r#""Look \"up\"""#.to_owned(), OLD.to_owned())];
    assert_eq!(error, RebindError::Unknown { connectors: vec![], activities, others: vec![] });
    assert_eq!(error.argument(), 1);
    let text = error.to_string();
    assert!(text.contains(&format!(r#""Look \"up\"" uses "{OLD}""#)), "{text}");
}

#[test]
fn activity_without_any_name_is_reported_by_its_place() {
    let flow = format!(r#"{{"a b":[0,{{"httpRequestPath":"/","connectorId":"{OLD}"}}]}}"#);
    let error = rebind(&flow, &[]).unwrap_err();
    assert!(error.to_string().contains(r#"at "/a b/1" uses"#), "{error}");
}

#[test]
fn all_connectors_missing_in_the_map_are_reported_at_once() {
    let named = |name: &str| json!({"connectorId": OLD, "connectorId_name": name});
    let flow = json!([
        named("b"), named("a"), named("b"), named("known"),
        {"connectorId": OTHER, "activityName": "http-request", "name": "Old"},
    ]);
    let error = rebind(&flow.to_string(), &[("known", NEW)]).unwrap_err();
    assert_eq!(
        error,
        RebindError::Unknown {
            connectors: vec!["a".to_owned(), "b".to_owned()],
            activities: vec![("\"Old\"".to_owned(), OTHER.to_owned())],
            others: vec![],
        }
    );
    assert_eq!(
        error.to_string(),
        format!(
            "The flow was not changed. It uses connectors that the map does not have: \"a\", \
             \"b\". Add each of them as \"name\" = \"its id in the target organization\". Some \
             activities give the id of their connector without its name, as older exports do: \
             \"Old\" uses \"{OTHER}\". Add each id as \"old id\" = \"new id\", or export the flow \
             again from Flow Designer."
        )
    );
}

#[test]
fn long_lists_and_names_are_cut_in_messages() {
    let names = (0..100).map(|number| format!("{number:03}{}", "x\u{1b}".repeat(10_000)));
    let flow: Vec<Value> =
        names.map(|name| json!({"connectorId": OLD, "connectorId_name": name})).collect();
    let text = rebind(&json!(flow).to_string(), &[]).unwrap_err().to_string();
    assert!(text.contains(&format!("and {} more", 100 - LISTED)), "{text}");
    assert!(text.len() < 20_000 && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn objects_other_than_http_activities_are_not_changed() {
    for flow in [
        r#"{"activityName":"http-request-v2","connectorId":null,"connectorId_name":"gone"}"#
            .to_owned(),
        r#"{"activityName":"http-request-v2","connectorId":"","authenticated":true}"#.to_owned(),
        r#"{"activityName":"http-request-v2","authenticated":true}"#.to_owned(),
        format!(
            r#"{{"activityName":"play-message","connectorId":"{OLD}","connectorId_name":"tts"}}"#
        ),
        r#"{"connectorId":"line-1"}"#.to_owned(),
        format!(
            r#"{{"inputs":{{"connectorId":"{OLD}","connectorId_name":"b"}},"activityName":"bot"}}"#
        ),
        format!(r#"{{"activityName":"http-request","authenticated":false,"connectorId":"{OLD}"}}"#),
        format!(r#"{{"ConnectorID":"{OLD}","httpRequestPath":""}}"#),
        format!("\"{OLD}\""),
        "[]".to_owned(),
        " 1 ".to_owned(),
        r#"{"a":1,"a":2,"name":1,"name":2}"#.to_owned(),
    ] {
        assert_eq!(rebind(&flow, &[]), Ok(flow.clone()));
    }
    // The id of an unused connector follows, where the map knows it.
    let flow = |id: &str| {
        format!(r#"{{"authenticated":false,"connectorId":"{id}","connectorId_name":"crm"}}"#)
    };
    assert_eq!(rebind(&flow(OLD), &[("crm", NEW)]), Ok(flow(NEW)));
}

/// A node of the second version, and the activities of the API's examples, with the
/// kind before and after the inputs.
#[test]
fn all_shapes_of_an_activity_are_rebound() {
    for shape in [
        r#"{"id":"n1","name":"Get","activityType":"http-request-v2","properties":{"activityName":"http-request-v2","connectorId":"ID","connectorId:name":"crm","connectorId_name":"crm"}}"#,
        r#"{"id":"n1","name":"Get","activityType":"http-request","properties":{"connectorId":"ID"}}"#,
        r#"{"id":"n1","name":"Get","activityType":"action","properties":{"activityId":"http-request","connectorId":"ID"}}"#,
        r#"{"name":"Get","activityName":"http-request","inputs":{"connectorId":"ID"}}"#,
        r#"{"inputs":{"connectorId":"ID"},"name":"Get","activityName":"http-request-v2"}"#,
        r#"{"inputs":{"connectorId":"ID","connectorId:name":"crm"},"activityName":"http-request"}"#,
    ] {
        let flow = |id: &str| format!(r#"{{"nodes":[{}]}}"#, shape.replace("ID", id));
        for connector in ["crm", OLD] {
            if connector == "crm" && !shape.contains("crm") {
                let error = rebind(&flow(OLD), &[("crm", NEW)]).unwrap_err().to_string();
                assert!(error.contains(&format!(r#""Get" uses "{OLD}""#)), "{error}");
            } else {
                assert_eq!(rebind(&flow(OLD), &[(connector, NEW)]), Ok(flow(NEW)), "{shape}");
            }
        }
    }
}

#[test]
fn what_may_be_a_reference_is_not_passed_over_silently() {
    for shape in [
        r#"{"connectorId":"ID"}"#,
        r#"{"inputs":{"connectorId":"ID"}}"#,
        r#"{"activityType":"action","properties":{"connectorId":"ID"}}"#,
        r#"{"activityName":"http-request","settings":{"connectorId":"ID"}}"#,
    ] {
        let flow = |id: &str| format!(r#"{{"nodes":[{}]}}"#, shape.replace("ID", id));
        let error = rebind(&flow(OLD), &[]).unwrap_err();
        assert_eq!(error.argument(), 1);
        let text = error.to_string();
        assert!(text.contains("It is not clear whether these are HTTP activities: at \"/nodes/0"));
        assert_eq!(rebind(&flow(OLD), &[(OLD, NEW)]), Ok(flow(NEW)), "{shape}");
        assert_eq!(rebind(&flow(OLD), &[(OLD, OLD)]), Ok(flow(OLD)), "{shape}");
    }
}

#[test]
fn contradictions_are_refused() {
    for (flow, reason) in [
        (
            r#"{"name":"A","connectorId":"x","connectorId":"y","httpRequestUrl":""}"#,
            Contradiction::GivenTwice("connectorId"),
        ),
        (
            r#"{"name":"A","connectorId":"x","\u0063onnectorId":null,"httpRequestUrl":""}"#,
            Contradiction::GivenTwice("connectorId"),
        ),
        (
            r#"{"name":"A","connectorId":"x","connectorId:name":"c","connectorId:name":"c"}"#,
            Contradiction::GivenTwice("connectorId:name"),
        ),
        (
            r#"{"name":"A","activityName":"http-request","activityName":"play","connectorId":"x","activityId":"http-request"}"#,
            Contradiction::GivenTwice("activityName"),
        ),
        (
            r#"{"name":"A","connectorId":"x","connectorId:name":"c","connectorId_name":"d"}"#,
            Contradiction::TwoNames,
        ),
        (r#"{"name":"A","connectorId":5,"connectorId:name":"c"}"#, Contradiction::NotAString),
        (r#"{"name":"A","connectorId":false,"connectorId:name":"c"}"#, Contradiction::NotAString),
        (
            r#"{"name":"A","connectorId":{"connectorId":"x"},"connectorId:name":"c"}"#,
            Contradiction::NotAString,
        ),
    ] {
        let error = rebind(flow, &[("c", NEW), ("d", NEW)]).unwrap_err();
        let activity = "\"A\"".to_owned();
        assert_eq!(error, RebindError::Contradiction { activity, reason }, "{flow}");
        assert_eq!(error.argument(), 0);
    }
}

#[test]
fn activities_inside_other_properties_are_rebound() {
    let flow = |id: &str| {
        format!(r#"{{"name":[{{"connectorId":{{"connectorId":"{id}","connectorId_name":"c"}}}}]}}"#)
    };
    assert_eq!(rebind(&flow(OLD), &[("c", NEW)]), Ok(flow(NEW)));
}

#[test]
fn nested_activities_are_all_rebound() {
    let flow = |id: &str| {
        format!(
            r#"{{"inner":{{"connectorId":"{id}","connectorId_name":"c"}},"connectorId":"{id}",
            "connectorId_name":"c","more":[{{"connectorId":"{id}","connectorId_name":"c"}}]}}"#
        )
    };
    assert_eq!(rebind(&flow(OLD), &[("c", NEW)]), Ok(flow(NEW)));
}

#[test]
fn map_values_other_than_ids_are_refused() {
    let flow = format!(r#"{{"connectorId":"{OLD}","connectorId_name":"crm"}}"#);
    for id in ["", "crm", "\",\"x\":\"", "Y2lzY29zcGFyazov"] {
        let error = rebind(&flow, &[("crm", id)]).unwrap_err();
        assert_eq!(error, RebindError::NotAnId { connector: "crm".to_owned() });
        assert_eq!(error.argument(), 1);
    }
    // Unused values are not checked.
    assert!(rebind(&flow, &[("crm", NEW), ("spare", "")]).is_ok());
}

#[test]
fn texts_other_than_json_are_refused() {
    for (flow, offset) in [
        ("", 0),
        ("flow", 1),
        ("{\"a\":}", 5),
        ("{} {}", 3),
        ("[1,", 3),
        ("{\"connectorId\":\"\\ud800\"}", 16),
        ("\u{feff}{}", 0),
    ] {
        let error = rebind(flow, &[]).unwrap_err();
        assert_eq!(error, RebindError::NotJson { offset }, "{flow:?}");
        assert_eq!(error.argument(), 0);
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert!(rebind(&nested(super::MAX_DEPTH), &[]).is_ok());
    assert_eq!(rebind(&nested(super::MAX_DEPTH + 1), &[]), Err(RebindError::TooDeep));
    assert_eq!(rebind(&"{\"a\":[".repeat(1_000_000), &[]), Err(RebindError::TooDeep));
}

#[test]
fn memory_grows_in_proportion_to_the_flow() {
    let activity = format!(r#"{{"connectorId":"{OLD}","connectorId_name":"crm","name":"A"}}"#);
    let flow = format!("[{activity}{}]", format!(",{activity}").repeat(50_000));
    let connectors = map(&[("crm", NEW)]);
    let memory = allocation_counter::measure(|| {
        assert_eq!(rebind_connectors(&flow, &connectors), Ok(flow.replace(OLD, NEW)));
    });
    let limit = u64::try_from(flow.len() * 10).unwrap();
    assert!((1..limit).contains(&memory.bytes_max), "{} of {limit}", memory.bytes_max);
}

/// Any JSON, in which activities may be anywhere. Ids are `OLD` and only ever
/// stand where they are to be exchanged.
fn document() -> impl Strategy<Value = Value> {
    let activity =
        (any::<bool>(), any::<bool>(), "[a-z]{0,3}").prop_map(|(colon, named, extra)| {
            let mut activity = json!({"activityName": "http-request-v2", "connectorId": OLD});
            if colon || !named {
                activity["connectorId:name"] = json!("crm");
            }
            if named {
                activity["connectorId_name"] = json!("crm");
            }
            activity[format!("http{extra}")] = json!({"a": [1.5, null]});
            activity
        });
    let leaf = prop_oneof![
        3 => activity,
        1 => Just(json!(null)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        2 => any::<String>().prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{0,4}", inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn rebinding_changes_only_ids_of_random_documents(document in document(), pretty in any::<bool>()) {
        let flow = if pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        let rebound = rebind(&flow, &[("crm", NEW)]);
        prop_assert_eq!(rebound, Ok(flow.replace(OLD, NEW)));
    }

    #[test]
    fn random_texts_cause_no_panic(flow in "[\\[\\]{}:,\"\\\\a-e0-9 ]{0,60}") {
        if let Ok(rebound) = rebind(&flow, &[("a", NEW)]) {
            prop_assert_eq!(rebound, flow);
        }
    }

    #[test]
    fn no_damage_makes_it_panic(
        cut in any::<prop::sample::Index>(),
        inserted in prop::sample::select(vec!["", "\"", "{", "]", "\\", "null", "\u{0}", "é"]),
    ) {
        let cut = cut.index(EXPORT.len());
        let flow = [&EXPORT[..cut], inserted, &EXPORT[cut..]].concat();
        let _ = rebind(&flow, &[("crm_api", NEW), ("tickets", NEWER)]);
    }
}
