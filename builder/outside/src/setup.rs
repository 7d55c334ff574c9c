//! What is resolved and how: columns and settings, guessed or from a file.

use std::path::PathBuf;

use kenal_identity::{Attribute, AttributeKind, BlockingConfig, Config, Schema, Source};
use kenal_tables::guess::{Sample, guess};
use kenal_tables::mapping::{self, Mapping, Reasons};
use serde::{Deserialize, Serialize};

use crate::{OutsideError, open, positions};

/// Columns and settings.
#[derive(Debug)]
pub struct Setup {
    /// Which column means what.
    pub mapping: Mapping,
    /// The engine's settings.
    pub engine: Config,
    reasons: Reasons,
}

/// The file: `[columns]` and `[engine]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    columns: Mapping,
    /// Settings that are left out are those that --auto would use.
    #[serde(default)]
    engine: Option<toml::Table>,
}

#[derive(Serialize)]
struct Engine<'a> {
    engine: &'a Config,
}

impl Setup {
    /// Works out columns from names and values, and settings from the columns.
    ///
    /// # Errors
    /// A file cannot be read, or no column of it can be an id.
    pub fn guess(inputs: &[PathBuf]) -> Result<Setup, OutsideError> {
        let samples: Result<Vec<Sample>, _> = open(inputs)?.into_iter().map(Sample::take).collect();
        let guessed = guess(&samples?)?;
        let engine = automatic(&guessed.mapping);
        Ok(Setup { mapping: guessed.mapping, engine, reasons: guessed.reasons })
    }

    /// Reads a configuration for these files.
    ///
    /// # Errors
    /// The text is no TOML, names a key or a column that there is not, or a setting is out of range.
    pub fn from_toml(text: &str, inputs: &[PathBuf]) -> Result<Setup, OutsideError> {
        let written: Written = toml::from_str(text)?;
        let mut engine = toml::Table::try_from(automatic(&written.columns))?;
        merge(&mut engine, written.engine.unwrap_or_default());
        let engine: Config = engine.try_into()?;
        engine.check()?;
        let setup = Setup { mapping: written.columns, engine, reasons: Reasons::default() };
        positions(&setup, &open(inputs)?)?;
        Ok(setup)
    }

    /// The configuration as a file to keep and edit.
    ///
    /// # Errors
    /// A setting cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, OutsideError> {
        let columns = self.mapping.to_toml(&self.reasons);
        let engine = toml::to_string(&Engine { engine: &self.engine })?;
        Ok(format!("[columns]\n{columns}\n{engine}"))
    }

    /// The schema of files with these names.
    pub fn schema(&self, names: &[String]) -> Schema {
        // Whether a file has a person once is learnt; with one file there is nothing to learn.
        let one_record = names.len() > 1;
        let sources = names.iter().map(|name| Source { name: name.clone(), one_record }).collect();
        Schema { sources, attributes: attributes(&self.mapping) }
    }
}

fn automatic(mapping: &Mapping) -> Config {
    let schema = Schema { sources: Vec::new(), attributes: attributes(mapping) };
    Config { blocking: BlockingConfig::automatic(&schema), ..Config::outside() }
}

fn attributes(mapping: &Mapping) -> Vec<Attribute> {
    let kind = |kind| match kind {
        mapping::AttributeKind::Category => AttributeKind::Category,
        mapping::AttributeKind::Text => AttributeKind::Text,
        mapping::AttributeKind::Number => AttributeKind::Number,
        mapping::AttributeKind::Date => AttributeKind::Date,
        mapping::AttributeKind::Place => AttributeKind::Place,
    };
    mapping.attributes.iter().map(|a| Attribute { name: a.name.clone(), kind: kind(a.kind) }).collect()
}

/// Puts what `over` says into `base`, table by table.
fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(value)) => merge(inner, value),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read_back() {
        let mut mapping = Mapping { id: vec!["id".to_owned()], ..Mapping::default() };
        mapping.full_name.push("name".to_owned());
        mapping.email.push("email".to_owned());
        let setup = Setup { engine: automatic(&mapping), mapping, reasons: Reasons::default() };
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("people.csv");
        std::fs::write(&file, "id,name,email\n1,Mei Tan,mei@tan.sg\n").expect("written");
        let text = setup.to_toml().expect("a text");
        let read = Setup::from_toml(&text, std::slice::from_ref(&file)).expect("read back");
        assert_eq!((&read.mapping, &read.engine), (&setup.mapping, &setup.engine));
        let short =
            "[columns]\nid = 'id'\nfull_name = 'name'\n[engine]\nprecision_min = 0.9\n[engine.fit]\nrandom_pairs = 5\n";
        let read = Setup::from_toml(short, std::slice::from_ref(&file)).expect("read");
        assert_eq!((read.engine.precision_min, read.engine.fit.random_pairs), (0.9, 5));
        assert_eq!(read.engine.blocking, setup.engine.blocking);
        for (wrong, expected) in [
            ("[columns]\nid = 'id'\nfull_name = 'nam'\n", "nam"),
            ("[columns]\nid = 'id'\n[engine]\nprecison_min = 0.9\n", "precison_min"),
            ("[columns]\nid = 'id'\n[engine]\nprecision_min = 2.0\n", "precision_min"),
            ("[colums]\nid = 'id'\n", "colums"),
        ] {
            let error = Setup::from_toml(wrong, std::slice::from_ref(&file)).expect_err("a mistake");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
