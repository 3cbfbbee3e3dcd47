//! The organizations with their connectors, in memory and in the state file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::connector::Connector;
use crate::file;

/// The name of the state file in errors.
const FILE: &str = "state file";

/// The data that the state file keeps across restarts.
#[derive(Debug)]
pub(crate) struct Store {
    organizations: BTreeMap<String, Organization>,
    file: Option<PathBuf>,
    saved: String,
}

/// One organization.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Organization {
    /// Its connectors, in the order in which they were created.
    pub(crate) connectors: Vec<Connector>,
    /// The references to them.
    #[serde(default)]
    pub(crate) references: Vec<Reference>,
}

/// A flow that uses a connector.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    /// The id of the entity that refers.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its type, for example `flow`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The id of the connector to which it refers.
    pub(crate) connector_id: String,
}

impl Store {
    /// Loads the state file, if there is one, and creates the named
    /// organizations that it does not hold.
    pub(crate) fn open(organizations: &[String], file: Option<PathBuf>) -> io::Result<Self> {
        let mut store = Self { organizations: BTreeMap::new(), file, saved: String::new() };
        if let Some(file) = &store.file {
            store.organizations = load(file)?;
        }
        for organization in organizations {
            store.organizations.entry(organization.to_ascii_lowercase()).or_default();
        }
        // A file that cannot be written is an error at the start and not at the
        // first change.
        store.save()?;
        Ok(store)
    }

    /// Returns an organization by its UUID.
    pub(crate) fn organization(&self, id: &str) -> Option<&Organization> {
        self.organizations.get(&id.to_ascii_lowercase())
    }

    /// Returns an organization by its UUID, to change it.
    pub(crate) fn organization_mut(&mut self, id: &str) -> Option<&mut Organization> {
        self.organizations.get_mut(&id.to_ascii_lowercase())
    }

    /// Writes the state file if anything has changed since the last write.
    pub(crate) fn save(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_string_pretty(&self.organizations)?;
        if text == self.saved {
            return Ok(());
        }
        file::replace(FILE, file, &text)?;
        self.saved = text;
        Ok(())
    }
}

impl Organization {
    /// Returns a connector by its id.
    pub(crate) fn connector(&self, id: &str) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.id() == id)
    }

    /// Returns a connector by its id, to change it.
    pub(crate) fn connector_mut(&mut self, id: &str) -> Option<&mut Connector> {
        self.connectors.iter_mut().find(|connector| connector.id() == id)
    }

    /// Whether a connector has this name. The one with the id `except` does not
    /// count.
    pub(crate) fn is_name_taken(&self, name: &str, except: Option<&str>) -> bool {
        self.connectors
            .iter()
            .any(|connector| connector.name() == name && Some(connector.id()) != except)
    }

    /// Returns the references to a connector.
    pub(crate) fn references_to(&self, id: &str) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(move |reference| reference.connector_id == id)
    }

    /// Removes a connector and the references to it. Returns whether there was
    /// such a connector.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let before = self.connectors.len();
        self.connectors.retain(|connector| connector.id() != id);
        self.references.retain(|reference| reference.connector_id != id);
        self.connectors.len() < before
    }
}

fn load(file: &Path) -> io::Result<BTreeMap<String, Organization>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(file::named(FILE, file, &error)),
    };
    serde_json::from_str(&text).map_err(|error| file::named(FILE, file, &error.into()))
}
