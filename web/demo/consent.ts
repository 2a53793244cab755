/** Asks for what a bundle wants to reach. Nothing is granted until somebody has ticked it. */
import { element } from './elements.js';

/** The boxes of one bundle. */
export class Consent {
  /** Null if the bundle asks for nothing. */
  readonly view: HTMLElement | null;
  private readonly boxes = new Map<string, HTMLInputElement>();

  /** `changed` is called when a box was ticked or not any more. */
  constructor(origins: readonly string[], changed: () => void) {
    const rows = origins.map((origin) => {
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.addEventListener('change', changed);
      this.boxes.set(origin, box);
      return element('label', 'choice', box, element('span', '', 'Allow ', element('code', '', origin)));
    });
    const note = 'What you feed the bundle may be sent there. It does not run unless all are allowed.';
    const legend = element('legend', '', 'It asks to reach');
    this.view =
      rows.length > 0 ? element('fieldset', 'consent', legend, ...rows, element('p', 'soft', note)) : null;
  }

  /** What was allowed. */
  get granted(): string[] {
    return [...this.boxes].flatMap(([origin, box]) => (box.checked ? [origin] : []));
  }

  /** What it asks for and does not have. */
  get missing(): string[] {
    return [...this.boxes].flatMap(([origin, box]) => (box.checked ? [] : [origin]));
  }

  /** Leads to the first box that is not ticked. */
  focus(): void {
    [...this.boxes.values()].find((box) => !box.checked)?.focus();
  }
}

/** What the button says. */
export function runLabel(consent: Consent | null): string {
  const granted = consent && consent.missing.length === 0 ? consent.granted : [];
  if (granted.length === 0) return 'Run';
  return `Run and allow ${granted.length > 2 ? `${granted.length} origins` : granted.join(' and ')}`;
}

/** What is said beside the button: what running grants, or why it does not run. */
export function runNote(consent: Consent | null): string {
  if (!consent) return '';
  const { missing, granted } = consent;
  if (missing.length > 0)
    return `It does not run until you allow what it asks for above: ${missing.join(', ')}.`;
  return granted.length > 0 ? `It may reach ${granted.join(', ')} in this run.` : '';
}
