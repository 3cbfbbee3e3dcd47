//! The check of the API profile in force.

use serde_json::{Map, Value, json};

use super::environment_checks::text;
use super::report::{Check, Outcome};
use crate::provider::configuration::profile;
use crate::provider::configuration::schema::variable;
use crate::provider::configuration::source::Environment;
use webex_contact_center::Standing;

/// Says which profile is in force, and how much is known of what it says.
pub(super) fn profile(environment: Environment<'_>) -> Check {
    const NAME: &str = "API profile";
    let profile = match profile::in_force(environment) {
        Ok(profile) => profile,
        Err(problem) => return Check::new(NAME, Outcome::Problem, text(&problem)),
    };
    let origin = ["api_profile", "connector_path"].map(variable);
    let origin = origin.into_iter().find(|variable| environment(variable).is_some());
    let name = match origin {
        Some(variable) => format!("The one that {variable} gives"),
        None => "The built-in one".to_owned(),
    };
    let mut counts = Map::new();
    let mut lines = Vec::new();
    for standing in Standing::ALL {
        let entries = profile.standings().filter(|(_, found)| *found == standing);
        let entries = entries.map(|(pointer, _)| pointer).collect::<Vec<_>>();
        if !entries.is_empty() {
            lines.push(format!("{}: {}.", standing.name(), names(&entries)));
            counts.insert(standing.name().to_owned(), json!(entries.len()));
        }
    }
    let message = format!("{name}. Its entries are\n{}", lines.join("\n"));
    let check = Check::new(NAME, Outcome::Good, message);
    check.with("profile", origin.unwrap_or("built in")).with("entries", Value::Object(counts))
}

/// Returns the names of entries: calls and fields.
fn names(pointers: &[String]) -> String {
    let below = |root: &str| {
        let names = pointers.iter().filter_map(|pointer| pointer.strip_prefix(root));
        names.collect::<Vec<_>>().join(", ")
    };
    let (calls, fields) = (below("/calls/"), below("/fields/"));
    let part = |what: &str, names: String| (!names.is_empty()).then(|| format!("{what} {names}"));
    let parts = [part("the calls", calls), part("the fields", fields)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
