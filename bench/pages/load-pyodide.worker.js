onmessage = async ({ data: indexURL }) => {
  const begun = performance.now();
  const { loadPyodide } = await import(`${indexURL}pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL });
  pyodide.runPython('1');
  postMessage({ loadMs: performance.now() - begun });
};
