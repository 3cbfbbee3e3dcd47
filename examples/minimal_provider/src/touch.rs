//! The action `minimal_touch`.

use std::fs;
use std::sync::Arc;

use tf_provider::action::{Action, InvokeRequest, Progress};
use tf_provider::async_trait;
use tf_provider::diagnostics::Diagnostics;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::Type;

use crate::store::{Store, failed};

/// Writes an empty file.
pub(crate) struct Touch(pub(crate) Arc<Store>);

#[async_trait]
impl Action for Touch {
    fn schema(&self) -> Schema {
        let file = Attribute::required("file", Type::String, "The name of the file.");
        Schema::new(Block { attributes: vec![file], ..Block::default() })
    }

    async fn invoke(&self, request: InvokeRequest, progress: Progress) -> Diagnostics {
        let file = request.configuration.object().string("file").known().unwrap_or_default();
        progress.report(format!("Touching {file}")).await;
        match self.0.path(file).and_then(|path| fs::write(path, "")) {
            Ok(()) => Diagnostics::new(),
            Err(error) => failed("touch", &error).into(),
        }
    }
}
