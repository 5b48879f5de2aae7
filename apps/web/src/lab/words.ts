import type { Bar, End, Lane } from './run.ts';

/** One table for the bars, their legend and their sentences. */
export const ENDS: Readonly<Record<End | 'pending', { mark: string; name: string; style: string; sentence: string }>> =
  {
    pending: {
      mark: '…',
      name: 'sent',
      style: 'border-muted border-dashed bg-sunken text-ink',
      sentence: 'sent, no answer yet',
    },
    executed: {
      mark: '●',
      name: 'executed',
      style: 'border-accent bg-accent text-on-accent',
      sentence: 'the handler ran for this request',
    },
    waited: {
      mark: '‖',
      name: 'waited',
      style: 'border-accent border-dotted bg-accent-soft text-accent-strong',
      sentence: 'it waited for the one that ran and got its answer; the handler did not run',
    },
    replayed: {
      mark: '↺',
      name: 'replayed',
      style: 'border-accent bg-surface text-accent-strong',
      sentence: 'the first answer again, from the record; the handler did not run',
    },
    lost: {
      mark: '✕',
      name: 'lost',
      style: 'border-warn bg-warn-soft text-warn',
      sentence: 'no answer came; it may have happened, and is sent again',
    },
    offline: {
      mark: '–',
      name: 'offline',
      style: 'border-muted bg-sunken text-muted',
      sentence: 'it did not leave: offline',
    },
    'in progress': {
      mark: '~',
      name: 'in progress',
      style: 'border-muted border-dotted bg-surface text-ink',
      sentence: 'refused for now: the first is still running; asked again under the same key',
    },
    refused: { mark: '■', name: 'refused', style: 'border-danger bg-danger-soft text-danger', sentence: 'refused' },
  };

export const LANES: Readonly<Record<Lane, string>> = { without: 'Without oncekey', with: 'With oncekey' };

/** What one attempt was, in a plain sentence. */
export function sentenceOf(bar: Bar, key: string): string {
  const { sentence } = ENDS[bar.end ?? 'pending'];
  const under = bar.lane === 'with' ? `key …${key.slice(-6)}` : 'no key';
  const took = bar.to === undefined ? '' : `, after ${Math.round(bar.to - bar.from)} ms`;
  const trouble = bar.trouble && ` (${bar.trouble.replaceAll('-', ' ')})`;
  return `${LANES[bar.lane]}, press ${bar.press}, attempt ${bar.attempt}, ${under}${trouble}: ${bar.why ?? sentence}${took}.`;
}

/** What is marked on the timeline as well. */
export const TURNS: Readonly<Record<string, string>> = {
  'taken-over': '⇥ taken over',
  'lease-lost': '⊘ late end refused',
};

/** What the server wrote down about the key, in plain words. */
export const EVENTS: Readonly<Record<string, string>> = {
  claimed: 'a first attempt began the work',
  'taken-over': 'its owner was gone: another attempt took over',
  succeeded: 'it was done, and the answer written down with it',
  replayed: 'the first answer was given again',
  waited: 'a duplicate waits for the first',
  'lease-lost': 'an owner came back late: its completion was refused, and it got the new owner’s answer',
  released: 'an attempt failed and gave it back',
  failed: 'it ended with an error that is remembered',
};
