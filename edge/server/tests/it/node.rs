//! The embedding example in Node, with the module that this server embeds.

use std::path::Path;
use std::process::{Command, Output};

use kenal_edge::Response;

use crate::shop::{self, NOW, Shop, visitors};

fn run(bundle: &Path, module: &Path, key: &str, now: i64) -> Output {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../embedded/examples/node/recommend.mjs");
    let visitor = visitors::SHIRTS;
    let request = format!(r#"{{"visitor": "{visitor}", "market": "SG", "k": 5, "consent": "granted", "now": {now}}}"#);
    let mut node = Command::new("node");
    node.arg(example).arg(module).arg(bundle).args([key, &now.to_string(), visitor, &request]);
    node.output().expect("Node runs: building the web packages needs it as well")
}

#[test]
fn the_module_ranks_in_node() {
    let dir = tempfile::tempdir().expect("a folder");
    let (bundle, module) = (dir.path().join("bundle"), dir.path().join("kenal.wasm"));
    Shop::default().write(&bundle);
    std::fs::write(&module, kenal_server::MODULE).expect("written");
    let key: String = shop::key().iter().map(|byte| format!("{byte:02x}")).collect();
    let output = run(&bundle, &module, &key, NOW);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let response: Response = serde_json::from_slice(&output.stdout).expect("a response");
    assert!(response.personalised && response.items.len() == 5, "{response:?}");
    let late: Response = serde_json::from_slice(&run(&bundle, &module, &key, Shop::default().expires_at + 1).stdout)
        .expect("a response");
    assert!(!late.personalised);
    let foreign = run(&bundle, &module, &"00".repeat(32), NOW);
    assert!(!foreign.status.success() && !foreign.stderr.is_empty());
}
