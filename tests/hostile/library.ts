/** What programs need that read no TypeScript. */
export { PackageLoader } from '../../web/src/package-loader.js';
export { changed } from './changes.js';
export { cases } from './corpus.js';
export { verdict } from './verdict.js';
