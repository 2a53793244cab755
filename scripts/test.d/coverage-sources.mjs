// From what V8 counts in built scripts to the places in their sources.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eachMapping, TraceMap } from '@jridgewell/trace-mapping';

/** Where the lines of a text begin. */
function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** A source file, and the places in it that ran. */
class SourceFile {
  #starts;
  #ran = new Set();
  #sorted;

  constructor(path) {
    this.text = readFileSync(path, 'utf8');
    this.#starts = lineStarts(this.text);
  }

  /** Of a line, from 1, and a column, from 0, which may be missing or infinite: the line's end. */
  offset({ line, column }) {
    const end = this.#starts[line] ?? this.text.length;
    return Math.min(end, (this.#starts[line - 1] ?? end) + (column ?? Number.POSITIVE_INFINITY));
  }

  mark(offset) {
    this.#ran.add(offset);
    this.#sorted = undefined;
  }

  ranWithin(start, end) {
    this.#sorted ??= Float64Array.from(this.#ran).sort();
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle] < start) low = middle + 1;
      else high = middle;
    }
    return low < this.#sorted.length && this.#sorted[low] < end;
  }
}

/** Files of web/src, as built scripts that ran tell of them. */
export class SourceFiles {
  /** Those that are not any more what ran, or what it was built from. */
  changed = new Set();
  #root;
  #files = new Map();
  #scripts = new Map();

  constructor(root) {
    this.#root = root;
  }

  file(name) {
    const known = this.#files.get(name) ?? new SourceFile(join(this.#root, name));
    this.#files.set(name, known);
    return known;
  }

  /** Adds what V8 counted in one run of a script. */
  add(path, functions) {
    const script = this.#scripts.get(path) ?? this.#read(path);
    this.#scripts.set(path, script);
    const ran = new Uint8Array(script.length);
    // Ranges nest: those inside come later, and count for themselves.
    const ranges = functions.flatMap(({ ranges }) => ranges);
    ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
    for (const { startOffset, endOffset, count } of ranges)
      ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    for (const { generated, file, original } of script.places) if (ran[generated]) file.mark(original);
  }

  #read(path) {
    if (!existsSync(path)) {
      this.changed.add(path);
      return { length: 0, places: [] };
    }
    const code = readFileSync(path, 'utf8');
    // That of the sandbox lies elsewhere: nobody downloads it.
    const maps = [`${path}.map`, join(this.#root, 'dist/.maps', `${basename(path)}.map`)];
    const map = maps.find(existsSync);
    return { length: code.length, places: map ? this.#mapped(code, map) : this.#asItIs(code) };
  }

  #mapped(code, path) {
    const map = new TraceMap(readFileSync(path, 'utf8'));
    const starts = lineStarts(code);
    const files = new Map(
      map.sources.map((source, index) => [source, this.#own(source, map.sourcesContent?.[index])]),
    );
    const places = [];
    eachMapping(map, ({ generatedLine, generatedColumn, source, originalLine, originalColumn }) => {
      const file = files.get(source);
      if (!file) return;
      const generated = starts[generatedLine - 1] + generatedColumn;
      places.push({ generated, file, original: file.offset({ line: originalLine, column: originalColumn }) });
    });
    return places;
  }

  /** Audio worklets are copied: every place is its own. */
  #asItIs(code) {
    const name = 'web/src/stream/capture.worklet.js';
    const file = this.file(name);
    if (file.text !== code) return [];
    return Array.from(code, (_, offset) => ({ generated: offset, file, original: offset }));
  }

  #own(source, content) {
    const name = source?.match(/(?:^|\/)(web\/src\/.+\.[jt]s)$/)?.[1];
    if (!name || !existsSync(join(this.#root, name))) return undefined;
    const file = this.file(name);
    if (file.text === content) return file;
    this.changed.add(name);
    return undefined;
  }
}
