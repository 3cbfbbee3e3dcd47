//! The API that a profile describes: requests are read by the profile, carried
//! out like those of the assumed API, and responded to by the profile.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::api_error::ApiError;
use crate::connector::{self, Connector, JsonObject};
use crate::message::{Request, Response};
use crate::options::{CursorForm, SecretsInAnswers, VersionForm};
use crate::profile::{
    Bindings, CONTINUATION, Call, CallName, Candidate, Found, Next, Pointer, Profile, Shape,
    lay_over, stranger, without_empty,
};
use crate::service::Service;
use crate::words::{self, Kind};

/// Before the stored name of a member that is no field in this API, but has the
/// name of a stored field.
const MEMBER: &str = "member:";

impl Service {
    /// Handles a request to the API that a profile describes.
    pub(crate) fn handle_by_profile(
        &mut self,
        profile: &Profile,
        request: &Request,
    ) -> Result<Response, ApiError> {
        let candidates = match profile.find(request) {
            Found::Calls(mut candidates) => {
                for candidate in &mut candidates {
                    self.restore_literals(profile, &mut candidate.bindings);
                }
                candidates
            }
            Found::WrongMethod(methods) => {
                self.authorize(request, true)?;
                let allowed: Vec<String> = methods.into_iter().collect();
                return Err(ApiError::MethodNotAllowed(allowed.join(", ")));
            }
            Found::Nothing => return Err(ApiError::Framework(StatusCode::NOT_FOUND)),
        };
        let is_read = candidates.iter().all(|candidate| candidate.call.name.is_read());
        self.authorize(request, is_read)?;
        let methods = profile.methods(request);
        self.check_method(request, methods.iter().map(String::as_str))?;
        let candidate = self.choose(profile, candidates)?;
        let call = candidate.call;
        let organization = match text(&candidate.bindings, "organization")? {
            Some(organization) => self.accessible(&organization)?,
            None => self.options.organizations.first().cloned().unwrap_or_default(),
        };
        let id = candidate.bindings.of_type("id", profile.has_numeric_ids()).map_err(invalid)?;
        let named = || id.clone().ok_or_else(|| invalid("id: is missing.".to_owned()));
        match call.name {
            CallName::List => self.list_by_profile(profile, request, &candidate, &organization),
            CallName::Read => {
                let connector = self.visible_connector(&organization, &named()?)?;
                Ok(enveloped(call, StatusCode::OK, self.object(profile, connector, None)))
            }
            CallName::Create => self.create_by_profile(profile, request, candidate, &organization),
            CallName::Update => {
                let connector =
                    self.update_by_profile(profile, candidate, &organization, &named()?)?;
                Ok(enveloped(call, StatusCode::OK, self.object(profile, &connector, None)))
            }
            CallName::Activate | CallName::Deactivate => {
                let version = self.version(&candidate.bindings)?;
                let active = call.name == CallName::Activate;
                let id = named()?;
                let connector = self.activate_connector(&organization, &id, active, version)?;
                Ok(enveloped(call, StatusCode::OK, self.object(profile, &connector, None)))
            }
            CallName::Delete => {
                self.delete_connector(&organization, &named()?)?;
                let confirms = call.response.object.as_ref().is_some_and(|at| !at.is_whole());
                Ok(if confirms {
                    enveloped(call, StatusCode::OK, Value::Bool(true))
                } else {
                    Response::empty(StatusCode::NO_CONTENT)
                })
            }
            CallName::References => {
                let rows = self.references_to(&organization, &named()?)?;
                let place = |field: &str| match call.response.fields.get(field) {
                    Some(at) => at.clone(),
                    None => Some(Pointer::default().child(field)),
                };
                let rows = rows.into_iter().map(|reference| {
                    let mut row = Value::Object(Map::new());
                    for (field, value) in [
                        ("id", &reference.id),
                        ("name", &reference.name),
                        ("type", &reference.kind),
                    ] {
                        if let Some(at) = place(field) {
                            at.place(&mut row, json!(value));
                        }
                    }
                    row
                });
                self.page_by_profile(request, &candidate, rows.collect())
            }
        }
    }

    /// Replaces the literals that responses have by the usual ones: a client sends back what it has
    /// read.
    fn restore_literals(&self, profile: &Profile, bindings: &mut Bindings) {
        for (name, word, literal) in self.behavior.replaced_literals() {
            let usual = profile.field(name).and_then(|field| field.values.get(word));
            if let Some(usual) = usual.filter(|_| bindings.get(name) == Some(&literal)) {
                bindings.replace(name, usual.clone());
            }
        }
    }

