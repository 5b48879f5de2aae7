export { type Postgres, type PostgresOptions, startPostgres } from './launcher.ts';
