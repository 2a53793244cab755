/**
 * Builds the documentation into the site: dist/site/docs.
 *
 *     node scripts/docs.d/build.mjs
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { render } from './markdown.mjs';
import { folder, index, linkInSite, navigationOf, pagesOf, placeOf, references } from './pages.mjs';
import { template } from './template.mjs';

rmSync(folder, { recursive: true, force: true });
const pages = pagesOf(references());
const navigation = navigationOf(pages);
const needed = new Set();

for (const { path, text, title } of pages.values()) {
  const place = placeOf(path);
  const { html } = render(text, (target) => linkInSite(pages, path, target, needed));
  const relative = (to) => posix.relative(posix.dirname(place), to);
  const groups = navigation.map(({ heading, paths }) => ({
    heading,
    links: paths.map((to) => ({
      title: pages.get(to).title,
      href: relative(placeOf(to)),
      isCurrent: to === path,
    })),
  }));
  const page = template({
    title,
    html,
    groups,
    style: relative('style.css'),
    home: relative(placeOf(index)),
    demo: relative('../index.html'),
  });
  write(place, page);
}
for (const path of needed) copy(path, placeOf(path));
copy('scripts/docs.d/style.css', 'style.css');

function write(place, text) {
  mkdirSync(dirname(join(folder, place)), { recursive: true });
  writeFileSync(join(folder, place), text);
}

function copy(path, place) {
  mkdirSync(dirname(join(folder, place)), { recursive: true });
  copyFileSync(path, join(folder, place));
}
