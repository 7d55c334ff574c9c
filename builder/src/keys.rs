//! The key that signs bundles: made on first use beside the lake, readable by its owner alone.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Below the lake's folder.
pub fn default_path(lake: &Path) -> PathBuf {
    lake.join("keys/signing.key")
}

/// Reads the 32-byte secret at `path` (64 hexadecimal digits), or makes one there.
pub fn load_or_make(path: &Path) -> Result<[u8; 32]> {
    match fs::read_to_string(path) {
        Ok(text) => parse(text.trim()).with_context(|| format!("reading the signing key {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(path),
        Err(error) => Err(error).with_context(|| format!("reading the signing key {}", path.display())),
    }
}

fn make(path: &Path) -> Result<[u8; 32]> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).context("asking the operating system for random bytes")?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("writing the signing key {}", path.display()))?;
    let hex: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    writeln!(file, "{hex}").with_context(|| format!("writing the signing key {}", path.display()))?;
    eprintln!("made a signing key: {} (keep it safe; whoever holds it can publish)", path.display());
    Ok(secret)
}

fn parse(hex: &str) -> Result<[u8; 32]> {
    let mut secret = [0_u8; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        bail!("a signing key is 64 hexadecimal digits; this has {} characters", hex.chars().count());
    }
    for (byte, pair) in secret.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).unwrap_or("");
        *byte = u8::from_str_radix(pair, 16).context("a signing key is 64 hexadecimal digits")?;
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_then_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = default_path(dir.path());
        let made = load_or_make(&path).expect("made");
        assert_eq!(load_or_make(&path).expect("read"), made);
        fs::write(&path, "abc").expect("written");
        let message = format!("{:#}", load_or_make(&path).expect_err("too short"));
        assert!(message.contains("64 hexadecimal digits") && message.contains("signing.key"), "{message}");
    }
}
