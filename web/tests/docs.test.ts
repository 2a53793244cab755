/** The documentation: links lead somewhere, in Markdown as GitHub shows it, and every public name is described. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { anchorOf } from '../../scripts/docs.d/markdown.mjs';
import {
  linkInSite,
  navigationOf,
  pagesOf,
  placeOf,
  problemsOf,
  references,
} from '../../scripts/docs.d/pages.mjs';

const python = new URL('../../.venv/bin/', import.meta.url).pathname;
process.env.PATH = `${python}:${process.env.PATH}`;

describe('links', () => {
  test('none is broken, and every page is linked', () => {
    expect(problemsOf(pagesOf())).toEqual([]);
    expect(problemsOf(pagesOf(references()))).toEqual([]);
  });

  test('broken ones are found', () => {
    const text = '# A\n[x](none.md) [y](values.md#none) [z](#none) [ok](#a) ![p](images/none.svg)';
    const pages = pagesOf(new Map([['docs/new.md', { text }]]));
    expect(problemsOf(pages).filter((problem: string) => problem.startsWith('docs/new.md'))).toEqual([
      'docs/new.md: there is no none.md',
      'docs/new.md: there is no heading values.md#none',
      'docs/new.md: there is no heading #none',
      'docs/new.md: there is no images/none.svg',
      'docs/new.md: no page links to it',
    ]);
  });

  test('anchors are those of GitHub', () => {
    const taken = new Map();
    const headings = [
      'Bundles (`.rmpkg`)'.replaceAll('`', ''),
      'A & B',
      'snake_case, dots...',
      'Über 100 %',
      'A & B',
    ];
    expect(headings.map((heading) => anchorOf(heading, taken))).toEqual([
      'bundles-rmpkg',
      'a--b',
      'snake_case-dots',
      'über-100-',
      'a--b-1',
    ]);
  });

  test('pages of docs/ become the site, others lie in repository/', () => {
    expect(['docs/README.md', 'docs/nodes/VADNode.md', 'CONTRIBUTING.md'].map(placeOf)).toEqual([
      'index.html',
      'nodes/VADNode.html',
      'repository/CONTRIBUTING.html',
    ]);
    const pages = pagesOf();
    const needed = new Set<string>();
    const link = (from: string, target: string) => linkInSite(pages, from, target, needed);
    expect(link('docs/nodes/VADNode.md', '../nodes.md#audio-input')).toBe('../nodes.html#audio-input');
    expect(link('docs/schema.md', '../schema/manifest.schema.json')).toBe(
      'repository/schema/manifest.schema.json',
    );
    expect(link('docs/schema.md', '../packages/pyodide')).toBeNull();
    expect([...needed]).toEqual(['schema/manifest.schema.json']);
  });
});

describe('the API reference', () => {
  const generated = references();
  const page = (path: string) => generated.get(path) as { text: string; names: string[] };

  test('describes every public name of the Python package', () => {
    const code = [
      'import importlib, json, pkgutil, remotemedia',
      'names = ["remotemedia"] + [m.name for m in pkgutil.walk_packages(remotemedia.__path__, "remotemedia.")]',
      'public = [n for n in names if not any(p.startswith("_") for p in n.split("."))]',
      'every = [f"{n}.{x}" for n in public for x in getattr(importlib.import_module(n), "__all__", [])]',
      'print(json.dumps(sorted(every)))',
    ].join('\n');
    const all = JSON.parse(execFileSync('python', ['-c', code], { encoding: 'utf8' }));
    expect(all.length).toBeGreaterThan(30);
    expect([...page('docs/api/python.md').names].sort()).toEqual(all);
  });

  test('describes every export of the npm package', async () => {
    const library = await import('../src/index.js');
    const { names } = page('docs/api/typescript.md');
    expect(names).toEqual(expect.arrayContaining(Object.keys(library)));
    expect(names).toEqual(
      expect.arrayContaining(['RunnerOptions', 'ExecuteResult', 'Manifest', 'VADNodeParams']),
    );
  });

  test.each(['docs/api/python.md', 'docs/api/typescript.md'])('%s says something of each', (path) => {
    const { text, names } = page(path);
    const sections = text.split(/^### /m).slice(1);
    expect(sections).toHaveLength(names.length);
    const silent = sections.filter(
      (section) => !/\p{L}{3}/u.test(section.replace(/^.*$/m, '').replace(/```[\s\S]*?```|^- .*$/gm, '')),
    );
    expect(silent).toEqual([]);
  });

  test('is in the navigation', () => {
    const groups = navigationOf(pagesOf(generated));
    expect(groups.at(-1)).toEqual({ heading: 'API reference', paths: [...generated.keys()] });
  });
});
