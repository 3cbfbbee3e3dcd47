//! The arguments of the action, and their checks.

use crate::provider::organization;
use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::object::Object;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::{Path, Type, Value};
use webex_contact_center::{FlowDocument, FlowType};

const DESCRIPTION: &str = "\
Imports a flow into an organization and publishes it (Terraform 1.14 or later). It validates the \
flow before the import, and the draft before the publication. It stops at the first that is not \
valid.";

/// The labels of a version (documented).
const TAGS: [&str; 4] = ["Live", "Test", "Dev", "Latest"];

/// The arguments, wholly known.
pub(super) struct Settings {
    pub(super) flow: FlowDocument,
    pub(super) flow_type: FlowType,
    pub(super) overwrite: bool,
    pub(super) publish: bool,
    pub(super) comment: Option<String>,
    pub(super) tags: Vec<String>,
}

pub(super) fn schema() -> Schema {
    let attributes = vec![
        Attribute::required(
            "flow_json",
            Type::String,
            "The flow as a JSON document: an export with the connectors of the organization, as \
             the function `rebind_connectors` returns it.",
        ),
        Attribute::optional(
            "organization_id",
            Type::String,
            "The organization that gets the flow, as a UUID or in the base64 form of the Webex \
             APIs. Default: the provider's organization.",
        ),
        Attribute::optional(
            "publish",
            Type::Bool,
            "Whether to publish the draft. Default `true`. If `false`, the flow stays a draft.",
        ),
        Attribute::optional(
            "overwrite",
            Type::Bool,
            "Whether to import a new draft if a flow of the same name exists. Default `false`, \
             which makes that an error. The published version stays in use until the draft is \
             published.",
        ),
        Attribute::optional("flow_type", Type::String, "`FLOW` (default) or `SUBFLOW`."),
        Attribute::optional("comment", Type::String, "A comment on the published version."),
        Attribute::optional(
            "tags",
            Type::List(Box::new(Type::String)),
            "The labels of the published version: `Live`, `Test`, `Dev`, `Latest`. Default: \
             Webex's own default.",
        ),
    ];
    Schema::new(Block { description: DESCRIPTION.into(), attributes, blocks: Vec::new() })
}

/// Checks what is known of the arguments.
pub(super) fn validate(object: &Object) -> Diagnostics {
    let mut messages = Diagnostics::new();
    messages.extend(flow(object).and_then(Result::err));
    messages.extend(organization::explicit(object).err());
    messages.extend(flow_type(object).err());
    messages.extend(tags(object).err());
    messages
}

impl Settings {
    pub(super) fn read(object: &Object) -> Result<Self, Diagnostics> {
        Ok(Self {
            flow: flow(object).unwrap_or_else(|| FlowDocument::parse("").map_err(not_a_flow))?,
            flow_type: flow_type(object)?,
            overwrite: object.bool("overwrite").known().unwrap_or(false),
            publish: object.bool("publish").known().unwrap_or(true),
            comment: object.string("comment").known().map(str::to_owned),
            tags: tags(object)?,
        })
    }
}

/// Reads the document, if it is known.
fn flow(object: &Object) -> Option<Result<FlowDocument, Diagnostic>> {
    Some(FlowDocument::parse(object.string("flow_json").known()?).map_err(not_a_flow))
}

fn not_a_flow(problem: webex_contact_center::FlowProblem) -> Diagnostic {
    Diagnostic::error(
        "flow_json is not a flow",
        format!(
            "Set it to the text of the file that Flow Designer exported, for example with \
             file(\"flow.json\"). The text cannot be used: {problem}."
        ),
    )
    .at(Path::attribute("flow_json"))
}

fn flow_type(object: &Object) -> Result<FlowType, Diagnostic> {
    let Some(word) = object.string("flow_type").known() else { return Ok(FlowType::default()) };
    FlowType::ALL.into_iter().find(|flow_type| flow_type.word() == word).ok_or_else(|| {
        Diagnostic::error(
            "flow_type is unknown",
            format!("Use FLOW or SUBFLOW. {word:?} is neither."),
        )
        .at(Path::attribute("flow_type"))
    })
}

fn tags(object: &Object) -> Result<Vec<String>, Diagnostic> {
    let Value::List(elements) = object.get("tags") else { return Ok(Vec::new()) };
    let tags = elements.iter().filter_map(|element| match element {
        Value::String(tag) => Some(tag.clone()),
        Value::Unknown => None,
        // The schema lets nothing but null through.
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Secret(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Dynamic(_) => Some(String::new()),
    });
    let tags = tags.collect::<Vec<_>>();
    match tags.iter().find(|tag| !TAGS.contains(&tag.as_str())) {
        None => Ok(tags),
        Some(tag) => Err(Diagnostic::error(
            "A tag is unknown",
            format!("Use {}. {tag:?} is not one of these labels of a version.", TAGS.join(", ")),
        )
        .at(Path::attribute("tags"))),
    }
}
