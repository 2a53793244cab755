import { expect, test } from 'vitest';
import * as library from '../src/index.js';

const details = {
  code: 'special',
  nodeId: 'a',
  nodeType: 'ANode',
  runtime: 'python',
  itemIndex: 3,
  path: '$.x',
  traceback: 'Traceback…',
  round: 3,
  order: 1,
};

const classes = Object.entries(library).filter(([name]) => name.endsWith('Error')) as [
  string,
  typeof library.RemoteMediaError,
][];

test('every error crosses as JSON and comes back as its own class', async () => {
  const { errorFromWire } = await import('../src/errors.js');
  expect(classes.length).toBe(11);
  for (const [name, Class] of classes) {
    const issues =
      name === 'ManifestError' ? [{ code: 'c', path: '$', message: 'm', severity: 'error' }] : null;
    const error = new Class('message', {
      ...details,
      ...(issues ? { issues: issues as library.Issue[] } : {}),
    });
    const back = errorFromWire(JSON.parse(JSON.stringify(error)));
    expect(back).toBeInstanceOf(Class);
    expect(back).toBeInstanceOf(library.RemoteMediaError);
    expect(back.name).toBe(name);
    expect(back.toJSON()).toEqual(error.toJSON());
    expect(back.toJSON()).toMatchObject({ code: 'special', node_id: 'a', item_index: 3, issues });
  }
});

test('an unknown class is the base', async () => {
  const { errorFromWire } = await import('../src/errors.js');
  expect(errorFromWire({ name: 'toString', code: 'x', message: 'm' })).toMatchObject({
    name: 'RemoteMediaError',
  });
});

test('the exports are exactly these', () => {
  expect(Object.keys(library).sort()).toEqual(
    [
      ...classes.map(([name]) => name),
      'Audio',
      'Out',
      'PackageLoader',
      'PipelineRunner',
      'PipelineStream',
      'Tensor',
      'fromJson',
      'toJson',
      'version',
    ].sort(),
  );
});
