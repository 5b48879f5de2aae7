/** What its clients know of it. */
export type { Entry } from './accounting.ts';
export type { Change } from './crm.ts';
export type { Mail } from './mailbox.ts';
export { startOutside } from './service.ts';
export type { Trouble } from './trouble.ts';
