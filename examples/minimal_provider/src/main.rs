//! A provider that keeps notes as files in a folder. It serves one object of each
//! kind, and shows what the framework does.

mod fresh_password;
mod note;
mod note_data;
mod note_list;
mod shout;
mod store;
mod touch;

use std::process::ExitCode;
use std::sync::Arc;

use tf_provider::diagnostics::{Diagnostic, Diagnostics};
use tf_provider::provider::{ConfigureRequest, Provider, Registry};
use tf_provider::schema::{Attribute, Block, Schema};
use tf_provider::value::{Path, Type};
use tf_provider::{Mode, ProviderInfo, async_trait, serve};

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
    Registry::new(Box::new(Minimal(store.clone())))
        .resource("minimal_note", Box::new(note::Note(store.clone())))
        .data_source("minimal_note", Box::new(note_data::NoteData(store.clone())))
        .list_resource("minimal_note", Box::new(note_list::NoteList(store.clone())))
        .ephemeral_resource(
            "minimal_password",
            Box::new(fresh_password::FreshPassword(store.clone())),
        )
        .action("minimal_touch", Box::new(touch::Touch(store)))
        .function("shout", Box::new(shout::Shout))
}

/// The provider block.
struct Minimal(Arc<Store>);

#[async_trait]
impl Provider for Minimal {
    fn schema(&self) -> Schema {
        let folder = Attribute::required("folder", Type::String, "The folder of the notes.");
        Schema::new(Block { attributes: vec![folder], ..Block::default() })
    }

    async fn configure(&self, request: ConfigureRequest) -> Diagnostics {
        // An unknown folder is no error: a resource defers its plan if it may.
        let Some(folder) = request.configuration.object().string("folder").known() else {
            return Diagnostics::new();
        };
        match self.0.open(folder.into()) {
            Ok(()) => Diagnostics::new(),
            Err(error) => Diagnostic::error("The folder cannot be used", error.to_string())
                .at(Path::attribute("folder"))
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn registry_does_not_contradict_itself() {
        assert_eq!(super::registry().check(), [""; 0]);
    }
}
