//! kenal-browser: the core for a web page, through wasm-bindgen. Published inside `web/sdk`, whose `wasm.ts` is the only
//! file that touches it.
//!
//! All work is [`kenal_edge`]'s; here bytes and JSON text cross the border. The page fetches, has the clock, and decides
//! what to ask; nothing here keeps anything about a visitor between two calls.
//!
//! Read in this order: [`Edge`] (what JavaScript sees), [`browse`] (the catalogue, a page at a time).

pub mod browse;

use kenal_edge::Request;
use wasm_bindgen::prelude::*;

/// A bundle opened in the browser.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Edge(kenal_edge::Edge);

#[wasm_bindgen]
impl Edge {
    /// Opens a manifest that `trust_key` must have signed; `now` is Unix time in seconds.
    ///
    /// # Errors
    /// A JavaScript error in words: the key is none, or the manifest is damaged, foreign or not signed with it.
    #[wasm_bindgen(constructor)]
    pub fn open(manifest: &[u8], trust_key: &[u8], now: f64) -> Result<Edge, JsError> {
        let key = trust_key.try_into().map_err(|_| JsError::new("the trust key must have 32 bytes"))?;
        // A JavaScript clock is exact in whole seconds for the next 285 million years.
        Ok(Edge(kenal_edge::Edge::open(manifest, key, now as i64)?))
    }

    /// The short id of the bundle: the server gives rows of this one out under it.
    pub fn id(&self) -> String {
        self.0.info().id.clone()
    }

    /// Hashes of the sections still to fetch, those first without which there is no answer.
    pub fn needs(&self) -> Vec<String> {
        self.0.needs().iter().map(|need| need.hash.to_string()).collect()
    }

    /// Takes in a section of the bundle, whichever it is.
    ///
    /// # Errors
    /// When the manifest lists no such section, or it does not parse.
    #[wasm_bindgen(js_name = addSection)]
    pub fn add_section(&mut self, bytes: Vec<u8>) -> Result<(), JsError> {
        Ok(self.0.add_section(bytes)?)
    }

    /// The hash of the section that an older bundle has in the place of the one with hash `section`: the same one when it
    /// has not changed.
    ///
    /// # Errors
    /// When `section` is no hash.
    #[wasm_bindgen(js_name = hashBefore)]
    pub fn hash_before(&self, before: &Edge, section: &str) -> Result<Option<String>, JsError> {
        Ok(self.0.hash_before(&before.0, &section.parse()?).map(|hash| hash.to_string()))
    }

    /// Takes in the section with this hash, made of an older bundle's and a delta; without one it has not changed.
    ///
    /// # Errors
    /// When it does not come out right: then fetch the section whole.
    #[wasm_bindgen(js_name = addChanged)]
    pub fn add_changed(&mut self, before: &Edge, section: &str, delta: Option<Vec<u8>>) -> Result<(), JsError> {
        Ok(self.0.add_changed(&before.0, &section.parse()?, delta.as_deref())?)
    }

    /// Answers a request. Request and answer are JSON as in the HTTP interface; `row` is the visitor's own.
    ///
    /// # Errors
    /// Only what the caller did wrong. A visitor who cannot be personalised gets the trending list, with the reason.
    pub fn recommend(&self, request: &str, row: Option<Vec<u8>>) -> Result<String, JsError> {
        let request = Request::from_json(request.as_bytes())?;
        let response = self.0.recommend(&request, row.as_deref())?;
        Ok(response.to_json())
    }

    /// Lists part of a market's catalogue as JSON: [`browse::Page`].
    ///
    /// # Errors
    /// When the market or category is none of the bundle's, or the bundle's sections have not arrived.
    pub fn browse(&self, market: &str, category: Option<String>, offset: u32, count: u32) -> Result<String, JsError> {
        let shelf = browse::Shelf::read(&self.0)?;
        let page = shelf.page(market, category.as_deref(), offset as usize, count as usize)?;
        Ok(page.to_json())
    }
}
