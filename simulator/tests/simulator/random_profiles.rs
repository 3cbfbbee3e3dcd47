//! Profiles drawn at random: whatever API they describe, a person can fill in its
//! form, and what was typed is stored.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use webex_cc_simulator::{Script, Simulator, browser};

use crate::random::{Choices, form, options, profile};
use crate::support::ORGANIZATION;

/// Returns what was typed last, by the names under which it is stored.
fn typed_last(form: &Value) -> Map<String, Value> {
    let names = [
        ("resource_domain_url", "resourceDomain"),
        ("client_id", "clientId"),
        ("client_secret", "clientSecret"),
        ("token_url", "tokenUrl"),
        ("private_key", "privateKey"),
        ("validation_url", "validationUrl"),
    ];
    let stored = |name: &str| names.iter().find(|(typed, _)| *typed == name).map(|(_, name)| *name);
    form.as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !["authentication_type", "grant_type"].contains(&name.as_str()))
        .map(|(name, value)| {
            let last = value.as_array().map_or(value, |values| values.last().unwrap());
            (stored(name).unwrap_or(name).to_owned(), last.clone())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn every_api_can_be_played_and_stores_what_was_typed(bytes in prop::collection::vec(any::<u8>(), 60)) {
        let mut choices = Choices::new(&bytes);
        let mut options = options(&mut choices);
        let profile = profile(&mut choices);
        options.profile = Some(profile.clone());
        let simulator = Simulator::start(options).unwrap_or_else(|error| panic!("{error}\n{profile:#}"));
        // What is stored stays to be seen, because the delete is lost.
        simulator.faults([Script::answer(500, "stopped".into()).call("delete")]);
        let stopped = browser::play(&simulator, &form()).unwrap_err();
        prop_assert!(stopped.starts_with("delete: "), "{stopped}\n{profile:#}");
        let stored = simulator.all_stored(ORGANIZATION);
        prop_assert_eq!(stored.len(), 4);
        for (stored, typed) in stored.iter().zip(form().as_array().unwrap()) {
            for (name, value) in typed_last(typed) {
                prop_assert_eq!(&stored[&name], &value, "{}\n{:#}", name, profile);
            }
        }
        simulator.faults([]);
        let har = browser::play(&simulator, &json!([]));
        prop_assert!(har.is_ok());
    }
}