    /// Chooses the call that a request is. The literals and the stored
    /// connector distinguish kinds with equal bodies.
    fn choose<'a>(
        &self,
        profile: &Profile,
        candidates: Vec<Candidate<'a>>,
    ) -> Result<Candidate<'a>, ApiError> {
        let fits = |candidate: &Candidate| {
            let Some(kind) = candidate.kind else { return true };
            if let Ok(Some(named)) = profile.kind(&candidate.bindings) {
                return named == kind;
            }
            let organization = candidate.bindings.get("organization").and_then(Value::as_str);
            let id = candidate.bindings.of_type("id", profile.has_numeric_ids()).ok().flatten();
            let stored = organization
                .or(self.options.organizations.first().map(String::as_str))
                .zip(id)
                .and_then(|(organization, id)| self.stored_connector(organization, &id).ok());
            stored.is_none_or(|stored| kind_of(stored) == kind)
        };
        let index = candidates.iter().position(fits).unwrap_or_default();
        let candidate = candidates.into_iter().nth(index);
        let candidate = candidate.ok_or(ApiError::Framework(StatusCode::NOT_FOUND))?;
        if candidate.bindings.errors.is_empty() {
            return Ok(candidate);
        }
        Err(ApiError::invalid(candidate.bindings.errors))
    }

    fn create_by_profile(
        &mut self,
        profile: &Profile,
        request: &Request,
        candidate: Candidate<'_>,
        organization: &str,
    ) -> Result<Response, ApiError> {
        let Candidate { call, kind, bindings } = candidate;
        let named = profile.kind(&bindings).map_err(invalid)?;
        let kind = match (kind, named) {
            (Some(kind), Some(named)) if kind != named => {
                return Err(invalid("authentication_type: does not fit the body.".to_owned()));
            }
            (Some(kind), _) | (None, Some(kind)) => kind,
            (None, None) => return Err(invalid("authentication_type: is missing.".to_owned())),
        };
        let mut body = JsonObject::new();
        body.insert("connectorType".to_owned(), json!("CUSTOM"));
        insert_kind(&mut body, kind);
        for word in words::TEXTS {
            let value = bindings.get(word).unwrap_or(&Value::Null);
            let value = profile.read_text(word, value).map_err(invalid)?;
            if let Some(name) = words::stored_name(word).filter(|_| !value.is_null()) {
                body.insert(name.to_owned(), value);
            }
        }
        let template = call.body(kind);
        let constants = template.map(|template| profile.constants(template, None, kind));
        let constants = constants.unwrap_or_else(|| Value::Object(Map::new()));
        // A page may always send the same state.
        let constant = profile.place("active", kind).and_then(|at| at.get(&constants));
        let active = match active(profile, &bindings, constant)? {
            Some(active) => active,
            None => self.options.created_active,
        };
        body.insert("active".to_owned(), json!(active));
        let mut members = profile.without_fields(constants, kind).map_err(invalid)?;
        lay_over(&mut members, Value::Object(self.behavior.members()));
        let id = if profile.has_numeric_ids() {
            self.clock.timestamp().to_string()
        } else {
            Uuid::new_v4().to_string()
        };
        let connector = self.create_connector(organization, &id, &body, stored_members(members))?;
        let status =
            if profile.names_objects_in_paths() { StatusCode::CREATED } else { StatusCode::OK };
        let response = &call.response;
        if let Some(at) = &response.id {
            return Ok(placed(status, at, written_id(profile, &id)));
        }
        if let Some(name) = &response.id_header {
            let id = utf8_percent_encode(&id, NON_ALPHANUMERIC).to_string().replace("%2D", "-");
            let location = HeaderValue::from_str(&format!("{}/{id}", request.path));
            let name = HeaderName::try_from(name);
            return Ok(match (name, location) {
                (Ok(name), Ok(location)) => Response::empty(status).with_header(name, location),
                _ => Response::empty(status),
            });
        }
        Ok(enveloped(call, status, self.object(profile, &connector, None)))
    }

    fn update_by_profile(
        &mut self,
        profile: &Profile,
        candidate: Candidate<'_>,
        organization: &str,
        id: &str,
    ) -> Result<Connector, ApiError> {
        let Candidate { call, kind: of_body, bindings } = candidate;
        let stored = self.stored_connector(organization, id)?;
        let kind = kind_of(stored);
        let named = profile.kind(&bindings).map_err(invalid)?;
        if [of_body, named].into_iter().flatten().any(|other| other != kind) {
            return Err(invalid("authentication_type: cannot be changed.".to_owned()));
        }
        let template = call.body(kind);
        let has = |word: &str| template.is_some_and(|template| template.has(word));
        let merges = call.method == Method::PATCH;
        let mut body = stored.0.clone();
        for word in words::TEXTS {
            let Some(name) = words::stored_name(word) else { continue };
            match bindings.get(word) {
                Some(value) => {
                    let value = profile.read_text(word, value).map_err(invalid)?;
                    body.insert(name.to_owned(), value);
                }
                None if merges || !has(word) => {}
                None => {
                    body.insert(name.to_owned(), Value::Null);
                }
            }
        }
        if let Some(active) = active(profile, &bindings, None)? {
            body.insert("active".to_owned(), json!(active));
        }
        match self.version(&bindings)? {
            Some(version) => {
                body.insert("version".to_owned(), json!(version));
            }
            None if has("version") && !self.behavior.unchecked_versions => {
                return Err(invalid("version: must be the one that was read.".to_owned()));
            }
            None => {}
        }
        let root = call.overlay.as_ref();
        let constants = template.map(|template| profile.constants(template, root, kind));
        let constants = constants.unwrap_or_else(|| Value::Object(Map::new()));
        let constants = profile.without_fields(constants, kind).map_err(invalid)?;
        let rest = profile.without_fields(bindings.rest, kind).map_err(invalid)?;
        let shown = self.object(profile, stored, None);
        if let Some(at) = stranger(&rest, &shown, &Pointer::default()) {
            return Err(invalid(format!("{at}: is not a field of a connector.")));
        }
        let mut members = Value::Object(Map::new());
        if merges {
            members = Value::Object(members_of(stored));
        }
        lay_over(&mut members, constants);
        if rest.is_object() {
            lay_over(&mut members, rest);
        }
        self.replace_connector(organization, id, &body, Some(stored_members(members)))
    }

    fn list_by_profile(
        &self,
        profile: &Profile,
        request: &Request,
        candidate: &Candidate<'_>,
        organization: &str,
    ) -> Result<Response, ApiError> {
        self.check_list()?;
        let response = &candidate.call.response;
        let rows = self.visible_connectors(organization).map(|connector| {
            let mut row = Value::Null;
            response.row.place(&mut row, self.object(profile, connector, Some(candidate.call)));
            row
        });
        self.page_by_profile(request, candidate, rows.collect())
    }

    /// Returns the requested page of rows.
    fn page_by_profile(
        &self,
        request: &Request,
        candidate: &Candidate<'_>,
        rows: Vec<Value>,
    ) -> Result<Response, ApiError> {
        let response = &candidate.call.response;
        let size = self.options.page_size_cap.max(1);
        let count = rows.len();
        let wrong = |name: &str| invalid(format!("{name}: is not one of this list."));
        let start = match &response.next {
            None => 0,
            Some(Next::Link(_)) => match request.parameter(CONTINUATION) {
                Some(text) => text.parse().map_err(|_| wrong(CONTINUATION))?,
                None => 0,
            },
            Some(Next::Cursor(_)) => match candidate.bindings.get("cursor") {
                None | Some(Value::Null) => 0,
                Some(cursor) => offset(cursor).ok_or_else(|| wrong("cursor"))?,
            },
            Some(Next::Page { first, .. }) => {
                let page = candidate
                    .bindings
                    .get("page")
                    .map(|page| page.as_u64().or_else(|| page.as_str()?.parse().ok()));
                let page: u64 = page.unwrap_or(Some(*first)).ok_or_else(|| wrong("page"))?;
                let page = page.checked_sub(*first).ok_or_else(|| wrong("page"))?;
                usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(size)
            }
        };
        let end = start.saturating_add(size);
        // Without paging, there is one page.
        let size = if response.next.is_some() { size } else { count };
        let page: Vec<Value> = rows.into_iter().skip(start).take(size).collect();
        let mut body = Value::Null;
        response.rows.place(&mut body, Value::Array(page));
        let more = end < count;
        match &response.next {
            None => {}
            Some(Next::Link(at)) => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(
                    form_urlencoded::parse(request.query.as_bytes())
                        .filter(|(name, _)| name != CONTINUATION),
                );
                query.append_pair(CONTINUATION, &end.to_string());
                if more {
                    at.place(&mut body, json!(format!("{}?{}", request.path, query.finish())));
                }
            }
            Some(Next::Cursor(at)) => {
                let cursor = if more { self.cursor(end) } else { Value::Null };
                at.place(&mut body, cursor);
            }
            Some(Next::Page { total, pages, .. }) => {
                if let Some(at) = total {
                    at.place(&mut body, json!(count));
                }
                if let Some(at) = pages {
                    at.place(&mut body, json!(count.div_ceil(size)));
                }
            }
        }
        Ok(Response::json(StatusCode::OK, &body))
    }

    fn cursor(&self, offset: usize) -> Value {
        match self.options.cursor_as {
            CursorForm::Text => json!(URL_SAFE_NO_PAD.encode(format!("offset:{offset}"))),
            CursorForm::Number => json!(offset),
            CursorForm::Object => json!({ "offset": offset }),
        }
    }

    /// Returns the version that a request names.
    fn version(&self, bindings: &Bindings) -> Result<Option<u64>, ApiError> {
        let is_number = self.options.version_as == VersionForm::Number;
        let text = bindings.of_type("version", is_number).map_err(invalid)?;
        let version = text.map(|text| text.parse().ok()).map(|version| {
            version.ok_or_else(|| invalid("version: must be the one that was read.".to_owned()))
        });
        version.transpose()
    }

    /// Returns the object of a connector, or that of a row of a list.
    fn object(&self, profile: &Profile, connector: &Connector, row: Option<&Call>) -> Value {
        let kind = kind_of(connector);
        let stored = |name: &str| connector.0.get(name).unwrap_or(&Value::Null);
        let mut fields = Vec::new();
        for (word, name) in words::FIELDS {
            let value = stored(name);
            let written = match word {
                "id" => written_id(profile, connector.id()),
                "version" => self.options.version_as.write(value),
                "created_time" | "last_updated_time" => self.options.times_as.write(value),
                "active" => self.active_literal(profile, value),
                "authentication_type" | "grant_type" => continue,
                word if words::CREDENTIALS.contains(&word) => match self.options.secrets {
                    SecretsInAnswers::Omit => continue,
                    SecretsInAnswers::Null => Value::Null,
                    SecretsInAnswers::Mask if value.is_null() => Value::Null,
                    SecretsInAnswers::Mask => json!("****"),
                    SecretsInAnswers::Echo => written_text(profile, word, value),
                },
                word => written_text(profile, word, value),
            };
            fields.push((word, written));
        }
        fields.extend(self.literals(profile, connector, kind));
        let connector_type = connector.text("connectorType").filter(|text| *text != "CUSTOM");
        let shape = Shape { kind, members: members_of(connector), fields, connector_type };
        let object = profile.object(shape, |word, kind| match row {
            Some(_) if self.behavior.is_short_of(word) => None,
            Some(call) => match call.response.fields.get(word) {
                Some(place) => place.clone(),
                None => profile.place(word, kind).cloned(),
            },
            None => profile.place(word, kind).cloned(),
        });
        if profile.reads_omit_empty || self.behavior.omit_empty {
            without_empty(object)
        } else {
            object
        }
    }

    fn active_literal(&self, profile: &Profile, stored: &Value) -> Value {
        let Some(word) = stored.as_bool().map(|active| if active { "true" } else { "false" })
        else {
            return stored.clone();
        };
        let usual = profile.field("active").and_then(|field| field.values.get(word));
        self.behavior.literal(word).or(usual.cloned()).unwrap_or_else(|| stored.clone())
    }

    /// Returns the literals of authentication type and grant. A stored one that
    /// is not known is shown as it is.
    fn literals(
        &self,
        profile: &Profile,
        connector: &Connector,
        kind: Kind,
    ) -> [(&'static str, Value); 2] {
        let strange = |name: &str| {
            let text = connector.text(name).filter(|text| words::word_of_literal(text).is_none());
            text.map(|text| json!(text))
        };
        let [(_, authentication_type), (_, grant_type)] = profile.literals(kind);
        let one_tells_both = profile.field("authentication_type").is_some_and(|field| {
            Kind::ALL[1..].iter().any(|kind| field.values.contains_key(kind.word()))
        });
        let word = if one_tells_both { kind.word() } else { kind.authentication_type() };
        let authentication_type = strange("authenticationType")
            .or_else(|| strange("grantType").filter(|_| one_tells_both))
            .or_else(|| self.behavior.literal(word))
            .unwrap_or(authentication_type);
        let other = self.behavior.literal(kind.word()).filter(|_| kind != Kind::Basic);
        let grant_type = strange("grantType").or(other).unwrap_or(grant_type);
        [("authentication_type", authentication_type), ("grant_type", grant_type)]
    }
}

