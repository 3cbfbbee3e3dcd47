//! The data source `minimal_note`.

use std::sync::Arc;

use tf_provider::prelude::*;

use crate::store::Store;

/// Reads a note by its id.
pub(crate) struct NoteData(pub(crate) Arc<Store>);

#[async_trait]
impl DataSource for NoteData {
    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::required("id", Type::String, "The id."),
            Attribute::computed("title", Type::String, "The title."),
            Attribute::computed("body", Type::String, "The text."),
        ])
    }

    async fn read(&self, request: DataSourceRequest) -> Result<DataSourceResponse> {
        let mut data = request.configuration.into_object();
        let note = self.0.read(data.string("id").unwrap_or_default())?;
        let note = note.ok_or_else(|| {
            Diagnostic::error("There is no such note", "The folder has no file for it.").at("id")
        })?;
        for name in ["title", "body"] {
            data.set(name, note.get(name).clone());
        }
        Ok(DataSourceResponse::new(data))
    }
}
