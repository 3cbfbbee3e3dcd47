//! The action `minimal_touch`.

use std::sync::Arc;

use tf_provider::prelude::*;

use crate::store::Store;

/// Writes an empty file.
pub(crate) struct Touch(pub(crate) Arc<Store>);

#[async_trait]
impl Action for Touch {
    fn schema(&self) -> Schema {
        Schema::new([Attribute::required("file", Type::String, "The name of the file.")])
    }

    async fn invoke(&self, request: InvokeRequest, progress: Progress) -> Result<Diagnostics> {
        let file = request.configuration.string("file").unwrap_or_default();
        progress.report(format!("Touching {file}")).await;
        self.0.write_file(file, b"")?;
        Ok(Diagnostics::new())
    }
}
