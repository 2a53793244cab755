module.exports = {
  mode: 'production',
  entry: { main: './src/main.js', checks: './src/checks.js' },
  // Python needs workers that are modules, and webpack makes such only for output that is modules.
  experiments: { outputModule: true },
  output: { module: true },
};
