/** A node in a module. */
export default () => (item) => item * 10;
