// Data that pages load when they need it, from disk too, where a page may not fetch: each payload
// is a classic script that hands its content to a receiver under its own path.
//
// Every bundle of a page brings this module, so what was received is kept on the window.

interface Pending {
  resolve(content: unknown): void;
  promise: Promise<unknown>;
}

interface Store {
  received: Map<string, unknown>;
  pending: Map<string, Pending>;
}

declare global {
  interface Window {
    heschlPayloads?: Store;
    heschlReceive?: (path: string, content: unknown) => void;
  }
}

function store(): Store {
  return (window.heschlPayloads ??= { received: new Map(), pending: new Map() });
}

function receive(path: string, content: unknown): void {
  const { received, pending } = store();
  received.set(path, content);
  pending.get(path)?.resolve(content);
  pending.delete(path);
}

window.heschlReceive ??= receive;

/** The way from this page up to the site: `""`, `"../"`. */
export function siteRoot(): string {
  return document.documentElement.dataset["root"] ?? "";
}

/** What a script of the page has handed over already; undefined if it has not. */
export function receivedPayload(path: string): unknown {
  return store().received.get(path);
}

/** Load a payload once, by its path from the site's root, such as `data/real-score.js`. */
export function loadPayload(path: string): Promise<unknown> {
  const { received, pending } = store();
  if (received.has(path)) return Promise.resolve(received.get(path));
  const waiting = pending.get(path);
  if (waiting) return waiting.promise;

  let resolve!: (content: unknown) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<unknown>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  pending.set(path, { resolve, promise });
  const fail = (reason: string): void => {
    // A later call may try again, as after a lost connection.
    pending.delete(path);
    reject(new Error(`${path} ${reason}`));
  };
  const script = document.createElement("script");
  script.src = siteRoot() + path.split("/").map(encodeURIComponent).join("/");
  script.addEventListener("error", () => fail("could not be loaded"));
  script.addEventListener("load", () => {
    if (pending.has(path)) fail("holds no data under its own name");
    script.remove();
  });
  document.head.append(script);
  return promise;
}
