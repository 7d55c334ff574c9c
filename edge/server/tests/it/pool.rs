//! A module that misbehaves: its deadline, its replacement, and its neighbours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kenal_server::pool::{Pool, PoolError};
use kenal_server::wasm::{Core, CoreError, Load};

use crate::shop::{self, NOW, Shop};

/// Says yes to everything, but never ends a request without a row, and breaks on one with a row.
const MISBEHAVING: &str = r#"(module
    (memory (export "memory") 2)
    (func (export "kenal_abi_version") (result i32) i32.const 1)
    (func (export "kenal_new") (result i32) i32.const 8)
    (func (export "kenal_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "kenal_free") (param i32 i32))
    (func (export "kenal_manifest") (param i32 i32 i32 i32 i64) (result i32) i32.const 0)
    (func (export "kenal_section") (param i32 i32 i32) (result i32) i32.const 0)
    (func (export "kenal_revocations") (param i32 i32 i32) (result i32) i32.const 0)
    (func (export "kenal_recommend") (param i32 i32 i32 i32 i32) (result i32)
        local.get 3
        if unreachable end
        loop br 0 end
        i32.const 0)
    (func (export "kenal_output") (param i32) (result i32) i32.const 0)
    (func (export "kenal_output_len") (param i32) (result i32) i32.const 0)
    (func (export "kenal_message") (param i32) (result i32) i32.const 0)
    (func (export "kenal_message_len") (param i32) (result i32) i32.const 0))"#;

fn load() -> Arc<Load> {
    let manifest = Shop::default().files().pop().expect("the manifest").bytes;
    let edge = kenal_edge::Edge::open(&manifest, &shop::key(), NOW).expect("the manifest opens");
    Arc::new(Load { manifest, key: shop::key(), now: NOW, edge: Arc::new(edge), revocations: None })
}

fn compile(text: &str) -> Core {
    Core::compile(&wat::parse_str(text).expect("a module")).expect("it compiles")
}

#[test]
fn a_stopped_instance_is_replaced() {
    let pool = Pool::start(&compile(MISBEHAVING), &load(), 1).expect("it starts");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let ask = |row: Option<Vec<u8>>| runtime.block_on(pool.recommend(b"{}".to_vec(), row));
    for _ in 0..3 {
        // Were the broken instance not replaced, the second answer would be that no worker is left.
        assert!(matches!(ask(Some(vec![1])), Err(PoolError::Core(CoreError::Stopped(_)))));
    }
    let start = Instant::now();
    assert!(matches!(ask(None), Err(PoolError::Core(CoreError::Stopped(_)))));
    let waited = start.elapsed();
    assert!((Duration::from_secs(1)..Duration::from_secs(30)).contains(&waited), "its deadline is 2 s: {waited:?}");
    assert!(matches!(ask(Some(vec![1])), Err(PoolError::Core(CoreError::Stopped(_)))));
}

#[test]
fn modules_of_another_kind_are_refused() {
    let refusal = |text: &str| compile(text).instantiate(&load()).expect_err("refused").to_string();
    let said = refusal("(module)");
    assert!(said.contains("no memory"), "{said}");
    let said = refusal(r#"(module (memory (export "memory") 1))"#);
    assert!(said.contains("kenal_abi_version"), "{said}");
    let said = refusal(&MISBEHAVING.replacen("i32.const 1)", "i32.const 2)", 1));
    assert!(said.contains("speaks version 2"), "{said}");
    let said = refusal(r#"(module (import "env" "open" (func)) (memory (export "memory") 1))"#);
    assert!(said.contains("import"), "{said}");
    let said = refusal(&MISBEHAVING.replacen("(memory (export \"memory\") 2)", "(memory (export \"memory\") 4000)", 1));
    assert!(said.contains("memory"), "{said}");
    let said = Core::compile(b"no module").expect_err("refused").to_string();
    assert!(said.contains("cannot be used"), "{said}");
}
