/** All tables, for drizzle-kit and for Drizzle. oncekey's own is taken in like any other. */
export { oncekeyEvents, oncekeyRecords, oncekeySteps } from '@oncekey/server/drizzle';
export { agencies } from './agencies/tables.ts';
export { conversations, messages } from './conversations/tables.ts';
export { sessionSecrets } from './session/tables.ts';
