//! Writes the rows of some visitors of a bundle as JSON, hexadecimal by visitor id, for a test that has no server:
//! `cargo run -p kenal-browser --example rows -- BUNDLE UNIX_TIME VISITOR…`.
//!
//! A browser gets its own visitor's row from a server and never a shard, so its module cannot look into one.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use kenal_edge::{SIGNER_NAME, Store, StoreError};

struct Folder(PathBuf);

impl Store for Folder {
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::new(name, error)),
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let usage = "usage: rows BUNDLE UNIX_TIME VISITOR...";
    let folder = Folder(PathBuf::from(args.next().expect(usage)));
    let now = args.next().and_then(|text| text.parse().ok()).expect(usage);
    let signer = folder.get(SIGNER_NAME).expect("the folder can be read").expect("a bundle has a signer.pub");
    let key: kenal_edge::Hash = String::from_utf8_lossy(&signer).trim().parse().expect("64 hexadecimal digits");
    let edge = kenal_edge::store::open(&folder, &key.0, now).expect("the bundle opens");
    let mut rows = BTreeMap::new();
    for visitor in args {
        let Some(hash) = edge.shard_for(&visitor) else { continue };
        let shard = folder.get(&hash.section_name()).expect("the folder can be read").expect("the shard is there");
        edge.verify_shard(&shard, &visitor).expect("the shard verifies");
        if let Some(row) = edge.row_from_shard(&shard, &visitor).expect("the shard parses") {
            let hex: String = row.iter().map(|byte| format!("{byte:02x}")).collect();
            rows.insert(visitor, hex);
        }
    }
    println!("{}", serde_json::to_string_pretty(&rows).expect("texts"));
}
