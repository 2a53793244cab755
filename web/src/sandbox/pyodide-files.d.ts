/** Pyodide's own modules, as npm has them. */
declare module 'pyodide/pyodide.mjs' {
  export const loadPyodide: import('../engine/pyodide-api.js').PyodideModule['loadPyodide'];
}

declare module 'pyodide/pyodide.asm.mjs' {
  const createPyodideModule: unknown;
  export default createPyodideModule;
}
