//! Which part may know which: `core` ← `edge`, `core` ← `builder`, and only the `kenal` program joins the two.

use std::collections::BTreeMap;
use std::fs;

use kenal_tests::{files, root};
use toml::{Table, Value};

/// Folder and own dependencies (without those of tests) of each package of the workspace.
fn packages() -> BTreeMap<String, (String, Vec<String>)> {
    let root = root();
    let mut packages = BTreeMap::new();
    for top in ["core", "edge", "builder"] {
        for path in files(&root.join(top), &["Cargo.toml"]) {
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let manifest: Table = text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let name = manifest["package"]["name"].as_str().unwrap_or_default().to_owned();
            let own = manifest.get("dependencies").and_then(Value::as_table).cloned().unwrap_or_default();
            let folder = path.strip_prefix(&root).ok().and_then(|p| p.parent()).map(|p| p.display().to_string());
            packages.insert(name, (folder.unwrap_or_default(), own.keys().cloned().collect()));
        }
    }
    assert!(packages.len() > 12, "{packages:?}");
    packages
}

#[test]
fn parts_do_not_know_what_they_must_not() {
    let packages = packages();
    let part =
        |name: &str| packages.get(name).map(|(folder, _)| folder.split('/').next().unwrap_or_default().to_owned());
    let mut wrong = Vec::new();
    for (name, (folder, dependencies)) in &packages {
        let own = folder.split('/').next().unwrap_or_default();
        for dependency in dependencies {
            let allowed = match (own, part(dependency).as_deref()) {
                (_, None) | (_, Some("core")) => true,
                ("builder", Some("edge")) => name == "kenal" && dependency == "kenal-server",
                (own, Some(other)) => own == other,
            };
            if !allowed {
                wrong.push(format!("{name} ({own}) must not know {dependency}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Stages that must stay pure: no storage, no network, no Arrow.
#[test]
fn pure_stages_know_no_storage() {
    let packages = packages();
    for name in ["kenal-identity", "kenal-consent", "kenal-features", "kenal-models", "kenal-types"] {
        let (_, dependencies) = packages.get(name).unwrap_or_else(|| panic!("{name} is gone"));
        for storage in
            ["kenal-lake", "kenal-sources", "kenal-tables", "deltalake", "arrow", "parquet", "tokio", "serde_arrow"]
        {
            assert!(!dependencies.iter().any(|d| d == storage), "{name} must not know {storage}");
        }
    }
}

/// What runs per request and must build bare. An addition is a decision: it is made here.
#[test]
fn the_core_depends_on_what_was_allowed() {
    let (_, dependencies) = &packages()["kenal-core"];
    let allowed = ["libm", "xorf"];
    let strange: Vec<_> = dependencies.iter().filter(|d| !allowed.contains(&d.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
}
