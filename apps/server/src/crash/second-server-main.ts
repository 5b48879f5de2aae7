// The second server's process: it ends with the first.
import type { AddressInfo } from 'node:net';

process.once('disconnect', () => process.exit());
const { server } = await import('../main.ts');
process.send?.((server.address() as AddressInfo).port);
