/** The database did not answer in time. What it was asked may have happened. */
export class NoAnswer extends Error {
  readonly code = 'NO_ANSWER';

  constructor() {
    super('The database did not answer in time.');
  }
}

/**
 * @param late what to do with an answer that nobody waits for any more
 * @throws {NoAnswer}
 */
export async function withinTime<T>(timeMs: number, answer: PromiseLike<T>, late?: (value: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const given = Promise.resolve(answer);
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(new NoAnswer());
    }, timeMs);
  });
  given.then(
    (value) => isLate && late?.(value),
    () => {},
  );
  try {
    return await Promise.race([given, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
