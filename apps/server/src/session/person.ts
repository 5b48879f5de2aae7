import { z } from 'zod';

/** Who can sign in. There is no password: it is a demo. The session is real. */
export const Person = z.enum(['alice', 'bob', 'admin']);
export type Person = z.infer<typeof Person>;
