// Runs a composition without Gusset: `node glue.mjs FOLDER`, where the folder holds core modules, adapters among them, and `plan.json`,
// which says what each of their imports is. What adapters ask of a host is all here: transcoders, a state memory, a way to trap.
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const folder = process.argv[2];
const plan = JSON.parse(readFileSync(`${folder}/plan.json`, "utf8"));

class Trap extends Error {
  constructor(code, path, value, limit) {
    super(`trap ${code} at ${path}: ${value}, ${limit}`);
    Object.assign(this, { code, path, value, limit });
  }
}

// Characters of code units, or the number of the trap code that says what is wrong with them.
const read = {
  utf8(bytes) {
    try {
      return [...new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)];
    } catch {
      // What ends within a character becomes right when it goes on.
      for (const tail of [[0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0x90, 0x80, 0x80], [0xa0, 0x80]]) {
        try {
          new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([...bytes, ...tail]));
          return plan.codes.IncompleteUtf8;
        } catch {}
      }
      return plan.codes.InvalidUtf8;
    }
  },
  utf16(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const units = Array.from({ length: bytes.length / 2 }, (_, i) => String.fromCharCode(view.getUint16(2 * i, true)));
    const text = units.join("");
    return text.isWellFormed?.() ?? !/\p{Surrogate}/u.test(text) ? [...text] : plan.codes.InvalidUtf16;
  },
  latin1: (bytes) => [...bytes].map((byte) => String.fromCharCode(byte)),
};

const write = {
  utf8: (text) => new TextEncoder().encode(text),
  utf16: (text) => new Uint8Array(Array.from(text.split(""), (unit) => [unit.charCodeAt(0) & 0xff, unit.charCodeAt(0) >> 8]).flat()),
  latin1: (text) => new Uint8Array(Array.from(text, (char) => char.charCodeAt(0))),
};

const unit = { utf8: 1, utf16: 2, latin1: 1 };
const largest = { ascii: 0x7f, latin1: 0xff };

// A transcoder from one memory to another, by its name: what it reads, and what it writes, whole or up to what does not fit.
function transcoder(name, src, dst) {
  const put = (at, bytes) => new Uint8Array(dst().buffer).set(bytes, at >>> 0);
  const take = (memory, at, length) => new Uint8Array(memory().buffer).slice(at >>> 0, (at >>> 0) + length);
  if (name === "inflate-latin1") {
    return (at, length) => put(at, write.utf16(read.latin1(take(dst, at, length)).join("")));
  }
  const [from, to] = name.split("-to-");
  return (at, length, room) => {
    const bytes = take(src, at, length * unit[from]);
    let chars = from === "utf16" && to === "ascii" ? [...String.fromCharCode(...new Uint16Array(bytes.buffer))] : read[from](bytes);
    const status = typeof chars === "number" ? chars : 0;
    if (status) chars = [];
    const limit = name.startsWith("latin1") && to === "latin1" ? undefined : largest[to];
    const end = limit === undefined ? -1 : chars.findIndex((char) => char.codePointAt(0) > limit);
    const text = (end < 0 ? chars : chars.slice(0, end)).join("");
    let written;
    if (to === "latin1-or-utf16") {
      const narrow = chars.every((char) => char.codePointAt(0) <= 0xff);
      put(room, write[narrow ? "latin1" : "utf16"](text));
      written = narrow ? text.length : text.length | (1 << 31);
    } else {
      const encoded = write[to === "ascii" ? "utf8" : to](text);
      put(room, encoded);
      written = encoded.length / unit[to === "ascii" ? "utf8" : to];
    }
    const wrote = write[from](text).length / unit[from];
    const results = { read: wrote, written, status };
    const values = plan.transcoders[name].map((result) => results[result]);
    return values.length > 1 ? values : values[0];
  };
}

const state = new WebAssembly.Memory({ initial: 1 });
new DataView(state.buffer).setUint32(0, plan.heapStart, true);

const instances = [];

