// The core in a Node service, as plain WebAssembly: node recommend.mjs MODULE BUNDLE KEY UNIX_TIME VISITOR REQUEST
//
// Prints the response to a request in JSON. MODULE is kenal_embedded.wasm, which imports nothing; the rest is as in the C
// example. Nothing here is Node's but reading files and the command line.
import { existsSync, readFileSync } from "node:fs";

const OK = 0;
const ABI_VERSION = 1;

/** An open bundle: `read` gives the bytes of a file below its folder, or null for one that need not be there. */
export class Edge {
  static async open(module, read, key, now) {
    const { instance } = await WebAssembly.instantiate(module, {});
    // The module reads 32 bytes, whatever there are.
    if (key.length !== 32) throw new Error("the key is not 32 bytes long");
    const edge = new Edge(instance.exports);
    edge.whereThereIs("keys", read);
    edge.call("manifest", [read("manifest.kenal")], [key], now);
    for (const line of edge.text(edge.call("needs", [])).split("\n").filter(Boolean)) {
      edge.call("section", [read(`sections/${line.split(" ")[0]}`)]);
    }
    edge.whereThereIs("revocations", read);
    edge.read = read;
    return edge;
  }

  whereThereIs(name, read) {
    const file = read(`${name}.kenal`, true);
    if (file !== null) this.call(name, [file]);
  }

  constructor(core) {
    if (core.kenal_abi_version() !== ABI_VERSION) throw new Error("the module speaks another version of the interface");
    this.core = core;
    this.handle = core.kenal_new();
  }

  /** The visitor's row, or null: only their own token opens it. */
  row(visitor) {
    const token = new TextEncoder().encode(visitor);
    const shard = this.text(this.call("shard", [token]));
    if (shard === "") return null;
    const row = this.call("row", [this.read(`sections/${shard}`), token]);
    return row.length === 0 ? null : row;
  }

  /** The response to a request, JSON to JSON. */
  recommend(request, row) {
    return this.text(this.call("recommend", [new TextEncoder().encode(request), row]));
  }

  text(bytes) {
    return new TextDecoder().decode(bytes);
  }

  /** Calls with byte strings and their lengths, then with pointers alone, then with a number of 64 bits. */
  call(name, strings, pointers = [], number = undefined) {
    const { core } = this;
    const held = [];
    const put = (bytes) => {
      if (bytes === null) return 0;
      const at = core.kenal_alloc(bytes.length);
      new Uint8Array(core.memory.buffer).set(bytes, at);
      held.push([at, bytes.length]);
      return at;
    };
    const given = [...strings.flatMap((bytes) => [put(bytes), bytes?.length ?? 0]), ...pointers.map(put)];
    if (number !== undefined) given.push(BigInt(number));
    const code = core[`kenal_${name}`](this.handle, ...given);
    for (const [at, length] of held) core.kenal_free(at, length);
    const left = (which) => {
      const at = core[`kenal_${which}`](this.handle);
      return new Uint8Array(core.memory.buffer, at, core[`kenal_${which}_len`](this.handle)).slice();
    };
    if (code !== OK) throw new Error(`${name}: ${this.text(left("message"))} (code ${code})`);
    return left("output");
  }
}

const [module, folder, key, now, visitor, request] = process.argv.slice(2);
if (request === undefined) {
  console.error("usage: node recommend.mjs MODULE BUNDLE KEY UNIX_TIME VISITOR REQUEST");
  process.exit(2);
}
try {
  const read = (name, optional) => (optional && !existsSync(`${folder}/${name}`) ? null : readFileSync(`${folder}/${name}`));
  const edge = await Edge.open(readFileSync(module), read, Buffer.from(key, "hex"), now);
  console.log(edge.recommend(request, visitor === "" ? null : edge.row(visitor)));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
