//! The ephemeral resource `minimal_password`.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tf_provider::diagnostics::Diagnostics;
use tf_provider::ephemeral::{
    CloseRequest, EphemeralResource, OpenRequest, OpenResponse, RenewRequest, RenewResponse,
};
use tf_provider::object::PrivateState;
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::Type;
use tf_provider::{Secret, async_trait};

use crate::store::{Store, failed};

/// A password for one run. A file in the folder says that it is in use.
pub(crate) struct FreshPassword(pub(crate) Arc<Store>);

#[async_trait]
impl EphemeralResource for FreshPassword {
    fn schema(&self) -> Schema {
        Schema::new(Block {
            attributes: vec![
                Attribute::required("user", Type::String, "The user."),
                Attribute::computed("password", Type::Secret, "The password."),
            ],
            ..Block::default()
        })
    }

    async fn open(&self, request: OpenRequest) -> Result<OpenResponse, Diagnostics> {
        let object = request.configuration.object().clone();
        let user = object.string("user").known().unwrap_or_default().to_owned();
        let lease = self.0.path(&format!("{user}.lease"));
        lease.and_then(|lease| fs::write(lease, "")).map_err(|error| failed("open", &error))?;
        let password = Secret::from(format!("{user}-password"));
        Ok(OpenResponse {
            result: object.with("password", password),
            private: PrivateState::encode(&user),
            renew_at: Some(SystemTime::now() + Duration::from_secs(60)),
            ..OpenResponse::default()
        })
    }

    async fn renew(&self, _request: RenewRequest) -> Result<RenewResponse, Diagnostics> {
        Ok(RenewResponse::default())
    }

    async fn close(&self, request: CloseRequest) -> Diagnostics {
        let lease = self.0.path(&format!("{}.lease", request.private.decode::<String>()));
        match lease.and_then(fs::remove_file) {
            Ok(()) => Diagnostics::new(),
            Err(error) => failed("close", &error).into(),
        }
    }
}
