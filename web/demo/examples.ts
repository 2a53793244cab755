/** The example bundles: every folder of `packages/pipelines`, with the input that its README gives. */

/** One example of the list. */
export interface Example {
  readonly name: string;
  /** First paragraph of its README. */
  readonly summary: string;
  /** Where the bundle is, relative to the page. */
  readonly bundle: string;
  /** JSON text of the input, or null if the input is a recording. */
  readonly input: string | null;
  readonly recordings: readonly Recording[];
}

/** A WAV file of an example. */
export interface Recording {
  readonly name: string;
  readonly url: string;
}

const readmes = import.meta.glob<string>('../../packages/pipelines/*/README.md', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const recordings = import.meta.glob<string>('../../packages/pipelines/*/data/*.wav', {
  query: '?url',
  import: 'default',
  eager: true,
});

/** All examples, by name. */
export const examples: readonly Example[] = Object.entries(readmes)
  .map(([path, text]) => exampleOf(path.split('/').at(-2) ?? '', text))
  .sort((a, b) => a.name.localeCompare(b.name));

function exampleOf(name: string, readme: string): Example {
  const input = /```json input\n([\s\S]*?)```/.exec(readme)?.[1]?.trim() ?? '[]';
  const summary = readme.split(/\n\s*\n/).find((block) => !block.startsWith('#')) ?? '';
  return {
    name,
    summary: summary
      .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, '$1')
      .replaceAll('`', '')
      .replaceAll('\n', ' ')
      .trim(),
    bundle: `bundles/${name}.rmpkg`,
    input: input.startsWith('@') ? null : input,
    recordings: recordingsOf(name, readme),
  };
}

/** The WAV files that a README takes as input or links to, in this order. */
function recordingsOf(name: string, readme: string): Recording[] {
  const named = [...readme.matchAll(/^@(.+\.wav)$/gm), ...readme.matchAll(/\]\((.+?\.wav)\)/g)];
  const paths = named.map(([, path]) => new URL(path ?? '', `file:///pipelines/${name}/`).pathname);
  return [...new Set(paths)].flatMap((path) => {
    const found = Object.entries(recordings).find(([file]) => file.endsWith(path));
    return found ? [{ name: path.split('/').at(-1) ?? path, url: found[1] }] : [];
  });
}
