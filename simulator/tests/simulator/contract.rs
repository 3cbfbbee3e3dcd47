//! The OpenAPI document is held against the simulator in both directions:
//! everything that is sent and answered must be in the document, and
//! everything in the document must have been seen.

use std::collections::BTreeSet;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};
use webex_cc_simulator::{Options, Script};

use crate::support::{
    Harness, ORGANIZATION, Reply, basic, one, query_string, read, samples, with, without,
};

const DOCUMENT: &str = include_str!("../../../docs/api/custom-connectors.openapi.yaml");
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// The schemas that only narrow down what `ConnectorFields` declares.
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

    /// What a node stands for: itself, or what it refers to.
    fn resolve<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let target = self.document.pointer(reference.strip_prefix('#').unwrap());
                self.resolve(target.unwrap_or_else(|| panic!("{reference} leads nowhere")))
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
    fn must_fit(&self, schema: &Value, value: &Value, what: &str) {
        let wrong: Vec<String> = self
            .validator(schema)
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{what}: {value}\n{}", wrong.join("\n"));
    }

    /// Every operation: method, path and node.
    fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value, &Value)> {
        let paths = self.document["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            METHODS.into_iter().filter_map(move |method| {
                item.get(method).map(|operation| (method, path.as_str(), item, operation))
            })
        })
    }

    /// The operation that a request is for, and all its parameters.
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

    /// All that is answered for which operation, as the document has it.
    fn declared(&self) -> BTreeSet<(String, String)> {
        self.operations()
            .flat_map(|(_, _, _, operation)| {
                let id = operation["operationId"].as_str().unwrap();
                let statuses = operation["responses"].as_object().unwrap().keys();
                statuses.map(move |status| (id.to_owned(), status.clone()))
            })
            .collect()
    }

    /// Holds one exchange against the document; returns which of its answers
    /// it was.
    fn check(
        &self,
        method: &str,
        target: &str,
        body: Option<&Value>,
        reply: &Reply,
    ) -> (String, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        // A method that the document does not have is an answer to the list.
        let method = if reply.status == 405 { "get" } else { method };
        let (operation, parameters) = self.operation(method, path);
        let id = operation["operationId"].as_str().unwrap();
        let what = format!("{id} {}", reply.status);
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            let known = |node: &&Value| node["in"] == "query" && node["name"] == name.as_ref();
            assert!(parameters.iter().any(known), "{what}: {name}");
        }
        if let Some(body) = body.filter(|_| reply.status < 300) {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            self.must_fit(schema, body, &what);
        }

        let status = reply.status.to_string();
        let response = operation["responses"].get(&status);
        let response = self.resolve(response.unwrap_or_else(|| panic!("{what} is not declared")));
        match response.get("content") {
            Some(content) => {
                let answered = reply.header("content-type").unwrap();
                let schema = &content[answered]["schema"];
                assert!(schema.is_object(), "{what}: {answered}");
                self.must_fit(schema, &reply.json(), &what);
                assert_eq!(self.undeclared(schema, &reply.json()), [""; 0], "{what}");
            }
            None => assert_eq!(reply.text, "", "{what}"),
        }
        if let Some(headers) = response.get("headers") {
            for (name, header) in headers.as_object().unwrap() {
                let text = reply.header(name).unwrap_or_else(|| panic!("{what}: no {name}"));
                let schema = &self.resolve(header)["schema"];
                let value = match schema["type"].as_str().unwrap() {
                    "integer" => json!(text.parse::<u64>().unwrap()),
                    _ => json!(text),
                };
                self.must_fit(schema, &value, &what);
            }
        }
        (id.to_owned(), status)
    }

    /// The fields of a value that its schema does not name. The schema allows
    /// them, since new fields may appear at any time; the simulator must not
    /// be the one to invent them.
    fn undeclared(&self, schema: &Value, value: &Value) -> Vec<String> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema.get("oneOf") {
            let fitting = choices
                .as_array()
                .unwrap()
                .iter()
                .find(|choice| self.validator(choice).is_valid(value));
            return self.undeclared(fitting.unwrap(), value);
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

/// Plays requests and holds each against the contract.
struct Player {
    harness: Harness,
    contract: Contract,
    seen: BTreeSet<(String, String)>,
}

impl Player {
    async fn play(
        &mut self,
        method: &str,
        target: &str,
        body: Option<&Value>,
        status: u16,
    ) -> Reply {
        let reply = self.harness.call(method, target, body).await.expect(status);
        self.seen.insert(self.contract.check(method, target, body, &reply));
        reply
    }

    /// The same request without a token, with a wrong one, with one that may
    /// not do it, and once too often.
    async fn refuse(&mut self, method: &str, target: &str, body: Option<&Value>, reader: &str) {
        let url = format!("{}{target}", self.harness.simulator.base_url());
        let reply = read(self.harness.client.request(method.parse().unwrap(), url)).await.unwrap();
        self.seen.insert(self.contract.check(method, target, body, &reply.expect(400)));
        let good = std::mem::replace(&mut self.harness.token, "wrong".to_owned());
        self.play(method, target, body, 401).await;
        reader.clone_into(&mut self.harness.token);
        self.play(method, target, body, 403).await;
        self.harness.token = good;
    }
}

#[tokio::test]
async fn a_life_cycle_stays_within_the_document_and_exhausts_it() {
    let mut player = Player {
        harness: Harness::with(Options {
            read_only_tokens: vec!["reader".to_owned()],
            page_size_cap: 2,
            ..Options::default()
        }),
        contract: Contract::load(),
        seen: BTreeSet::new(),
    };
    let collection = format!("/organization/{ORGANIZATION}/connector");
    let mut ids = Vec::new();
    for sample in samples() {
        ids.push(player.play("POST", &collection, Some(&sample), 201).await.id());
    }
    player.play("POST", &collection, Some(&basic("basic")), 409).await;
    player.play("POST", &collection, Some(&json!({})), 400).await;
    player.play("POST", &collection, None, 415).await;

    let list = format!("/organization/{ORGANIZATION}/v2/connector");
    let filter = r#"connectorType=="CUSTOM""#;
    let query = query_string(&[("page", "0"), ("pageSize", "100"), ("filter", filter)]);
    let page = player.play("GET", &format!("{list}?{query}"), None, 200).await.json();
    let next = page["meta"]["links"]["next"].as_str().unwrap().to_owned();
    player.play("GET", &next, None, 200).await;
    player.play("GET", &format!("{list}?filter=x"), None, 400).await;
    player.play("POST", &list, Some(&json!({})), 405).await;

    let path = one(&ids[0]);
    let connector = player.play("GET", &path, None, 200).await.json();
    player.play("GET", &one("unknown"), None, 404).await;
    let edited = with(&connector, json!({"name": "edited"}));
    player.play("PUT", &path, Some(&edited), 423).await;
    player.play("DELETE", &path, None, 423).await;
    let inactive = with(&connector, json!({"active": false}));
    player.play("PUT", &path, Some(&inactive), 200).await;
    player.play("PUT", &path, Some(&edited), 409).await;
    player.play("PUT", &path, Some(&json!({})), 400).await;
    player.play("PUT", &path, None, 415).await;
    player.play("PUT", &one("unknown"), Some(&edited), 404).await;
    let edited = with(&edited, json!({"version": 1, "active": false, "password": "new"}));
    player.play("PUT", &path, Some(&edited), 200).await;

    player.harness.simulator.add_reference(ORGANIZATION, &ids[0], "Greeting");
    let references = format!("{path}/incoming-references");
    player.play("GET", &format!("{references}?page=0&pageSize=5"), None, 200).await;
    player.play("GET", &format!("{references}?page=x"), None, 400).await;
    player.play("GET", &format!("{}/incoming-references", one("unknown")), None, 404).await;
    player.play("DELETE", &path, None, 412).await;
    player.play("DELETE", &one("unknown"), None, 404).await;

    let choices = format!(
        "/{ORGANIZATION}/project/5e5c9ad6d61f870d6d778c1b/v2/activities/http-request/inputs/\
         connectorId/choices"
    );
    player.play("GET", &format!("{choices}?search=&validate=false"), None, 200).await;
    let by_id = query_string(&[("search", &ids[1]), ("validate", "true")]);
    player.play("GET", &format!("{choices}?{by_id}"), None, 200).await;
    player.play("GET", &format!("{choices}?validate=x"), None, 400).await;
    let wrong = choices.replace("http-request", "play-music");
    player.play("GET", &wrong, None, 404).await;

    let body = basic("new");
    for (method, target, body) in
        [("POST", &collection, Some(&body)), ("PUT", &path, Some(&edited)), ("DELETE", &path, None)]
    {
        player.refuse(method, target, body, "reader").await;
    }
    for target in [&list, &path, &references, &choices] {
        player.refuse("GET", target, None, "simulator-applications-token").await;
    }

    player.harness.simulator.clear_references(ORGANIZATION);
    player.play("DELETE", &path, None, 204).await;

    // The limit of a minute, over a simulator of its own.
    let limited = Options { rate_limit: Some(0), ..Options::default() };
    player.harness = Harness::with(limited);
    for (method, target, body) in [
        ("POST", &collection, Some(&body)),
        ("GET", &list, None),
        ("GET", &path, None),
        ("PUT", &path, Some(&edited)),
        ("DELETE", &path, None),
        ("GET", &references, None),
        ("GET", &choices, None),
    ] {
        player.play(method, target, body, 429).await;
    }

    let mut unseen = player.contract.declared();
    unseen.retain(|answer| !player.seen.contains(answer) && answer.1 != "5XX");
    assert!(unseen.is_empty(), "declared but never answered: {unseen:?}");
}

/// Sets each field to each of these in turn, and leaves it out.
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
    // Which organization it is stands in the path, outside the schema.
    names.filter(|name| *name != "organizationId").collect()
}

