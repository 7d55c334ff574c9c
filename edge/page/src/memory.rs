//! A store in memory that may fail, for tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kenal_bundle::File;

use crate::keep::{Found, Keeper, Source, Unavailable};

#[derive(Default)]
pub struct Memory {
    pub files: RefCell<BTreeMap<String, Vec<u8>>>,
    /// What its names begin with whose reads fail.
    pub down: RefCell<Vec<String>>,
    /// What was read.
    pub read: RefCell<Vec<String>>,
}

impl Source for Memory {
    async fn get(&self, name: &str) -> Found {
        self.read.borrow_mut().push(name.to_owned());
        match self.down.borrow().iter().any(|down| name.starts_with(down)) {
            true => Err(Unavailable),
            false => Ok(self.files.borrow().get(name).cloned()),
        }
    }
}

impl Memory {
    pub fn put(&self, files: Vec<File>) {
        self.files.borrow_mut().extend(files.into_iter().map(|file| (file.name, file.bytes)));
    }

    pub fn file(&self, name: &str) -> Vec<u8> {
        self.files.borrow()[name].clone()
    }
}

/// The result of a future that waits for nothing.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

pub fn refresh(keeper: &Keeper, store: &Memory, key: &[u8; 32], at: i64) {
    now(keeper.refresh(store, key, at));
}
