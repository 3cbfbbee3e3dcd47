//! A person in a browser, who fills in the form of Control Hub: lists, creates,
//! reads, edits and deletes connectors, as the page would send it.

mod form;
mod render;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use self::form::Form;
use self::render::Values;
use crate::Simulator;
use crate::message::{Request, Response};
use crate::profile::{Call, CallName, Next, Pointer, Profile, lay_over};
use crate::server::lock;
use crate::words::{self, Kind};

/// The profile of the API that is served without a profile.
const ASSUMED: &str = include_str!("../../../src/webex/profile/built_in.json");

/// The page that sends the requests.
const PAGE: &str = "https://admin.example.com";

/// The most pages of a list that are read.
const MOST_PAGES: u64 = 100;

/// Plays a form and returns the recording (HAR) of all that was served since the
/// start of the recording, which begins here at the latest.
///
/// `form` is an array with an object for each connector. The members of an object
/// are the arguments of the provider's resource: the typed text, or an array of the
/// texts at the creation and then in each edit. The person lists the connectors,
/// creates and reads each, edits each, deactivated and activated again, lists
/// them again, and deletes each.
///
/// # Errors
/// When the form or the profile is wrong, or a response is not a success.
pub fn play(simulator: &Simulator, form: &Value) -> Result<Value, String> {
    let forms = Form::parse(form)?;
    simulator.record();
    let page = Page::open(simulator)?;
    page.list()?;
    let mut connectors = Vec::new();
    for form in &forms {
        connectors.push(page.create(form)?);
    }
    for connector in &mut connectors {
        page.read(connector)?;
    }
    for connector in &mut connectors {
        for edit in 1..=connector.form.edits() {
            page.edit(connector, edit)?;
        }
    }
    page.list()?;
    for connector in &mut connectors {
        page.delete(connector)?;
    }
    page.list()?;
    Ok(simulator.har())
}

/// A connector that the page shows.
#[derive(Debug)]
struct Shown<'a> {
    form: &'a Form,
    id: Value,
    /// The object that was read last.
    object: Value,
    /// Whether it is active, as far as the page knows.
    active: bool,
}

/// The open page.
struct Page<'a> {
    simulator: &'a Simulator,
    profile: Arc<Profile>,
}

impl<'a> Page<'a> {
    fn open(simulator: &'a Simulator) -> Result<Self, String> {
        let served = lock(&simulator.service).profile.clone();
        let profile = match served {
            Some(profile) => profile,
            None => {
                let assumed = serde_json::from_str(ASSUMED).map_err(|error| error.to_string())?;
                Arc::new(Profile::parse(&assumed)?)
            }
        };
        Ok(Self { simulator, profile })
    }

    fn call(&self, name: CallName) -> Result<&Call, String> {
        let call = self.profile.calls.get(&name);
        call.ok_or_else(|| format!("the profile has no call {}", name.word()))
    }

