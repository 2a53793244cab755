/** Forms of the params of a pipeline's nodes, made from their JSON Schemas. */
import type { LoadedPackage } from '../src/index.js';
import { listOf, objectOf } from './claims.js';
import { element } from './elements.js';
import type { NodeFacts } from './facts.js';
import { type Entered, fieldOf } from './fields.js';
import { paramOf } from './schema.js';

const mostParams = 100;

/** What somebody has changed in one bundle. What nobody touched stays as it is in the manifest. */
export class ParamForms {
  private readonly nodes: readonly unknown[];
  /** By node and name in its params. */
  private readonly changes = new Map<number, Map<string, unknown>>();
  /** Fields with something wrong in them. */
  private readonly wrong = new Map<HTMLElement, string>();

  constructor({ manifest }: Pick<LoadedPackage, 'manifest'>) {
    this.nodes = listOf(manifest.nodes);
  }

  /** The form of a node; null if its type has no params. */
  view({ index, id, type }: NodeFacts): HTMLElement | null {
    const given = objectOf(objectOf(this.nodes[index]).params);
    const params = Object.entries(type?.params ?? {}).slice(0, mostParams);
    if (params.length === 0) return null;
    const rows = params.map(([name, schema]) => {
      const param = paramOf(name, schema);
      // The manifest may use another name of it.
      const key = [name, ...param.aliases].find((word) => Object.hasOwn(given, String(word)));
      const word = key === undefined ? name : String(key);
      const { view, control } = fieldOf(param, given[word], (entered) => {
        this.enter(index, word, entered, control, `${id}.${name}`);
      });
      return view;
    });
    const form = element('details', 'params', element('summary', '', `Params of ${id}`), ...rows);
    return form;
  }

  /** The bundle as it is to run. */
  applied(pkg: LoadedPackage): LoadedPackage {
    if (this.changes.size === 0) return pkg;
    const nodes = pkg.manifest.nodes.map((node, index) => {
      const changes = this.changes.get(index);
      if (!changes) return node;
      const params = Object.entries({ ...objectOf(node.params), ...Object.fromEntries(changes) });
      return { ...node, params: Object.fromEntries(params.filter(([, value]) => value !== undefined)) };
    });
    return { ...pkg, manifest: { ...pkg.manifest, nodes: nodes as typeof pkg.manifest.nodes } };
  }

  /** Leads to the first wrong field, and says which it is; empty if none is. */
  focusWrong(): string {
    const [first] = this.wrong;
    if (!first) return '';
    const [control, name] = first;
    const form = control.closest('details');
    if (form) form.open = true;
    control.focus();
    return name;
  }

  private enter(node: number, word: string, entered: Entered, control: HTMLElement, name: string): void {
    if (entered.problem) this.wrong.set(control, name);
    else {
      this.wrong.delete(control);
      const changes = this.changes.get(node) ?? new Map<string, unknown>();
      this.changes.set(node, changes.set(word, entered.value));
    }
  }
}
