import { parseSigned, serializeSigned } from 'hono/utils/cookie';
import { Person } from './person.ts';

const NAME = 'session';
const WEEK_S = 7 * 24 * 3_600;

/** `Set-Cookie` for a person, or for nobody. Not `secure`, since the demo speaks plain HTTP on loopback. */
export function writeSession(person: Person | null, secret: string): Promise<string> {
  const until = Math.floor(Date.now() / 1_000) + WEEK_S;
  return serializeSigned(NAME, person ? `${person}.${until}` : '', secret, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: person ? WEEK_S : 0,
  });
}

/** Who a request's `Cookie` header proves to be signed in. */
export async function readSession(header: string | null, secret: string): Promise<Person | null> {
  const value = (await parseSigned(header ?? '', secret, NAME))[NAME];
  if (!value) return null; // none, or `false`: not signed by us
  const [person, until] = value.split('.');
  return Number(until) * 1_000 > Date.now() ? (Person.safeParse(person).data ?? null) : null;
}
