import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ArrowRight, KeyRound } from 'lucide-react';
import { useTRPC } from '../trpc.ts';
import { Notice } from '../ui/notice.tsx';
import { PEOPLE } from './people.ts';

export function SignIn() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const signIn = useMutation(
    trpc.session.signIn.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.session.me.queryFilter()),
    }),
  );
  return (
    <main className="mx-auto grid min-h-dvh max-w-lg content-center gap-8 px-5 py-10">
      <header>
        <span className="mb-6 grid size-12 place-items-center rounded-xl bg-accent text-on-accent">
          <KeyRound aria-hidden size={26} />
        </span>
        <h1 className="text-3xl/9 font-semibold tracking-tight text-balance sm:text-4xl/11">
          Press it as often as you like. It happens once.
        </h1>
        <p className="mt-3 text-lg/7 text-muted">
          Features that used to make duplicates, and cannot any more. Break the network, press twice, reload in the
          middle, and count the rows.
        </p>
      </header>
      <div>
        <h2 className="mb-3 font-semibold">Who are you?</h2>
        <ul className="grid gap-2.5">
          {PEOPLE.map(({ person, name, about }) => (
            <li key={person}>
              <button
                type="button"
                onClick={() => signIn.mutate({ person })}
                className="group flex w-full items-center gap-4 rounded-xl border border-line bg-surface px-4 py-3 text-left shadow-card motion-safe:transition-colors hover:border-accent"
              >
                <span
                  aria-hidden
                  className="grid size-10 place-items-center rounded-full bg-accent-soft font-semibold text-accent-strong"
                >
                  {name[0]}
                </span>
                <span className="min-w-0 flex-1">
                  <span className="block font-medium">{name}</span>
                  <span className="block text-sm text-muted">{about}</span>
                </span>
                <ArrowRight
                  aria-hidden
                  size={18}
                  className="text-muted motion-safe:transition-transform group-hover:translate-x-0.5"
                />
              </button>
            </li>
          ))}
        </ul>
        <p className="mt-4 text-sm text-muted">
          There is no password: it is a demo. The session is real, and so are its limits.
        </p>
      </div>
      {signIn.isError && (
        <div role="alert">
          <Notice tone="danger" title="Signing in did not work.">
            Is the demo still running? Try once more.
          </Notice>
        </div>
      )}
    </main>
  );
}
