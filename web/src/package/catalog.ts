/** Checks `catalog.json`, so that planning can rely on it. No code of the bundle runs. */
import builtIn from '../generated/built-in-names.json' with { type: 'json' };
import { isObject, type JsonObject, readObject } from '../package-json.js';
import type { BundleCatalog } from '../package-loader.js';
import { refuse } from '../package-refusal.js';
import type { Contents } from '../zip-reader.js';

const entryName = 'catalog.json';
const moduleFile = /^modules\/([a-z0-9][a-z0-9_-]*)\.wasm$/;
const dottedName = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const builtInNames = new Set(builtIn);

/** `wheelFiles` are the names in all wheels. Throws PackageError `bad_catalog`. */
export async function readCatalog(
  contents: Contents,
  wheelFiles: ReadonlySet<string>,
): Promise<BundleCatalog> {
  const catalog = await readObject(contents, entryName, 'bad_catalog');
  const files = contents.sizes;
  const { version, places } = catalog;
  if (version !== 1) return bad('version is not 1');
  if (!isObject(places)) return bad('places is not an object');
  for (const name of files.keys()) if (name.startsWith('modules/')) checkPlaced(name, places);
  for (const [place, entries] of Object.entries(places)) {
    if (place !== 'python' && !files.has(`modules/${place.slice(5)}.wasm`)) bad(`no module is ${place}`);
    if (place !== 'python' && !place.startsWith('rust:')) bad(`there is no place ${place}`);
    if (!Array.isArray(entries)) return bad(`${place} is not a list`);
    const names = entries.flatMap((entry) => namesOf(entry, place));
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) bad(`${twice} is there twice in ${place}`);
    if (place === 'python') for (const { module } of entries) checkPythonModule(module, files, wheelFiles);
  }
  return catalog as unknown as BundleCatalog;
}

function checkPlaced(file: string, places: JsonObject): void {
  const name = moduleFile.exec(file)?.[1];
  if (name === undefined || name === 'runtime') bad(`${file} is not a name for a module`);
  if (!Object.hasOwn(places, `rust:${name}`)) bad(`${file} has no place`);
}

/** Type and aliases of an entry of the right shape. */
function namesOf(entry: unknown, place: string): string[] {
  if (!isObject(entry)) return bad(`an entry of ${place} is not an object`);
  const { type, runtime, params, aliases = [], requires = [], inputs = {}, outputs = {} } = entry;
  if (typeof type !== 'string' || type === '') return bad(`an entry of ${place} has no type`);
  if (runtime !== place.split(':')[0]) bad(`${type} is not of the runtime of ${place}`);
  if (!isObject(params)) bad(`params of ${type} is not an object`);
  if (!isTexts(requires)) bad(`requires of ${type} is not a list of strings`);
  if (!isPorts(inputs) || !isPorts(outputs)) bad(`inputs or outputs of ${type} are not ports`);
  if (!isTexts(aliases)) return bad(`aliases of ${type} is not a list of strings`);
  const names = [type, ...aliases];
  const taken = names.find((name) => builtInNames.has(name));
  return taken === undefined ? names : bad(`${taken} is a built-in node`);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isPorts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((port) => isObject(port) && isTexts(port.kinds));
}

function checkPythonModule(
  module: unknown,
  files: ReadonlyMap<string, unknown>,
  wheelFiles: ReadonlySet<string>,
): void {
  if (typeof module !== 'string' || !dottedName.test(module)) bad('a Python entry names no module');
  const path = String(module).replaceAll('.', '/');
  const where = path.startsWith('nodes/') ? files : wheelFiles;
  if (!where.has(`${path}.py`) && !where.has(`${path}/__init__.py`)) bad(`there is no module ${module}`);
}

function bad(message: string): never {
  return refuse('bad_catalog', message, entryName);
}
