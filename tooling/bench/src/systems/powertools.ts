import {
  IdempotencyConfig,
  IdempotencyItemAlreadyExistsError,
  IdempotencyItemNotFoundError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer, IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import type postgres from 'postgres';
import { effect, open } from './database.ts';
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

  protected async _putRecord(record: IdempotencyRecord): Promise<void> {
    const now = Date.now();
    const rows = await this.#sql`
      insert into idempotency (id, status, expiry, in_progress_expiry)
      values (${record.idempotencyKey}, ${record.getStatus()}, ${record.expiryTimestamp ?? 0}, ${record.inProgressExpiryTimestamp ?? null})
      on conflict (id) do update set status = excluded.status, expiry = excluded.expiry,
        in_progress_expiry = excluded.in_progress_expiry, result = null
      where idempotency.expiry < ${Math.floor(now / 1_000)}
        or (idempotency.status = 'INPROGRESS' and idempotency.in_progress_expiry < ${now})
      returning id`;
    if (rows.length === 0) throw new IdempotencyItemAlreadyExistsError();
  }

  protected async _getRecord(idempotencyKey: string): Promise<IdempotencyRecord> {
    const [item] = await this.#sql<Item[]>`select * from idempotency where id = ${idempotencyKey}`;
    if (!item) throw new IdempotencyItemNotFoundError();
    return new IdempotencyRecord({
      idempotencyKey,
      status: item.status,
      expiryTimestamp: Number(item.expiry),
      ...(item.in_progress_expiry && { inProgressExpiryTimestamp: Number(item.in_progress_expiry) }),
      responseData: item.result as never,
    });
  }

  protected async _updateRecord(record: IdempotencyRecord): Promise<void> {
    await this.#sql`update idempotency set status = ${record.getStatus()}, expiry = ${record.expiryTimestamp ?? 0},
      result = ${JSON.stringify(record.responseData)}::text::jsonb where id = ${record.idempotencyKey}`;
  }

  protected async _deleteRecord(record: IdempotencyRecord): Promise<void> {
    await this.#sql`delete from idempotency where id = ${record.idempotencyKey}`;
  }
}

export const powertools: SystemSpec = {
  name: 'Powertools',
  version: `${versionOf('@aws-lambda-powertools/idempotency')}, own layer on PostgreSQL`,
  isOnPostgres: true,
  async create({ url, note, connections }) {
    const { db, client, ...pool } = open(url, connections);
    // What it takes from the function's surroundings in the cloud.
    process.env['AWS_LAMBDA_FUNCTION_NAME'] ??= 'bench';
    const run = makeIdempotent(
      async (_: { key: string }) => (await db.transaction((tx) => effect(tx, note))) as never,
      {
        persistenceStore: new PostgresPersistence(client),
        config: new IdempotencyConfig({ eventKeyJmesPath: 'key', throwOnNoIdempotencyKey: true }),
      },
    );
    const context = { getRemainingTimeInMillis: () => 30_000 };
    const once = (key: string) => (run as (event: object, context: object) => Promise<unknown>)({ key }, context);
    return { first: once, replay: once, ...pool };
  },
};
