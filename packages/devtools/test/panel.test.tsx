import { useIntent } from '@oncekey/react';
import type { TanStackDevtoolsReactPlugin } from '@tanstack/react-devtools';
import { onlineManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { IntentRecorder, IntentsPanel, oncekeyDevtools } from '../src/index.tsx';

afterEach(() => {
  cleanup();
  onlineManager.setOnline(true);
});

/** A server that keeps the first answer of every key, and loses the next so many. */
function createServer() {
  const answers = new Map<string, number>();
  const server = {
    lost: 0,
    refusal: undefined as Error | undefined,
    abandoned: [] as string[],
    async pay(_: string, key: string) {
      if (server.refusal) throw server.refusal;
      const replayed = answers.has(key);
      if (!replayed) answers.set(key, answers.size + 1);
      if (server.lost-- > 0) throw new TypeError('fetch failed');
      return { id: answers.get(key), replayed };
    },
    outcome: async (key: string) => ({ state: answers.has(key) ? 'succeeded' : 'unseen' }) as const,
    async abandon(key: string) {
      server.abandoned.push(key);
      return { state: 'abandoned' } as const;
    },
  };
  return server;
}

function Pay({ server }: { readonly server: ReturnType<typeof createServer> }) {
  const pay = useIntent(
    async (input: string, { key, answered }) => {
      const answer = await server.pay(input, key);
      answered({ replayed: answer.replayed, executionId: `execution ${answer.id}` });
      return answer;
    },
    { mutationKey: [['shop', 'pay']], retryDelay: 1, outcome: server.outcome, abandon: server.abandon },
  );
  return (
    <button type="button" onClick={() => pay.mutate('a book')}>
      Pay
    </button>
  );
}

function open() {
  const client = new QueryClient();
  const server = createServer();
  const recorder = new IntentRecorder(client);
  const Page = ({ children }: { children?: ReactNode }) => (
    <QueryClientProvider client={client}>
      <Pay server={server} />
      {children}
    </QueryClientProvider>
  );
  render(
    <Page>
      <IntentsPanel recorder={recorder} />
    </Page>,
  );
  const press = () => act(async () => fireEvent.click(screen.getByText('Pay')));
  const row = () => within(screen.getByRole('region', { name: 'Intents' })).getByRole('button', { name: /shop\.pay/ });
  const choose = () => act(async () => fireEvent.click(row()));
  const attempts = () => within(screen.getByRole('list', { name: 'Attempts' })).getAllByRole('listitem');
  return { client, server, recorder, press, row, choose, attempts, Page };
}

describe('the panel', () => {
  it('says so when nothing was sent', () => {
    open();
    expect(screen.getByText('Nothing was sent under a key yet.')).toBeDefined();
  });

  it('shows an intent, its key, its attempts and their answers', async () => {
    const { server, press, row, choose, attempts, recorder } = open();
    server.lost = 1;
    await press();
    await waitFor(() => expect(row().textContent).toMatch(/succeeded.*2 attempts.*replayed/));
    await choose();
    expect(attempts().map((each) => each.textContent)).toEqual([
      expect.stringMatching(/no answer, after \d+ ms/),
      expect.stringMatching(/replayed, after \d+ ms/),
    ]);
    expect(screen.getByText(recorder.intents()[0]?.key ?? '')).toBeDefined();
    expect(screen.getByText('execution 1')).toBeDefined();
    expect(screen.getByText('"a book"')).toBeDefined();
  });

  it('shows what waits for the network', async () => {
    const { press, row } = open();
    onlineManager.setOnline(false);
    await press();
    expect(row().textContent).toMatch(/waiting/);
    await act(async () => onlineManager.setOnline(true));
    await waitFor(() => expect(row().textContent).toMatch(/succeeded.*executed/));
  });

  it('asks what became of an intent of which nobody knows, gives it up, and sends it again', async () => {
    const { server, press, row, choose, recorder } = open();
    server.lost = 4;
    await press();
    await waitFor(() => expect(row().textContent).toMatch(/unknown.*4 attempts/));
    await choose();
    const key = recorder.intents()[0]?.key;
    await act(async () => fireEvent.click(screen.getByText('Abandon')));
    await waitFor(() => expect(screen.getByRole('status').textContent).toBe('The server says: abandoned.'));
    expect(server.abandoned).toEqual([key]);
    await act(async () => fireEvent.click(screen.getByText('Check')));
    await waitFor(() => expect(screen.getByRole('status').textContent).toBe('The server says: succeeded.'));
  });

  it('resends under the same key', async () => {
    const { server, press, row, choose, recorder } = open();
    server.lost = 4;
    await press();
    await waitFor(() => expect(row().textContent).toMatch(/unknown/));
    await choose();
    await act(async () => fireEvent.click(screen.getByText('Resend')));
    await waitFor(() => expect(screen.getByRole('status').textContent).toBe('It was answered.'));
    expect(new Set(recorder.intents().map(({ key }) => key)).size).toBe(1);
    expect(recorder.intents()[0]).toMatchObject({ state: 'succeeded', answer: { replayed: true } });
  });

  it('shows a refusal by its code, forgets what is over, and keeps what is open', async () => {
    const { server, press, row, recorder } = open();
    server.refusal = Object.assign(new Error('no'), { data: { code: 'FORBIDDEN', httpStatus: 403 } });
    await press();
    await waitFor(() => expect(row().textContent).toMatch(/refused.*FORBIDDEN/));
    server.refusal = undefined;
    server.lost = 4;
    await press();
    await waitFor(() => expect(recorder.intents()[0]?.state).toBe('unknown'));
    await act(async () => fireEvent.click(screen.getByText('Forget what is over')));
    expect(recorder.intents().map(({ state }) => state)).toEqual(['unknown']);
  });

  it('leaves other mutations alone', async () => {
    const { client, recorder } = open();
    await client
      .getMutationCache()
      .build(client, { mutationFn: async () => 1 })
      .execute({ input: 1, key: 'not ours' });
    expect(recorder.intents()).toEqual([]);
  });
});

it('is a plugin of TanStack Devtools', async () => {
  const { client, press, Page } = open();
  cleanup();
  const plugin = oncekeyDevtools(client);
  expectTypeOf(plugin).toExtend<TanStackDevtoolsReactPlugin>();
  // TanStack's own shell needs a real browser: the demo's tests open it there.
  render(<Page>{plugin.render(document.body, { theme: 'dark' })}</Page>);
  await press();
  await waitFor(() => expect(screen.getByRole('button', { name: /shop\.pay/ }).textContent).toMatch(/executed/));
});
