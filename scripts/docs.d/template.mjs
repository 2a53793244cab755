/** The one template of the documentation: navigation beside the page, no script, nothing from elsewhere. */
import { escaped } from './markdown.mjs';

const link = ({ title, href, isCurrent }) =>
  `<li><a href="${escaped(href)}"${isCurrent ? ' aria-current="page"' : ''}>${escaped(title)}</a></li>`;

const group = ({ heading, links }) =>
  `<h2>${escaped(heading)}</h2>\n<ul>\n${links.map(link).join('\n')}\n</ul>`;

/** A page. `groups` are `{ heading, links: [{ title, href, isCurrent }] }`; all addresses are relative. */
export function template({ title, html, groups, style, home, demo }) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} · RemoteMedia</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${escaped(style)}">
</head>
<body>
<a class="skip" href="#content">To the text</a>
<header><a href="${escaped(home)}">RemoteMedia</a> <a href="${escaped(demo)}">Demo</a></header>
<nav aria-label="Documentation">
${groups.map(group).join('\n')}
</nav>
<main id="content" tabindex="-1">
${html}</main>
</body>
</html>
`;
}
