import { type Ask, type KeyedAnswer, learnServerTime, mintKey, type Outcome } from '@oncekey/client';
import { OncekeyError } from '@oncekey/core';
import type { MutationFunctionContext, QueryClient } from '@tanstack/react-query';
import { keyOfContent } from './intent-kind.ts';
import { type KeyedVariables, logOf } from './keyed-variables.ts';

/** What is sent with an input: to whom it is told, and what tRPC's links and TanStack are told. */
export interface Sending {
  /** tRPC's own, for its links. */
  readonly context: Record<string, unknown> | undefined;
  readonly mutation: MutationFunctionContext;
  /** TanStack repeats it, so tRPC's `retryLink` need not. */
  readonly isRetried: boolean;
}

/** What a flavour brings: the operation's name for TanStack, and a way to send an input under a key. */
export interface KeyedProcedure<TOutput, TInput> {
  readonly mutationKey: readonly unknown[];
  /** Where the flavour has one of its own; else that of the nearest provider. */
  readonly queryClient?: QueryClient;
  /** Sends the input, or what `ask` is about instead; tells `ask` of an answer. */
  send(input: TInput, ask: Ask, sending: Sending): Promise<TOutput>;
}

/** What the hook is told while an intent is on its way. */
export interface SendEvents<TInput> {
  /** Nothing was done under the key it had; now it has this one. */
  onRekeyed(variables: KeyedVariables<TInput>, from: string): void;
  /** It is known what became of an intent before the edit: nothing, for good; or this one has its answer. */
  onSuperseded(key: string): void;
}

/** One attempt at an intent: what it supersedes is settled first. */
export async function sendIntent<TOutput, TInput>(
  procedure: KeyedProcedure<TOutput, TInput>,
  variables: KeyedVariables<TInput>,
  sending: Sending & { readonly events: SendEvents<TInput> },
): Promise<TOutput> {
  const { events } = sending;
  if (variables.isDropped) throw new OncekeyError('ABANDONED', 'oncekey: edited before it was sent.');
  const log = logOf(variables);
  log.attempts += 1;
  for (let old = variables.supersedes?.[0]; old; old = variables.supersedes?.[0]) {
    const fate = await giveUp(procedure, old, sending);
    if (fate === 'happened') {
      const output = await sendOnce(procedure, old, log, sending);
      log.isHandedOver = true;
      events.onSuperseded(old.key);
      return output;
    }
    variables.supersedes?.shift();
    if (fate === 'given up') events.onSuperseded(old.key);
  }

  const isFirst = !variables.isSent;
  const rekey = (key: string) => {
    const from = variables.key;
    variables.key = key;
    events.onRekeyed(variables, from);
  };
  if (isFirst && variables.isOfContent) rekey(await keyOfContent(procedure.mutationKey, variables.input));
  variables.isSent = true;
  try {
    return await sendOnce(procedure, variables, log, { ...sending, isRetry: !isFirst });
  } catch (error) {
    // A clock that is off minted a key that the server cannot take: it was never sent before, so it was never used.
    if (!isFirst || !learnServerTime(error)) throw error;
    rekey(mintKey());
    return sendOnce(procedure, variables, log, sending);
  }
}

async function sendOnce<TOutput, TInput>(
  procedure: KeyedProcedure<TOutput, TInput>,
  { input, key }: KeyedVariables<TInput>,
  log: ReturnType<typeof logOf>,
  sending: Sending & { readonly isRetry?: boolean },
): Promise<TOutput> {
  let isKeyed = false;
  const onAnswer = (answer: KeyedAnswer) => {
    isKeyed = true;
    log.answer = answer;
  };
  const output = await procedure.send(
    input,
    { key, onAnswer, isRetried: sending.isRetried, isRetry: sending.isRetry },
    sending,
  );
  if (!isKeyed) throw new OncekeyError('MISCONFIGURED', 'Put idempotencyLink() first among the tRPC client’s links.');
  return output;
}

/** Asks the server about a key, or to give it up, through the mutation's own link. */
export async function askAbout<TOutput, TInput>(
  procedure: KeyedProcedure<TOutput, TInput>,
  about: 'outcome' | 'abandon',
  { input, key }: KeyedVariables<TInput>,
  sending: Sending,
): Promise<Outcome> {
  // The question is sent in place of the input, so the answer is the question's.
  const answer: unknown = await procedure.send(input, { key, about }, sending);
  return answer as Outcome;
}

/** Gives up what was meant before the edit. Where that is too late, it has happened, or is about to. */
async function giveUp<TOutput, TInput>(
  procedure: KeyedProcedure<TOutput, TInput>,
  old: KeyedVariables<TInput>,
  sending: Sending,
): Promise<'given up' | 'happened' | 'nobody could be asked'> {
  try {
    const { state } = await askAbout(procedure, 'abandon', old, sending);
    return state === 'succeeded' || state === 'running' ? 'happened' : 'given up';
  } catch (error) {
    if (!isNotMounted(error)) throw error;
    console.warn(
      'oncekey: an edited intent could not be given up, so it may happen as well: mount idempotency.outcomes(…) in the router.',
    );
    return 'nobody could be asked';
  }
}

/** tRPC's answer for a path that is not there, or `useIntent`'s for a question that it was given no answer to. */
function isNotMounted(error: unknown): boolean {
  if ((error as { readonly code?: unknown }).code === 'NOT_ASKABLE') return true;
  const { data } = error as { readonly data?: { readonly code?: unknown; readonly path?: unknown } };
  return data?.code === 'NOT_FOUND' && String((error as Error).message).startsWith('No procedure found');
}
