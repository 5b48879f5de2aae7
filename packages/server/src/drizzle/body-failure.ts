/** What the body threw, to be told from what the database did. */
export class BodyFailure extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super('the body failed');
    this.error = error;
  }
}

export function orFailure<T>(body: Promise<T>): Promise<T> {
  return body.catch((error: unknown) => {
    throw new BodyFailure(error);
  });
}
