// What a worker's runtime starts: the module, and the JavaScript that wasm-bindgen wrote beside it.
import wasm from "./kenal_cloudflare_bg.wasm";
import { initSync, fetch } from "./kenal_cloudflare.js";

initSync({ module: wasm });
export default { fetch };
