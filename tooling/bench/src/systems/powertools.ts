import { IdempotencyItemAlreadyExistsError, IdempotencyItemNotFoundError } from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer, IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import type postgres from 'postgres';
import { open } from './database.ts';
import { powertoolsOnce } from './powertools-once.ts';
import { type SystemSpec, versionOf } from './system.ts';

interface Item {
  readonly status: 'INPROGRESS' | 'COMPLETED';
  readonly result: postgres.JSONValue;
  readonly expiry: string;
  readonly in_progress_expiry: string | null;
}

/** Its own interface on PostgreSQL: a claim that is committed, then the result. One prepared statement for each. */
class PostgresPersistence extends BasePersistenceLayer {
  readonly #sql: postgres.Sql;

  constructor(sql: postgres.Sql) {
    super();
    this.#sql = sql;
  }

  /** Answers with the record that is there in the same flight, and locks no row to see it: then a replay flushes nothing. */
  protected async _putRecord(record: IdempotencyRecord): Promise<void> {
    const now = Date.now();
    const stale = this.#sql`(i.expiry < ${Math.floor(now / 1_000)}
      or (i.status = 'INPROGRESS' and i.in_progress_expiry < ${now}))`;
    const [row] = await this.#sql<(Partial<Item> & { isTaken: boolean })[]>`
      with live as (select * from idempotency i where id = ${record.idempotencyKey} and not ${stale}),
      taken as (
        insert into idempotency as i (id, status, expiry, in_progress_expiry)
        select ${record.idempotencyKey}, ${record.getStatus()}, ${record.expiryTimestamp ?? 0}::bigint,
          ${record.inProgressExpiryTimestamp ?? null}::bigint
        where not exists (select from live)
        on conflict (id) do update set status = excluded.status, expiry = excluded.expiry,
          in_progress_expiry = excluded.in_progress_expiry, result = null
        where ${stale}
        returning id)
      select exists (select from taken) as "isTaken", live.* from (select) as one left join live on true`;
    if (row?.isTaken) return;
    const known = row?.status && toRecord(record.idempotencyKey, row as Item);
    throw known ? new IdempotencyItemAlreadyExistsError(undefined, known) : new IdempotencyItemAlreadyExistsError();
  }

  protected async _getRecord(idempotencyKey: string): Promise<IdempotencyRecord> {
    const [item] = await this.#sql<Item[]>`select * from idempotency where id = ${idempotencyKey}`;
    if (!item) throw new IdempotencyItemNotFoundError();
    return toRecord(idempotencyKey, item);
  }

  protected async _updateRecord(record: IdempotencyRecord): Promise<void> {
    await this.#sql`update idempotency set status = ${record.getStatus()}, expiry = ${record.expiryTimestamp ?? 0},
      result = ${JSON.stringify(record.responseData)}::text::jsonb where id = ${record.idempotencyKey}`;
  }

  protected async _deleteRecord(record: IdempotencyRecord): Promise<void> {
    await this.#sql`delete from idempotency where id = ${record.idempotencyKey}`;
  }
}

function toRecord(idempotencyKey: string, item: Item): IdempotencyRecord {
  return new IdempotencyRecord({
    idempotencyKey,
    status: item.status,
    expiryTimestamp: Number(item.expiry),
    ...(item.in_progress_expiry && { inProgressExpiryTimestamp: Number(item.in_progress_expiry) }),
    responseData: item.result as never,
  });
}

export const powertools: SystemSpec = {
  name: 'Powertools on PostgreSQL',
  version: `${versionOf('@aws-lambda-powertools/idempotency')}, a layer of our own`,
  isOnPostgres: true,
  async create({ url, effect, connections }) {
    const { db, client, ...pool } = open(url, connections);
    const once = powertoolsOnce(new PostgresPersistence(client), () => db.transaction((tx) => effect(tx)));
    return { first: once, replay: once, ...pool };
  },
};
