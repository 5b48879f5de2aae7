/** An intent as it is stored: not settled yet. */
export interface SavedIntent {
  readonly input: unknown;
  readonly key: string;
}

/** Keeps open intents where a reload, or a closed tab, does not forget them. */
export interface IntentPersistence {
  /** What is open of an operation, the oldest first. */
  load(name: string): readonly SavedIntent[];
  /** Stores an intent, and says to other tabs that it is on its way for as long as `sending` is not settled. */
  hold(name: string, intent: SavedIntent, sending: Promise<unknown>): void;
  /** It is settled. */
  remove(name: string, key: string): void;
  /**
   * Sends what nobody is sending: what a reload or a closed tab has left, in order, one tab for all; and what another tab
   * leaves from now on.
   *
   * @param settled told of each intent that another tab has settled
   * @returns what stops it
   */
  adopt(name: string, send: (intent: SavedIntent) => Promise<unknown>, settled: (key: string) => void): () => void;
}

export interface PersistOptions {
  /** `'session'`: through a reload of this tab; `'local'`: also when it is closed, and shared by all tabs. */
  readonly area: 'session' | 'local';
  /** How an input becomes text, so that Dates come back as Dates: `superjson`. Default: `JSON`. */
  readonly transformer?: { stringify(value: unknown): string; parse(text: string): unknown };
  /**
   * Stands before every name in the storage. With the signed-in person in it, or another one who signs in on the same
   * browser sends what the first has left, as their own. Default: `'oncekey'`.
   */
  readonly prefix?: string;
}

/**
 * Persistence in the browser's own storage, one entry an intent. Where the storage is full, blocked or corrupt, or an
 * input has no text (a file), it warns once and keeps to memory: a submit is never broken by it.
 *
 * @example const persist = persistIntents({ area: 'local', transformer: superjson });
 */
export function persistIntents({ area, transformer = JSON, prefix = 'oncekey' }: PersistOptions): IntentPersistence {
  let hasWarned = false;
  const warn = (why: string) => {
    if (!hasWarned) console.warn(`oncekey: intents are not persisted: ${why}`);
    hasWarned = true;
  };
  const storage = () => (area === 'local' ? globalThis.localStorage : globalThis.sessionStorage);
  const prefixOf = (name: string) => `${prefix}:${name}:`;

  /** Never throws: what fails is as if nothing were stored. */
  function attempt<T>(act: () => T, otherwise: T): T {
    try {
      return act();
    } catch (error) {
      warn(error instanceof Error ? error.name : 'the storage failed');
      return otherwise;
    }
  }

  function read(item: string): (SavedIntent & { readonly at: number }) | undefined {
    const text = storage().getItem(item);
    if (text === null) return undefined;
    try {
      const { input, key, at } = transformer.parse(text) as SavedIntent & { at: number };
      if (typeof key === 'string' && typeof at === 'number') return { input, key, at };
    } catch {
      // It is none of ours, or of another version.
    }
    storage().removeItem(item);
    warn('an entry was corrupt');
    return undefined;
  }

  function load(name: string): readonly SavedIntent[] {
    return attempt(() => {
      const items = Object.keys(storage()).filter((item) => item.startsWith(prefixOf(name)));
      return items
        .flatMap((item) => read(item) ?? [])
        .sort((a, b) => a.at - b.at)
        .map(({ input, key }) => ({ input, key }));
    }, []);
  }

  const isSaved = (name: string, key: string) => attempt(() => storage().getItem(prefixOf(name) + key) !== null, false);

  return {
    load,

    hold(name, { input, key }, sending) {
      attempt(() => {
        const text = transformer.stringify({ input, key, at: Date.now() });
        // A file becomes {}: sent from that it would be another request.
        if (!isTextual(input)) throw new TypeError('NotTextual');
        storage().setItem(prefixOf(name) + key, text);
      }, undefined);
      void whileAlone(prefixOf(name) + key, () => sending.catch(() => {}));
    },

    remove(name, key) {
      attempt(() => storage().removeItem(prefixOf(name) + key), undefined);
    },

    adopt(name, send, settled) {
      let isOver = false;
      const isAdopted = new Set<string>();
      let queue = Promise.resolve<unknown>(undefined);
      const take = (saved: SavedIntent) => {
        if (isAdopted.has(saved.key)) return;
        isAdopted.add(saved.key);
        // One after the other, in their order; each once whoever sends it has ended, well or with its tab.
        queue = queue.then(() =>
          whileAlone(prefixOf(name) + saved.key, async () => {
            isAdopted.delete(saved.key);
            if (!isOver && isSaved(name, saved.key)) await send(saved).catch(() => {});
          }),
        );
      };
      const onStorage = ({ key: item, newValue }: StorageEvent) => {
        if (!item?.startsWith(prefixOf(name))) return;
        if (newValue === null) settled(item.slice(prefixOf(name).length));
        else for (const saved of load(name)) take(saved);
      };
      for (const saved of load(name)) take(saved);
      globalThis.addEventListener?.('storage', onStorage);
      return () => {
        isOver = true;
        globalThis.removeEventListener?.('storage', onStorage);
      };
    },
  };
}

/** One tab at a time. A lock goes with its tab; without Web Locks the server's key alone keeps it to one effect. */
function whileAlone(name: string, work: () => Promise<unknown>): Promise<unknown> {
  const { locks } = globalThis.navigator ?? {};
  return locks ? locks.request(name, work) : work();
}

function isTextual(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (value instanceof Blob || value instanceof FormData || value instanceof ReadableStream) return false;
  return Object.values(value).every(isTextual);
}
