//! The resource `minimal_note`.

use std::sync::{Arc, LazyLock};

use tf_provider::async_trait;
use tf_provider::client::Deferred;
use tf_provider::diagnostics::Diagnostics;
use tf_provider::object::{Configuration, Identity, Object, Plan, PrivateState, State};
use tf_provider::plan::PlanBuilder;
use tf_provider::resource::{
    ApplyResponse, CheckPlanRequest, CheckPlanResponse, CreateRequest, DeleteRequest, ImportBy,
    ImportRequest, ImportResponse, MoveState, MoveStateRequest, MoveStateResponse, ReadRequest,
    ReadResponse, Resource, UpdateRequest,
};
use tf_provider::schema::{
    Attribute, Block, IdentityAttribute, IdentitySchema, NestedBlock, Schema,
};
use tf_provider::value::{Path, Type, Value, json};

use crate::store::{Store, failed};

/// A note with sections.
pub(crate) struct Note(pub(crate) Arc<Store>);

/// The schema: the only declaration of the attributes.
pub(crate) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let footnote = Block {
        attributes: vec![
            Attribute::required("text", Type::String, "The text."),
            Attribute::optional("mark", Type::String, "The mark.").default_value("*"),
            Attribute::computed("position", Type::Number, "The position in the note."),
            Attribute::write_only_secret("cipher_wo", "The key of an encrypted footnote."),
        ],
        ..Block::default()
    };
    let section = Block {
        attributes: vec![
            Attribute::required("heading", Type::String, "The heading."),
            Attribute::optional("style", Type::String, "The style.").default_value("plain"),
            Attribute::optional("language", Type::String, "The language.").requires_replace(),
            Attribute::computed("anchor", Type::String, "The anchor.").use_state_for_unknown(),
            Attribute::computed("cipher_length", Type::Number, "The length of the key."),
        ],
        blocks: vec![NestedBlock::single("footnote", footnote)],
        ..Block::default()
    };
    let label = Block {
        attributes: vec![
            Attribute::required("name", Type::String, "The name."),
            Attribute::optional("color", Type::String, "The color.").default_value("gray"),
            Attribute::computed("rank", Type::Number, "The rank.").use_state_for_unknown(),
        ],
        ..Block::default()
    };
    let block = Block {
        description: "A note in a folder.".into(),
        attributes: vec![
            Attribute::computed("id", Type::String, "The id.").use_state_for_unknown(),
            Attribute::required("title", Type::String, "The title."),
            Attribute::optional("body", Type::String, "The text.").default_value("empty"),
            Attribute::optional("format", Type::String, "The format.").requires_replace(),
            Attribute::optional("pin", Type::Number, "The code of the lock.").sensitive(),
            Attribute::optional("tokens", Type::List(Box::new(Type::Secret)), "Credentials."),
            Attribute::optional("subject", Type::String, "The subject.").deprecated("Use title."),
            Attribute::computed("revision", Type::Number, "The number of writes."),
        ],
        blocks: vec![
            NestedBlock::list("section", section).at_most(5),
            NestedBlock::set("label", label),
        ],
    };
    Schema { version: 1, block }
});

fn identity(object: &Object) -> Identity {
    Identity(Object::default().with("title", object.get("title").clone()))
}

/// The number of writes, which private state remembers.
fn writes(private: &PrivateState) -> i64 {
    private.decode::<i64>()
}

#[async_trait]
impl Resource for Note {
    fn schema(&self) -> Schema {
        SCHEMA.clone()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let title = IdentityAttribute {
            name: "title".into(),
            ty: Type::String,
            required_for_import: true,
            description: "The title.".into(),
        };
        Some(IdentitySchema { version: 0, attributes: vec![title] })
    }

    /// A change of capitals only is none, and a draft becomes another note when
    /// its title changes.
    fn modify_plan(&self, plan: &mut PlanBuilder<'_>, _private: &PrivateState) {
        let title = |object: &Object| object.string("title").known().map(str::to_lowercase);
        let prior = plan.prior.and_then(|prior| title(prior.object()));
        if prior.is_some() && prior == title(plan.configuration.object()) {
            plan.use_prior_state("title");
        } else {
            plan.require_replace("title");
        }
        let headings = plan.planned().objects("section").known().unwrap_or_default();
        for (index, section) in headings.iter().enumerate() {
            if let Some(heading) = section.string("heading").known() {
                let anchor = Path::attribute("section").index(index).name("anchor");
                plan.set_default(anchor, format!("#{heading}"));
            }
        }
    }

    async fn check_plan(&self, request: CheckPlanRequest<'_>) -> CheckPlanResponse {
        let may_wait = request.client.deferral_allowed && !self.0.is_open();
        let deferred = may_wait.then_some(Deferred::ProviderConfigUnknown);
        CheckPlanResponse { deferred, ..CheckPlanResponse::default() }
    }

    async fn read(&self, request: ReadRequest) -> ReadResponse {
        if request.client.deferral_allowed && !self.0.is_open() {
            let deferred = Some(Deferred::ProviderConfigUnknown);
            return ReadResponse { deferred, ..ReadResponse::default() };
        }
        let id = request.state.object().string("id").known().unwrap_or_default();
        match self.0.read(id, &SCHEMA.value_type()) {
            Ok(None) => ReadResponse::default(),
            Ok(Some(note)) => ReadResponse {
                identity: Some(identity(&note)),
                state: Some(State::new(note, &SCHEMA.block)),
                ..ReadResponse::default()
            },
            Err(error) => ReadResponse {
                state: Some(request.state.clone()),
                diagnostics: failed("read", &error).into(),
                ..ReadResponse::default()
            },
        }
    }

