import { DBOS } from '@dbos-inc/dbos-sdk';
import { DrizzleDataSource } from '@dbos-inc/drizzle-datasource';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import { type SystemSpec, versionOf } from './system.ts';

/** A durable workflow of one transaction, named by the key: as its own documentation makes things happen once. */
export const dbos: SystemSpec = {
  name: 'DBOS',
  version: `${versionOf('@dbos-inc/dbos-sdk')}, Drizzle data source`,
  isOnPostgres: true,
  async create({ url, effect, connections }) {
    DBOS.setConfig({
      name: 'bench',
      systemDatabaseUrl: url,
      systemDatabasePoolSize: connections,
      logLevel: 'error',
      runAdminServer: false,
    });
    const config = { connectionString: url, max: connections };
    await DrizzleDataSource.initializeDBOSSchema(config);
    const pool = new Pool(config);
    pool.on('error', () => {}); // at the end it lets go of its connections before they are closed
    const source = new DrizzleDataSource<NodePgDatabase>('app', pool);
    const step = source.registerTransaction(() => effect(source.client), { name: 'effect' });
    const workflow = DBOS.registerWorkflow(() => step(), { name: 'effect' });
    await DBOS.launch();
    const run = async (key: string) => (await DBOS.startWorkflow(workflow, { workflowID: key })()).getResult();
    return {
      first: run,
      replay: run,
      async [Symbol.asyncDispose]() {
        // Without deregistering it knows every name for good, and could not be set up a second time.
        await DBOS.shutdown({ deregister: true });
        if (!pool.ended) await pool.end();
      },
    };
  },
};
