import { createKey, idempotent, isOncekeyError, type KeyedAnswer, retryAdvice } from '@oncekey/client';
import type { RunConfig } from './config.ts';
import { type PlannedPress, plan } from './faults.ts';
import { labClient } from './lab-client.ts';

export type Lane = 'without' | 'with';

/** How an attempt ended, as the page saw it. */
export type End = 'executed' | 'waited' | 'replayed' | 'lost' | 'offline' | 'in progress' | 'refused';

/** One attempt, from when it left to when its answer came, in ms from the start of the run. */
export interface Bar {
  readonly id: string;
  readonly lane: Lane;
  readonly press: number;
  readonly attempt: number;
  readonly from: number;
  readonly to?: number;
  readonly end?: End;
  readonly trouble: string;
  readonly why?: string;
}

export interface RunState {
  readonly run: string;
  /** One for the whole run: however often it is pressed, it is one intent. */
  readonly key: string;
  /** In ms since 1970. */
  readonly startedAt: number;
  readonly config: RunConfig;
  readonly bars: readonly Bar[];
  /** When the last answer came, in ms from the start. */
  readonly endedAt?: number;
}

const MOST_ATTEMPTS = 7;
const FIRST_WAIT_MS = 350;
const LONGEST_WAIT_MS = 2_500;

/** Presses the button of both lanes as planned, and tells of each attempt. Everything that is shown was really sent. */
export function startRun(config: RunConfig, onChange: (state: RunState) => void, signal: AbortSignal): void {
  const begun = performance.now();
  const since = () => performance.now() - begun;
  let state: RunState = { run: crypto.randomUUID(), key: createKey(), startedAt: Date.now(), config, bars: [] };
  const change = (next: Partial<RunState>) => {
    if (signal.aborted) return;
    state = { ...state, ...next };
    onChange(state);
  };
  const show = (bar: Bar) => {
    const isNew = !state.bars.some(({ id }) => id === bar.id);
    change({ bars: isNew ? [...state.bars, bar] : state.bars.map((each) => (each.id === bar.id ? bar : each)) });
  };

  async function press(lane: Lane, planned: PlannedPress, index: number): Promise<void> {
    await sleep(planned.at - since());
    for (let attempt = 1; attempt <= MOST_ATTEMPTS && !signal.aborted; attempt++) {
      const trouble = attempt === 1 ? planned.firstTrouble : planned.laterTrouble;
      const id = `${lane} ${index + 1}.${attempt}`;
      const bar: Bar = { id, lane, press: index + 1, attempt, from: since(), trouble };
      show(bar);
      const outcome = since() < config.offline ? offline() : await send(lane, state, { attempt: id, trouble });
      show({ ...bar, to: since(), end: outcome.end, ...(outcome.why && { why: outcome.why }) });
      if (!outcome.isRetried) return;
      await sleep((outcome.afterMs ?? Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS)) * planned.jitter);
    }
  }

  const presses = plan(config).flatMap((planned, index) => [
    press('without', planned, index),
    press('with', planned, index),
  ]);
  onChange(state);
  void Promise.all(presses).then(() => change({ endedAt: since() }));
}

interface Outcome {
  readonly end: End;
  readonly isRetried?: boolean;
  readonly afterMs?: number | undefined;
  readonly why?: string;
}

const offline = (): Outcome => ({ end: 'offline', isRetried: true });

/** Both lanes repeat by the same rules; they differ in the key alone. */
async function send(
  lane: Lane,
  { run, key, config }: RunState,
  context: { attempt: string; trouble: string },
): Promise<Outcome> {
  let answer: KeyedAnswer | undefined;
  const keyed = { ...context, ...idempotent({ key, onAnswer: (given) => (answer = given) }) };
  const { lab } = labClient;
  try {
    if (lane === 'without') await lab.pressWithout.mutate({ run }, { context: { ...context } });
    else if (config.effect === 'here') await lab.pressWith.mutate({ run }, { context: keyed });
    else if (config.effect === 'elsewhere') await lab.pressElsewhere.mutate({ run }, { context: keyed });
    else await lab.pressUnasked.mutate({ run }, { context: keyed });
    if (!answer?.replayed) return { end: 'executed' };
    return { end: answer.waited ? 'waited' : 'replayed' };
  } catch (error) {
    const { automatic, afterMs, outcome } = retryAdvice(error);
    if (isOncekeyError(error, 'IN_PROGRESS')) return { end: 'in progress', isRetried: true, afterMs };
    const why = error instanceof Error ? error.message : 'no reason was given';
    if (outcome === 'refused') return { end: 'refused', why };
    return { end: 'lost', isRetried: automatic, afterMs };
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
