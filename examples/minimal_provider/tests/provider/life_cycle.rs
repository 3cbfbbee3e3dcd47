//! The life of a note under Terraform's rules.

use tf_provider::value::{Path, Type, Value};
use tf_provider_testing::checker::of;
use tf_provider_testing::core::{Action, Instance, TerraformCore, failed};

use super::{element, filled, running};

/// Returns a section with a footnote.
fn section(ty: &Type, heading: &str, language: &str) -> Value {
    let section = element(ty, "section");
    let footnote = [("text", "see below".into()), ("cipher_wo", "hunter2".into())];
    let footnote = filled(element(section, "footnote"), footnote);
    filled(
        section,
        [("heading", heading.into()), ("language", language.into()), ("footnote", footnote)],
    )
}

fn label(ty: &Type, name: &str) -> Value {
    filled(element(ty, "label"), [("name", name.into())])
}

/// Returns a note with two sections and two labels.
fn note(core: &TerraformCore, title: &str, heading: &str, language: &str) -> Value {
    let ty = core.shape.ty();
    let sections = vec![section(ty, heading, language), section(ty, "last", "en")];
    filled(
        ty,
        [
            ("title", title.into()),
            ("pin", 1234.into()),
            ("subject", title.into()),
            ("tokens", Value::List(vec!["s3cret".into()])),
            ("section", Value::List(sections)),
            ("label", Value::List(vec![label(ty, "red"), label(ty, "urgent")])),
        ],
    )
}

fn at(value: &Value, path: Path) -> &Value {
    value.at(&path).unwrap_or_else(|| panic!("there is no {path}"))
}

fn section_path() -> Path {
    Path::attribute("section").index(0)
}

async fn settle(
    core: &mut TerraformCore,
    before: Option<Instance>,
    configuration: &Value,
    action: Action,
) -> Instance {
    let (after, plan) = core.settle(before.as_ref(), configuration).await.unwrap();
    assert_eq!(plan.action, action);
    after
}

#[tokio::test]
async fn note_runs_its_life_cycle() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let configuration = note(&core, "Z\u{fc}rich", "first", "en");
    let created = settle(&mut core, None, &configuration, Action::Create).await;
    assert_eq!(at(&created.state, section_path().name("style")), &"plain".into());
    assert_eq!(at(&created.state, section_path().name("anchor")), &"#first".into());
    assert_eq!(at(&created.state, section_path().name("cipher_length")), &7.into());
    let mark = section_path().name("footnote").name("mark");
    assert_eq!(at(&created.state, mark), &"*".into());
    assert_eq!(created.private, b"1");

    // A change at the second depth updates in place, and keeps what is stable.
    let mut changed = configuration.clone();
    set(&mut changed, &section_path().name("style"), "fancy".into());
    let updated = settle(&mut core, Some(created.clone()), &changed, Action::Update).await;
    assert_eq!(of(&updated.state, "revision"), &2.into());
    assert_eq!(updated.identity, created.identity);

    // A change of capitals is none.
    let capitals = with(&changed, "title", "z\u{fc}rich".into());
    let plan = core.plan(Some(&updated), &capitals).await.unwrap();
    assert_eq!((plan.action, plan.messages), (Action::Nothing, Vec::new()));

    // An attribute of a nested block replaces the note.
    let moved = note(&core, "Z\u{fc}rich", "first", "de");
    let replaced = settle(&mut core, Some(updated), &moved, Action::Replace).await;

    // Another label, and so does another title.
    let ty = core.shape.ty().clone();
    let labels = Value::List(vec![label(&ty, "urgent"), label(&ty, "blue")]);
    let labelled = with(&moved, "label", labels);
    let labelled_note = settle(&mut core, Some(replaced), &labelled, Action::Update).await;
    let renamed = with(&labelled, "title", "Basel".into());
    let renamed_note = settle(&mut core, Some(labelled_note), &renamed, Action::Replace).await;

    let imported = core.import("1").await.unwrap();
    assert!(!failed(&imported.1), "{:?}", imported.1);
    let by_identity = core.import_identity(&renamed_note.identity.clone().unwrap()).await.unwrap();
    assert_eq!(by_identity.0.unwrap().state, imported.0.unwrap().state);

    let generated = core.generate(&renamed_note).await.unwrap();
    assert_eq!(at(&generated, section_path().name("language")), &"de".into());
    assert_eq!(of(&generated, "tokens"), &Value::Null, "credentials");
    assert_eq!(of(&generated, "pin"), &Value::Null, "sensitive");
    assert_eq!(of(&generated, "subject"), &Value::Null, "deprecated");

    let plan = core.plan(Some(&renamed_note), &Value::Null).await.unwrap();
    let (left, said) = core.apply(Some(&renamed_note), &Value::Null, &plan).await.unwrap();
    assert_eq!((left, said), (None, Vec::new()));
    plugin.shutdown().await.assert_tidy();
}

