/** Markdown as GitHub shows it: headings with the same anchors, and the links of a page. */
import { Marked } from 'marked';

/** The anchor of a heading, as GitHub makes it; `taken` counts those of the page so far. */
export function anchorOf(heading, taken) {
  const slug = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
  const count = taken.get(slug) ?? 0;
  taken.set(slug, count + 1);
  return count ? `${slug}-${count}` : slug;
}

const entities = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
const unescaped = (html) => html.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity]);

/**
 * Renders a page. `resolve(target)` gives the address of a link or image, or null for a link that cannot be followed here: its
 * text stays. Returns `{ html, title, anchors, targets }`; targets are all links and images as they are written.
 */
export function render(text, resolve) {
  const page = { title: '', anchors: new Set(), targets: [] };
  const taken = new Map();
  const address = (target) => {
    page.targets.push(target);
    return resolve(target);
  };
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const words = unescaped(this.parser.parseInline(tokens, this.parser.textRenderer));
        const anchor = anchorOf(words, taken);
        page.anchors.add(anchor);
        page.title ||= words;
        return `<h${depth} id="${anchor}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens);
        const to = address(href);
        return to === null ? words : `<a href="${escaped(to)}">${words}</a>`;
      },
      image({ href, text: words }) {
        return `<img src="${escaped(address(href) ?? href)}" alt="${escaped(words)}">`;
      },
      code({ text: code }) {
        // What scrolls must be reachable by keyboard.
        return `<pre tabindex="0"><code>${escaped(code)}</code></pre>\n`;
      },
      html: ({ text: raw }) => (raw.startsWith('<!--') ? '' : raw),
    },
  });
  const html = marked
    .parse(text)
    .replaceAll('<table>', '<div class="wide" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>')
    .replaceAll('<th', '<th scope="col"')
    .replaceAll('<th scope="col"ead', '<thead');
  return { ...page, html };
}

/** Text as it may stand in HTML. */
export function escaped(text) {
  return text.replace(
    /[&<>"]/g,
    (character) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[character]};`,
  );
}
