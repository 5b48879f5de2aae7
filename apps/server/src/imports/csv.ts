import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import type { Mapping } from './tables.ts';

/** RFC 4180, with a line of names first; quoted fields may hold commas and line breaks. */
const parser = () =>
  parse({ columns: false, bom: true, skip_empty_lines: true, relax_column_count: false, max_record_size: 65_536 });

export interface Summary {
  readonly columns: readonly string[];
  readonly sample: readonly (readonly string[])[];
  readonly rows: number;
}

const SAMPLE = 3;
const MOST_ROWS = 250_000;

/**
 * Reads a whole file once, to know what is in it.
 *
 * @throws {Error} in plain words, if it is no CSV file with a line of names and at least one row
 */
export async function summarise(path: string): Promise<Summary> {
  let columns: string[] | undefined;
  const sample: string[][] = [];
  let rows = 0;
  for await (const record of createReadStream(path).pipe(parser()) as AsyncIterable<string[]>) {
    if (!columns) {
      columns = record;
      continue;
    }
    if (rows++ < SAMPLE) sample.push(record);
    if (rows > MOST_ROWS) throw new Error(`It has more than ${MOST_ROWS.toLocaleString('en')} rows.`);
  }
  if (!columns || rows === 0) throw new Error('It has no rows: a line of names is expected first, then the rows.');
  if (new Set(columns).size !== columns.length) throw new Error('Two of its columns have the same name.');
  return { columns, sample, rows };
}

/** Our fields of a file's rows, so many at a time. */
export async function* chunksOf(path: string, mapping: Mapping, size: number) {
  let columns: string[] | undefined;
  let first = 0;
  let chunk: { name: string; email: string; city: string }[] = [];
  for await (const record of createReadStream(path).pipe(parser()) as AsyncIterable<string[]>) {
    if (!columns) {
      columns = record;
      continue;
    }
    const value = (column: string) => record[columns?.indexOf(column) ?? -1] ?? '';
    chunk.push({ name: value(mapping.name), email: value(mapping.email), city: value(mapping.city) });
    if (chunk.length < size) continue;
    yield { first, rows: chunk };
    first += chunk.length;
    chunk = [];
  }
  if (chunk.length > 0) yield { first, rows: chunk };
}
