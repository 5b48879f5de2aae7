import { createHash } from 'node:crypto';

/**
 * An octet body can be read once, and both the fingerprint and the handler want it: it is read into memory here, and
 * every reader gets a stream of its own. The adapter's body limit bounds it.
 */
export async function rereadable(raw: unknown): Promise<() => Promise<unknown>> {
  if (!(raw instanceof ReadableStream)) return async () => raw;
  const bytes = await new Response(raw).blob();
  return async () => bytes.stream();
}

/** What a fingerprint sees of an input: files and streams as their hashes, anything else as it is. */
export async function forFingerprint(raw: unknown): Promise<unknown> {
  if (raw instanceof FormData) {
    return { form: await Promise.all([...raw].map(async ([name, value]) => [name, await hashFile(value)])) };
  }
  return raw instanceof ReadableStream ? { octets: await hashBody(raw) } : raw;
}

async function hashFile(value: FormDataEntryValue): Promise<unknown> {
  if (typeof value === 'string') return value;
  return { name: value.name, type: value.type, sha256: await hashBody(value.stream()) };
}

async function hashBody(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}
