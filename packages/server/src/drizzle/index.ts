export { drizzleStore } from './drizzle-store.ts';
export { migrate } from './migrate.ts';
export type { DrizzleDatabase } from './portable.ts';
export { oncekeyRecords } from './tables.ts';
