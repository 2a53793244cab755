/** A node that the worker imports. */
export default () => ({ process: (item) => item + 1 });
