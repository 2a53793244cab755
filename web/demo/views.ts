/** Finds what an item has to look at: pictures of tensors, meters of levels. */
import { Audio, Tensor, type Value } from '../src/index.js';
import { meters } from './meters.js';
import { isPicture, picture } from './picture.js';

/** What can be shown of an item beside its JSON text. */
export function views(item: Value, name: string): HTMLElement[] {
  if (item instanceof Tensor) return isPicture(item) ? [picture(item, name)] : [];
  if (!isMap(item)) return [];
  const pictures = Object.entries(item).flatMap(([key, value]) =>
    value instanceof Tensor && isPicture(value) ? [picture(value, key)] : [],
  );
  return [...meters(item), ...pictures];
}

function isMap(item: Value): item is { [key: string]: Value } {
  const isObject = typeof item === 'object' && item !== null;
  return isObject && !Array.isArray(item) && !(item instanceof Audio) && !(item instanceof Uint8Array);
}
