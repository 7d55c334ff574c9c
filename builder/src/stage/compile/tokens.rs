//! Visitor tokens: by which a page or an app names whom it has in front of it, and without which a person's row cannot be
//! read. One for each person and for each of their accounts, made when a row is first sealed, and forgotten with the row.
//!
//! They lie beside the signing key, readable by their owner alone, as CSV with a header: `name,person,token`. The shop
//! gives each visitor the token of their account when they log in, in a first-party cookie. A token that is no longer in
//! the file erases the rows sealed under it, in every store that has a copy; which is why this is a file that is replaced
//! and not a table, whose history would remember.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kenal_types::PersonId;

const HEADER: [&str; 3] = ["name", "person", "token"];
/// A letter and 128 random bits in hexadecimal digits.
const TOKEN_BYTES: usize = 33;

/// The token of each name, and whose it is.
pub struct Tokens {
    by_name: HashMap<String, (PersonId, String)>,
}

impl Tokens {
    /// Beside the signing key at `key`.
    pub fn path(key: &Path) -> PathBuf {
        key.with_file_name("visitor-tokens.csv")
    }

    /// The tokens of `names` (each with its person), and of nobody else: those of new names are made, others forgotten.
    pub fn keep(path: &Path, names: &BTreeMap<String, PersonId>) -> Result<Tokens> {
        let mut before = if path.exists() { Tokens::read(path)?.by_name } else { HashMap::new() };
        let known = before.len();
        let mut by_name = HashMap::with_capacity(names.len());
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(HEADER)?;
        let mut made = 0;
        for (name, person) in names {
            let token = match before.remove(name) {
                Some((_, token)) => token,
                None => {
                    made += 1;
                    make()?
                }
            };
            table.write_record([name, &person.to_string(), &token])?;
            by_name.insert(name.clone(), (*person, token));
        }
        if made > 0 || by_name.len() != known || !path.exists() {
            replace(path, &table.into_inner()?).with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(Tokens { by_name })
    }

    /// The tokens in a file that [`Tokens::keep`] wrote.
    pub fn read(path: &Path) -> Result<Tokens> {
        let mut reader = csv::Reader::from_path(path).with_context(|| format!("reading {}", path.display()))?;
        let mut by_name = HashMap::new();
        for row in reader.records() {
            let row = row.with_context(|| format!("reading {}", path.display()))?;
            let field = |at: usize| row.get(at).unwrap_or_default().to_owned();
            let line = row.position().map_or(0, csv::Position::line);
            let Ok(person) = field(1).parse() else {
                bail!("{}, line {line}: field person is no person's id", path.display());
            };
            let token = field(2);
            if token.len() != TOKEN_BYTES {
                bail!("{}, line {line}: field token is no visitor token", path.display());
            }
            by_name.insert(field(0), (person, token));
        }
        Ok(Tokens { by_name })
    }

    pub fn of(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(|(_, token)| token.as_str())
    }

    /// Each person and a token of theirs.
    pub fn iter(&self) -> impl Iterator<Item = (PersonId, &str)> {
        self.by_name.values().map(|(person, token)| (*person, token.as_str()))
    }
}

fn make() -> Result<String> {
    let mut secret = [0_u8; 16];
    getrandom::fill(&mut secret).context("asking the operating system for random bytes")?;
    Ok(std::iter::once("v".to_owned()).chain(secret.iter().map(|b| format!("{b:02x}"))).collect())
}

/// Written whole or not at all, and never readable by others.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let begun = path.with_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&begun)?.write_all(bytes)?;
    Ok(fs::rename(&begun, path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> BTreeMap<String, PersonId> {
        let person: PersonId = "p0000000000000001".parse().expect("an id");
        of.iter().map(|name| ((*name).to_owned(), person)).collect()
    }

    #[test]
    fn tokens_stay_while_their_names_do_and_are_forgotten_with_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Tokens::path(&folder.path().join("keys/signing.key"));
        let first = Tokens::keep(&path, &names(&["shopify/1", "app/user/2"])).expect("made");
        let token = |tokens: &Tokens, name: &str| tokens.of(name).map(str::to_owned);
        let (one, two) = (token(&first, "shopify/1").expect("one"), token(&first, "app/user/2").expect("another"));
        assert_ne!(one, two);
        let second = Tokens::keep(&path, &names(&["shopify/1", "shopify/3"])).expect("kept");
        assert_eq!(token(&second, "shopify/1"), Some(one));
        assert_eq!(token(&second, "app/user/2"), None);
        assert!(!fs::read_to_string(&path).expect("a file").contains(&two), "nothing remembers it");
        let third = Tokens::keep(&path, &names(&["app/user/2", "shopify/1"])).expect("kept");
        assert_ne!(token(&third, "app/user/2"), Some(two), "what was forgotten is not made again");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("a file").permissions()) & 0o77, 0);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("visitor-tokens.csv");
        fs::write(&path, "name,person,token\nshopify/1,p0000000000000001,short\n").expect("written");
        let message = format!("{:#}", Tokens::keep(&path, &names(&[])).err().expect("refused"));
        assert!(message.contains("visitor-tokens.csv, line 2: field token"), "{message}");
    }
}
