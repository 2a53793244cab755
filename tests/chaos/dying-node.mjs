/** A node that ends its worker, or throws in it, at one item. `how` is one of `closes`, `throws`, `throws-later`. */
export default ({ how, at }) =>
  (item) => {
    if (item.n === at) fail(how);
    return item;
  };

function fail(how) {
  if (how === 'throws') throw new Error('the node throws');
  if (how === 'throws-later') setTimeout(() => fail('throws'));
  else if (typeof self !== 'undefined') self.close();
  else process.exit(3);
}

export const catalog = {
  params: { type: 'object', properties: { how: { type: 'string' }, at: { type: 'integer' } } },
};
