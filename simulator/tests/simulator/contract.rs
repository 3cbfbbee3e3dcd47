//! The OpenAPI document and the simulator agree in both directions: every request
//! and response conforms to the document, and every response in the document is
//! sent.

use std::collections::BTreeSet;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};
use webex_cc_simulator::{Options, Script};

use crate::support::{
    Harness, ORGANIZATION, Response, basic, connector_path, connectors_path, list_path,
    query_string, read, references_path, samples, with, without,
};

const DOCUMENT: &str = include_str!("../../../docs/api/custom-connectors.openapi.yaml");
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// The schemas that only restrict the properties of `ConnectorFields`.
const NARROWING: [&str; 5] = [
    "Basic",
    "ClientCredentialsSecret",
    "ClientCredentialsCertificate",
    "PasswordGrant",
    "SecretsOfCreation",
];

struct Contract {
    document: Value,
}

impl Contract {
    fn load() -> Self {
        Self { document: serde_yaml_ng::from_str(DOCUMENT).unwrap() }
    }

    /// Returns the target of a reference, and any other node itself.
    fn resolve<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let target = self.document.pointer(reference.strip_prefix('#').unwrap());
                self.resolve(target.unwrap_or_else(|| panic!("{reference} has no target")))
            }
            None => node,
        }
    }

    fn validator(&self, schema: &Value) -> Validator {
        let root = json!({"allOf": [schema], "components": self.document["components"]});
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&root)
            .unwrap()
    }

    #[track_caller]
    fn assert_valid(&self, schema: &Value, value: &Value, what: &str) {
        let errors: Vec<String> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {value}\n{}", errors.join("\n"));
    }

    /// Returns every operation: method, path, path item and operation.
    fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value, &Value)> {
        let paths = self.document["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            METHODS.into_iter().filter_map(move |method| {
                item.get(method).map(|operation| (method, path.as_str(), item, operation))
            })
        })
    }

    /// Returns the operation of a request and all its parameters.
    fn operation(&self, method: &str, path: &str) -> (&Value, Vec<&Value>) {
        let (_, _, item, operation) = self
            .operations()
            .filter(|(of, ..)| of.eq_ignore_ascii_case(method))
            .find(|(_, template, ..)| fits(template, path))
            .unwrap_or_else(|| panic!("{method} {path} is not in the document"));
        let parameters = [item, operation]
            .into_iter()
            .filter_map(|node| node.get("parameters"))
            .flat_map(|list| list.as_array().unwrap())
            .map(|parameter| self.resolve(parameter))
            .collect();
        (operation, parameters)
    }

    /// Returns every response in the document, as operation id and status.
    fn declared(&self) -> BTreeSet<(String, String)> {
        self.operations()
            .flat_map(|(_, _, _, operation)| {
                let id = operation["operationId"].as_str().unwrap();
                let statuses = operation["responses"].as_object().unwrap().keys();
                statuses.map(move |status| (id.to_owned(), status.clone()))
            })
            .collect()
    }

    /// Checks a request and its response against the document. Returns the
    /// operation id and the status.
    fn check(
        &self,
        method: &str,
        target: &str,
        body: Option<&Value>,
        response: &Response,
    ) -> (String, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        // A 405 is declared with the list, and not with the method that was sent.
        let method = if response.status == 405 { "get" } else { method };
        let (operation, parameters) = self.operation(method, path);
        let id = operation["operationId"].as_str().unwrap();
        let what = format!("{id} {}", response.status);
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            let known = |node: &&Value| node["in"] == "query" && node["name"] == name.as_ref();
            assert!(parameters.iter().any(known), "{what}: {name}");
        }
        if let Some(body) = body.filter(|_| response.status < 300) {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            self.assert_valid(schema, body, &what);
        }

        let status = response.status.to_string();
        let declared = operation["responses"].get(&status);
        let declared = self.resolve(declared.unwrap_or_else(|| panic!("{what} is not declared")));
        match declared.get("content") {
            Some(content) => {
                let media_type = response.header("content-type").unwrap();
                let schema = &content[media_type]["schema"];
                assert!(schema.is_object(), "{what}: {media_type}");
                self.assert_valid(schema, &response.json(), &what);
                assert_eq!(self.undeclared(schema, &response.json()), [""; 0], "{what}");
            }
            None => assert_eq!(response.text, "", "{what}"),
        }
        if let Some(headers) = declared.get("headers") {
            for (name, header) in headers.as_object().unwrap() {
                let text = response.header(name).unwrap_or_else(|| panic!("{what}: no {name}"));
                let schema = &self.resolve(header)["schema"];
                let value = match schema["type"].as_str().unwrap() {
                    "integer" => json!(text.parse::<u64>().unwrap()),
                    _ => json!(text),
                };
                self.assert_valid(schema, &value, &what);
            }
        }
        (id.to_owned(), status)
    }

    /// Returns the fields of a value that its schema does not name. The schema
    /// allows them, because Webex may add fields, but the simulator must not.
    fn undeclared(&self, schema: &Value, value: &Value) -> Vec<String> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema.get("oneOf") {
            let matching = choices
                .as_array()
                .unwrap()
                .iter()
                .find(|choice| self.validator(choice).is_valid(value));
            return self.undeclared(matching.unwrap(), value);
        }
        match value {
            Value::Object(fields) => fields
                .iter()
                .flat_map(|(name, value)| match schema["properties"].get(name) {
                    Some(schema) => self.undeclared(schema, value),
                    None => vec![name.clone()],
                })
                .collect(),
            Value::Array(rows) => {
                rows.iter().flat_map(|row| self.undeclared(&schema["items"], row)).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template.zip(path).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
}

/// Sends requests and checks each against the contract.
struct Checker {
    harness: Harness,
    contract: Contract,
    seen: BTreeSet<(String, String)>,
}

impl Checker {
    async fn send(
        &mut self,
        method: &str,
        target: &str,
        body: Option<&Value>,
        status: u16,
    ) -> Response {
        let response = self.harness.call(method, target, body).await.expect(status);
        self.seen.insert(self.contract.check(method, target, body, &response));
        response
    }

    /// Sends a request without a token, with an unknown one, and with one of
    /// insufficient scope.
    async fn refuse(
        &mut self,
        method: &str,
        target: &str,
        body: Option<&Value>,
        insufficient: &str,
    ) {
        let url = format!("{}{target}", self.harness.simulator.base_url());
        let response =
            read(self.harness.client.request(method.parse().unwrap(), url)).await.unwrap();
        self.seen.insert(self.contract.check(method, target, body, &response.expect(400)));
        let token = std::mem::replace(&mut self.harness.token, "wrong".to_owned());
        self.send(method, target, body, 401).await;
        insufficient.clone_into(&mut self.harness.token);
        self.send(method, target, body, 403).await;
        self.harness.token = token;
    }
}

#[tokio::test]
async fn every_declared_response_is_sent_and_conforms() {
    let mut checker = Checker {
        harness: Harness::with(Options {
            read_only_tokens: vec!["reader".to_owned()],
            page_size_cap: 2,
            ..Options::default()
        }),
        contract: Contract::load(),
        seen: BTreeSet::new(),
    };
    let collection = connectors_path();
    let mut ids = Vec::new();
    for sample in samples() {
        ids.push(checker.send("POST", &collection, Some(&sample), 201).await.id());
    }
    checker.send("POST", &collection, Some(&basic("basic")), 409).await;
    checker.send("POST", &collection, Some(&json!({})), 400).await;
    checker.send("POST", &collection, None, 415).await;

    let list = list_path();
    let filter = r#"connectorType=="CUSTOM""#;
    let query = query_string(&[("page", "0"), ("pageSize", "100"), ("filter", filter)]);
    let page = checker.send("GET", &format!("{list}?{query}"), None, 200).await.json();
    let next = page["meta"]["links"]["next"].as_str().unwrap().to_owned();
    checker.send("GET", &next, None, 200).await;
    checker.send("GET", &format!("{list}?filter=x"), None, 400).await;
    checker.send("POST", &list, Some(&json!({})), 405).await;

    let path = connector_path(&ids[0]);
    let connector = checker.send("GET", &path, None, 200).await.json();
    checker.send("GET", &connector_path("unknown"), None, 404).await;
    let edited = with(&connector, json!({"name": "edited"}));
    checker.send("PUT", &path, Some(&edited), 423).await;
    checker.send("DELETE", &path, None, 423).await;
    let inactive = with(&connector, json!({"active": false}));
    checker.send("PUT", &path, Some(&inactive), 200).await;
    checker.send("PUT", &path, Some(&edited), 409).await;
    checker.send("PUT", &path, Some(&json!({})), 400).await;
    checker.send("PUT", &path, None, 415).await;
    checker.send("PUT", &connector_path("unknown"), Some(&edited), 404).await;
    let edited = with(&edited, json!({"version": 1, "active": false, "password": "new"}));
    checker.send("PUT", &path, Some(&edited), 200).await;

    checker.harness.simulator.add_reference(ORGANIZATION, &ids[0], "Greeting");
    let references = references_path(&ids[0]);
    checker.send("GET", &format!("{references}?page=0&pageSize=5"), None, 200).await;
    checker.send("GET", &format!("{references}?page=x"), None, 400).await;
    checker.send("GET", &references_path("unknown"), None, 404).await;
    checker.send("DELETE", &path, None, 412).await;
    checker.send("DELETE", &connector_path("unknown"), None, 404).await;

    let choices = format!(
        "/{ORGANIZATION}/project/5e5c9ad6d61f870d6d778c1b/v2/activities/http-request/inputs/\
         connectorId/choices"
    );
    checker.send("GET", &format!("{choices}?search=&validate=false"), None, 200).await;
    let by_id = query_string(&[("search", &ids[1]), ("validate", "true")]);
    checker.send("GET", &format!("{choices}?{by_id}"), None, 200).await;
    checker.send("GET", &format!("{choices}?validate=x"), None, 400).await;
    let wrong = choices.replace("http-request", "play-music");
    checker.send("GET", &wrong, None, 404).await;

    let body = basic("new");
    for (method, target, body) in
        [("POST", &collection, Some(&body)), ("PUT", &path, Some(&edited)), ("DELETE", &path, None)]
    {
        checker.refuse(method, target, body, "reader").await;
    }
    for target in [&list, &path, &references, &choices] {
        checker.refuse("GET", target, None, "simulator-applications-token").await;
    }

    checker.harness.simulator.clear_references(ORGANIZATION);
    checker.send("DELETE", &path, None, 204).await;

    // The rate limit needs another simulator.
    let limited = Options { rate_limit: Some(0), ..Options::default() };
    checker.harness = Harness::with(limited);
    for (method, target, body) in [
        ("POST", &collection, Some(&body)),
        ("GET", &list, None),
        ("GET", &path, None),
        ("PUT", &path, Some(&edited)),
        ("DELETE", &path, None),
        ("GET", &references, None),
        ("GET", &choices, None),
    ] {
        checker.send(method, target, body, 429).await;
    }

    let mut unseen = checker.contract.declared();
    unseen.retain(|response| !checker.seen.contains(response) && response.1 != "5XX");
    assert!(unseen.is_empty(), "declared but never sent: {unseen:?}");
}

/// Returns copies of a body in which one field is omitted or has another value.
fn mutations(body: &Value, fields: &[&str]) -> Vec<Value> {
    let values = [
        json!(null),
        json!(5),
        json!(true),
        json!(""),
        json!(" "),
        json!("text"),
        json!("http://plain.example.com"),
        json!("https://other.example.com/path"),
        json!("https:///path"),
        json!(["list"]),
    ];
    let mut mutated = vec![body.clone()];
    for field in fields {
        mutated.push(without(body, &[field]));
        mutated.extend(values.iter().map(|value| with(body, json!({ *field: value }))));
    }
    mutated
}

fn fields_of_connector(contract: &Contract) -> Vec<&str> {
    let properties = &contract.document["components"]["schemas"]["ConnectorFields"]["properties"];
    let names = properties.as_object().unwrap().keys().map(String::as_str);
    // Its only valid value is the one in the path, which the schema does not know.
    names.filter(|name| *name != "organizationId").collect()
}

#[tokio::test]
async fn the_simulator_creates_exactly_what_the_schema_allows() {
    let contract = Contract::load();
    let harness = Harness::new();
    let validator = contract.validator(&json!({"$ref": "#/components/schemas/ConnectorCreate"}));
    let mut fields = fields_of_connector(&contract);
    fields.extend(["id", "version", "systemDefault", "createdTime", "links", "novel"]);
    let (mut allowed, mut refused) = (0, 0);
    for body in samples().iter().flat_map(|sample| mutations(sample, &fields)) {
        let response = harness.create(&body).await;
        if response.status == 201 {
            harness.simulator.remove(ORGANIZATION, &response.id());
            allowed += 1;
        } else {
            assert_eq!(response.status, 400, "{body}");
            refused += 1;
        }
        let by_schema = validator.is_valid(&body);
        assert_eq!(by_schema, response.status == 201, "{body}\n{}", response.text);
    }
    assert!(allowed > 50 && refused > 500, "{allowed} {refused}");
}

#[tokio::test]
async fn the_simulator_replaces_exactly_what_the_schema_allows() {
    let contract = Contract::load();
    let harness = Harness::with(Options { active_lock: false, ..Options::default() });
    let validator = contract.validator(&json!({"$ref": "#/components/schemas/ConnectorReplace"}));
    let mut fields = fields_of_connector(&contract);
    // The schema allows values to which these cannot be changed.
    fields.retain(|field| !["authenticationType", "grantType"].contains(field));
    fields.extend(["systemDefault", "createdTime", "links", "novel"]);
    let (mut allowed, mut refused) = (0, 0);
    for sample in samples() {
        let id = harness.create(&sample).await.expect(201).id();
        let known = with(&sample, json!({"id": id, "version": 0}));
        let mut bodies = mutations(&known, &fields);
        bodies.extend([without(&known, &["id"]), without(&known, &["version"])]);
        bodies.extend(
            [json!(null), json!("0"), json!(-1), json!(0.5)]
                .map(|version| with(&known, json!({ "version": version }))),
        );
        for body in bodies {
            harness.simulator.remove(ORGANIZATION, &id);
            harness.simulator.store(ORGANIZATION, &id, sample.clone());
            let response = harness.replace(&id, &body).await;
            let by_schema = validator.is_valid(&body);
            assert_eq!(by_schema, response.status == 200, "{body}\n{}", response.text);
            if by_schema { allowed += 1 } else { refused += 1 }
        }
        harness.simulator.remove(ORGANIZATION, &id);
    }
    assert!(allowed > 50 && refused > 300, "{allowed} {refused}");
}

#[tokio::test]
async fn the_error_schema_allows_a_string_as_error() {
    let contract = Contract::load();
    let error = json!({"$ref": "#/components/schemas/Error"});
    let harness = Harness::new();
    harness.simulator.faults([Script::answer(
        400,
        json!({"trackingId": "ccconfig_1", "error": "a bare string"}),
    )]);
    let response = harness.list(&[]).await.expect(400);
    contract.assert_valid(&error, &response.json(), "a bare string");
    let validator = contract.validator(&error);
    assert!(!validator.is_valid(&json!({"message": "something else"})));
}

#[test]
fn every_part_has_a_standing() {
    let contract = Contract::load();
    let components = &contract.document["components"];
    let mut parts: Vec<(String, &Value)> = Vec::new();
    for (method, path, item, operation) in contract.operations() {
        parts.push((format!("{method} {path}"), operation));
        for (status, response) in operation["responses"].as_object().unwrap() {
            parts.push((format!("{method} {path} {status}"), contract.resolve(response)));
        }
        for parameter in [item, operation].into_iter().filter_map(|node| node.get("parameters")) {
            for parameter in parameter.as_array().unwrap() {
                let parameter = contract.resolve(parameter);
                parts.push((format!("{method} {path} {}", parameter["name"]), parameter));
            }
        }
    }
    for kind in ["parameters", "headers", "responses", "schemas", "securitySchemes"] {
        for (name, node) in components[kind].as_object().unwrap() {
            parts.push((name.clone(), node));
            if kind == "schemas" && !NARROWING.contains(&name.as_str()) {
                properties(name, node, &mut parts);
            }
        }
    }
    for (name, part) in &parts {
        let standing = part["x-standing"].as_str();
        let known = ["documented", "seen", "inferred", "assumed"];
        assert!(standing.is_some_and(|standing| known.contains(&standing)), "{name}");
    }
    assert!(parts.len() > 150, "{}", parts.len());
}

/// Collects the properties that a schema declares at any depth.
fn properties<'a>(name: &str, schema: &'a Value, parts: &mut Vec<(String, &'a Value)>) {
    for (property, node) in schema["properties"].as_object().into_iter().flatten() {
        let name = format!("{name}.{property}");
        properties(&name, node, parts);
        parts.push((name, node));
    }
    for node in schema["allOf"].as_array().into_iter().flatten() {
        properties(name, node, parts);
    }
}
