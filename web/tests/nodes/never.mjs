/** A node that never answers, but lets its thread go on. */
export default () => () => new Promise(() => {});
