/** How a procedure says that it is idempotent, so that the intake knows before anything runs. */
const META = '~oncekey';

export const idempotentMeta: object = { [META]: true };

export function isIdempotent(meta: unknown): boolean {
  return typeof meta === 'object' && meta !== null && META in meta;
}
