//! A fit on disk after each of its iterations, so that one that is killed goes on where it was.
//!
//! A checkpoint is one file, named after what is fitted and how ([`Fingerprint`]): a fit finds its own and no other's,
//! several may share a folder, and a checkpoint of other interactions is never gone on from. Those of others are counted
//! ([`Checkpoint::others`]), since the one of a fit that was killed and never repeated stays. It is written beside its
//! name and renamed when its bytes are on disk, so at any moment there is a whole one or none.
//!
//! ```text
//! 8 bytes   magic: KENALALS
//! 32 bytes  BLAKE3 of what follows
//! …         (fingerprint, losses, items) as wincode writes them: little-endian, lengths as u64
//! ```

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use kenal_models::als::{AlsConfig, Objective, Solver};
use kenal_models::{Interactions, Weights};
use wincode::config::Configuration;

const MAGIC: &[u8; 8] = b"KENALALS";
const HEADER_BYTES: usize = 40;
/// Names are `als-` and so many digits of the fingerprint, whole or while they are written.
const STEM: &str = "als-";
const DIGITS: usize = 16;
const WHOLE: &str = "checkpoint";
const PART: &str = "part";

/// Lengths are those of a file that is in memory already and whose hash is right.
const WINCODE: Configuration<true, { usize::MAX }> = Configuration::default().disable_preallocation_size_limit();

/// A checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The disk, the permissions, or a folder that cannot be made.
    #[error("{}: the checkpoint cannot be {what}", path.display())]
    Io { path: PathBuf, what: &'static str, source: io::Error },
    /// Bytes that no fit has written: another file by that name, or a disk that fails.
    #[error("{}: not a whole checkpoint ({why}); remove it to begin anew", path.display())]
    Broken { path: PathBuf, why: &'static str },
}

/// Of the interactions, the settings that change a step, and the start; not of when a fit ends, so that a fit may be
/// gone on with for more iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// `start`: the item factors of a warm start.
    pub fn of(matrix: &Interactions, config: &AlsConfig, start: Option<&[f32]>) -> Fingerprint {
        let mut hash = blake3::Hasher::new();
        let mut number = |n: u64| {
            hash.update(&n.to_le_bytes());
        };
        for n in [matrix.n_users(), matrix.n_items(), config.factors] {
            number(n as u64);
        }
        for value in [config.unobserved, config.reg] {
            number(value.to_bits().into());
        }
        number(config.seed);
        number(match (config.objective, config.solver) {
            (Objective::FrequencyScaled, Solver::Exact) => 0,
            (Objective::FrequencyScaled, Solver::Fast) => 1,
            (Objective::Hu, Solver::Exact) => 2,
            (Objective::Hu, Solver::Fast) => 3,
        });
        number(start.map_or(0, |s| s.len() as u64 + 1));
        let mut bytes = Vec::new();
        for user in 0..matrix.n_users() {
            let (items, weights) = matrix.row(user);
            bytes.clear();
            bytes.extend_from_slice(&(items.len() as u32).to_le_bytes());
            bytes.extend(items.iter().flat_map(|i| i.to_le_bytes()));
            match weights {
                Weights::Same(value, _) => bytes.extend_from_slice(&value.to_le_bytes()),
                Weights::Each(each) => bytes.extend(each.iter().flat_map(|w| w.to_le_bytes())),
            }
            hash.update(&bytes);
        }
        for value in start.into_iter().flatten() {
            hash.update(&value.to_le_bytes());
        }
        Fingerprint(*hash.finalize().as_bytes())
    }

    fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

/// What a fit needs to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// n_items × factors.
    pub items: Vec<f32>,
    /// L after each iteration so far.
    pub losses: Vec<f64>,
}

/// The checkpoint of one fit in a folder.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    path: PathBuf,
    fingerprint: Fingerprint,
}

impl Checkpoint {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(dir: &Path, fingerprint: Fingerprint) -> Result<Checkpoint, CheckpointError> {
        let io = |source| CheckpointError::Io { path: dir.to_owned(), what: "put there", source };
        fs::create_dir_all(dir).map_err(io)?;
        let name = format!("{STEM}{}.{WHOLE}", &fingerprint.hex()[..DIGITS]);
        Ok(Checkpoint { path: dir.join(name), fingerprint })
    }

