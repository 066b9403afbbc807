// The tool in JavaScript. HTTP, timers and random bytes are the engine's; arguments, variables and files are WASI's.
import { getArguments, getEnvironment } from 'wasi:cli/environment@0.2.12';
import { exit } from 'wasi:cli/exit@0.2.12';
import { getStdin } from 'wasi:cli/stdin@0.2.12';
import { getDirectories } from 'wasi:filesystem/preopens@0.2.12';

function files(folder) {
  const found = getDirectories().find(([, name]) => name === folder);
  if (found === undefined) throw new Error(`there is no folder ${folder}`);
  const [directory] = found;
  const write = (text, flags) => {
    const file = directory.openAt({}, 'first.txt', flags, { read: true, write: true });
    file.write(new TextEncoder().encode(text), file.stat().size);
  };
  write('one\ntwo\n', { create: true });
  write('three\n', {});
  directory.createDirectoryAt('deep');
  directory.renameAt('first.txt', directory, 'deep/second.txt');
  const file = directory.openAt({}, 'deep/second.txt', {}, { read: true });
  const [bytes] = file.read(1000n, 0n);
  const list = items => `[${items.map(item => `'${item}'`).join(', ')}]`;
  console.log(list(new TextDecoder().decode(bytes).split('\n').map(line => line)));
  const names = [];
  const entries = directory.readDirectory();
  for (let entry = entries.readDirectoryEntry(); entry !== undefined; entry = entries.readDirectoryEntry()) names.push(entry.name);
  console.log(list(names.sort()), `${file.stat().size}`);
  for (const name of ['missing.txt', '../outside.txt']) {
    try {
      directory.openAt({}, name, {}, { read: true });
    } catch (error) {
      console.log('cannot open', name);
    }
  }
}

function readStdin() {
  const stdin = getStdin();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) text += decoder.decode(stdin.blockingRead(65536n), { stream: true });
  } catch (error) {
    if (error.payload?.tag !== 'closed') throw error;
  }
  return text;
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map(key => [key, sorted(value[key])]));
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, { headers: { 'x-asked-by': 'tool' }, ...options });
  } catch (error) {
    return 'no answer';
  }
  const text = await response.text();
  const field = response.headers.get('x-answer');
  return `${response.status} [${field === null ? '' : `'${field}'`}] ${text.length} ${text.slice(0, 40)}`;
}

async function main(command, args) {
  switch (command) {
    case 'hello': return console.log('Hello, world!');
    case 'arguments': return console.log(`[${args.map(word => JSON.stringify(word)).join(', ')}]`);
    case 'environment': {
      const variables = new Map(getEnvironment());
      for (const name of args) console.log(`${name}=${variables.get(name) ?? '(not set)'}`);
      return;
    }
    case 'files': return files(...args);
    case 'json': {
      const value = JSON.parse(readStdin());
      console.log(JSON.stringify(sorted(value), null, 2));
      return console.log('sum', value.items.reduce((sum, item) => sum + item.amount, 0));
    }
    case 'get': return console.log(await ask(args[0], {}));
    case 'post': return console.log(await ask(args[0], { method: 'POST', body: 'x'.repeat(Number(args[1])) }));
    case 'sleep': {
      const before = performance.now();
      await new Promise(resolve => setTimeout(resolve, 50));
      return console.log(performance.now() - before >= 50 ? 'slept' : 'did not sleep');
    }
    case 'random': return console.log(new Set(crypto.getRandomValues(new Uint8Array(64))).size > 16 ? 'True' : 'False');
    case 'error': return console.error('an error');
    case 'exit': return exit({ tag: args[0] === '0' ? 'ok' : 'err' });
    case 'fail': throw new Error('a mistake');
    default:
      console.error('unknown command', command);
      return exit({ tag: 'err' });
  }
}

export const run = {
  async run() {
    const [, command, ...args] = getArguments();
    await main(command, args);
  },
};
