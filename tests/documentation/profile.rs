//! The reference of API profiles, made from their JSON Schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use webex_contact_center::Profile;

use super::markdown;
use super::pages::Page;

/// The prose around the parts that the schema describes.
const PROSE: &str = include_str!("profile.md");

/// Returns the page.
pub(super) fn page() -> Page {
    let schema: Value = serde_json::from_str(Profile::schema()).expect("the schema");
    let members = |place: &str| {
        let found = schema.pointer(place).unwrap_or_else(|| panic!("{place} is not in the schema"));
        found["properties"].as_object().expect("members").clone()
    };
    let required = |place: &str| {
        let found = schema.pointer(place).expect("a place")["required"].as_array();
        let names = found.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let calls = members("/properties/calls");
    let mut text = String::new();
    for part in PROSE.split_inclusive('\n') {
        match part.trim() {
            "{{document}}" => text.push_str(&table(&schema, &members(""), &required(""), &[])),
            "{{calls}}" => {
                for (name, call) in &calls {
                    let description = call["description"].as_str().expect("a description");
                    let _ = writeln!(text, "- `{name}`: {description}");
                }
            }
            "{{call}}" => {
                let place = "/properties/calls/properties/update";
                text.push_str(&table(&schema, &members(place), &required(place), &["response"]));
            }
            "{{responses}}" => {
                for name in calls.keys() {
                    let place = format!("/properties/calls/properties/{name}/properties/response");
                    let _ = writeln!(text, "`{name}`:\n");
                    text.push_str(&table(&schema, &members(&place), &required(&place), &[]));
                    text.push('\n');
                }
            }
            "{{next}}" => {
                for way in schema["$defs"]["next"]["oneOf"].as_array().expect("the ways") {
                    let members = way["properties"].as_object().expect("members");
                    for (name, member) in members {
                        let _ = writeln!(text, "- `{name}`: {}", description(&schema, member));
                    }
                }
            }
            "{{fields}}" => {
                for (name, field) in &members("/properties/fields") {
                    let _ = writeln!(text, "- `{name}`: {}", description(&schema, field));
                }
            }
            "{{field}}" => {
                let mut all = members("/properties/fields/properties/scope");
                all.extend(members("/properties/fields/properties/id"));
                all.extend(members("/properties/fields/properties/active"));
                all.extend(members("/properties/fields/properties/scope"));
                let required = required("/properties/fields/properties/scope");
                text.push_str(&table(&schema, &all, &required, &[]));
            }
            "{{built-in}}" => {
                let _ = write!(text, "```json\n{}```\n", Profile::built_in().text());
            }
            _ => text.push_str(part),
        }
    }
    Page { path: "guides/api-profile.md".to_owned(), text: markdown::filled(&text) }
}

fn table(
    schema: &Value,
    members: &Map<String, Value>,
    required: &[String],
    left_out: &[&str],
) -> String {
    let mut text = "| Member | Type | Meaning |\n|---|---|---|\n".to_owned();
    for (name, member) in members {
        if left_out.contains(&name.as_str()) || name == "$schema" {
            continue;
        }
        let kind = kind(schema, member);
        let mark = if required.contains(name) { ", required" } else { "" };
        let _ = writeln!(text, "| `{name}` | {kind}{mark} | {} |", description(schema, member));
    }
    text
}

/// Follows a reference.
fn resolved<'a>(schema: &'a Value, member: &'a Value) -> &'a Value {
    match member["$ref"].as_str() {
        Some(place) => schema.pointer(place.trim_start_matches('#')).expect("a definition"),
        None => member,
    }
}

fn description(schema: &Value, member: &Value) -> String {
    let own = member["description"].as_str();
    let found = own.or_else(|| resolved(schema, member)["description"].as_str());
    found.expect("a description").replace('|', "\\|")
}

fn kind(schema: &Value, member: &Value) -> String {
    if member["$ref"] == "#/$defs/pointer" {
        return "JSON Pointer".to_owned();
    }
    let member = resolved(schema, member);
    if let Some(constant) = member.get("const") {
        return format!("`{constant}`");
    }
    if let Some(words) = member["enum"].as_array() {
        let words = words.iter().map(|word| word.as_str().map_or(word.to_string(), str::to_owned));
        return words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if let Some(any) = member["anyOf"].as_array() {
        return any.iter().map(|one| kind(schema, one)).collect::<Vec<_>>().join(" or ");
    }
    match &member["type"] {
        Value::String(word) if word == "string" => "text".to_owned(),
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            let words = words.iter().filter_map(Value::as_str);
            words
                .map(|word| if word == "string" { "text" } else { word })
                .collect::<Vec<_>>()
                .join(" or ")
        }
        _ if member.get("oneOf").is_some() => "object".to_owned(),
        _ => "any JSON".to_owned(),
    }
}
