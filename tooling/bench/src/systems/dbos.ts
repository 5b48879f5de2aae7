import { DBOS } from '@dbos-inc/dbos-sdk';
import { DrizzleDataSource } from '@dbos-inc/drizzle-datasource';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { effects } from './database.ts';
import { type SystemSpec, versionOf } from './system.ts';

/** A durable workflow of one transaction, named by the key: as its own documentation makes things happen once. */
let launches = 0;

export const dbos: SystemSpec = {
  name: 'DBOS',
  version: `${versionOf('@dbos-inc/dbos-sdk')}, Drizzle data source`,
  isOnPostgres: true,
  async create({ url, note, connections }) {
    DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, logLevel: 'error', runAdminServer: false } as never);
    const config = { connectionString: url, max: connections };
    await DrizzleDataSource.initializeDBOSSchema(config);
    const launch = ++launches; // it knows every name for good
    const source = new DrizzleDataSource<NodePgDatabase>(`app-${launch}`, config);
    const step = source.registerTransaction(
      async () => {
        const [row] = await source.client.insert(effects).values({ note }).returning();
        return row;
      },
      { name: `effect-${launch}` },
    );
    const workflow = DBOS.registerWorkflow(async () => step(), { name: `flow-${launch}` });
    await DBOS.launch();
    const run = async (key: string) => (await DBOS.startWorkflow(workflow, { workflowID: key })()).getResult();
    return { first: run, replay: run, [Symbol.asyncDispose]: () => DBOS.shutdown() };
  },
};
