import { componentize } from '@bytecodealliance/componentize-js';
import { readFile, writeFile } from 'node:fs/promises';

const [, , wit, output] = process.argv;
const { component } = await componentize(await readFile('app.js', 'utf8'), { witPath: wit, worldName: 'shop' });
await writeFile(output, component);
