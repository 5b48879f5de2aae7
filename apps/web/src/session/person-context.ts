import { type IntentPersistence, persistIntents } from '@oncekey/client';
import { createContext, useContext, useMemo } from 'react';
import superjson from 'superjson';

/** Who is signed in. */
export const PersonContext = createContext('');

/**
 * What is on its way outlives a reload and a closed tab. To the same person only: another one who signs in here must not
 * send it as their own.
 *
 * @param about what the intents are about, where one operation serves several things
 */
export function usePersist(about = ''): IntentPersistence {
  const person = useContext(PersonContext);
  return useMemo(
    () => persistIntents({ area: 'local', transformer: superjson, prefix: `oncekey:${person}:${about}` }),
    [person, about],
  );
}
