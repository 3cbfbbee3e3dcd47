//! The list resource `minimal_note`.

use std::sync::Arc;

use tf_provider::async_trait;
use tf_provider::list::{ListItem, ListRequest, ListResource, ListSink};
use tf_provider::object::{Identity, Object, State};
use tf_provider::schema::{Block, Schema};

use crate::note::SCHEMA;
use crate::store::{Store, failed};

/// Finds all notes.
pub(crate) struct NoteList(pub(crate) Arc<Store>);

#[async_trait]
impl ListResource for NoteList {
    fn schema(&self) -> Schema {
        Schema::new(Block::default())
    }

    async fn list(&self, request: ListRequest, sink: ListSink) {
        let ids = match self.0.ids() {
            Ok(ids) => ids,
            Err(error) => return sink.fail(failed("list", &error)).await,
        };
        let ty = SCHEMA.value_type();
        for note in ids.iter().filter_map(|id| self.0.read(id, &ty).ok().flatten()) {
            let title = note.string("title").known().unwrap_or_default().to_owned();
            let item = ListItem {
                identity: Identity(Object::default().with("title", title.as_str())),
                display_name: title,
                object: request.include_object.then(|| State::new(note, &SCHEMA.block)),
            };
            if !sink.send(item).await {
                return;
            }
        }
    }
}
