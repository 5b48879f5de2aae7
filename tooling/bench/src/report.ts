import type { Entrant } from './contest.ts';
import type { Measured } from './rounds.ts';
import { table } from './table.ts';

/** What `--json` writes. What a case counts beside its times stands in further fields of its rows. */
export interface Row {
  readonly case: string;
  readonly system: string;
  readonly rtt_ms: number;
  readonly concurrency: number;
  /** A second. `null` here and below: nothing was timed. */
  readonly ops: number | null;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly ratio_to_unprotected: number | null;
  readonly [counted: string]: string | number | null;
}

export interface Where {
  readonly rtt: number;
  readonly concurrency: number;
}

/** Prints as it goes, and keeps the rows. */
export class Report {
  readonly rows: Row[] = [];
  #unprotected = new Map<string, number>();

  /** A title and a table, with a line for what could not run. */
  show(
    title: string,
    head: readonly string[],
    lines: readonly (readonly string[])[],
    entrants: readonly Entrant[] = [],
  ) {
    const missing = entrants.flatMap(({ spec, why }) =>
      why === undefined ? [] : [`${spec.name} did not run: ${why}`],
    );
    console.log([title, table(head, lines), ...missing, ''].join('\n'));
  }

  /**
   * Times, printed and kept.
   *
   * @param one what the 1.00 of the printed ratios is, where it is not the unprotected transaction
   */
  times(
    name: string,
    title: string,
    at: Where,
    measured: readonly Measured[],
    entrants: readonly Entrant[] = [],
    one?: string,
  ) {
    const lines = measured.map(({ name: system, ratio, ops, spread, p50, p99 }) => [
      system,
      ratio.toFixed(2),
      `±${(spread * 100).toFixed(0)}%`,
      ops.toFixed(0),
      p50.toFixed(2),
      p99.toFixed(2),
    ]);
    const where = `${title}, ${at.rtt === 0 ? 'loopback' : `${at.rtt} ms round trip`}, ${at.concurrency} at a time`;
    const head = ['system', 'ratio', 'spread', 'ops/s', 'p50 ms', 'p99 ms'];
    this.show(one ? `${where} (1.00: ${one})` : where, head, lines, entrants);
    for (const { name: system, ops, ratio, p50, p99 } of measured) {
      const key = `${at.rtt} ${at.concurrency}`;
      if (name === 'first' && system === 'unprotected') this.#unprotected.set(key, ops);
      const unprotected = this.#unprotected.get(key);
      const against = one === undefined ? ratio : unprotected === undefined ? null : ops / unprotected;
      this.keep({
        ...{ case: name, system, rtt_ms: at.rtt, concurrency: at.concurrency },
        ...{ ops: rounded(ops), p50_ms: rounded(p50), p99_ms: rounded(p99) },
        ratio_to_unprotected: against === null ? null : rounded(against),
      });
    }
    this.#keepMissing(name, at, entrants);
  }

  keep(row: Row): void {
    this.rows.push(row);
  }

  #keepMissing(name: string, at: Where, entrants: readonly Entrant[]): void {
    for (const { spec, why } of entrants) if (why !== undefined) this.keep({ ...untimed(name, spec.name, at), why });
  }
}

/** A row of a case that counts and does not time. */
export function untimed(name: string, system: string, { rtt, concurrency }: Where): Row {
  const none = { ops: null, p50_ms: null, p99_ms: null, ratio_to_unprotected: null };
  return { case: name, system, rtt_ms: rtt, concurrency, ...none };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
