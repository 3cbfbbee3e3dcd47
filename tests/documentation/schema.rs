//! Schemas in Markdown, in the form of other providers' pages.

use std::fmt::Write as _;

use tf_provider::function::Signature;
use tf_provider::schema::{Attribute, Block, IdentitySchema, NestedBlock, Nesting, Requirement};
use tf_provider::value::{Type, Value};

/// Returns the arguments of a block and of its nested blocks.
pub(super) fn block(block: &Block) -> String {
    let mut text = arguments(block, "###");
    for nested in &block.blocks {
        write!(text, "\n### Block `{}`\n\n{}\n", nested.name, nested.block.description).unwrap();
        assert!(nested.block.blocks.is_empty(), "a block within a block needs a page of its own");
        write!(text, "\n{}", arguments(&nested.block, "####")).unwrap();
    }
    text
}

/// Returns the arguments in three groups: required, optional, read-only.
fn arguments(block: &Block, level: &str) -> String {
    let groups: [(&str, &[Requirement]); 3] = [
        ("Required", &[Requirement::Required]),
        ("Optional", &[Requirement::Optional, Requirement::OptionalComputed]),
        ("Read-Only", &[Requirement::Computed]),
    ];
    let mut parts = Vec::new();
    for (title, requirements) in groups {
        let mut lines = block
            .attributes
            .iter()
            .filter(|attribute| requirements.contains(&attribute.requirement))
            .map(argument)
            .collect::<Vec<_>>();
        if title == "Optional" {
            lines.extend(block.blocks.iter().map(nested));
        }
        if !lines.is_empty() {
            parts.push(format!("{level} {title}\n\n{}\n", lines.join("\n")));
        }
    }
    parts.join("\n")
}

fn argument(attribute: &Attribute) -> String {
    let mut marks = vec![type_name(&attribute.ty)];
    if attribute.is_sensitive() {
        marks.push("Sensitive".to_owned());
    }
    if attribute.write_only {
        marks.push("Write-only".to_owned());
    }
    if attribute.requires_replace {
        marks.push("Forces replacement".to_owned());
    }
    if attribute.deprecated.is_some() {
        marks.push("Deprecated".to_owned());
    }
    let mut text =
        format!("- `{}` ({}) {}", attribute.name, marks.join(", "), attribute.description);
    if let Some(default) = &attribute.default {
        write!(text, " Default: `{}`.", literal(default)).unwrap();
    }
    if let Some(instead) = &attribute.deprecated {
        write!(text, " **Deprecated:** {instead}").unwrap();
    }
    text
}

fn nested(nested: &NestedBlock) -> String {
    let kind = match nested.nesting {
        Nesting::Single => "Block",
        Nesting::List | Nesting::Set => "Block, repeatable",
    };
    let description = &nested.block.description;
    let name = &nested.name;
    let anchor = super::markdown::slug(&format!("Block `{name}`"));
    format!("- `{name}` ({kind}, [see below](#{anchor})) {description}")
}

/// Returns the attributes of an identity.
pub(super) fn identity(schema: &IdentitySchema) -> String {
    let lines = schema.attributes.iter().map(|attribute| {
        let requirement = if attribute.required_for_import { "Required" } else { "Optional" };
        let (name, ty) = (&attribute.name, type_name(&attribute.ty));
        format!("- `{name}` ({ty}, {requirement}) {}\n", attribute.description)
    });
    lines.collect()
}

/// Returns the signature of a function.
pub(super) fn signature(name: &str, signature: &Signature) -> String {
    let type_of = |ty: &Type| type_name(ty).to_lowercase();
    let mut parameters = signature
        .parameters
        .iter()
        .map(|parameter| format!("{} {}", parameter.name, type_of(&parameter.ty)))
        .collect::<Vec<_>>();
    if let Some(variadic) = &signature.variadic {
        parameters.push(format!("{} {}...", variadic.name, type_of(&variadic.ty)));
    }
    let result = type_of(&signature.result);
    format!("```text\n{name}({}) {result}\n```\n", parameters.join(", "))
}

/// Returns the parameters of a function.
pub(super) fn parameters(signature: &Signature) -> String {
    let mut text = String::new();
    for (index, parameter) in signature.parameters.iter().enumerate() {
        let (name, ty) = (&parameter.name, type_name(&parameter.ty));
        writeln!(text, "{}. `{name}` ({ty}) {}", index + 1, parameter.description).unwrap();
    }
    if let Some(variadic) = &signature.variadic {
        let (name, ty) = (&variadic.name, type_name(&variadic.ty));
        let number = signature.parameters.len() + 1;
        writeln!(text, "{number}. `{name}` (Variadic, {ty}) {}", variadic.description).unwrap();
    }
    text
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String | Type::Secret => "String".to_owned(),
        Type::Dynamic => "Any".to_owned(),
        Type::List(item) => format!("List of {}", type_name(item)),
        Type::Set(item) => format!("Set of {}", type_name(item)),
        Type::Map(item) => format!("Map of {}", type_name(item)),
        Type::Tuple(_) => "Tuple".to_owned(),
        // Prose describes longer ones.
        Type::Object(attributes) if attributes.len() > 4 => "Object".to_owned(),
        Type::Object(attributes) => {
            let attributes =
                attributes.iter().map(|(name, ty)| format!("{name} {}", type_name(ty)));
            format!("Object({})", attributes.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns a default as configurations write it.
fn literal(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null
        | Value::Unknown
        | Value::Secret(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Dynamic(_) => panic!("{value:?} is no default that a page can show"),
    }
}
