/** Why the demo cannot start, in one sentence that says what to do: it is shown as it is, without a stack. */
export class StartProblem extends Error {
  override name = 'StartProblem';
}
