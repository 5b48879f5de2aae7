/** All tables, for drizzle-kit and for Drizzle. oncekey's own are taken in like any other. */
export { oncekeyEvents, oncekeyRecords, oncekeySteps } from '@oncekey/server/drizzle';
export { agencies } from './agencies/tables.ts';
export { conversations, messages } from './conversations/tables.ts';
export { contacts, importJobs, uploads } from './imports/tables.ts';
export { invoicedOrders, invoiceNumbers, invoices, orders } from './invoices/tables.ts';
export { labEffects } from './lab/tables.ts';
export { chatMessages } from './messages/tables.ts';
export { sessionSecrets } from './session/tables.ts';
export { customers, plannedCrashes, syncCursors, tasks } from './tasks/tables.ts';
