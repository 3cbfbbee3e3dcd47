//! The families of APIs, each with the exact profile.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::browser::Browser;
use super::elsewhere::Elsewhere;
use super::located::Located;
use super::page::{Api, CERTIFICATE, Habits, KEY, ORGANIZATION, Sheet, form, four, visit};
use super::procedures::Procedures;
use super::today::Today;
use webex_contact_center::ConnectorKind;

use crate::{Bytes, Form, Outcome, learn, scrub};

pub(super) fn learned(form: &[u8], hars: &[Vec<u8>]) -> Outcome {
    let form = Form::read(form).unwrap();
    let recordings: Vec<Bytes<'_>> = hars.iter().map(|har| Bytes(har)).collect();
    let recordings: Vec<&dyn crate::Recording> = recordings.iter().map(|one| one as _).collect();
    learn(&form, &recordings).unwrap()
}

pub(super) fn profile(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.profile).unwrap()
}

/// Scrubs recordings with their form; returns form and recording.
pub(super) fn scrubbed(form: &[u8], hars: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
    let form = Form::read(form).unwrap();
    let recordings: Vec<Bytes<'_>> = hars.iter().map(|har| Bytes(har)).collect();
    let recordings: Vec<&dyn crate::Recording> = recordings.iter().map(|one| one as _).collect();
    let scrubber = scrub(Some(&form), &recordings).unwrap();
    let mut har = Vec::new();
    scrubber.write(&mut har).unwrap();
    (scrubber.scrubbed().form.unwrap().into_bytes(), har)
}

/// Returns what must not be found: all that was typed, and marks of the recordings.
fn canaries(sheets: &[Sheet], api: &dyn Api) -> Vec<String> {
    let mut all = vec!["canary".to_owned(), ORGANIZATION.to_owned(), "jane".to_owned()];
    for (number, sheet) in sheets.iter().enumerate() {
        if api.id(number).len() > 3 {
            all.push(api.id(number));
        }
        let typed = sheet.iter().filter(|(argument, _)| !argument.ends_with("_type"));
        all.extend(typed.flat_map(|(_, values)| values.clone()));
    }
    for pem in [CERTIFICATE, KEY] {
        all.extend(pem.lines().filter(|line| !line.starts_with('-')).map(str::to_owned));
    }
    all
}

#[track_caller]
pub(super) fn holds_none(text: &str, canaries: &[String]) {
    for canary in canaries {
        let found = text.find(canary.as_str());
        let around = found.map(|at| text.get(at.saturating_sub(200)..(at + 80).min(text.len())));
        assert!(found.is_none(), "{canary:?} was found: {around:?}");
    }
}

/// The provider accepts the profile, and can write what was recorded and nothing else.
#[track_caller]
fn loads(text: &str, sheets: &[Sheet]) {
    let profile = webex_contact_center::Profile::parse(text).unwrap();
    for kind in ConnectorKind::ALL {
        let recorded = sheets.iter().any(|sheet| {
            let get = |argument: &str| {
                let found = sheet.iter().find(|(known, _)| *known == argument);
                found.map(|(_, values)| values[0].as_str())
            };
            let authentication = get("authentication_type").unwrap_or("basic");
            ConnectorKind::of(authentication, get("grant_type")) == Some(kind)
        });
        let written = profile.can_write(kind);
        assert_eq!(written.is_ok(), recorded, "{kind:?}: {written:?}");
    }
}

/// Learns, compares with the profile in a file, and learns again from the scrubbed recording.
#[track_caller]
fn check(name: &str, api: &dyn Api, sheets: &[Sheet], hars: &[Vec<u8>]) -> Outcome {
    let outcome = learned(&form(sheets), hars);
    println!("{}", outcome.report);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/profiles/{name}.json"));
    if std::option_env!("UPDATE_PROFILES").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &outcome.profile).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let expected = expected.replace("\r\n", "\n");
    assert!(expected == outcome.profile, "{name}: {}", outcome.profile);
    loads(&outcome.profile, sheets);
    let canaries = canaries(sheets, api);
    holds_none(&outcome.profile, &canaries);
    holds_none(&outcome.report, &canaries);
    let (form, har) = scrubbed(&form(sheets), hars);
    holds_none(&String::from_utf8(har.clone()).unwrap(), &canaries);
    holds_none(&String::from_utf8(form.clone()).unwrap(), &canaries);
    let again = learned(&form, &[har]);
    let without_host = |outcome: &Outcome| {
        let mut profile = profile(outcome);
        profile.as_object_mut().unwrap().remove("base_url");
        profile
    };
    assert_eq!(without_host(&again), without_host(&outcome), "after scrubbing: {}", again.report);
    assert_eq!(again.whole, outcome.whole);
    outcome
}

fn recorded(api: &dyn Api, sheets: &[Sheet], habits: Habits) -> Vec<u8> {
    let mut page = Browser::new();
    visit(api, &mut page, sheets, habits);
    page.har()
}

#[test]
fn todays_contract_is_learned() {
    let mut page = Browser::new();
    page.host = "https://api.wxcc-eu1.cisco.com".to_owned();
    let api = Today { nulls: false };
    visit(&api, &mut page, &four(), Habits::default());
    let outcome = check("today", &api, &four(), &[page.har()]);
    assert!(outcome.whole);
    // Every edit comes after a deactivation, whose request carries what was typed before.
    assert!(profile(&outcome).get("active_is_locked").is_none(), "{}", outcome.profile);
}

#[test]
fn rest_with_other_names_is_learned() {
    let mut page = Browser::new();
    page.headers = vec![
        ("x-tenant".to_owned(), ORGANIZATION.to_owned()),
        ("X-Api-Flavor".to_owned(), "integrations-3".to_owned()),
        ("x-xsrf-token".to_owned(), "canary-xsrf".to_owned()),
    ];
    visit(&Elsewhere, &mut page, &four(), Habits::default());
    let outcome = check("elsewhere", &Elsewhere, &four(), &[page.har()]);
    assert!(outcome.whole);
}

#[test]
fn procedures_in_envelopes_are_learned() {
    let har = recorded(&Procedures, &four(), Habits::default());
    let outcome = check("procedures", &Procedures, &four(), &[har]);
    assert!(outcome.whole);
}

#[test]
fn ids_in_location_and_one_member_for_kinds_are_learned() {
    let har = recorded(&Located, &four(), Habits { edits_active: true, ..Habits::default() });
    let outcome = check("located", &Located, &four(), &[har]);
    assert!(outcome.whole);
}

fn one(number: usize) -> Vec<Sheet> {
    vec![four().remove(number)]
}

#[test]
fn one_connector_is_enough() {
    let apis: [(&str, &dyn Api); 4] = [
        ("today", &Today { nulls: true }),
        ("elsewhere", &Elsewhere),
        ("procedures", &Procedures),
        ("located", &Located),
    ];
    for (name, api) in apis {
        for number in 0..4 {
            let har = recorded(api, &one(number), Habits::default());
            let outcome = check(&format!("{name}-{number}"), api, &one(number), &[har]);
            assert!(outcome.whole, "{name}-{number}");
        }
    }
}
