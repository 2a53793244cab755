// Exports no node.
export const catalog = {};
