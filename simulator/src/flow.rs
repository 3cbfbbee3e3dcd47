//! A flow: its draft and its published versions.

use serde_json::{Value, json};

/// The project of flows, which is the same in every organization (documented).
pub(crate) const PROJECT: &str = "5e5c9ad6d61f870d6d778c1b";

/// A flow.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) id: String,
    pub(crate) organization: String,
    pub(crate) name: String,
    pub(crate) flow_type: String,
    pub(crate) draft: Value,
    /// The version of the draft.
    pub(crate) version: u64,
    /// The published versions with their tags.
    pub(crate) published: Vec<(Value, Vec<String>)>,
}

impl Flow {
    fn status(&self) -> &'static str {
        if self.published.is_empty() { "Draft" } else { "Published" }
    }

    /// Returns the form of the flow in lists and imports.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "id": self.id,
            "orgId": self.organization,
            "name": self.name,
            "flowType": self.flow_type,
            "version": self.version,
            "status": self.status(),
        })
    }

    /// Returns the form of the flow in a publication.
    pub(crate) fn published_as(&self, comment: &Value) -> Value {
        let tags = self.published.last().map(|(_, tags)| tags.as_slice()).unwrap_or_default();
        let tags = tags.iter().map(|tag| json!({"id": tag, "displayName": tag}));
        json!({
            "id": self.id,
            "orgId": self.organization,
            "projectId": PROJECT,
            "flowType": self.flow_type,
            "status": self.status(),
            "version": self.published.len(),
            "latestVersion": {
                "flowId": self.id,
                "name": self.name,
                "version": self.published.len(),
                "comment": comment,
            },
            "tags": tags.collect::<Vec<_>>(),
        })
    }
}
