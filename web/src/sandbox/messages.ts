/** Messages about files, between the page and a sandbox. No logic. */

/** To the page. */
export type ToShelf =
  /** Comes first: the version of the library that the sandbox's script was built from. */
  { readonly type: 'hello'; readonly version: string } | { readonly type: 'fetch'; readonly url: string };

/** Answers `fetch`. */
export type FromShelf =
  | { readonly url: string; readonly content: Blob }
  | { readonly url: string; readonly problem: string };
