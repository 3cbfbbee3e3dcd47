//! The action `webex_cc_flow_publish`: validates a flow, imports it as a draft,
//! validates the draft, and publishes it.
//!
//! A step begins only if the one before has succeeded, so nothing is published
//! that the validator refuses. All calls are documented by Cisco.

mod messages;
mod schema;

use std::sync::Arc;

use async_trait::async_trait;

use self::messages::Step;
use self::schema::Settings;
use crate::provider::organization;
use crate::provider::provider_data::ProviderData;
use crate::provider::timeouts::Timeout;
use tf_provider::action::{Action, InvokeRequest, Progress};
use tf_provider::diagnostics::{Diagnostics, Result};
use tf_provider::resource::ValidateRequest;
use tf_provider::schema::Schema;
use webex_contact_center::{Budget, FlowFindings, Flows};

/// The name of the action.
pub const TYPE_NAME: &str = "webex_cc_flow_publish";

/// The action.
pub struct FlowPublish {
    provider_data: Arc<ProviderData>,
}

impl FlowPublish {
    /// Returns the action, which calls Webex through `provider_data`.
    #[must_use]
    pub fn new(provider_data: Arc<ProviderData>) -> Self {
        Self { provider_data }
    }
}

#[async_trait]
impl Action for FlowPublish {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, request: ValidateRequest<'_>) -> Diagnostics {
        schema::validate(request.configuration.object())
    }

    async fn invoke(&self, request: InvokeRequest, progress: Progress) -> Result<Diagnostics> {
        let object = request.configuration.object();
        let settings = Settings::read(object)?;
        let provider = self.provider_data.ready()?;
        let organization = provider.organization(organization::explicit(object)?)?;
        let budget = Budget::within(Timeout::Update.by_default(), request.stop.clone());
        let run = Run { flows: provider.client.flows(organization), settings, budget };
        run.carry_out(&progress).await
    }
}

/// One run of the action.
struct Run {
    flows: Flows,
    settings: Settings,
    budget: Budget,
}

impl Run {
    /// Carries out the steps. The warnings of a step are shown even if a later one fails.
    async fn carry_out(&self, progress: &Progress) -> Result<Diagnostics> {
        let mut said = Diagnostics::new();
        match self.steps(progress, &mut said).await {
            Ok(()) => Ok(said),
            Err(failure) => {
                said.extend(failure);
                Err(said)
            }
        }
    }

    async fn steps(&self, progress: &Progress, said: &mut Diagnostics) -> Result<()> {
        let Settings { flow, flow_type, overwrite, publish, comment, tags } = &self.settings;
        let name = flow.name();
        let failed = |step| move |error| messages::failed(step, name, &error);
        let budget = &self.budget;

        progress.report(format!("Flow {name:?}: validating")).await;
        let found = self.flows.validate(flow, budget).await.map_err(failed(Step::Validate))?;
        said.extend(messages::warnings(name, &found.warnings));
        self.check(&found, None)?;

        progress.report(format!("Flow {name:?}: importing as a draft")).await;
        let draft = self.flows.import(flow, *flow_type, *overwrite, budget).await;
        let draft = draft.map_err(failed(Step::Import))?;
        said.extend(messages::warnings(name, &draft.warnings));

        let id = draft.shown_id.as_ref();
        progress.report(format!("Flow {name:?}: validating the draft {id}")).await;
        let found = self.flows.validate_draft(&draft, *flow_type, budget).await;
        let found = found.map_err(failed(Step::ValidateDraft))?;
        // The recommendations about a valid draft are those about the document.
        if !found.valid {
            said.extend(messages::warnings(name, &found.warnings));
        }
        self.check(&found, Some(id))?;
        if !publish {
            progress.report(format!("Flow {name:?}: the draft {id} is not published")).await;
            return Ok(());
        }

        progress.report(format!("Flow {name:?}: publishing")).await;
        let comment = comment.as_deref();
        let version = self.flows.publish(&draft, *flow_type, comment, tags, budget).await;
        let version = version.map_err(failed(Step::Publish))?;
        let version = version.map(|number| format!(" as version {number}")).unwrap_or_default();
        progress.report(format!("Flow {name:?}: published{version}")).await;
        Ok(())
    }

    /// Fails with the errors of a validation.
    fn check(&self, found: &FlowFindings, draft: Option<&str>) -> Result<()> {
        if found.valid {
            return Ok(());
        }
        Err(messages::invalid(self.settings.flow.name(), found, draft))
    }
}
