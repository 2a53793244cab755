/** Shows the results of a stream while it goes on: the newest of every sink, and how many there were. */
import { type PipelineStream, toJson, type Value } from '../src/index.js';
import { element } from './elements.js';
import { shortJson } from './results.js';
import { views } from './views.js';

interface Sink {
  readonly title: HTMLElement;
  readonly seen: HTMLElement;
  readonly text: HTMLElement;
  count: number;
  newest: Value;
}

/** Shows a stream in `place` until it ends. Throws the error of the run. */
export async function showStream(stream: PipelineStream, place: HTMLElement): Promise<void> {
  const sinks = new Map<string, Sink>();
  const drops = element('p', 'soft');
  place.append(drops);
  let isDue = false;
  // Results may come much faster than a screen shows them.
  const show = () => {
    isDue = false;
    for (const [id, { title, seen, text, count, newest }] of sinks) {
      title.textContent = `Newest of ${count} items of ${id}`;
      seen.replaceChildren(...views(newest, id));
      text.textContent = shortJson(toJson(newest));
    }
    const dropped = Object.values(stream.dropped).reduce((sum, number) => sum + number, 0);
    drops.textContent =
      dropped === 0 ? '' : `${dropped} chunks were dropped, because the pipeline is too slow.`;
  };
  for await (const { sink: id, item } of stream) {
    let sink = sinks.get(id);
    if (!sink) {
      sink = { ...newElements(), count: 0, newest: item };
      sinks.set(id, sink);
      place.append(sink.title, sink.seen, sink.text);
    }
    sink.count++;
    sink.newest = item;
    if (isDue) continue;
    isDue = true;
    requestAnimationFrame(show);
  }
  show();
}

function newElements(): Pick<Sink, 'title' | 'seen' | 'text'> {
  return { title: element('h3', ''), seen: element('div', ''), text: element('pre', 'output') };
}
