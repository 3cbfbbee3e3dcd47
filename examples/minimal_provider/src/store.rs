//! Notes as files: what the client of an API is to another provider.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::{fs, io};

use tf_provider::prelude::*;
use tf_provider::value::msgpack;

use crate::schema::schema;

/// A folder with one file for each note.
#[derive(Default)]
pub(crate) struct Store(OnceLock<PathBuf>);

impl Store {
    pub(crate) fn open(&self, folder: PathBuf) -> Result<()> {
        tried("open the folder", fs::create_dir_all(&folder))?;
        // A provider is configured once in a process, or again with the same folder.
        let _ = self.0.set(folder);
        Ok(())
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let unknown = io::Error::other("the provider's folder is not known yet");
        Ok(tried("find the folder", self.0.get().ok_or(unknown))?.join(name))
    }

    pub(crate) fn write_file(&self, name: &str, content: &[u8]) -> Result<()> {
        tried("write the file", fs::write(self.path(name)?, content))
    }

    pub(crate) fn remove_file(&self, name: &str) -> Result<()> {
        tried("remove the file", fs::remove_file(self.path(name)?))
    }

    /// Returns all notes, oldest first.
    pub(crate) fn notes(&self) -> Result<Vec<Object>> {
        let files = tried("list the notes", fs::read_dir(self.path("")?))?.flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        let ids = names.filter_map(|name| name.strip_suffix(".note")?.parse::<u32>().ok());
        let mut ids: Vec<u32> = ids.collect();
        ids.sort_unstable();
        ids.iter().filter_map(|id| self.read(&id.to_string()).transpose()).collect()
    }

    pub(crate) fn read(&self, id: &str) -> Result<Option<Object>> {
        let bytes = match fs::read(self.path(&format!("{id}.note"))?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => tried("read the note", bytes)?,
        };
        let schema = schema();
        let note = msgpack::decode(&bytes, &schema.value_type()).map_err(io::Error::other);
        Ok(Object::from_value(tried("read the note", note)?, &schema.block))
    }

    pub(crate) fn write(&self, id: &str, note: &Object) -> Result<()> {
        let bytes = msgpack::encode(&note.clone().into_value(), &schema().value_type());
        let bytes = tried("write the note", bytes.map_err(io::Error::other))?;
        self.write_file(&format!("{id}.note"), &bytes)
    }
}

/// Makes a message of an error.
fn tried<T>(what: &str, result: io::Result<T>) -> Result<T> {
    let failed = |error| format!("Check the folder of the provider block. {error}.");
    result.map_err(|error| Diagnostic::error(format!("Could not {what}"), failed(error)).into())
}
