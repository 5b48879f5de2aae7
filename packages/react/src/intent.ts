import type { RetryAdvice } from '@oncekey/client';

/**
 * One intent of a person, as a state machine without I/O: which key does the next submit go out under, if it goes out
 * at all?
 *
 * | state   | the same content                        | other content |
 * |---------|-----------------------------------------|---------------|
 * | idle    | send, new key                           | send, new key |
 * | pending | join                                    | send, new key |
 * | open    | send, same key                          | send, new key |
 * | settled | join while the window lasts, then send, new key | send, new key |
 */
export type Intent =
  | { readonly state: 'idle' }
  /** Sent, and not answered yet. */
  | { readonly state: 'pending'; readonly key: string; readonly content: string }
  /** It failed in a way that leaves its key good: nobody knows whether it happened, or nothing of it was kept. */
  | { readonly state: 'open'; readonly key: string; readonly content: string }
  | { readonly state: 'settled'; readonly key: string; readonly content: string; readonly joinUntil: number };

export const IDLE: Intent = { state: 'idle' };

/** What a submit does. Joining takes the answer of the one before, sent or already there. */
export interface Submission {
  readonly do: 'send' | 'join';
  readonly key: string;
  readonly intent: Intent;
}

/** @param now in ms, of the clock that `succeeded` was told */
export function submit(intent: Intent, content: string, now: number, mintKey: () => string): Submission {
  if (intent.state !== 'idle' && intent.content === content) {
    if (intent.state === 'pending') return { do: 'join', key: intent.key, intent };
    if (intent.state === 'settled' && now < intent.joinUntil) return { do: 'join', key: intent.key, intent };
    if (intent.state === 'open') return send(intent.key, content);
  }
  return send(mintKey(), content);
}

function send(key: string, content: string): Submission {
  return { do: 'send', key, intent: { state: 'pending', key, content } };
}

/** A key is spent with its success; a click that comes within the window still meant the same. */
export function succeeded(intent: Intent, key: string, now: number, joinWindowMs: number): Intent {
  if (!isPending(intent, key)) return intent;
  return { state: 'settled', key, content: intent.content, joinUntil: now + joinWindowMs };
}

export function failed(intent: Intent, key: string, advice: Pick<RetryAdvice, 'retry'>): Intent {
  if (!isPending(intent, key)) return intent;
  return advice.retry === 'same-key' ? { state: 'open', key, content: intent.content } : IDLE;
}

/** The answer to an older intent says nothing of the one that is shown now. */
function isPending(intent: Intent, key: string): intent is Intent & { state: 'pending' } {
  return intent.state === 'pending' && intent.key === key;
}
