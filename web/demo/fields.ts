/** A form field for a param. */
import { element } from './elements.js';
import { hintOf, numberProblem, type Param } from './schema.js';

/** What somebody has put in: a value (undefined: none, so that the default counts), or what is wrong with it. */
export interface Entered {
  readonly value: unknown;
  readonly problem: string;
}

/** A field on the page. */
export interface Field {
  readonly view: HTMLElement;
  readonly control: HTMLElement;
}

/** Control and how to read it. */
interface Control {
  readonly control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
  read(): Entered;
}

let fields = 0;

/** Makes the field. `given` is what stands in the manifest, undefined if nothing. `changed` is told of every change. */
export function fieldOf(param: Param, given: unknown, changed: (entered: Entered) => void): Field {
  const { control, read } = controlOf(param, given === undefined ? param.initial : given);
  const id = `param-${++fields}`;
  control.id = id;
  const problem = element('p', 'error', '');
  problem.id = `${id}-problem`;
  problem.hidden = true;
  problem.setAttribute('role', 'alert');
  const hint = element('p', 'soft', hintOf(param));
  hint.id = `${id}-hint`;
  control.setAttribute('aria-describedby', `${hint.id} ${problem.id}`);
  control.addEventListener('input', () => {
    const entered = read();
    problem.textContent = entered.problem;
    problem.hidden = entered.problem === '';
    control.setAttribute('aria-invalid', String(entered.problem !== ''));
    changed(entered);
  });
  const label = element('label', '', param.unit ? `${param.name} (${param.unit})` : param.name);
  label.setAttribute('for', id);
  return { view: element('div', 'field', label, control, hint, problem), control };
}

function controlOf(param: Param, value: unknown): Control {
  if (param.kind === 'choice') return choice(param, value);
  if (param.kind === 'json' || !fits(param, value)) return json(value);
  const input = document.createElement('input');
  if (param.kind === 'boolean') {
    input.type = 'checkbox';
    input.checked = value === true;
    return { control: input, read: () => good(input.checked) };
  }
  input.value = value === undefined ? '' : String(value);
  input.autocomplete = 'off';
  if (param.kind === 'string') {
    input.spellcheck = false;
    const isOptional = param.initial === undefined;
    return { control: input, read: () => good(input.value === '' && isOptional ? undefined : input.value) };
  }
  input.type = 'number';
  input.step = param.kind === 'integer' ? '1' : 'any';
  return { control: input, read: () => numberIn(input, param) };
}

/** Whether the value can stand in the field that the kind has; a manifest may give what its schema forbids. */
function fits({ kind }: Param, value: unknown): boolean {
  return value === undefined || typeof value === (kind === 'integer' ? 'number' : kind);
}

function numberIn(input: HTMLInputElement, param: Param): Entered {
  if (input.validity.badInput) return bad('Must be a number.');
  if (input.value === '') return good(undefined);
  return { value: Number(input.value), problem: numberProblem(param, Number(input.value)) };
}

function choice({ choices, initial }: Param, value: unknown): Control {
  const select = document.createElement('select');
  const texts = choices.map((item) => JSON.stringify(item));
  const chosen = JSON.stringify(value);
  if (value === undefined || initial === undefined) select.add(new Option('not set', ''));
  else if (!texts.includes(chosen)) texts.unshift(chosen);
  for (const text of texts) {
    const item: unknown = JSON.parse(text);
    select.add(new Option(typeof item === 'string' ? item : text, text));
  }
  select.value = value === undefined ? '' : chosen;
  return {
    control: select,
    read: () => good(select.value === '' ? undefined : JSON.parse(select.value)),
  };
}

function json(value: unknown): Control {
  const area = document.createElement('textarea');
  area.rows = 2;
  area.spellcheck = false;
  area.value = value === undefined ? '' : JSON.stringify(value);
  return {
    control: area,
    read() {
      try {
        return good(area.value.trim() === '' ? undefined : JSON.parse(area.value));
      } catch (error) {
        return bad(`Must be JSON: ${error instanceof Error ? error.message : String(error)}.`);
      }
    },
  };
}

function good(value: unknown): Entered {
  return { value, problem: '' };
}

function bad(problem: string): Entered {
  return { value: undefined, problem };
}
