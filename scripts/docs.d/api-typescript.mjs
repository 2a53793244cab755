/** The reference of the npm package as Markdown, from the declarations that tsc wrote to dist/lib. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'rolldown/utils';

/** The page, and the names that it documents. */
export function typescriptReference(entry = 'dist/lib/index.d.ts') {
  const names = exportsOf(entry);
  const isOfManifests = ({ module }) => module.endsWith('generated/manifest.d.ts');
  const sections = (list) => list.map(section).join('\n');
  const page = `# TypeScript reference
What \`import … from 'remotemedia'\` gives, from the comments of the source. How it is used: [embedding](../embedding.md),
[streams](../streams.md), [values](../values.md), [errors](../errors.md).

${sections(names.filter((name) => !isOfManifests(name)))}
## Types of manifests
What \`Manifest\` allows, and the params of each built-in node: [the manifest](../manifest.md), [types in editors](../schema.md).

${sections(names.filter(isOfManifests))}`;
  return { page, names: names.map(({ name }) => name) };
}

/** The exports of a module, those that it re-exports included, by name. */
function exportsOf(file) {
  const { program } = parse(file);
  return program.body
    .flatMap((statement) => exportsOfStatement(file, statement))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function exportsOfStatement(file, statement) {
  const source = statement.source && join(dirname(file), statement.source.value.replace(/\.js$/, '.d.ts'));
  if (statement.type === 'ExportAllDeclaration') return exportsOf(source);
  if (statement.type !== 'ExportNamedDeclaration') return [];
  if (statement.declaration) return namesOf(statement.declaration).map((name) => ({ name, module: file }));
  if (!source) return [];
  return statement.specifiers.map(({ exported }) => ({ name: exported.name, module: source }));
}

function namesOf(declaration) {
  if (declaration.type === 'VariableDeclaration') return declaration.declarations.map(({ id }) => id.name);
  return [declaration.id.name];
}

const parsed = new Map();
function parse(file) {
  if (!parsed.has(file)) {
    const text = readFileSync(file, 'utf8');
    const { program, comments, errors } = parseSync(file, text, { lang: 'dts' });
    if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
    parsed.set(file, { text, program, comments });
  }
  return parsed.get(file);
}

/** Heading, description, declaration, and what each member is. */
function section({ name, module }) {
  const { program } = parse(module);
  const statements = program.body.filter(
    ({ declaration }) => declaration && namesOf(declaration).includes(name),
  );
  if (statements.length === 0) throw new Error(`${module} does not declare ${name}`);
  const [{ declaration }] = statements;
  const code = statements.map((statement) => signature(module, statement)).join('\n');
  const docs = statements.map(({ start }) => commentBefore(module, start)).filter(Boolean);
  return `### \`${name}\`\n${docs.join('\n\n')}\n\`\`\`ts\n${code}\n\`\`\`\n${members(module, declaration)}`;
}

const declared = /^(export |declare )+/;

/** A declaration without comments, and without members, which are listed. */
function signature(module, { declaration, start, end }) {
  const until = declaration.body?.body ? declaration.body.start : end;
  return withoutComments(module, start, until).replace(declared, '').trimEnd();
}

function withoutComments(module, start, end) {
  const { text, comments } = parse(module);
  let code = '';
  let from = start;
  for (const comment of comments) {
    if (comment.start < from || comment.end > end) continue;
    code += text.slice(from, comment.start);
    from = comment.end;
  }
  return (code + text.slice(from, end)).replace(/^\s*\n/gm, '');
}

function members(module, declaration) {
  const list = (declaration.body?.body ?? []).filter(isPublic);
  return list.map((member) => `${memberLine(module, member)}\n`).join('');
}

function isPublic(member) {
  return member.accessibility !== 'private' && member.key?.type !== 'PrivateIdentifier';
}

function memberLine(module, member) {
  const code = withoutComments(module, member.start, member.end).replace(/;$/, '').replace(/\s+/g, ' ');
  const text = commentBefore(module, member.start).replace(/\s*\n\s*/g, ' ');
  return `- \`${code}\`${text && `: ${text}`}`;
}

/** The text of the documentation comment that ends just before a position. */
function commentBefore(module, position) {
  const { text, comments } = parse(module);
  const comment = comments.find(
    ({ end, value }) => value.startsWith('*') && end <= position && !text.slice(end, position).trim(),
  );
  if (!comment) return '';
  return comment.value
    .slice(1)
    .replace(/^\s*\* ?/gm, '')
    .replace(/\{@link ([^}]+)\}/g, '`$1`')
    .replace(/@(param|returns|throws) /g, '\n\n*$1* ')
    .trim();
}