    async fn create(&self, request: CreateRequest) -> ApplyResponse {
        match self.0.new_id() {
            Ok(id) => self.write(&id, 1, &request.configuration, &request.plan),
            Err(error) => failure(None, failed("create", &error)),
        }
    }

    async fn update(&self, request: UpdateRequest) -> ApplyResponse {
        let id = request.prior.object().string("id").known().unwrap_or_default();
        let count = writes(&request.private) + 1;
        self.write(id, count, &request.configuration, &request.plan)
    }

    async fn delete(&self, request: DeleteRequest) -> ApplyResponse {
        let id = request.prior.object().string("id").known().unwrap_or_default();
        match self.0.delete(id) {
            Ok(()) => ApplyResponse::default(),
            Err(error) => failure(Some(request.prior.clone()), failed("delete", &error)),
        }
    }

    async fn import(&self, request: ImportRequest) -> Result<ImportResponse, Diagnostics> {
        if request.client.deferral_allowed && !self.0.is_open() {
            let deferred = Some(Deferred::ProviderConfigUnknown);
            return Ok(ImportResponse { deferred, ..ImportResponse::default() });
        }
        let ids = self.0.ids().map_err(|error| failed("import", &error))?;
        let wanted = |object: &Object| match &request.by {
            ImportBy::Id(id) => object.string("id").known() == Some(id.as_str()),
            ImportBy::Identity(wanted) => identity(object) == *wanted,
        };
        let ty = SCHEMA.value_type();
        let notes = ids.iter().filter_map(|id| self.0.read(id, &ty).ok().flatten());
        let mut notes = notes.filter(wanted);
        let note = notes
            .next()
            .ok_or_else(|| failed("import", &std::io::Error::other("there is no such note")))?;
        Ok(ImportResponse {
            identity: Some(identity(&note)),
            state: State::new(note, &SCHEMA.block),
            ..ImportResponse::default()
        })
    }

    /// In version 0, the title was called `name`.
    fn upgrade(&self, schema: &Schema, version: i64, raw: &[u8]) -> Result<Object, Diagnostics> {
        let text = |name: &str| (name.to_owned(), Type::String);
        let old = Type::Object([text("name")].into());
        let current = json::decode_state(raw, &schema.value_type());
        let stored = json::decode_state(raw, &old);
        let (Ok(Value::Map(current)), Ok(Value::Map(stored))) = (current, stored) else {
            let cause = std::io::Error::other("the state is not that of a note");
            return Err(failed("upgrade", &cause).into());
        };
        let mut note: Object = current.into_iter().collect();
        if version == 0 {
            note.set("title", stored["name"].clone());
        }
        Ok(note)
    }

    fn moves(&self) -> Option<&dyn MoveState> {
        Some(self)
    }
}

/// A `terraform_data` with the id of a note becomes that note. The provider is not
/// configured yet, so only the id is known. Terraform reads the rest.
#[async_trait]
impl MoveState for Note {
    async fn move_state(
        &self,
        request: MoveStateRequest<'_>,
    ) -> Result<Option<MoveStateResponse>, Diagnostics> {
        if request.type_name != "terraform_data" {
            return Ok(None);
        }
        let ty = Type::Object([("input".to_owned(), Type::Dynamic)].into());
        let Ok(Value::Map(data)) = json::decode_state(request.raw, &ty) else { return Ok(None) };
        let note = Object::null(&SCHEMA.block).with("id", data["input"].content().clone());
        let state = State::new(note, &SCHEMA.block);
        Ok(Some(MoveStateResponse { state, ..MoveStateResponse::default() }))
    }
}

impl Note {
    fn write(
        &self,
        id: &str,
        count: i64,
        configuration: &Configuration,
        plan: &Plan,
    ) -> ApplyResponse {
        let mut note = plan.object().clone().with("id", id).with("revision", count);
        for index in 0..note.objects("section").known().unwrap_or_default().len() {
            let section = Path::attribute("section").index(index);
            let footnote = section.clone().name("footnote");
            // Write-only values are in the configuration only, at any depth.
            let cipher = configuration.secret_at(&footnote.clone().name("cipher_wo")).known();
            let length = cipher.map(|cipher| cipher.expose().len() as i64);
            note.set_at(&section.name("cipher_length"), length);
            note.set_at(&footnote.name("position"), index as i64 + 1);
        }
        let labels = note.objects("label").known().unwrap_or_default();
        let ranked = labels.into_iter().map(|label| {
            let length = label.string("name").known().map_or(0, str::len);
            label.with("rank", length as i64).into_value()
        });
        let ranked = Value::List(ranked.collect());
        note.set("label", ranked);
        let response = ApplyResponse {
            identity: Some(identity(&note)),
            private: PrivateState::encode(&count),
            ..ApplyResponse::default()
        };
        match self.0.write(id, &note, &SCHEMA.value_type()) {
            Ok(()) => ApplyResponse { state: Some(State::new(note, &SCHEMA.block)), ..response },
            Err(error) => failure(None, failed("write", &error)),
        }
    }
}

fn failure(state: Option<State>, message: tf_provider::diagnostics::Diagnostic) -> ApplyResponse {
    ApplyResponse { state, diagnostics: message.into(), ..ApplyResponse::default() }
}
