import { useMutation, useQueryClient } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import { useTRPC } from '../trpc.ts';
import { nameOf } from './people.ts';

const SIGNED_OUT = 'demo.signed-out';

/** Whoever has signed out is asked who they are. */
export const hasSignedOut = (): boolean => sessionStorage.getItem(SIGNED_OUT) !== null;

export function PersonMenu({ person }: { person: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  // Everything that was read belongs to this person.
  const signOut = useMutation(
    trpc.session.signOut.mutationOptions({
      onSuccess: () => {
        sessionStorage.setItem(SIGNED_OUT, 'yes');
        return queryClient.resetQueries();
      },
    }),
  );
  return (
    <div className="ml-auto flex items-center gap-2 lg:ml-0">
      <span aria-hidden className="grid size-8 place-items-center rounded-full bg-sunken text-sm font-semibold">
        {nameOf(person)[0]}
      </span>
      <span className="flex-1">
        <span className="sr-only">Signed in as </span>
        {nameOf(person)}
      </span>
      <button
        type="button"
        onClick={() => signOut.mutate()}
        className="inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2.5 text-sm text-muted hover:bg-sunken hover:text-ink"
      >
        <LogOut aria-hidden size={16} />
        Sign out
      </button>
    </div>
  );
}