    /// How many checkpoints of other fits, whole or half written, share the folder, and their bytes. Whether they are
    /// still of use only who began them knows, so they stay.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn others(&self) -> Result<(usize, u64), CheckpointError> {
        let dir = self.path.parent().unwrap_or(Path::new("."));
        let io = |source| CheckpointError::Io { path: dir.to_owned(), what: "looked for", source };
        let own = [self.path.clone(), self.temporary()];
        let (mut files, mut bytes) = (0, 0);
        for entry in fs::read_dir(dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            let path = entry.path();
            let is_one = path.file_stem().and_then(|s| s.to_str()).is_some_and(is_stem)
                && path.extension().is_some_and(|e| e == WHOLE || e == PART);
            if is_one && !own.contains(&path) {
                files += 1;
                // One that has gone since belongs to a fit that has just ended.
                bytes += entry.metadata().map_or(0, |m| m.len());
            }
        }
        Ok((files, bytes))
    }

    /// The same in each process, so that the next one takes the place of what a killed one was writing.
    fn temporary(&self) -> PathBuf {
        self.path.with_extension(PART)
    }

    /// What an earlier fit of the same had reached; `None` when there was none.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is not whole.
    pub fn read(&self) -> Result<Option<Reached>, CheckpointError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CheckpointError::Io { path: self.path.clone(), what: "read", source }),
        };
        let broken = |why| CheckpointError::Broken { path: self.path.clone(), why };
        let Some((header, payload)) = bytes.split_at_checked(HEADER_BYTES) else { return Err(broken("too short")) };
        if &header[..8] != MAGIC {
            return Err(broken("another kind of file"));
        }
        if blake3::hash(payload).as_bytes() != &header[8..] {
            return Err(broken("its hash is another"));
        }
        let decoded = wincode::config::deserialize_exact(payload, WINCODE);
        let (fingerprint, losses, items): ([u8; 32], Vec<f64>, Vec<f32>) =
            decoded.map_err(|_| broken("other fields than this version writes"))?;
        if fingerprint != self.fingerprint.0 {
            return Err(broken("of another fit"));
        }
        Ok(Some(Reached { items, losses }))
    }

    /// Takes the place of what was there.
    ///
    /// # Errors
    /// The disk fails; what was there still is.
    pub fn write(&self, items: &[f32], losses: &[f64]) -> Result<(), CheckpointError> {
        let io = |source| CheckpointError::Io { path: self.path.clone(), what: "written", source };
        let fields = (self.fingerprint.0, losses.to_vec(), items.to_vec());
        let payload = wincode::config::serialize(&fields, WINCODE).map_err(|e| io(io::Error::other(e.to_string())))?;
        let temporary = self.temporary();
        let whole = || -> io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(MAGIC)?;
            file.write_all(blake3::hash(&payload).as_bytes())?;
            file.write_all(&payload)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)
        };
        whole().map_err(|source| {
            // The first failure is the one to tell of.
            let _ = fs::remove_file(&temporary);
            io(source)
        })
    }

    /// After a fit whose factors are written.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn remove(&self) -> Result<(), CheckpointError> {
        for path in [self.temporary(), self.path.clone()] {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(CheckpointError::Io { path, what: "removed", source });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a checkpoint's file may be named so, without its ending.
fn is_stem(name: &str) -> bool {
    let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    name.strip_prefix(STEM).is_some_and(|rest| rest.len() == DIGITS && rest.chars().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(weight: f32) -> Interactions {
        Interactions::from_triples(2, 3, [(0, 0, 1.0), (0, 2, 1.0), (1, 1, weight)]).expect("valid")
    }

    #[test]
    fn what_is_written_is_read_and_every_changed_byte_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let fingerprint = Fingerprint::of(&matrix(1.0), &AlsConfig::default(), None);
        let checkpoint = Checkpoint::new(&dir.path().join("new"), fingerprint).expect("made");
        assert_eq!(checkpoint.read().expect("nothing there"), None);
        checkpoint.write(&[1.0], &[9.0]).expect("written");
        checkpoint.write(&[1.0, -2.5, f32::MIN_POSITIVE], &[9.0, 8.5]).expect("written over it");
        let reached = Reached { items: vec![1.0, -2.5, f32::MIN_POSITIVE], losses: vec![9.0, 8.5] };
        assert_eq!(checkpoint.read().expect("read"), Some(reached));
        let bytes = fs::read(&checkpoint.path).expect("there");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&checkpoint.path, &changed).expect("written");
            assert!(matches!(checkpoint.read(), Err(CheckpointError::Broken { .. })), "byte {at}");
            fs::write(&checkpoint.path, &bytes[..at]).expect("written");
            assert!(matches!(checkpoint.read(), Err(CheckpointError::Broken { .. })), "cut at {at}");
        }
        checkpoint.remove().expect("removed");
        checkpoint.remove().expect("already");
        assert_eq!(fs::read_dir(dir.path().join("new")).expect("a folder").count(), 0, "nothing stays");
    }

    #[test]
    fn those_of_other_fits_are_counted_and_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let of = |weight| {
            let fingerprint = Fingerprint::of(&matrix(weight), &AlsConfig::default(), None);
            Checkpoint::new(dir.path(), fingerprint).expect("made")
        };
        let (own, other) = (of(1.0), of(2.0));
        own.write(&[1.0], &[9.0]).expect("written");
        for name in ["als-notes.checkpoint", "als-0123456789abcdef.parquet", "model.json"] {
            fs::write(dir.path().join(name), "somebody's").expect("written");
        }
        assert_eq!(own.others().expect("read"), (0, 0), "its own and strangers are none");
        other.write(&[1.0, 2.0], &[9.0]).expect("written");
        let length = fs::metadata(&other.path).expect("there").len();
        assert_eq!(own.others().expect("read"), (1, length));
        fs::write(other.temporary(), "half").expect("written");
        assert_eq!(own.others().expect("read"), (2, length + 4));
        own.remove().expect("removed");
        assert!(other.read().expect("read").is_some(), "not ours to remove");
    }

    #[test]
    fn a_fit_of_anything_else_has_another_checkpoint() {
        let config = AlsConfig::default();
        let of = |weight, config: &AlsConfig, start| Fingerprint::of(&matrix(weight), config, start);
        let own = of(1.0, &config, None);
        assert_eq!(own, of(1.0, &AlsConfig { iterations_max: 99, tolerance: 0.5, ..config }, None), "the end is free");
        for other in [
            of(2.0, &config, None),
            of(1.0, &AlsConfig { seed: 1, ..config }, None),
            of(1.0, &AlsConfig { reg: 0.1, ..config }, None),
            of(1.0, &AlsConfig { unobserved: 0.7, ..config }, None),
            of(1.0, &AlsConfig { factors: 63, ..config }, None),
            of(1.0, &AlsConfig { solver: Solver::Fast, ..config }, None),
            of(1.0, &AlsConfig { objective: Objective::Hu, ..config }, None),
            of(1.0, &config, Some(&[])),
            of(1.0, &config, Some(&[0.5])),
        ] {
            assert_ne!(own, other);
        }
    }
}
