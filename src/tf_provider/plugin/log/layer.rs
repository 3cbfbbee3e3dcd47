//! Turns events of `tracing` into lines of the log.

use std::error::Error;
use std::fmt::{Debug, Display};

use serde_json::Value as JsonValue;
use time::OffsetDateTime;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::ROOT_MODULE;
use super::line::{Line, MESSAGE_LIMIT, VALUE_LIMIT, bounded};

/// The name of this crate in the targets of its events.
const FRAMEWORK: &str = env!("CARGO_CRATE_NAME");

/// Writes events of the framework and of the provider's crates, with the fields
/// of the spans around them.
pub(super) struct HclogLayer<W> {
    level: Level,
    /// The provider's crates, each with the module that is shown for it.
    log_targets: &'static [(&'static str, &'static str)],
    write: W,
}

impl<W: Fn(&str)> HclogLayer<W> {
    /// Returns a layer that calls `write` with one line for each event up to
    /// `level`.
    pub(super) fn new(
        level: Level,
        log_targets: &'static [(&'static str, &'static str)],
        write: W,
    ) -> Self {
        Self { level, log_targets, write }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && self.module(metadata.target()).is_some()
    }

    /// Returns the module to show for a target; `None` for other crates.
    fn module(&self, target: &str) -> Option<String> {
        let (root, path) = target.split_once("::").unwrap_or((target, ""));
        let mut targets = self.log_targets.iter().chain(&[(FRAMEWORK, FRAMEWORK)]);
        let (_, shown) = targets.find(|(name, _)| *name == root)?;
        let parts = [*shown].into_iter().chain(path.split("::")).filter(|part| !part.is_empty());
        Some(parts.fold(ROOT_MODULE.to_owned(), |module, part| module + "." + part))
    }
}

impl<S, W> Layer<S> for HclogLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.level))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let Some(module) = self.module(metadata.target()) else { return };

        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.extend(outer);
            }
        }
        event.record(&mut fields);

        let now = OffsetDateTime::now_utc();
        let mut line = Line::new(*metadata.level(), now, &module, &fields.message);
        for (name, value) in fields.named {
            line.field(name, value);
        }
        (self.write)(&line.finish());
    }
}

/// The fields of a span or an event.
#[derive(Debug, Default)]
struct Fields {
    message: String,
    /// In the order in which they were first set.
    named: Vec<(&'static str, JsonValue)>,
}

impl Fields {
    /// Sets a field. JSON allows no name twice, so the later value stays.
    fn set(&mut self, name: &'static str, value: JsonValue) {
        match self.named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.named.push((name, value)),
        }
    }

    fn extend(&mut self, other: &Self) {
        for (name, value) in &other.named {
            self.set(name, value.clone());
        }
    }

    fn set_text(&mut self, field: &Field, text: impl Display) {
        match field.name() {
            "message" => self.message = bounded(MESSAGE_LIMIT, text),
            name => self.set(name, bounded(VALUE_LIMIT, text).into()),
        }
    }

    fn set_literal(&mut self, field: &Field, literal: impl Into<JsonValue>) {
        match (field.name(), literal.into()) {
            ("message", literal) => self.message = literal.to_string(),
            (name, literal) => self.set(name, literal),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set_text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set_text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set_text(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set_literal(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set_literal(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set_literal(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::Level;
    use tracing_subscriber::layer::SubscriberExt;

    use super::HclogLayer;

    const LOG_TARGETS: &[(&str, &str)] = &[("cloud_provider", ""), ("cloud_client", "client")];

    /// Returns the lines that `work` logs.
    fn logged(level: Level, work: impl FnOnce()) -> Vec<Value> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let write = move |line: &str| sink.lock().unwrap().push(line.to_owned());
        let subscriber =
            tracing_subscriber::registry().with(HclogLayer::new(level, LOG_TARGETS, write));
        tracing::subscriber::with_default(subscriber, work);
        let lines = lines.lock().unwrap();
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn line_has_the_fields_of_the_spans_around_it() {
        let lines = logged(Level::DEBUG, || {
            let call = tracing::info_span!("call", tf_rpc = "Read", tf_req_id = "7", late = 0);
            let _call = call.enter();
            call.record("late", 2.5_f64);
            let _inner = tracing::info_span!("inner", tf_req_id = "8").entered();
            tracing::info!(count = 3, fine = true, "Read {} of {}", 1, 2);
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line["@level"], "info");
        assert_eq!(line["@message"], "Read 1 of 2");
        assert_eq!(line["@module"], "provider.tf_provider.plugin.log.layer.tests");
        assert_eq!((&line["tf_rpc"], &line["tf_req_id"]), (&"Read".into(), &"8".into()));
        assert_eq!((&line["count"], &line["fine"]), (&3.into(), &true.into()));
        assert_eq!(line["late"], "2.5");
    }

    #[test]
    fn events_below_the_level_are_dropped() {
        let lines = logged(Level::WARN, || {
            tracing::error!("error");
            tracing::warn!("warn");
            tracing::info!("info");
            tracing::trace!("trace");
        });
        let levels: Vec<_> = lines.iter().map(|line| &line["@level"]).collect();
        assert_eq!(levels, ["error", "warn"]);
    }

    #[test]
    fn events_of_other_crates_are_dropped() {
        let lines = logged(Level::TRACE, || {
            let _outer =
                tracing::error_span!(target: "hyper", "request", token = "s3cret").entered();
            tracing::error!(target: "h2::codec", "frame with authorization: Bearer s3cret");
            tracing::error!(target: "cloud_clients", "a name that only begins alike");
            tracing::trace!(target: "cloud_client::http", "ours");
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line["@module"], "provider.client.http");
        assert!(!line.to_string().contains("s3cret"), "{line}");
    }

    #[test]
    fn module_begins_with_the_name_shown_for_the_crate() {
        let lines = logged(Level::TRACE, || {
            tracing::info!(target: "cloud_provider", "root");
            tracing::info!(target: "cloud_provider::disk::plan", "provider");
            tracing::info!(target: "cloud_client", "client");
            tracing::info!(target: "tf_provider::plugin", "framework");
        });
        let modules: Vec<_> = lines.iter().map(|line| &line["@module"]).collect();
        assert_eq!(
            modules,
            ["provider", "provider.disk.plan", "provider.client", "provider.tf_provider.plugin"]
        );
    }

    #[test]
    fn error_field_shows_its_display_text() {
        let lines = logged(Level::INFO, || {
            let error = std::io::Error::other("two\nlines \u{1b}[2J");
            tracing::info!(error = &error as &dyn std::error::Error, missing = ?None::<u8>, "failed");
        });
        assert_eq!(lines[0]["error"], "two\nlines \u{1b}[2J");
        assert_eq!(lines[0]["missing"], "None");
    }
}
