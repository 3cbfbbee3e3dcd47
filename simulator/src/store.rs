//! The organizations with their connectors, in memory and in the state file.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::connector::Connector;

/// Everything that survives a restart.
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
    /// What refers to them.
    #[serde(default)]
    pub(crate) references: Vec<Reference>,
}

/// A flow that uses a connector.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    /// The id of what refers.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What it is, for example `flow`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The connector that is referred to.
    pub(crate) connector_id: String,
}

impl Store {
    /// Opens the state file, if there is one, and makes sure that the named
    /// organizations exist.
    pub(crate) fn open(organizations: &[String], file: Option<PathBuf>) -> io::Result<Self> {
        let mut store = Self { organizations: BTreeMap::new(), file, saved: String::new() };
        if let Some(file) = &store.file {
            store.organizations = load(file)?;
        }
        for organization in organizations {
            store.organizations.entry(organization.to_ascii_lowercase()).or_default();
        }
        // Written at once, so that a file that cannot be written is told at
        // the start and not after the first change.
        store.save()?;
        Ok(store)
    }

    /// An organization by its UUID.
    pub(crate) fn organization(&self, id: &str) -> Option<&Organization> {
        self.organizations.get(&id.to_ascii_lowercase())
    }

    /// An organization by its UUID, to change it.
    pub(crate) fn organization_mut(&mut self, id: &str) -> Option<&mut Organization> {
        self.organizations.get_mut(&id.to_ascii_lowercase())
    }

    /// Writes the state file if anything changed since it was last written.
    ///
    /// The file is written aside and then renamed, so that a crash leaves
    /// either the old or the new state.
    pub(crate) fn save(&mut self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_string_pretty(&self.organizations)?;
        if text == self.saved {
            return Ok(());
        }
        let mut aside = file.clone().into_os_string();
        aside.push(".new");
        let aside = PathBuf::from(aside);
        write(&aside, &text)?;
        std::fs::rename(&aside, file)?;
        self.saved = text;
        Ok(())
    }
}

impl Organization {
    /// A connector by its id.
    pub(crate) fn connector(&self, id: &str) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.id() == id)
    }

    /// A connector by its id, to change it.
    pub(crate) fn connector_mut(&mut self, id: &str) -> Option<&mut Connector> {
        self.connectors.iter_mut().find(|connector| connector.id() == id)
    }

    /// Whether another connector than this one has the name.
    pub(crate) fn is_name_taken(&self, name: &str, by_other_than: Option<&str>) -> bool {
        self.connectors
            .iter()
            .any(|connector| connector.name() == name && Some(connector.id()) != by_other_than)
    }

    /// What refers to a connector.
    pub(crate) fn references_to(&self, id: &str) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(move |reference| reference.connector_id == id)
    }

    /// Removes a connector and what refers to it; false if there was none.
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
        Err(error) => return Err(about(file, &error)),
    };
    serde_json::from_str(&text).map_err(|error| {
        about(file, &io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
    })
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        // The file holds secrets in the clear.
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut opened = options.open(file).map_err(|error| about(file, &error))?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()
}

fn about(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the state file {}: {error}", file.display()))
}
