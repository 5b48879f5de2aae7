import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Turns a result's text into what is stored, and back. */
export interface ResultCodec {
  /** @param context names the record: what was encoded for one must not decode for another */
  encode(text: string, context: string): string;
  /** @throws if it was not encoded so, for this record, with a key that is known */
  decode(stored: string, context: string): string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Results encrypted at rest: AES-256-GCM (NIST SP 800-38D), a random nonce each, and the record's scope and key as the
 * additional data, so that a row copied to another place does not decrypt. The key's name is stored beside the result:
 * add a new key, make it `current`, and drop the old one after the retention.
 *
 * @param keys by name, 32 bytes each; names are of letters, digits, `-` and `_`
 * @param current the one to encrypt with
 * @throws {RangeError} if a key is not one, or `current` names none
 * @example createIdempotency({ …, codec: aesGcm({ current: '2026-11', keys: { '2026-11': key } }) })
 */
export function aesGcm({
  keys,
  current,
}: {
  readonly keys: Readonly<Record<string, Uint8Array>>;
  readonly current: string;
}): ResultCodec {
  const known = new Map(Object.entries(keys));
  for (const [name, key] of known) {
    if (!/^[\w-]+$/.test(name)) throw new RangeError('aesGcm: a key’s name is of letters, digits, - and _');
    if (key.byteLength !== KEY_BYTES) throw new RangeError(`aesGcm: key ${name} must have ${KEY_BYTES} bytes`);
  }
  const key = known.get(current);
  if (!key) throw new RangeError('aesGcm: there is no key of the name that `current` gives');

  return {
    encode(text, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${current}.${sealed.toString('base64url')}`;
    },
    decode(stored, context) {
      const dot = stored.indexOf('.');
      const secret = known.get(stored.slice(0, dot));
      const sealed = Buffer.from(stored.slice(dot + 1), 'base64url');
      if (!secret || sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error('not encrypted with a known key');
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString();
    },
  };
}
