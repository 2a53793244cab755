/** Shows the results of a stream while it goes on: the newest of every sink, and how many there were. */
import { type PipelineStream, toJson } from '../src/index.js';
import { element } from './elements.js';
import { shortJson } from './results.js';

interface Sink {
  readonly title: HTMLElement;
  readonly text: HTMLElement;
  count: number;
  newest: string | null;
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
    for (const [id, { title, text, count, newest }] of sinks) {
      title.textContent = `Newest of ${count} items of ${id}`;
      text.textContent = newest;
    }
    const dropped = Object.values(stream.dropped).reduce((sum, number) => sum + number, 0);
    drops.textContent =
      dropped === 0 ? '' : `${dropped} chunks were dropped, because the pipeline is too slow.`;
  };
  for await (const { sink: id, item } of stream) {
    let sink = sinks.get(id);
    if (!sink) {
      sink = { title: element('h3', ''), text: element('pre', 'output'), count: 0, newest: null };
      sinks.set(id, sink);
      place.append(sink.title, sink.text);
    }
    sink.count++;
    if (isDue) continue;
    isDue = true;
    sink.newest = shortJson(toJson(item));
    requestAnimationFrame(show);
  }
  show();
}
