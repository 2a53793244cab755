/** Two pages, nothing else: what the library itself needs, Vite does by default. */
export default {
  build: { rolldownOptions: { input: ['index.html', 'checks.html'] } },
};
