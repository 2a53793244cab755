/**
 * Bundles that both loaders must refuse, each with the code of its refusal (docs/bundles.md), and some that must load. All
 * are built by code, so that one sees what is wrong with them.
 */
import { archives } from './archives.js';
import { bombs } from './bombs.js';
import type { Case } from './case.js';
import { catalogs } from './catalogs.js';
import { documents } from './documents.js';
import { modules } from './modules.js';
import { names } from './names.js';
import { signatures } from './signatures.js';
import { wheels } from './wheels.js';

export type { Case } from './case.js';

export const cases: readonly Case[] = [
  ...archives,
  ...names,
  ...bombs,
  ...documents,
  ...signatures,
  ...modules,
  ...wheels,
  ...catalogs,
];
