//! The list resource `minimal_note`.

use std::sync::Arc;

use tf_provider::prelude::*;

use crate::store::Store;

/// Finds all notes.
pub(crate) struct NoteList(pub(crate) Arc<Store>);

#[async_trait]
impl ListResource for NoteList {
    async fn list(&self, _request: ListRequest, sink: ListSink) -> Result<()> {
        for note in self.0.notes()? {
            let title = note.string("title").unwrap_or_default().to_owned();
            if !sink.send(ListItem::new(title, note)).await {
                break;
            }
        }
        Ok(())
    }
}
