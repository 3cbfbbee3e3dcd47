//! The schema of `minimal_note`.

use tf_provider::prelude::*;

/// The schema: the only declaration of the attributes.
pub(crate) fn schema() -> Schema {
    let footnote = [
        Attribute::required("text", Type::String, "The text."),
        Attribute::optional("mark", Type::String, "The mark.").default_value("*"),
        Attribute::computed("position", Type::Number, "The position in the note."),
        Attribute::write_only_secret("cipher_wo", "The key of an encrypted footnote."),
    ];
    let section = Block::new([
        Attribute::required("heading", Type::String, "The heading."),
        Attribute::optional("style", Type::String, "The style.").default_value("plain"),
        Attribute::optional("language", Type::String, "The language.").requires_replace(),
        Attribute::computed("anchor", Type::String, "The anchor.").use_state_for_unknown(),
        Attribute::computed("cipher_length", Type::Number, "The length of the key."),
    ])
    .blocks([NestedBlock::single("footnote", footnote)]);
    let label = [
        Attribute::required("name", Type::String, "The name."),
        Attribute::optional("color", Type::String, "The color.").default_value("gray"),
        Attribute::computed("rank", Type::Number, "The rank.").use_state_for_unknown(),
    ];
    let note = Block::new([
        Attribute::computed("id", Type::String, "The id.").use_state_for_unknown(),
        Attribute::required("title", Type::String, "The title."),
        Attribute::optional("body", Type::String, "The text.").default_value("empty"),
        Attribute::optional("format", Type::String, "The format.").requires_replace(),
        Attribute::optional("pin", Type::Number, "The code of the lock.").sensitive(),
        Attribute::optional("tokens", Type::List(Box::new(Type::Secret)), "Credentials."),
        Attribute::optional("subject", Type::String, "The subject.").deprecated("Use title."),
        Attribute::computed("revision", Type::Number, "The number of writes."),
    ])
    .description("A note in a folder.")
    .blocks([NestedBlock::list("section", section).at_most(5), NestedBlock::set("label", label)]);
    Schema::new(note).version(1)
}
