//! Cost that is linear in the size of a value.
//!
//! The tests count allocations and their bytes, which are the same on every machine. The benches
//! measure time.

use std::collections::BTreeMap;

use crate::support::value_json::value_json;
use terraform_provider_webex::provider::functions::rebind_connectors::rebind_connectors;
use tf_provider::object::{Configuration, Object, State};
use tf_provider::plan::plan_change;
use tf_provider::schema::{Attribute, Block};
use tf_provider::value::{Type, Value, json, msgpack};

/// Fails unless four times the size costs at most four times as much.
///
/// `prepare` makes the input, which is not counted. Sizes are powers of two, so that buffers which
/// double are equally full.
#[track_caller]
fn assert_linear<T>(what: &str, prepare: impl Fn(usize) -> T, work: impl Fn(T)) {
    let [small, large] = [1 << 10, 1 << 12].map(|size| {
        let input = prepare(size);
        let cost = allocation_counter::measure(|| work(input));
        (cost.count_total, cost.bytes_total)
    });
    // Constant costs make the factor smaller than four, and longer numbers in texts larger.
    assert!(
        small.0 > 0 && large.0 <= small.0 * 4 + small.0 / 16,
        "{what}: {small:?} → {large:?} allocations"
    );
    assert!(large.1 <= small.1 * 4 + small.1 / 4, "{what}: {small:?} → {large:?} bytes");
}

/// Returns a list, a map and an object of this size, with their types.
fn values(size: usize) -> Vec<(Type, Value)> {
    let name = |index: usize| format!("key_{index:06}");
    let text = |index: usize| Value::from(format!("value {index}"));
    let entries = || (0..size).map(|index| (name(index), text(index))).collect();
    vec![
        (Type::List(Box::new(Type::String)), Value::List((0..size).map(text).collect())),
        (Type::Map(Box::new(Type::String)), Value::Map(entries())),
        (
            Type::Object((0..size).map(|index| (name(index), Type::String)).collect()),
            Value::Map(entries()),
        ),
    ]
}

#[test]
fn encoding_cost_is_linear() {
    for kind in 0..3 {
        assert_linear(
            "msgpack",
            |size| values(size).swap_remove(kind),
            |(ty, value)| {
                msgpack::encode(&value, &ty).unwrap();
            },
        );
    }
}

#[test]
fn decoding_cost_is_linear() {
    for kind in 0..3 {
        let message = |size| {
            let (ty, value) = values(size).swap_remove(kind);
            (msgpack::encode(&value, &ty).unwrap(), ty)
        };
        assert_linear("msgpack", message, |(message, ty)| drop(msgpack::decode(&message, &ty)));
        let document = |size| {
            let (ty, value) = values(size).swap_remove(kind);
            (value_json(&value).into_bytes(), ty)
        };
        assert_linear("JSON", document, |(document, ty)| {
            drop(json::decode_state(&document, &ty).unwrap());
        });
    }
}

#[test]
fn planning_cost_is_linear() {
    let prepare = |size| {
        let attribute = |index: usize| {
            let name = &*format!("argument_{index:06}").leak();
            match index % 3 {
                0 => Attribute::optional(name, Type::String, "").requires_replace(),
                1 => Attribute::optional(name, Type::String, "").default_value("a default"),
                _ => Attribute::computed(name, Type::String, ""),
            }
        };
        let block = Block { attributes: (0..size).map(attribute).collect(), ..Block::default() };
        let written = |text: &str| {
            let mut object = Object::null(&block);
            for attribute in block.attributes.iter().step_by(3) {
                object.set(&attribute.name, text);
            }
            object
        };
        let prior = State::new(written("old"));
        (written("new"), Configuration::new(written("new")), prior, block)
    };
    assert_linear("a plan", prepare, |(proposed, configuration, prior, block)| {
        let planned = plan_change(&block, &configuration, Some(&prior), proposed, |_| {});
        assert_eq!(planned.requires_replace.len(), block.attributes.len().div_ceil(3));
    });
}

