//! Notes as files: what an API is to another provider.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

use tf_provider::diagnostics::Diagnostic;
use tf_provider::object::Object;
use tf_provider::value::{Type, Value, msgpack};

/// A folder with one file for each note.
#[derive(Default)]
pub(crate) struct Store(OnceLock<PathBuf>);

impl Store {
    pub(crate) fn open(&self, folder: PathBuf) -> io::Result<()> {
        fs::create_dir_all(&folder)?;
        // A provider is configured once in a process, or again with the same folder.
        let _ = self.0.set(folder);
        Ok(())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.get().is_some()
    }

    pub(crate) fn path(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.0.get().ok_or_else(|| io::Error::other("the folder is not known"))?;
        Ok(folder.join(name))
    }

    pub(crate) fn ids(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.path("")?)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names = names.collect::<io::Result<Vec<_>>>()?;
        let mut ids: Vec<_> =
            names.iter().filter_map(|name| name.strip_suffix(".note")).map(str::to_owned).collect();
        ids.sort();
        Ok(ids)
    }

    /// Returns an id that no note has.
    pub(crate) fn new_id(&self) -> io::Result<String> {
        let ids = self.ids()?;
        let last = ids.iter().filter_map(|id| id.parse::<u32>().ok()).max();
        Ok((last.unwrap_or(0) + 1).to_string())
    }

    pub(crate) fn read(&self, id: &str, ty: &Type) -> io::Result<Option<Object>> {
        let bytes = match fs::read(self.path(&format!("{id}.note"))?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let value = msgpack::decode(&bytes, ty).map_err(io::Error::other)?;
        Ok(match value {
            Value::Map(entries) => Some(entries.into_iter().collect()),
            Value::Null
            | Value::Unknown
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Secret(_)
            | Value::List(_)
            | Value::Dynamic(_) => None,
        })
    }

    pub(crate) fn write(&self, id: &str, note: &Object, ty: &Type) -> io::Result<()> {
        let bytes = msgpack::encode(&note.clone().into_value(), ty).map_err(io::Error::other)?;
        fs::write(self.path(&format!("{id}.note"))?, bytes)
    }

    pub(crate) fn delete(&self, id: &str) -> io::Result<()> {
        fs::remove_file(self.path(&format!("{id}.note"))?)
    }
}

/// Returns the message of a failed operation.
pub(crate) fn failed(what: &str, error: &io::Error) -> Diagnostic {
    Diagnostic::error(
        format!("Could not {what} the note"),
        format!("{error}. Nothing was changed."),
    )
}
