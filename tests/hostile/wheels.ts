/** Wheels that are not pure, or no good archives. */
import { type Case, endingIn, json, loads, refused, withManifest } from './case.js';
import { type Entry, zip } from './zip.js';

const fileName = 'wheels/clip-1.0-py3-none-any.whl';
const said = 'Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n';
const source: Entry = { name: 'clip/__init__.py', content: 'class ClipNode: ...\n' };
const entry = { type: 'ClipNode', runtime: 'python', params: {}, module: 'clip' };
const catalog = json('catalog.json', { version: 1, places: { python: [entry] } });

function wheelEntries(metadata = said, ...more: Entry[]): Entry[] {
  return [source, { name: 'clip-1.0.dist-info/WHEEL', content: metadata }, ...more];
}

/** A wheel with one package, `clip`. */
export function wheel(metadata = said, ...more: Entry[]): Uint8Array<ArrayBuffer> {
  return zip(wheelEntries(metadata, ...more));
}

const bundle = (content: Uint8Array, name = fileName) =>
  withManifest({ name, content, stored: true }, catalog);
const bad = (what: string, content: () => Uint8Array, name = fileName): Case =>
  refused(`wheel: ${what}`, 'bad_wheel', () => bundle(content(), name));
const withName = (name: string): Case => bad(`called ${name}`, wheel, name);

export const wheels: readonly Case[] = [
  loads('wheel: pure', () => bundle(wheel())),
  loads('wheel: with a build number', () => bundle(wheel(), 'wheels/clip-1.0-2-py2.py3-none-any.whl')),
  loads('wheel: lines end as on Windows', () => bundle(wheel(said.replaceAll('\n', '\r\n')))),

  withName('wheels/clip-1.0-cp314-cp314-linux_x86_64.whl'),
  withName('wheels/clip-1.0-py3-none-win32.whl'),
  withName('wheels/clip-1.0-py3-abi3-any.whl'),
  withName('wheels/clip.whl'),
  withName('wheels/none-any.whl'),
  withName('wheels/sub/clip-1.0-py3-none-any.whl'),
  withName('wheels/clip-1.0-py3-none-any.WHL'),
  withName('wheels/clip-1.0-py3-none-any.whl.txt'),
  withName('wheels/clip-1.0.tar.gz'),
  bad('text', () => Buffer.from('not a wheel')),
  bad('empty', () => new Uint8Array(0)),
  bad('cut off', () => wheel().slice(0, -4)),
  bad('corrupt data', () => zip([{ ...source, raw: Uint8Array.of(7, 7, 7) }, ...wheelEntries().slice(1)])),
  bad('wrong CRC', () => zip([{ ...source, crc: 1 }, ...wheelEntries().slice(1)])),
  bad('escape', () => wheel(said, { name: '../evil.py', content: '' })),
  bad('absolute', () => wheel(said, { name: '/evil.py', content: '' })),
  bad('symlink', () => wheel(said, { ...source, name: 'clip/link.py', mode: 0o120777 })),
  bad('name twice', () => wheel(said, source)),
  bad('name of another case', () => wheel(said, { ...source, name: 'CLIP/__init__.py' })),
  bad('bomb', () => wheel(said, { name: 'clip/zeros', content: new Uint8Array(4 * 2 ** 20) })),
  bad('bytes before it', () => zip(wheelEntries(), { prefix: Buffer.from('#!python\n') })),
  bad('local headers disagree', () =>
    zip([{ ...source, local: { name: 'clip/__main__.py' } }, ...wheelEntries().slice(1)]),
  ),
  bad('a bundle', () => endingIn({})),
  bad('no WHEEL', () => zip([source])),
  bad('WHEEL in a folder', () => zip([source, { name: 'a/clip-1.0.dist-info/WHEEL', content: said }])),
  bad('two WHEELs', () => wheel(said, { name: 'other-1.0.dist-info/WHEEL', content: said })),
  bad('WHEEL is no UTF-8', () =>
    zip([source, { name: 'clip-1.0.dist-info/WHEEL', content: Uint8Array.of(0xff) }]),
  ),
  bad('says that it is not pure', () => wheel(said.replace('true', 'false'))),
  bad('does not say that it is pure', () => wheel('Wheel-Version: 1.0\n')),
  bad('says that it is for Linux', () => wheel(`${said}Tag: cp314-cp314-linux_x86_64\n`)),
  bad('compiled for Linux', () =>
    wheel(said, { name: 'clip/fast.cpython-314-x86_64-linux-gnu.so', content: '' }),
  ),
  bad('compiled for Windows', () => wheel(said, { name: 'clip/FAST.PYD', content: '' })),
  refused(
    'wheel: inflates to more than is left',
    'bad_wheel',
    () => bundle(wheel(said, { name: 'clip/a', content: 'x'.repeat(3000), stored: true })),
    {
      limits: { inflatedBytes: 6000 },
    },
  ),
  refused('wheel: comes before the catalog', 'bad_wheel', () =>
    withManifest({ name: fileName, content: '' }),
  ),
];