#[tokio::test]
async fn the_simulator_creates_what_the_schema_allows_and_nothing_else() {
    let contract = Contract::load();
    let harness = Harness::new();
    let validator = contract.validator(&json!({"$ref": "#/components/schemas/ConnectorCreate"}));
    let mut fields = fields_of_connector(&contract);
    fields.extend(["id", "version", "systemDefault", "createdTime", "links", "novel"]);
    let (mut allowed, mut refused) = (0, 0);
    for body in samples().iter().flat_map(|sample| mutations(sample, &fields)) {
        let reply = harness.create(&body).await;
        if reply.status == 201 {
            harness.simulator.remove(ORGANIZATION, &reply.id());
            allowed += 1;
        } else {
            assert_eq!(reply.status, 400, "{body}");
            refused += 1;
        }
        let by_schema = validator.is_valid(&body);
        assert_eq!(by_schema, reply.status == 201, "{body}\n{}", reply.text);
    }
    assert!(allowed > 50 && refused > 500, "{allowed} {refused}");
}

#[tokio::test]
async fn the_simulator_replaces_by_what_the_schema_allows_and_nothing_else() {
    let contract = Contract::load();
    let harness = Harness::with(Options { active_lock: false, ..Options::default() });
    let validator = contract.validator(&json!({"$ref": "#/components/schemas/ConnectorReplace"}));
    let mut fields = fields_of_connector(&contract);
    // These cannot be changed, whatever the schema allows them to be.
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
            let reply = harness.replace(&id, &body).await;
            let by_schema = validator.is_valid(&body);
            assert_eq!(by_schema, reply.status == 200, "{body}\n{}", reply.text);
            if by_schema { allowed += 1 } else { refused += 1 }
        }
        harness.simulator.remove(ORGANIZATION, &id);
    }
    assert!(allowed > 50 && refused > 300, "{allowed} {refused}");
}

#[tokio::test]
async fn other_shapes_of_errors_are_in_the_document() {
    let contract = Contract::load();
    let error = json!({"$ref": "#/components/schemas/Error"});
    let harness = Harness::new();
    harness.simulator.faults([Script::answer(
        400,
        json!({"trackingId": "ccconfig_1", "error": "a bare string"}),
    )]);
    let reply = harness.list(&[]).await.expect(400);
    contract.must_fit(&error, &reply.json(), "a bare string");
    let nothing = contract.validator(&error);
    assert!(!nothing.is_valid(&json!({"message": "something else"})));
}

#[test]
fn every_part_says_how_sure_it_is() {
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

/// Collects the properties that a schema declares, at any depth.
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
