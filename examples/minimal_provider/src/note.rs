//! The resource `minimal_note`.

use std::sync::Arc;

use tf_provider::prelude::*;

use crate::schema::schema;
use crate::store::Store;

/// A note with sections and labels.
pub(crate) struct Note(pub(crate) Arc<Store>);

#[async_trait]
impl Resource for Note {
    fn schema(&self) -> Schema {
        schema()
    }

    /// The framework takes its value from the attribute of the same name.
    fn identity(&self) -> Option<IdentitySchema> {
        let title = IdentityAttribute::required("title", Type::String, "The title.");
        Some(IdentitySchema::new([title]))
    }

    /// A change of capitals only is none. Any other change of the title makes it
    /// another note.
    fn modify_plan(&self, plan: &mut PlanBuilder<'_>, _private: &PrivateState) {
        let title = |object: &Object| object.string("title").known().map(str::to_lowercase);
        let prior = plan.prior.and_then(|prior| title(prior));
        if prior.is_some() && prior == title(plan.configuration) {
            plan.use_prior_state("title");
        } else {
            plan.require_replace("title");
        }
        let sections = plan.planned().blocks("section").unwrap_or_default();
        for (index, section) in sections.iter().enumerate() {
            if let Some(heading) = section.string("heading").known() {
                let anchor = Path::attribute("section").index(index).name("anchor");
                plan.set_default(anchor, format!("#{heading}"));
            }
        }
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadResponse> {
        let note = self.0.read(request.state.string("id").unwrap_or_default())?;
        Ok(note.map_or_else(ReadResponse::gone, ReadResponse::new))
    }

    async fn create(&self, request: CreateRequest) -> Result<ApplyResponse> {
        let notes = self.0.notes()?;
        let last = notes.last().and_then(|note| note.string("id").known()?.parse::<u32>().ok());
        let id = (last.unwrap_or(0) + 1).to_string();
        self.write(&id, 1, &request.configuration, request.plan)
    }

    async fn update(&self, request: UpdateRequest) -> Result<ApplyResponse> {
        let id = request.prior.string("id").unwrap_or_default();
        let writes = request.private.decode::<i64>() + 1;
        self.write(id, writes, &request.configuration, request.plan)
    }

    async fn delete(&self, request: DeleteRequest) -> Result<ApplyResponse> {
        let id = request.prior.string("id").unwrap_or_default();
        self.0.remove_file(&format!("{id}.note"))?;
        Ok(ApplyResponse::deleted())
    }

    async fn import(&self, request: ImportRequest) -> Result<ImportResponse> {
        let is_wanted = |note: &Object| match &request.by {
            ImportBy::Id(id) => note.string("id").known() == Some(id.as_str()),
            ImportBy::Identity(identity) => note.string("title") == identity.string("title"),
        };
        let note = self.0.notes()?.into_iter().find(is_wanted).ok_or_else(|| {
            Diagnostic::error("There is no such note", "The folder has no file for it.")
        })?;
        Ok(ImportResponse::new(note))
    }

    /// In version 0, the title was called `name`.
    fn upgrade(&self, state: RawState<'_>) -> Result<Object> {
        Ok(state.decode()?.with("title", state.attribute("name", Type::String)?))
    }

    /// A `terraform_data` with the id of a note becomes that note.
    fn moves_from(&self) -> &[&str] {
        &["terraform_data"]
    }

    /// The provider is not configured yet, so only the id is known. Terraform reads
    /// the rest.
    async fn move_state(&self, request: MoveStateRequest<'_>) -> Result<MoveStateResponse> {
        let id = request.state.attribute("input", Type::Dynamic)?;
        Ok(MoveStateResponse::new(Object::default().with("id", id)))
    }
}

impl Note {
    /// Writes a note. Private state remembers the number of writes.
    fn write(
        &self,
        id: &str,
        writes: i64,
        wanted: &Configuration,
        plan: Plan,
    ) -> Result<ApplyResponse> {
        let mut note = plan.into_object().with("id", id).with("revision", writes);
        note.update_blocks("section", |index, section| {
            // Write-only values are in the configuration only, at any depth.
            let footnote = Path::attribute("section").index(index).name("footnote");
            let cipher = wanted.secret_at(&footnote.name("cipher_wo")).known();
            section.set("cipher_length", cipher.map(|cipher| cipher.expose().len() as i64));
            section.update_blocks("footnote", |_, it| it.set("position", index as i64 + 1));
        });
        note.update_blocks("label", |_, label| {
            let rank = label.string("name").unwrap_or_default().len();
            label.set("rank", rank as i64);
        });
        self.0.write(id, &note)?;
        Ok(ApplyResponse { private: PrivateState::encode(&writes), ..ApplyResponse::new(note) })
    }
}