/// In either order, a label without a color gets the default, although a label with a color has
/// the same name.
#[tokio::test]
async fn labels_of_the_same_name_keep_their_colors() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let ty = core.shape.ty().clone();
    let label =
        |color: Value| filled(element(&ty, "label"), [("name", "a".into()), ("color", color)]);
    let labels = [label("red".into()), label(Value::Null)];
    for labels in [labels.to_vec(), labels.iter().rev().cloned().collect()] {
        let configuration =
            filled(&ty, [("title", "Bern".into()), ("label", Value::List(labels.clone()))]);
        let created = settle(&mut core, None, &configuration, Action::Create).await;
        let Value::List(stored) = of(&created.state, "label") else { panic!("a list") };
        let colors: Vec<_> = stored.iter().map(|label| of(label, "color").clone()).collect();
        let expected = labels.iter().map(|label| match of(label, "color") {
            Value::Null => "gray".into(),
            color => color.clone(),
        });
        assert_eq!(colors, expected.collect::<Vec<Value>>());
        // Both labels keep their computed values in an update.
        let changed = with(&configuration, "body", "another".into());
        let (_, plan) = core.settle(Some(&created), &changed).await.unwrap();
        assert_eq!(of(&plan.planned, "label"), of(&created.state, "label"));
    }
    plugin.shutdown().await.assert_tidy();
}

/// Terraform sends no identity with the deletion that is a part of a replacement.
#[tokio::test]
async fn failed_replacement_keeps_the_identity() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let before = note(&core, "Bern", "first", "en");
    let created = settle(&mut core, None, &before, Action::Create).await;
    let after = note(&core, "Bern", "first", "de");
    let plan = core.plan(Some(&created), &after).await.unwrap();
    assert_eq!(plan.action, Action::Replace);
    std::fs::remove_file(folder.path().join("1.note")).unwrap();
    let (left, said) = core.apply(Some(&created), &after, &plan).await.unwrap();
    assert!(failed(&said), "{said:?}");
    assert_eq!(left.unwrap().identity, created.identity);
    plugin.shutdown().await.assert_tidy();
}

fn with(value: &Value, name: &str, new: Value) -> Value {
    let mut value = value.clone();
    set(&mut value, &Path::attribute(name), new);
    value
}

fn set(value: &mut Value, path: &Path, new: Value) {
    let Value::Map(entries) = value else { panic!("an object") };
    let mut object: tf_provider::object::Object = std::mem::take(entries).into_iter().collect();
    object.set_at(path, new);
    *value = object.into_value();
}

/// Unknown values at every depth, and unknown blocks.
#[tokio::test]
async fn unknown_values_are_planned_as_unknown() {
    let folder = tempfile();
    let (plugin, mut core) = running(folder.path()).await;
    let known = note(&core, "Bern", "first", "en");
    let created = settle(&mut core, None, &known, Action::Create).await;
    let footnote = section_path().name("footnote");
    for path in [
        section_path().name("heading"),
        section_path().name("language"),
        footnote.clone().name("text"),
        footnote.clone().name("cipher_wo"),
        footnote,
        Path::attribute("section"),
        Path::attribute("label"),
    ] {
        let mut configuration = known.clone();
        set(&mut configuration, &path, Value::Unknown);
        for before in [None, Some(&created)] {
            let plan = core.plan(before, &configuration).await;
            let plan = plan.unwrap_or_else(|rule| panic!("{path}: {rule}"));
            assert!(!failed(&plan.messages), "{path}: {plan:?}");
        }
    }
    plugin.shutdown().await.assert_tidy();
}

pub(crate) fn tempfile() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