    /// Sends a request as the page would.
    fn send(
        &self,
        call: &Call,
        values: &Values,
        query: &str,
        body: Option<&Value>,
    ) -> Result<Response, String> {
        let path = render::path(call, values);
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut request = http::Request::builder()
            .method(&call.method)
            .uri(&target)
            .header("host", self.simulator.address().to_string())
            .header("accept", "application/json, text/plain, */*")
            .header("accept-language", "en-US,en;q=0.9")
            .header("authorization", format!("Bearer {}", self.simulator.token()))
            .header("cookie", "SESSION=8a1f6f0cba7d4bb9; csrf=37b0; _visitor=GS1.1.17")
            .header("origin", PAGE)
            .header("referer", format!("{PAGE}/"))
            .header("sec-ch-ua", r#""Chromium";v="142", "Not_A Brand";v="99""#)
            .header("sec-ch-ua-mobile", "?0")
            .header("sec-ch-ua-platform", r#""Linux""#)
            .header("sec-fetch-dest", "empty")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-site", "cross-site")
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36")
            .header("x-request-id", Uuid::new_v4().to_string());
        for (name, text) in self.profile.headers.iter().chain(&call.headers) {
            if let Some(value) = render::text(text, values) {
                request = request.header(name, value);
            }
        }
        let has_type = call.headers.iter().any(|(name, _)| name == "content-type");
        if body.is_some() && !has_type {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let (parts, ()) = request.body(()).map_err(|error| error.to_string())?.into_parts();
        let request = Request::new(&parts, Bytes::from(body));
        let outcome = lock(&self.simulator.service).receive(&request);
        let name = call.name.word();
        let response =
            outcome.response.ok_or_else(|| format!("{name}: the connection was closed"))?;
        if response.status.is_success() {
            return Ok(response);
        }
        let text = String::from_utf8_lossy(&response.body);
        Err(format!("{name}: {} {target}: {} {text}", call.method, response.status))
    }

    fn sent(&self, call: &Call, values: &Values, kind: Kind) -> Result<Response, String> {
        let body = call.body(kind).and_then(|body| render::json(body, values));
        self.send(call, values, &render::query(call, values), body.as_ref())
    }

    /// Returns the values that all calls may need.
    fn values(&self, connector: Option<&Shown>) -> Values {
        let mut values = Values::new();
        values.insert("organization", json!(self.simulator.organization()));
        let Some(connector) = connector else { return values };
        let kind = connector.form.kind;
        values.insert("id", connector.id.clone());
        let version = self.profile.place("version", kind).and_then(|at| at.get(&connector.object));
        values.extend(version.map(|version| ("version", version.clone())));
        values.insert("active", self.state(connector.active));
        values
    }

    fn state(&self, active: bool) -> Value {
        let field = self.profile.field("active");
        let literal = field.and_then(|field| field.values.get(words::word_of_state(active)));
        literal.cloned().unwrap_or(Value::Null)
    }

    /// Adds the contents of the form's fields.
    fn fill(&self, values: &mut Values, form: &Form, edit: usize) {
        values.extend(self.profile.literals(form.kind));
        for (word, text) in form.texts(edit) {
            values.insert(word, self.profile.written(word, text));
        }
    }

    /// Reads all pages of the list, and returns the rows.
    fn list(&self) -> Result<Vec<Value>, String> {
        let call = self.call(CallName::List)?;
        self.rows(call, &mut self.values(None))
    }

    fn rows(&self, call: &Call, values: &mut Values) -> Result<Vec<Value>, String> {
        let response = &call.response;
        let mut all = Vec::new();
        let mut query = None;
        let mut seen = BTreeSet::new();
        for number in 0..MOST_PAGES {
            if let Some(Next::Page { first, .. }) = &response.next {
                values.insert("page", json!(first + number));
            }
            let sent = query.take().unwrap_or_else(|| render::query(call, values));
            let body = json_of(&self.send(call, values, &sent, None)?)?;
            let rows = response.rows.get(&body).or(Some(&body).filter(|body| body.is_array()));
            let rows = rows.and_then(Value::as_array).cloned().unwrap_or_default();
            let is_empty = rows.is_empty();
            all.extend(rows);
            let count = |at: &Option<Pointer>| at.as_ref()?.get(&body)?.as_u64();
            match &response.next {
                None => return Ok(all),
                Some(Next::Link(at)) => match at.get(&body).and_then(Value::as_str) {
                    Some(link) => query = link.split_once('?').map(|(_, rest)| rest.to_owned()),
                    None => return Ok(all),
                },
                Some(Next::Cursor(at)) => {
                    let cursor = at.get(&body).cloned().unwrap_or(Value::Null);
                    if cursor.is_null() || cursor == "" || !seen.insert(cursor.to_string()) {
                        return Ok(all);
                    }
                    values.insert("cursor", cursor);
                }
                Some(Next::Page { total, pages, .. }) => {
                    let is_last = count(pages).is_some_and(|pages| number + 1 >= pages)
                        || count(total).is_some_and(|total| all.len() as u64 >= total);
                    if is_last || is_empty {
                        return Ok(all);
                    }
                }
            }
        }
        Ok(all)
    }

    fn create<'f>(&self, form: &'f Form) -> Result<Shown<'f>, String> {
        let call = self.call(CallName::Create)?;
        if call.body(form.kind).is_none() {
            return Err(format!("create: the profile has no body for {}", form.kind.word()));
        }
        let mut values = self.values(None);
        values.insert("active", self.state(true));
        self.fill(&mut values, form, 0);
        let response = self.sent(call, &values, form.kind)?;
        let mut connector = Shown { form, id: Value::Null, object: Value::Null, active: true };
        let places = &call.response;
        if let Some(name) = &places.id_header {
            let header = response.headers.get(name).and_then(|value| value.to_str().ok());
            let id = header.and_then(|value| value.rsplit('/').next()).unwrap_or_default();
            let number = id.parse::<u64>().ok().filter(|_| self.profile.has_numeric_ids());
            connector.id = number.map_or_else(|| json!(id), |number| json!(number));
        } else if let Some(at) = &places.id {
            connector.id = at.get(&json_of(&response)?).cloned().unwrap_or(Value::Null);
        } else if let Some(at) = &places.object {
            let object = at.get(&json_of(&response)?).cloned().unwrap_or(Value::Null);
            self.show(&mut connector, object);
        } else {
            connector.id = self.id_by_name(form.kind, form.name(0))?;
        }
        Ok(connector)
    }

    /// Looks a connector up in the list.
    fn id_by_name(&self, kind: Kind, name: &str) -> Result<Value, String> {
        let response = &self.call(CallName::List)?.response;
        let rows = self.list()?;
        let place = |word: &str| match response.fields.get(word) {
            Some(place) => place.as_ref(),
            None => self.profile.place(word, kind),
        };
        let of = |row: &Value, word: &str| place(word)?.get(response.row.get(row)?).cloned();
        let row = rows.iter().find(|row| of(row, "name").is_some_and(|found| found == name));
        row.and_then(|row| of(row, "id")).ok_or_else(|| format!("the list does not show {name}"))
    }

    /// Shows an object.
    fn show(&self, connector: &mut Shown, object: Value) {
        let kind = connector.form.kind;
        let at = |word: &str| self.profile.place(word, kind)?.get(&object).cloned();
        if let Some(id) = at("id") {
            connector.id = id;
        }
        if let Some(active) = at("active") {
            connector.active = active == self.state(true);
        }
        connector.object = object;
    }

    fn read(&self, connector: &mut Shown) -> Result<(), String> {
        let call = self.call(CallName::Read)?;
        let response = self.sent(call, &self.values(Some(connector)), connector.form.kind)?;
        let at = call.response.object.clone().unwrap_or_default();
        let object = at.get(&json_of(&response)?).cloned().unwrap_or(Value::Null);
        self.show(connector, object);
        Ok(())
    }

    /// Shows what a write responds with, or else reads it.
    fn show_response(
        &self,
        call: &Call,
        connector: &mut Shown,
        response: &Response,
    ) -> Result<(), String> {
        let Some(at) = &call.response.object else { return self.read(connector) };
        match at.get(&json_of(response)?) {
            Some(object @ Value::Object(_)) => self.show(connector, object.clone()),
            Some(_) | None => self.read(connector)?,
        }
        Ok(())
    }

    fn edit(&self, connector: &mut Shown, edit: usize) -> Result<(), String> {
        self.read(connector)?;
        self.switch(connector, false, edit - 1)?;
        self.update(connector, edit, true)?;
        self.switch(connector, true, edit)
    }

    /// Saves the form. A form in which nothing is typed sends no secret.
    fn update(&self, connector: &mut Shown, edit: usize, typed: bool) -> Result<(), String> {
        let call = self.call(CallName::Update)?;
        let kind = connector.form.kind;
        let mut values = self.values(Some(connector));
        self.fill(&mut values, connector.form, edit);
        if !typed {
            values.retain(|word, _| !words::CREDENTIALS.contains(word));
        }
        let mut body = call.body(kind).and_then(|body| render::json(body, &values));
        if let Some((overlay, body)) = call.overlay.as_ref().zip(body.as_mut()) {
            let mut object = connector.object.clone();
            for at in words::CREDENTIALS.iter().filter_map(|word| self.profile.place(word, kind)) {
                at.remove(&mut object);
            }
            lay_over(&mut object, overlay.get(body).cloned().unwrap_or(Value::Null));
            overlay.place(body, object);
        }
        let response = self.send(call, &values, &render::query(call, &values), body.as_ref())?;
        self.show_response(call, connector, &response)
    }

    /// Activates or deactivates, by a call of its own or by saving the form.
    fn switch(&self, connector: &mut Shown, active: bool, edit: usize) -> Result<(), String> {
        if connector.active == active {
            return Ok(());
        }
        let name = if active { CallName::Activate } else { CallName::Deactivate };
        let kind = connector.form.kind;
        if let Some(call) = self.profile.calls.get(&name) {
            connector.active = active;
            let response = self.sent(call, &self.values(Some(connector)), kind)?;
            return self.show_response(call, connector, &response);
        }
        let update = self.call(CallName::Update)?;
        if update.body(kind).is_some_and(|body| body.has("active")) {
            connector.active = active;
            return self.update(connector, edit, false);
        }
        Ok(())
    }

    fn delete(&self, connector: &mut Shown) -> Result<(), String> {
        if let Ok(call) = self.call(CallName::References) {
            self.rows(call, &mut self.values(Some(connector)))?;
        }
        self.switch(connector, false, connector.form.edits())?;
        let call = self.call(CallName::Delete)?;
        self.sent(call, &self.values(Some(connector)), connector.form.kind)?;
        Ok(())
    }
}

fn json_of(response: &Response) -> Result<Value, String> {
    serde_json::from_slice(&response.body).map_err(|_| "a response is not JSON".to_owned())
}
