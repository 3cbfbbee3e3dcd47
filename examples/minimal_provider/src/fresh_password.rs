//! The ephemeral resource `minimal_password`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tf_provider::prelude::*;

use crate::store::Store;

/// A password for one run. A file in the folder says that it is in use.
pub(crate) struct FreshPassword(pub(crate) Arc<Store>);

#[async_trait]
impl EphemeralResource for FreshPassword {
    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::required("user", Type::String, "The user."),
            Attribute::computed("password", Type::Secret, "The password."),
        ])
    }

    async fn open(&self, request: OpenRequest) -> Result<OpenResponse> {
        let user = request.configuration.string("user").unwrap_or_default().to_owned();
        self.0.write_file(&format!("{user}.lease"), b"")?;
        let password = Secret::from(format!("{user}-password"));
        let result = request.configuration.into_object().with("password", password);
        Ok(OpenResponse {
            private: PrivateState::encode(&user),
            renew_at: Some(SystemTime::now() + Duration::from_secs(60)),
            ..OpenResponse::new(result)
        })
    }

    async fn renew(&self, _request: RenewRequest) -> Result<RenewResponse> {
        Ok(RenewResponse::default())
    }

    async fn close(&self, request: CloseRequest) -> Result<Diagnostics> {
        self.0.remove_file(&format!("{}.lease", request.private.decode::<String>()))?;
        Ok(Diagnostics::new())
    }
}
