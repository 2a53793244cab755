/** A bundle's files in Python's file system. */
import { RuntimeLoadError } from '../errors.js';
import type { Bundle } from '../worker/protocol.js';
import type { PyodideFiles } from './pyodide-api.js';

/** What Python nodes can read, and what they are made of; wheels are unpacked by Python. */
const folders = /^(nodes|wheels|models|assets)\//;

/** Writes the files, without copying them, and returns the folder in which they lie. Throws RuntimeLoadError. */
export function writeFiles(files: PyodideFiles, { id, files: content }: Bundle): string {
  const root = `/bundle/${id}`;
  try {
    files.mkdirTree(root);
    for (const [name, bytes] of content) {
      if (!folders.test(name)) continue;
      files.mkdirTree(`${root}/${name.slice(0, name.lastIndexOf('/'))}`);
      files.writeFile(`${root}/${name}`, bytes, { canOwn: true });
    }
  } catch (error) {
    throw new RuntimeLoadError(`the bundle's files cannot be laid out: ${String(error)}`, { cause: error });
  }
  return root;
}
