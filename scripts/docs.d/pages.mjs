/** The pages of the documentation: what is in docs/, what that links to, and the references made from code. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { typescriptReference } from './api-typescript.mjs';
import { render } from './markdown.mjs';

export const index = 'docs/README.md';
const isElsewhere = (target) => /^[a-z][a-z+.-]*:/i.test(target);

/** The references: page → `{ text, names }`. They are part of the site only, because they are made from what is built. */
export function references() {
  const python = JSON.parse(execFileSync('python', ['scripts/docs.d/api_python.py'], { encoding: 'utf8' }));
  const typescript = typescriptReference();
  return new Map([
    ['docs/api/python.md', { text: python.page, names: python.names }],
    ['docs/api/typescript.md', { text: typescript.page, names: typescript.names }],
  ]);
}

/** All pages by path in the checkout: the Markdown of docs/ and, in turn, what these pages link to. */
export function pagesOf(generated = new Map()) {
  const pages = new Map();
  const waiting = [index, ...markdownFiles('docs'), ...generated.keys()];
  for (const path of waiting) {
    if (pages.has(path)) continue;
    const text = generated.get(path)?.text ?? readFileSync(path, 'utf8');
    const rendered = render(text, (target) => target);
    pages.set(path, { path, text, ...rendered });
    waiting.push(...rendered.targets.map((target) => pageAt(path, target)).filter(Boolean));
  }
  return pages;
}

function markdownFiles(folder) {
  const names = readdirSync(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name.replaceAll(sep, '/')))
    .sort();
}

/** The Markdown file that a link names, or null; a folder stands for its README.md. */
function pageAt(from, target) {
  if (isElsewhere(target) || target.startsWith('#')) return null;
  const path = pathOf(from, target);
  if (path.endsWith('.md')) return existsSync(path) ? path : null;
  const readme = posix.join(path, 'README.md');
  return existsSync(readme) ? readme : null;
}

/** The file or folder that a link names, from the checkout's root. */
export function pathOf(from, target) {
  const [path] = target.split('#');
  return path
    ? posix.normalize(posix.join(dirname(from), decodeURIComponent(path))).replace(/\/$/, '')
    : from;
}

/** Where a file of the checkout lies in the site's folder docs/: what is not of docs/ in `repository/`. */
export function placeOf(path) {
  const place = path.startsWith('docs/') ? path.slice('docs/'.length) : `repository/${path}`;
  if (place === 'README.md') return 'index.html';
  return place.replace(/\.md$/, '.html');
}

/** What is wrong with the links of pages, a line each: files, pages and anchors that do not exist, pages nobody links to. */
export function problemsOf(pages) {
  const reached = new Set([index]);
  const problems = [];
  for (const { path, targets } of pages.values()) {
    for (const target of targets.filter((each) => !isElsewhere(each))) {
      const page = target.startsWith('#') ? path : pageAt(path, target);
      const anchor = decodeURIComponent(target.split('#')[1] ?? '');
      if (page !== path) reached.add(page);
      if (!page && !pages.has(pathOf(path, target)) && !existsSync(pathOf(path, target))) {
        problems.push(`${path}: there is no ${target}`);
      } else if (anchor && page && !pages.get(page).anchors.has(anchor)) {
        problems.push(`${path}: there is no heading ${target}`);
      }
    }
  }
  for (const path of pages.keys()) {
    if (path.startsWith('docs/') && !path.startsWith('docs/api/') && !reached.has(path)) {
      problems.push(`${path}: no page links to it`);
    }
  }
  return problems;
}

/** How a link is written in the site; `needed` collects files that must be copied. Null: there is nothing to follow. */
export function linkInSite(pages, from, target, needed) {
  if (isElsewhere(target) || target.startsWith('#')) return target;
  const anchor = target.includes('#') ? `#${target.split('#')[1]}` : '';
  const path = pageAt(from, target) ?? pathOf(from, target);
  if (!pages.has(path)) {
    if (!existsSync(path) || !statSync(path).isFile()) return null;
    needed.add(path);
  }
  return posix.relative(posix.dirname(placeOf(from)), placeOf(path)) + anchor;
}

/** The navigation: the headings of the index with the pages listed below them; links into pages are left out. */
export function navigationOf(pages) {
  const groups = [];
  for (const line of pages.get(index).text.split('\n')) {
    const heading = /^## (.+)/.exec(line)?.[1];
    if (heading) groups.push({ heading, paths: [] });
    for (const [, target] of line.matchAll(/\]\(([^)#]+)\)/g)) {
      const path = pageAt(index, target);
      if (path && pages.has(path)) groups.at(-1)?.paths.push(path);
    }
  }
  const references = [...pages.keys()].filter((path) => path.startsWith('docs/api/'));
  if (references.length > 0) groups.push({ heading: 'API reference', paths: references });
  return groups.map(({ heading, paths }) => ({ heading, paths: [...new Set(paths)] }));
}

/** The folder of the built site's documentation. */
export const folder = join('dist', 'site', 'docs');
