export { type DrizzleDatabase, drizzleStore } from './drizzle-store.ts';
export { migrate } from './migrate.ts';
export { oncekeyRecords } from './tables.ts';
