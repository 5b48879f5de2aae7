const WHEN = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const EUROS = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

export const when = (at: Date): string => WHEN.format(at);
export const time = (at: Date): string => TIME.format(at);
export const euros = (cents: number): string => EUROS.format(cents / 100);

/** The end of a UUIDv7 differs most. */
export const shortKey = (key: string): string => (key.length > 10 ? `…${key.slice(-6)}` : key);
