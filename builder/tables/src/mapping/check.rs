//! A mapping on files: names become positions, or an error says which name is wrong.

use super::Mapping;
use super::attribute::{Attribute, AttributeKind};
use super::error::MappingError;
use super::role::Role;
use crate::limits::ATTRIBUTES_MAX;
use crate::names;
use crate::read::Batch;

/// A file and the names of its columns.
#[derive(Debug, Clone, Copy)]
pub struct FileColumns<'a> {
    /// What errors call it.
    pub file: &'a str,
    /// Its columns in order.
    pub columns: &'a [String],
}

/// Where one file holds what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// The column that tells records apart.
    pub id: usize,
    roles: [Vec<usize>; Role::COUNT],
    /// For each attribute of the mapping its column, or two of a place; none where the file does not have it.
    pub attributes: Vec<Vec<usize>>,
    /// Columns that the mapping does not speak of, nor ignores.
    pub unmapped: Vec<usize>,
}

impl Positions {
    /// Columns that hold a role, in the mapping's order.
    pub fn role(&self, role: Role) -> &[usize] {
        self.roles.get(role as usize).map_or(&[], Vec::as_slice)
    }

    /// All columns in use, in the file's order: what [`crate::read::Reader::select`] takes.
    pub fn used(&self) -> Vec<usize> {
        let all = self.roles.iter().chain(&self.attributes).flatten().copied();
        let mut used: Vec<usize> = std::iter::once(self.id).chain(all).collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Puts the parts of a role together that is one value: names and streets with spaces, a birth date as
    /// `year-month-day`. Of the other roles it gives the first that is there.
    ///
    /// `out` is cleared; none when no part has a value, or a birth date's year is missing.
    pub fn joined<'a>(&self, role: Role, batch: &Batch, row: usize, out: &'a mut String) -> Option<&'a str> {
        out.clear();
        let columns = self.role(role);
        let separator = if role == Role::BirthDate { "-" } else { " " };
        for &column in columns {
            let Some(part) = batch.get(row, column) else {
                if role == Role::BirthDate && out.is_empty() {
                    return None;
                }
                continue;
            };
            if !out.is_empty() {
                out.push_str(separator);
                // `1980-7-5` is written `1980-07-05`.
                if role == Role::BirthDate && part.len() == 1 {
                    out.push('0');
                }
            }
            out.push_str(part);
            if !role.is_joined() {
                break;
            }
        }
        (!out.is_empty()).then_some(out.as_str())
    }
}

