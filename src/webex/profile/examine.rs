//! Examines the connectors of a response for what the profile does not know of them.

use serde_json::value::RawValue;

use super::super::calls::CallName;
use super::super::connector::Connector;
use super::super::fields::Credential;
use super::super::json::{self, Object};
use super::super::problems::BodyProblem;
use super::super::shape::is_masked;
use super::read::Source;
use super::{FieldName, FieldPlace, Pointer, Profile};

/// The members of every object of the Configuration APIs that say nothing about a connector
/// (documented).
const COMMON_MEMBERS: [&str; 2] = ["systemDefault", "links"];

/// The most members that are reported of a connector.
const MOST_MEMBERS: usize = 50;

/// The levels of an object that are examined.
const DEEPEST: usize = 8;

/// A connector of a response, and what the profile does not know of it.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The connector, or the reason why it cannot be read.
    pub connector: Result<Connector, BodyProblem>,
    /// The members that the profile does not know, as JSON Pointers. Names that do not look like
    /// names of members are left out.
    pub unknown_members: Vec<String>,
    /// The credentials that the response has in the clear.
    pub shown_credentials: Vec<Credential>,
    /// The credentials that the response has masked.
    pub masked_credentials: Vec<Credential>,
}

impl Profile {
    /// Examines the connectors in a response to `list` or `read`. `may_show` decides which names of
    /// members may be shown.
    pub(crate) fn examine(
        &self,
        name: CallName,
        body: &[u8],
        may_show: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Examined>, BodyProblem> {
        let call = self.call(name).map_err(|_| BodyProblem::OtherShape)?;
        if name == CallName::List {
            let page = self.page(call, body, |row| {
                let examined = self.examine_one(row, Source::Row, may_show);
                let is_other = matches!(examined.connector, Err(BodyProblem::OtherType));
                (!is_other).then_some(examined)
            })?;
            return Ok(page.rows);
        }
        let place = call.response.object.as_ref().ok_or(BodyProblem::OtherShape)?;
        let object = place.find(json::document(body)?).ok_or(BodyProblem::OtherShape)?;
        let object = json::single(object).ok_or(BodyProblem::OtherShape)?;
        let examined = self.examine_one(object, Source::Read, may_show);
        match examined.connector {
            Err(problem) => Err(problem),
            Ok(_) => Ok(vec![examined]),
        }
    }

    fn examine_one(
        &self,
        object: &RawValue,
        source: Source,
        may_show: &dyn Fn(&str) -> bool,
    ) -> Examined {
        let mut members = Members { known: self.known_places(), may_show, unknown: Vec::new() };
        members.examine(object, &mut Vec::new());
        let (mut shown_credentials, mut masked_credentials) = (Vec::new(), Vec::new());
        for credential in Credential::ALL {
            let place = self.field(FieldName::Credential(credential)).map(|entry| &entry.at);
            for pointer in place.into_iter().flat_map(FieldPlace::pointers) {
                match pointer.find(object) {
                    None => {}
                    Some(raw) if is_masked(raw.get()) => masked_credentials.push(credential),
                    Some(raw) if matches!(raw.get(), "null" | "\"\"") => {}
                    Some(_) => shown_credentials.push(credential),
                }
            }
        }
        Examined {
            connector: self.read(object, source),
            unknown_members: members.unknown,
            shown_credentials,
            masked_credentials,
        }
    }

    /// Returns the places that the profile knows in a connector.
    fn known_places(&self) -> Vec<&Pointer> {
        let fields = self.0.fields.values().flat_map(|entry| entry.at.pointers());
        let conditions = self.0.custom_only.iter().map(|(pointer, _)| pointer);
        let overrides = self.0.row_overrides.values().flatten();
        fields.chain(conditions).chain(overrides).collect()
    }
}

/// The search for unknown members.
struct Members<'a> {
    known: Vec<&'a Pointer>,
    may_show: &'a dyn Fn(&str) -> bool,
    unknown: Vec<String>,
}

impl Members<'_> {
    fn examine(&mut self, raw: &RawValue, place: &mut Vec<String>) {
        let Ok(object) = Object::from_raw(raw) else { return };
        for (name, member) in object.members() {
            if self.unknown.len() >= MOST_MEMBERS {
                return;
            }
            place.push(name.to_owned());
            if !self.known.iter().any(|pointer| pointer.is_at(place)) {
                let is_above = self.known.iter().any(|pointer| pointer.is_below(place));
                if is_above && place.len() < DEEPEST {
                    self.examine(member, place);
                } else if !COMMON_MEMBERS.contains(&name) {
                    let is_shown = place.iter().all(|name| (self.may_show)(name));
                    let shown = if is_shown { place.join("/") } else { "(other)".to_owned() };
                    self.unknown.push(format!("/{shown}"));
                }
            }
            place.pop();
        }
    }
}
