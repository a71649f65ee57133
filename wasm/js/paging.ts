/**
 * Lists that come page by page, in the shape of `@azure/core-paging`.
 *
 * @module
 */

/** Which pages. */
export interface PageSettings {
  /** Where to go on: the `continuationToken` of the page before. */
  continuationToken?: string;
  /** Most items on a page; 25 is the service's own most. */
  maxPageSize?: number;
}

/** A page: it may be empty although others follow. */
export type Page<T> = T[] & {
  /** What {@link PageSettings} takes to go on after this page; `undefined` at the end. */
  readonly continuationToken?: string;
};

/** A list, fetched page by page while it is iterated over. Nothing is asked before the first item is. */
export interface PagedAsyncIterableIterator<T> extends AsyncIterableIterator<T> {
  [Symbol.asyncIterator](): PagedAsyncIterableIterator<T>;
  /** The same list as pages. */
  byPage(settings?: PageSettings): AsyncIterableIterator<Page<T>>;
}

/** Fetches one page. */
export type Fetching<T> = (
  settings: PageSettings,
) => Promise<{ items: T[]; continuation?: string | undefined }>;

/** The list that a function fetches the pages of. */
export function paged<T>(fetch: Fetching<T>): PagedAsyncIterableIterator<T> {
  const items = itemsOf(fetch);
  const list: PagedAsyncIterableIterator<T> = {
    next: () => items.next(),
    return: () => items.return(undefined),
    [Symbol.asyncIterator]: () => list,
    byPage: (settings = {}) => pagesOf(fetch, settings),
  };
  return list;
}

async function* itemsOf<T>(fetch: Fetching<T>): AsyncGenerator<T, undefined> {
  for await (const page of pagesOf(fetch, {})) {
    yield* page;
  }
  return undefined;
}

async function* pagesOf<T>(fetch: Fetching<T>, settings: PageSettings): AsyncGenerator<Page<T>, undefined> {
  let token = settings.continuationToken;
  do {
    const { items, continuation } = await fetch({
      ...settings,
      ...(token !== undefined && { continuationToken: token }),
    });
    token = continuation;
    // Not enumerable, so that a page looks and compares like the array that it is.
    yield Object.defineProperty(items, "continuationToken", { value: token }) as Page<T>;
  } while (token !== undefined);
  return undefined;
}
