// Makes a component of a JavaScript file: componentize.mjs WIT WORLD FILE OUTPUT.
import { componentize } from '@bytecodealliance/componentize-js';
import { writeFile } from 'node:fs/promises';

const [, , witPath, worldName, sourcePath, output] = process.argv;
const { component } = await componentize({ sourcePath, witPath, worldName });
await writeFile(output, component);
