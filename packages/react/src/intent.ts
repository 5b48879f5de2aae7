import type { RetryAdvice } from '@oncekey/client';

/**
 * What is known of one input that a person submitted, as a state machine without I/O: which key does the next submit go
 * out under, if it goes out at all?
 *
 * | state          | the same input again                            |
 * |----------------|-------------------------------------------------|
 * | none           | send, new key                                   |
 * | pending        | join                                            |
 * | open           | send, same key                                  |
 * | settled        | join while the window lasts, then send, new key |
 *
 * `inDoubt`: an attempt under this key may have happened without anyone here knowing.
 */
type Intent = {
  readonly key: string;
  /** What it is about: another input about the same is an edit of this one. */
  readonly subject: string;
} & (
  | {
      /** Sent, and not answered yet. */
      readonly state: 'pending';
      readonly inDoubt: boolean;
    }
  | {
      /** It failed in a way that leaves its key good: nobody knows whether it happened, or nothing of it was kept. */
      readonly state: 'open';
      readonly inDoubt: boolean;
    }
  | { readonly state: 'settled'; readonly joinUntil: number }
);

/**
 * The intents of one hook, by the content of their input. All of them and not the last only: a list whose rows share
 * one hook, or a form edited back to what it was, comes again with an input that is still on its way.
 */
export type Intents = ReadonlyMap<string, Intent>;

export const NO_INTENTS: Intents = new Map();

/** What a submit does. Joining takes the answer of the one before, sent or already there. */
export interface Submission {
  readonly do: 'send' | 'join';
  readonly key: string;
  readonly intents: Intents;
  /**
   * The keys of intents about the same subject that wait to be sent, or may have happened without anyone here knowing: the
   * person has edited what they meant, so these are given up before this one is sent, or answer for it.
   */
  readonly supersedes: readonly string[];
}

export interface Submitted {
  readonly content: string;
  readonly subject: string;
}

/**
 * @param now in ms, of the clock that `succeeded` was told; one that is never set back, or clicks are swallowed
 * @param isHeldBack whether what is pending under this key waits for the network
 */
export function submit(
  intents: Intents,
  { content, subject }: Submitted,
  now: number,
  mintKey: () => string,
  isHeldBack: (key: string) => boolean = () => false,
): Submission {
  const known = intents.get(content);
  if (known && (known.state === 'pending' || isJoinable(known, now))) {
    return { do: 'join', key: known.key, intents, supersedes: [] };
  }
  const open = known?.state === 'open' ? known : undefined;
  const key = open?.key ?? mintKey();
  const kept = [...intents].filter(([, each]) => each.state !== 'settled' || isJoinable(each, now));
  const edited = [...intents].filter(
    ([other, each]) =>
      other !== content &&
      each.subject === subject &&
      (each.state === 'open' ? each.inDoubt : each.state === 'pending' && isHeldBack(each.key)),
  );
  return {
    do: 'send',
    key,
    intents: new Map(kept).set(content, { state: 'pending', key, subject, inDoubt: open?.inDoubt ?? false }),
    supersedes: edited.map(([, each]) => each.key),
  };
}

/** A key is spent with its success; a click that comes within the window still meant the same. */
export function succeeded(intents: Intents, key: string, now: number, joinWindowMs: number): Intents {
  return changePending(intents, key, ({ subject }) => ({
    state: 'settled',
    key,
    subject,
    joinUntil: now + joinWindowMs,
  }));
}

type Advice = Pick<RetryAdvice, 'retry' | 'outcome'>;

/** One attempt failed, and another may follow by itself: the key is pending all the same. */
export function attemptFailed(intents: Intents, key: string, advice: Advice): Intents {
  return changePending(intents, key, (intent) => ({ ...intent, inDoubt: intent.inDoubt || leavesDoubt(advice) }));
}

/**
 * No attempt follows by itself. A refusal ends the intent, except in doubt: what refuses may stand before the record (a
 * session that ended, a rate limit), so it says nothing of an earlier attempt whose answer was lost, and a new key would
 * be a second effect. In doubt the key is kept for one more submit; if all of that is refused, the refusal counts.
 */
export function failed(intents: Intents, key: string, advice: Advice): Intents {
  return changePending(intents, key, ({ inDoubt, subject }) => {
    if (advice.retry === 'new-key') return undefined;
    if (advice.outcome !== 'refused') return { state: 'open', key, subject, inDoubt: inDoubt || leavesDoubt(advice) };
    return inDoubt ? { state: 'open', key, subject, inDoubt: false } : undefined;
  });
}

/** An intent that was kept from before, or is another tab's: it may have happened, and goes on under its key. */
export function restored(intents: Intents, { content, subject }: Submitted, key: string): Intents {
  if (intents.has(content)) return intents;
  return new Map(intents).set(content, { state: 'open', key, subject, inDoubt: true });
}

/** Whether a submit of the same would go out under this key. */
export function isOpen(intents: Intents, key: string): boolean {
  return [...intents.values()].some((each) => each.key === key && each.state !== 'settled');
}

/** It is known what became of the key: it is given up, or another answers for it. */
export function forgotten(intents: Intents, key: string): Intents {
  return new Map([...intents].filter(([, each]) => each.key !== key));
}

/** Nothing was ever done under the key, which a clock that is off had minted: the intent goes on under another. */
export function rekeyed(intents: Intents, from: string, to: string): Intents {
  return new Map([...intents].map(([content, each]) => [content, each.key === from ? { ...each, key: to } : each]));
}

function leavesDoubt({ outcome }: Advice): boolean {
  return outcome === 'unknown';
}

function isJoinable(intent: Intent, now: number): boolean {
  return intent.state === 'settled' && now < intent.joinUntil;
}

/** An answer to an intent that was forgotten, or sent again since, changes nothing. */
function changePending(
  intents: Intents,
  key: string,
  change: (intent: Intent & { state: 'pending' }) => Intent | undefined,
): Intents {
  for (const [content, intent] of intents) {
    if (intent.state !== 'pending' || intent.key !== key) continue;
    const next = new Map(intents);
    const changed = change(intent);
    if (changed) next.set(content, changed);
    else next.delete(content);
    return next;
  }
  return intents;
}