/// Returns the kind of a stored connector.
fn kind_of(connector: &Connector) -> Kind {
    if connector.text("authenticationType") == Some("BASIC") {
        return Kind::Basic;
    }
    let word = connector.text("grantType").and_then(words::word_of_literal);
    word.and_then(Kind::from_word).unwrap_or(Kind::ClientCredentials)
}

fn insert_kind(body: &mut JsonObject, kind: Kind) {
    let authentication_type = words::stored_literal(kind.authentication_type());
    body.insert("authenticationType".to_owned(), json!(authentication_type));
    let grant_type = words::stored_literal(kind.word()).filter(|_| kind != Kind::Basic);
    body.insert("grantType".to_owned(), json!(grant_type));
}

/// Returns the state that a request names, or else the one of a constant.
fn active(
    profile: &Profile,
    bindings: &Bindings,
    constant: Option<&Value>,
) -> Result<Option<bool>, ApiError> {
    let sent = bindings.get("active").filter(|literal| !literal.is_null());
    let word = match (sent, constant) {
        (Some(_), _) => profile.sent_word("active", bindings),
        (None, Some(literal)) => profile.word("active", literal),
        (None, None) => return Ok(None),
    };
    match word {
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) | None => Err(invalid("active: is not known.".to_owned())),
    }
}

