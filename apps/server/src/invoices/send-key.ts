import { keyFrom } from '@oncekey/server';

/** An invoice is sent once: its own id is the intent. */
export const sendKey = (invoiceId: string): string => keyFrom(['send', invoiceId]);