impl Mapping {
    /// Resolves names to positions, for each file.
    ///
    /// A name is the same name, or else the only one that differs in capitals alone. Each must be in one file at
    /// least, but for those to be ignored; an id must be in every file.
    ///
    /// # Errors
    /// See [`MappingError`]; the error names the file, the column and the nearest name.
    pub fn check(&self, files: &[FileColumns<'_>]) -> Result<Vec<Positions>, MappingError> {
        self.check_alone()?;
        for (line, names) in self.lines() {
            for name in names {
                if !files.iter().any(|f| names::position(f.columns, name).is_some()) {
                    return Err(no_column(files, name, &line));
                }
            }
        }
        files.iter().map(|file| self.check_file(file)).collect()
    }

    /// What is wrong whatever the files are.
    fn check_alone(&self) -> Result<(), MappingError> {
        if self.id.is_empty() {
            return Err(MappingError::NoId);
        }
        if self.attributes.is_empty() && Role::ALL.iter().all(|&role| self.role(role).is_empty()) {
            return Err(MappingError::NothingToCompare);
        }
        if self.attributes.len() > ATTRIBUTES_MAX {
            return Err(MappingError::TooManyAttributes { found: self.attributes.len() });
        }
        for (at, Attribute { name, kind, columns }) in self.attributes.iter().enumerate() {
            if name.trim().is_empty() || self.attributes.iter().take(at).any(|a| a.name == *name) {
                return Err(MappingError::AttributeName { name: name.clone() });
            }
            let what = match (kind, columns.len()) {
                (AttributeKind::Place, 2) => continue,
                (AttributeKind::Place, _) => "a place has two columns, latitude and longitude",
                (_, 0) => "it names no column",
                _ => continue,
            };
            return Err(MappingError::AttributeColumns { name: name.clone(), what });
        }
        Ok(())
    }

    /// Every line that names columns, but for `ignore`.
    fn lines(&self) -> impl Iterator<Item = (String, &[String])> {
        let id = std::iter::once(("`id`".to_owned(), self.id.as_slice()));
        let roles = Role::ALL.iter().map(|&role| (format!("`{}`", role.name()), self.role(role)));
        id.chain(roles).chain(self.attributes.iter().map(|a| (format!("attribute `{}`", a.name), a.columns.as_slice())))
    }

    fn check_file(&self, file: &FileColumns<'_>) -> Result<Positions, MappingError> {
        let mut owners = Owners { file, owners: vec![None; file.columns.len()] };
        let Some(id) = self.id.iter().find_map(|name| names::position(file.columns, name)) else {
            let first = self.id.first().map(String::as_str).unwrap_or_default();
            return Err(no_column(std::slice::from_ref(file), first, "`id`"));
        };
        owners.take(id, "`id`")?;
        let mut positions = Positions { id, roles: Default::default(), attributes: Vec::new(), unmapped: Vec::new() };
        for role in Role::ALL {
            let found = owners.find(self.role(role), &format!("`{}`", role.name()))?;
            if role == Role::BirthDate && !matches!(found.len(), 0 | 1 | 3) {
                return Err(MappingError::BirthDate { file: file.file.to_owned(), found: found.len() });
            }
            if let Some(to) = positions.roles.get_mut(role as usize) {
                *to = found;
            }
        }
        for Attribute { name, kind, columns } in &self.attributes {
            let mut found = owners.find(columns, &format!("attribute `{name}`"))?;
            match kind {
                AttributeKind::Place if found.len() == 1 => {
                    let what = "a file has only one of its two columns";
                    return Err(MappingError::AttributeColumns { name: name.clone(), what });
                }
                AttributeKind::Place => {}
                _ => found.truncate(1),
            }
            positions.attributes.push(found);
        }
        owners.find(&self.ignore, "`ignore`")?;
        let unmapped = owners.owners.iter().enumerate().filter(|(_, owner)| owner.is_none());
        positions.unmapped = unmapped.map(|(at, _)| at).filter(|at| !self.is_other_id(file, *at)).collect();
        Ok(positions)
    }

    /// The id of another file, which this file has too.
    fn is_other_id(&self, file: &FileColumns<'_>, at: usize) -> bool {
        self.id.iter().any(|name| names::position(file.columns, name) == Some(at))
    }
}

/// Which line of the mapping has taken each column.
struct Owners<'a> {
    file: &'a FileColumns<'a>,
    owners: Vec<Option<String>>,
}

impl Owners<'_> {
    /// Positions of those names that the file has.
    fn find(&mut self, wanted: &[String], line: &str) -> Result<Vec<usize>, MappingError> {
        let mut found = Vec::new();
        for name in wanted {
            if let Some(at) = names::position(self.file.columns, name) {
                self.take(at, line)?;
                found.push(at);
            }
        }
        Ok(found)
    }

    fn take(&mut self, at: usize, line: &str) -> Result<(), MappingError> {
        let Some(owner) = self.owners.get_mut(at) else { return Ok(()) };
        match owner.replace(line.to_owned()) {
            None => Ok(()),
            Some(first) => {
                let column = self.file.columns.get(at).cloned().unwrap_or_default();
                let (file, second) = (self.file.file.to_owned(), line.to_owned());
                Err(MappingError::UsedTwice { file, column, first, second })
            }
        }
    }
}

fn no_column(files: &[FileColumns<'_>], column: &str, line: &str) -> MappingError {
    let file = files.iter().map(|f| f.file).collect::<Vec<_>>().join(", ");
    let near = files.iter().find_map(|f| names::nearest(f.columns, column)).map(str::to_owned);
    let columns = files.first().map(|f| f.columns.to_vec()).unwrap_or_default();
    MappingError::NoColumn { file, column: column.to_owned(), line: line.to_owned(), near, columns }
}
