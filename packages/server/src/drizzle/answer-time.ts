/** The database did not answer in time. What it was asked may have happened. */
export class NoAnswer extends Error {
  readonly code = 'NO_ANSWER';

  constructor() {
    super('The database did not answer in time.');
  }
}

export interface Deadline {
  /** On the clock of `performance.now()`. */
  readonly at: number;
  onLate(): void;
}

/** How much later than its time a deadline may be noticed, in ms. */
const TICK_MS = 50;

/** One timer for all of them: every statement has one, and hardly any is ever reached. */
const deadlines = new Set<Deadline>();
let timer: NodeJS.Timeout | undefined;

function tick(): void {
  if (deadlines.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
  const now = performance.now();
  for (const deadline of deadlines) {
    if (deadline.at > now) continue;
    deadlines.delete(deadline);
    deadline.onLate();
  }
}

/** @param onLate is called up to 50 ms after the time, unless the deadline has been ended by then */
export function startDeadline(timeMs: number, onLate: () => void): Deadline {
  const deadline = { at: performance.now() + timeMs, onLate };
  deadlines.add(deadline);
  timer ??= setInterval(tick, TICK_MS);
  return deadline;
}

export function endDeadline(deadline: Deadline): void {
  deadlines.delete(deadline);
}

/**
 * @param late what to do with an answer that nobody waits for any more
 * @throws {NoAnswer}
 */
export function withinTime<T>(timeMs: number, answer: PromiseLike<T>, late?: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const deadline = startDeadline(timeMs, () => {
      isLate = true;
      reject(new NoAnswer());
    });
    answer.then(
      (value) => {
        endDeadline(deadline);
        if (isLate) late?.(value);
        else resolve(value);
      },
      (error: unknown) => {
        endDeadline(deadline);
        reject(error);
      },
    );
  });
}
