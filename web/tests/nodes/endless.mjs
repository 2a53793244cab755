/** A node that never returns. */
export default () => () => {
  for (;;);
};