function definition(def) {
  switch (def.kind) {
    case "export":
      return instances[def.instance].exports[def.name];
    case "state":
      return state;
    case "transcoder":
      return transcoder(def.name, () => definition(def.src), () => definition(def.dst));
    case "trap":
      return (site, code, value, limit, ...indices) => {
        let path = plan.sites[def.module][site];
        for (const index of indices) path = path.replace("[]", `[${index}]`);
        // What `realloc` returned is bad, not the value.
        if (code & 0x100) path += " (from realloc)";
        throw new Trap(code & 0xff, path, value, limit);
      };
  }
  throw new Error(`nothing is known of ${JSON.stringify(def)}`);
}

for (const { module, imports } of plan.instances) {
  const compiled = new WebAssembly.Module(readFileSync(`${folder}/${module}.wasm`));
  const given = {};
  WebAssembly.Module.imports(compiled).forEach(({ module, name }, n) => ((given[module] ??= {})[name] = definition(imports[n])));
  instances.push(new WebAssembly.Instance(compiled, given));
}

const app = instances[plan.app].exports;
const bytes = () => new Uint8Array(app.memory.buffer);
const view = () => new DataView(app.memory.buffer);

function traps(code, path, call) {
  assert.throws(call, (trap) => trap instanceof Trap && trap.code === plan.codes[code] && trap.path === path, `${code} at ${path}`);
}

// Strings, there and back, through both other encodings.
const texts = ["", "plain", "naïve café", "☃ and 𝄞", "é☃", "long ".repeat(40) + "ÿ", "éé☃𝄞aé"];
for (const text of texts) {
  const encoded = new TextEncoder().encode(text);
  bytes().set(encoded, 256);
  for (const echo of [app.echo, app["old-echo"]]) {
    echo(256, encoded.length, 64);
    const [at, length] = [view().getUint32(64, true), view().getUint32(68, true)];
    assert.equal(new TextDecoder().decode(bytes().slice(at, at + length)), text);
  }
}
bytes().set([0x61, 0xff, 0xe2, 0x98], 256);
traps("InvalidUtf8", 'param "text"', () => app.echo(256, 2, 64));
traps("InvalidUtf8", 'param "text"', () => app["old-echo"](256, 2, 64));
traps("IncompleteUtf8", 'param "text"', () => app.echo(258, 2, 64));
traps("StringOutOfBounds", 'param "text"', () => app.echo(65535, 2, 64));
traps("UnalignedPointer", "result", () => app.echo(256, 1, 66));

// A list of records with strings in them.
const items = [["one", 10], ["zwölf", 300], ["☃", 7]];
let at = 1024;
items.forEach(([name, amount], n) => {
  const encoded = new TextEncoder().encode(name);
  bytes().set(encoded, at);
  [at, encoded.length, amount].forEach((word, i) => view().setUint32(512 + 12 * n + 4 * i, word, true));
  at += encoded.length;
});
assert.equal(app.total(512, 3), 317n + 3n + 5n + 1n);
view().setUint32(512 + 12, 65531, true);
traps("StringOutOfBounds", 'param "items"[1].name', () => app.total(512, 3));
traps("UnalignedPointer", 'param "items"', () => app.total(513, 1));

// Handles: indices begin at 1, and the last one freed comes first.
assert.deepEqual([app.make(100), app.make(200), app.make(300)], [1, 2, 3]);
assert.equal(app.add(2, 5), 205);
app.drop(2);
app.drop(1);
assert.equal(app.dropped(), 300);
assert.deepEqual([app.make(400), app.make(500), app.make(600)], [1, 2, 4]);
traps("UnknownHandle", 'param "counter"', () => app.add(9, 0));
app.drop(4);
traps("UnknownHandle", 'param "counter"', () => app.add(4, 0));
assert.equal(app.dropped(), 900);
// Beyond the room that a table has at first.
const many = Array.from({ length: 1000 }, (_, n) => app.make(n));
assert.deepEqual(many.slice(0, 3), [4, 5, 6]);
assert.equal(app.add(many[999], 1), 1000);
many.forEach((index) => app.drop(index));
assert.equal(app.dropped(), 900 + 499500);

console.log(`${instances.length} core instances, ${texts.length} texts, ${many.length} handles`);
