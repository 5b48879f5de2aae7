import { parseArgs } from 'node:util';

export interface Options {
  readonly isQuick: boolean;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  /** Whether to load millions of records first, and see what that costs. */
  readonly growth: boolean;
}

const USAGE = `pnpm bench [--quick] [--json FILE] [--svg FILE] [--growth]

  --quick      fewer and shorter rounds: ends within four minutes
  --json FILE  writes a row for each measurement
  --svg FILE   draws the first executions
  --growth     also: look-up and claim with ten thousand and with ten million records (with --quick: one million)
`;

/** @throws {Error} with the usage, for what it does not know */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        svg: { type: 'string' },
        growth: { type: 'boolean', default: false },
      },
    });
    return { isQuick: values.quick, json: values.json, svg: values.svg, growth: values.growth };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`);
  }
}
