import { defineConfig } from "vite";

// The built page holds itself to the policy it asks shops to be able to use. Not while developing: Vite's own client
// injects styles.
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const contentPolicy = {
  name: "content-policy",
  apply: "build",
  transformIndexHtml: () => [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" }],
};

export default defineConfig({
  // Relative, so that the built folder can be served from anywhere.
  base: "./",
  plugins: [contentPolicy],
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: { proxy: { "/v1": "http://127.0.0.1:8787" } },
});
