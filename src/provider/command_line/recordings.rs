//! Files of the commands `learn` and `scrub`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use api_learner::{Form, Recording};
use safe_text::Shown;

/// A recording in a file.
pub(super) struct HarFile(pub(super) PathBuf);

impl Recording for HarFile {
    fn name(&self) -> String {
        shown(&self.0)
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        let file = File::open(&self.0)?;
        // A recording is read twice, which a pipe does not allow.
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Box::new(file))
    }
}

/// The options of a command, and the files after them.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) options: Vec<(&'static str, PathBuf)>,
    pub(super) recordings: Vec<PathBuf>,
}

impl Arguments {
    /// Reads the command line. The error says what cannot be understood.
    pub(super) fn read(words: &[&str], known: &[&'static str]) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if word == "--" {
                arguments.recordings.extend(words.by_ref().map(PathBuf::from));
                break;
            }
            if !word.starts_with("--") {
                arguments.recordings.push(PathBuf::from(word));
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let Some(option) = known.iter().find(|option| **option == name) else {
                return Err(format!("There is no option {name}."));
            };
            let Some(value) = value.or_else(|| words.next()).filter(|value| !value.is_empty())
            else {
                return Err(format!("{option} needs a file."));
            };
            if arguments.option(option).is_some() {
                return Err(format!("{option} is given twice."));
            }
            arguments.options.push((option, PathBuf::from(value)));
        }
        if arguments.recordings.is_empty() {
            return Err("A recording is missing.".to_owned());
        }
        Ok(arguments)
    }

    /// Returns the file of an option.
    pub(super) fn option(&self, name: &str) -> Option<&Path> {
        let found = self.options.iter().find(|(known, _)| *known == name);
        found.map(|(_, path)| path.as_path())
    }

    /// Returns the recordings.
    pub(super) fn files(&self) -> Vec<HarFile> {
        self.recordings.iter().cloned().map(HarFile).collect()
    }
}

/// Returns the name of a file. A file may be named by somebody else, such as in an archive.
fn shown(path: &Path) -> String {
    Shown::new(&path.to_string_lossy()).to_string()
}

/// The largest form, in bytes: 1 MiB.
const LARGEST_FORM: u64 = 1 << 20;

/// Reads a form, which may come from a pipe. The error is a sentence.
pub(super) fn read_form(path: &Path) -> Result<Form, String> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_FORM + 1).read_to_end(&mut text))
        .map_err(|error| format!("{} cannot be read: {error}.", shown(path)))?;
    if text.len() as u64 > LARGEST_FORM {
        return Err(format!("{} is larger than 1 MiB.", shown(path)));
    }
    Form::read(&text).map_err(|error| format!("{} is not a form: {error}.", shown(path)))
}

/// Writes a file that is there as a whole or not at all, and that only its owner can read.
pub(super) fn write_whole(
    path: &Path,
    write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // What is no file, such as /dev/null, cannot be replaced.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path)?;
        return write(&mut file);
    }
    let Some(name) = path.file_name() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut temporary_name = std::ffi::OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(temporary_name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&temporary)?;
    let written = (|| {
        let mut buffer = io::BufWriter::new(file);
        write(&mut buffer)?;
        let file = buffer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn read(words: &[&str]) -> Result<Arguments, String> {
        Arguments::read(words, &["--form", "--output"])
    }

    #[test]
    fn options_stand_anywhere_and_take_a_file() {
        let arguments = read(&["a.har", "--form", "f.json", "--output=o.json", "b.har"]).unwrap();
        assert_eq!(arguments.recordings.len(), 2);
        assert_eq!(arguments.option("--form").unwrap().to_str(), Some("f.json"));
        assert_eq!(arguments.option("--output").unwrap().to_str(), Some("o.json"));
        assert_eq!(read(&["--", "--form"]).unwrap().recordings.len(), 1);
    }

    #[test]
    fn wrong_options_are_named() {
        for (words, named) in [
            (&["--what", "a.har"][..], "--what"),
            (&["a.har", "--form"], "--form needs"),
            (&["a.har", "--form="], "--form needs"),
            (&["--form", "a", "--form", "b", "c"], "twice"),
            (&["--form", "a"], "A recording"),
        ] {
            let error = read(words).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