/// Returns a flow with this many activities below one key of this length, each of another shape:
/// with escapes in the key, without names, nested.
fn flows(activities: usize, key: usize) -> Vec<String> {
    let nameless = r#"{"connectorId":"x","activityName":"http-request"}"#;
    let named = r#"{"connectorId":"x","connectorId:name":"n"}"#;
    let list = |activity: &str| format!("[{}]", vec![activity; activities].join(","));
    let below = |key: &str, activity| format!("{{\"{key}\":{}}}", list(activity));
    let nested = format!("{}{}{}", r#"{"a":"#.repeat(100), list(nameless), "}".repeat(100));
    vec![
        below(&r"\u0041".repeat(key), named),
        below(&r"\u0041".repeat(key), nameless),
        below(&"k".repeat(key), nameless),
        nested,
    ]
}

/// Returns a map with this many entries that the flows need, and others.
fn connectors(entries: usize) -> BTreeMap<String, String> {
    let others = (0..entries).map(|index| {
        let id = format!("5c7c2677-0000-4000-8000-{index:012}");
        (format!("other {index}"), id)
    });
    let id = "5c7c2677-0000-4000-9000-000000000000".to_owned();
    others.chain([("n".to_owned(), id.clone()), ("x".to_owned(), id)]).collect()
}

#[test]
fn rebinding_cost_is_linear() {
    for kind in 0..flows(1, 1).len() {
        let prepare = |size| (flows(size, size).swap_remove(kind), connectors(size));
        assert_linear("a flow", prepare, |(flow, connectors)| {
            rebind_connectors(&flow, &connectors).unwrap();
        });
    }
}

/// An activity that is not in the map is looked for among the new ids, and its place is named.
#[test]
fn rebinding_of_ten_mebibytes_takes_memory_in_proportion() {
    for flow in flows(120_000, 700_000).into_iter().filter(|flow| flow.len() > 6 << 20) {
        let mut connectors = connectors(100_000);
        connectors.remove("x");
        connectors.remove("n");
        let cost = allocation_counter::measure(|| {
            assert!(rebind_connectors(&flow, &connectors).is_err());
        });
        let bytes = usize::try_from(cost.bytes_total).unwrap();
        assert!(bytes < flow.len() * 40 + (64 << 20), "{bytes} bytes for {}", flow.len());
    }
}

/// The new ids of a map.
const NEW_IDS: usize = 20_000;

/// Returns a map with new ids.
fn new_ids() -> BTreeMap<String, String> {
    let id = |index| format!("5c7c2677-0000-4000-8000-{index:012}");
    (0..NEW_IDS).map(|index| (format!("connector {index}"), id(index))).collect()
}

/// Returns flows of about this size, each with another thing to look up for each activity.
fn large_flows(bytes: usize) -> Vec<(&'static str, String)> {
    let list = |activity: &dyn Fn(usize) -> String| {
        let size = activity(0).len() + 1;
        let all = (0..bytes / size).map(activity).collect::<Vec<_>>();
        format!("[{}]", all.join(","))
    };
    let found = |index: usize| {
        let index = index % NEW_IDS;
        format!(
            r#"{{"connectorId":"5c7c2677-0000-4000-8000-{index:012}","activityName":"http-request"}}"#
        )
    };
    let missing = |index| {
        format!(
            r#"{{"connectorId":"5c7c2677-0000-4000-9000-{index:012}","activityName":"http-request"}}"#
        )
    };
    let unclear = |index| format!(r#"{{"connectorId":"5c7c2677-0000-4000-9000-{index:012}"}}"#);
    let named =
        |index| format!(r#"{{"connectorId":"x","connectorId:name":"connector {index:06}"}}"#);
    let keys = |index| {
        format!(
            r#"{{"key_{index}":{{"connectorId":"5c7c2677-0000-4000-9000-{index:012}","activityName":"http-request"}}}}"#
        )
    };
    let long = "\\u0041".repeat(bytes / 60);
    let strings =
        |index| format!(r#"{{"connectorId":"{index}{long}","connectorId:name":"{index}{long}"}}"#);
    vec![
        ("ids that are new ids", list(&found)),
        ("ids that the map does not have", list(&missing)),
        ("objects that may be activities", list(&unclear)),
        ("names that the map does not have", list(&named)),
        ("many keys", list(&keys)),
        ("long strings", list(&strings)),
        (
            "nested deeply",
            format!("{}{}{}", r#"{"a":["#.repeat(30), list(&missing), "]}".repeat(30)),
        ),
    ]
}

/// An activity without a name keeps an id that is a new id, so each id is looked up among them all.
/// Comparisons allocate nothing, so the time is limited as well: a search through all ids for each
/// activity takes several times as long as the limit, and a look-up a tenth of it.
#[test]
fn every_id_of_ten_mebibytes_is_looked_up_at_once() {
    const SIZE: usize = 10 << 20;
    let connectors = new_ids();
    for (what, flow) in large_flows(SIZE) {
        let activities = flow.matches("\"connectorId\"").count() as u64;
        let began = std::time::Instant::now();
        let cost = allocation_counter::measure(|| {
            let rebound = rebind_connectors(&flow, &connectors);
            assert_eq!(rebound.is_ok(), what == "ids that are new ids", "{what}");
        });
        let took = began.elapsed();
        println!("{what}: {cost:?} {took:?}");
        // The place of an activity has at most a step for each level.
        assert!(
            cost.count_total < 200 * activities + 1000,
            "{what}: {} allocations",
            cost.count_total
        );
        assert!(cost.bytes_total < 40 * SIZE as u64, "{what}: {} bytes", cost.bytes_total);
        assert!(took.as_secs() < 30, "{what}: {took:?}");
    }
}
