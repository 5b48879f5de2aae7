export { type DrizzleStoreOptions, drizzleStore } from './drizzle-store.ts';
export { migrate } from './migrate.ts';
export { oncekeyEvents, oncekeyRecords, oncekeySteps } from './tables.ts';
export type { DrizzleDatabase, Executor } from './transaction.ts';
