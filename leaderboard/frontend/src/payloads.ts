// Data come as classic scripts, which load from disk where fetch is refused; each calls
// heschlReceive(path, content). The registry hangs on window: every bundle has a copy of this file.
type Payloads = {
  received: Map<string, unknown>;
  awaited: Map<string, Promise<unknown>>;
};

declare global {
  interface Window {
    heschlPayloads?: Payloads;
    heschlReceive?: (path: string, content: unknown) => void;
  }
}

const payloads = (window.heschlPayloads ??= { received: new Map(), awaited: new Map() });
window.heschlReceive ??= (path, content) => payloads.received.set(path, content);

const sheet = document.querySelector<HTMLLinkElement>('link[rel="stylesheet"]')?.href ?? "";
const home = sheet && new URL("../", sheet).href;

/** The address of a page or file, by its path within the site. */
export function siteAddress(path: string): string {
  return home + path;
}

/** What a script of the page itself has handed over; undefined where none has. */
export function receivedPayload(path: string): unknown {
  return payloads.received.get(path);
}

/** Load a payload by its path within the site, once. */
export function loadPayload(path: string): Promise<unknown> {
  if (payloads.received.has(path)) return Promise.resolve(payloads.received.get(path));
  const known = payloads.awaited.get(path);
  if (known) return known;
  const promise = new Promise<unknown>((resolve, reject) => {
    const script = document.createElement("script");
    script.src = siteAddress(path);
    script.addEventListener("load", () => {
      if (payloads.received.has(path)) resolve(payloads.received.get(path));
      else reject(new Error(`${path} did not hold what it should`));
      script.remove();
    });
    script.addEventListener("error", () => {
      // Not kept, so that the reader may try again.
      payloads.awaited.delete(path);
      script.remove();
      reject(new Error(`${path} could not be loaded`));
    });
    document.head.append(script);
  });
  payloads.awaited.set(path, promise);
  return promise;
}
