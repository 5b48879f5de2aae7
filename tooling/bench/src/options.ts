import { parseArgs } from 'node:util';

/** What `--only` takes. */
const CASES = ['counted', 'first', 'replay', 'storm', 'http', 'cost', 'purge', 'growth', 'partitions'] as const;
type Case = (typeof CASES)[number];

/** They fill a disk, or tell of what is not built. */
const UNASKED: ReadonlySet<Case> = new Set(['growth', 'partitions']);

export interface Options {
  readonly isQuick: boolean;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly cases: ReadonlySet<Case>;
}

const USAGE = `pnpm bench [--quick] [--json FILE] [--svg FILE] [--only CASE]… [--growth]

  --quick      fewer and shorter rounds: ends within four minutes
  --json FILE  writes a row for each measurement
  --svg FILE   where to draw first executions and replays (default: docs/bench.svg, if all was measured)
  --only CASE  ${CASES.join(', ')}
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
        only: { type: 'string', multiple: true },
        growth: { type: 'boolean', default: false },
      },
    });
    const cases = new Set(values.only?.map(toCase) ?? CASES.filter((name) => !UNASKED.has(name)));
    if (values.growth) cases.add('growth');
    // Part of a run is no picture of it, unless it was asked for.
    const svg = values.svg ?? (values.only ? undefined : 'docs/bench.svg');
    return { isQuick: values.quick, json: values.json, svg, cases };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function toCase(name: string): Case {
  const known = CASES.find((each) => each === name);
  if (!known) throw new Error(`There is no case ${name}.`);
  return known;
}