fn written_id(profile: &Profile, id: &str) -> Value {
    let number = id.parse::<u64>().ok().filter(|_| profile.has_numeric_ids());
    number.map_or_else(|| json!(id), |number| json!(number))
}

fn written_text(profile: &Profile, word: &str, stored: &Value) -> Value {
    match stored.as_str() {
        Some(text) => profile.written(word, text),
        None => stored.clone(),
    }
}

/// Returns the members of a stored connector that are no fields.
fn members_of(connector: &Connector) -> Map<String, Value> {
    let members = connector.unknown_members().into_iter();
    members
        .map(|(name, value)| match name.strip_prefix(MEMBER) {
            Some(original) => (original.to_owned(), value),
            None => (name, value),
        })
        .collect()
}

/// Returns members under the names by which they are stored.
fn stored_members(members: Value) -> JsonObject {
    let Value::Object(members) = members else { return JsonObject::new() };
    members
        .into_iter()
        .map(|(name, value)| match connector::is_known(&name) {
            true => (format!("{MEMBER}{name}"), value),
            false => (name, value),
        })
        .collect()
}

/// Returns the row from which a cursor continues.
fn offset(cursor: &Value) -> Option<usize> {
    let number = |value: &Value| value.as_u64().and_then(|value| usize::try_from(value).ok());
    let Some(text) = cursor.as_str() else {
        return number(cursor.get("offset").unwrap_or(cursor));
    };
    let decoded = URL_SAFE_NO_PAD.decode(text).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(text) = decoded.as_deref().and_then(|text| text.strip_prefix("offset:")) {
        return text.parse().ok();
    }
    // A cursor of another type is in a text.
    let cursor: Value = serde_json::from_str(text).ok()?;
    number(cursor.get("offset").unwrap_or(&cursor))
}

fn text(bindings: &Bindings, name: &str) -> Result<Option<String>, ApiError> {
    bindings.of_type(name, false).map_err(invalid)
}

fn invalid(error: String) -> ApiError {
    ApiError::invalid(vec![error])
}

/// Returns a response with an object at its place, or without a body if the call
/// has no place for it.
fn enveloped(call: &Call, status: StatusCode, object: Value) -> Response {
    match &call.response.object {
        Some(at) => placed(status, at, object),
        None => Response::empty(StatusCode::NO_CONTENT),
    }
}

fn placed(status: StatusCode, at: &Pointer, value: Value) -> Response {
    let mut body = Value::Null;
    at.place(&mut body, value);
    Response::json(status, &body)
}
