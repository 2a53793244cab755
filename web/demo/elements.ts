/** Finding and making elements. Text is always set as text, never as markup. */

/** The element with this id, of this class. Throws if the page lacks it. */
export function byId<E extends HTMLElement>(id: string, Class: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof Class)) throw new Error(`the page has no ${Class.name} #${id}`);
  return found;
}

/** An element with a class and children; strings become text. */
export function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A table with a header row. Columns named in `numeric` are aligned right. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly string[],
): HTMLElement {
  const alignment = (column: string | undefined) => (column && numeric.includes(column) ? 'number' : '');
  const head = columns.map((column) => {
    const cell = element('th', alignment(column), column);
    cell.setAttribute('scope', 'col');
    return cell;
  });
  const body = rows.map((row) =>
    element('tr', '', ...row.map((cell, index) => element('td', alignment(columns[index]), cell))),
  );
  return element(
    'div',
    'table',
    element('table', '', element('thead', '', element('tr', '', ...head)), element('tbody', '', ...body)),
  );
}
