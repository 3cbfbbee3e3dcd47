//! A provider that keeps notes as files in a folder. It serves one object of each
//! kind, and shows what the framework does.

mod fresh_password;
mod note;
mod note_data;
mod note_list;
mod schema;
mod shout;
mod store;
mod touch;

use std::process::ExitCode;
use std::sync::Arc;

use tf_provider::prelude::*;

use self::store::Store;

const INFO: ProviderInfo = ProviderInfo::new(
    "minimal",
    env!("CARGO_PKG_VERSION"),
    "registry.terraform.io/example/minimal",
)
.log_targets(&[("terraform_provider_minimal", "")]);

fn main() -> ExitCode {
    serve(&INFO, Mode::Child, registry)
}

/// The table of everything that is served: one line for each.
fn registry() -> Registry {
    let store = Arc::new(Store::default());
    Registry::new(Minimal(store.clone()))
        .resource("minimal_note", note::Note(store.clone()))
        .data_source("minimal_note", note_data::NoteData(store.clone()))
        .list_resource("minimal_note", note_list::NoteList(store.clone()))
        .ephemeral_resource("minimal_password", fresh_password::FreshPassword(store.clone()))
        .action("minimal_touch", touch::Touch(store))
        .function("shout", shout::Shout)
}

/// The provider block.
struct Minimal(Arc<Store>);

#[async_trait]
impl Provider for Minimal {
    fn schema(&self) -> Schema {
        Schema::new([Attribute::required("folder", Type::String, "The folder of the notes.")])
    }

    async fn configure(&self, request: ConfigureRequest) -> Result<ConfigureResponse> {
        let Some(folder) = request.configuration.string("folder").known() else {
            // The framework lets all calls wait that need it, if Terraform allows that.
            return Ok(ConfigureResponse::unknown());
        };
        self.0.open(folder.into())?;
        Ok(ConfigureResponse::default())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn registry_does_not_contradict_itself() {
        assert_eq!(super::registry().check(), [""; 0]);
    }
}
