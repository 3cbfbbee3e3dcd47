//! The data source `minimal_note`.

use std::sync::Arc;

use tf_provider::async_trait;
use tf_provider::client::Deferred;
use tf_provider::data_source::{DataSource, DataSourceRequest, DataSourceResponse};
use tf_provider::diagnostics::Diagnostics;
use tf_provider::object::State;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::Type;

use crate::note::SCHEMA;
use crate::store::{Store, failed};

/// Reads a note by its id.
pub(crate) struct NoteData(pub(crate) Arc<Store>);

#[async_trait]
impl DataSource for NoteData {
    fn schema(&self) -> Schema {
        Schema::new(Block {
            attributes: vec![
                Attribute::required("id", Type::String, "The id."),
                Attribute::computed("title", Type::String, "The title."),
                Attribute::computed("body", Type::String, "The text."),
            ],
            ..Block::default()
        })
    }

    async fn read(&self, request: DataSourceRequest) -> Result<DataSourceResponse, Diagnostics> {
        if request.client.deferral_allowed && !self.0.is_open() {
            let deferred = Some(Deferred::ProviderConfigUnknown);
            return Ok(DataSourceResponse { deferred, ..DataSourceResponse::default() });
        }
        let mut object = request.configuration.object().clone();
        let id = object.string("id").known().unwrap_or_default();
        let note = self.0.read(id, &SCHEMA.value_type()).map_err(|error| failed("read", &error))?;
        let note = note.ok_or_else(|| failed("read", &std::io::ErrorKind::NotFound.into()))?;
        for name in ["title", "body"] {
            object.set(name, note.get(name).clone());
        }
        let state = State::new(object, &self.schema().block);
        Ok(DataSourceResponse { state, ..DataSourceResponse::default() })
    }
}
