import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { createMiddleware } from 'hono/factory';
import { z } from 'zod';

/** How bad a day the outside world has. */
export const Trouble = z.object({
  delayMs: z.number().int().min(0).max(10_000),
  /** So many of the next answers are lost, after the work is done. */
  loseAnswers: z.number().int().min(0).max(100),
});
export type Trouble = z.infer<typeof Trouble>;

export class TroubledDay {
  trouble: Trouble = { delayMs: 0, loseAnswers: 0 };

  /** For what changes something: reads are left alone. */
  readonly middleware = createMiddleware<{ Bindings: HttpBindings }>(async (c, next) => {
    if (c.req.method !== 'POST') return next();
    const { delayMs, loseAnswers } = this.trouble;
    await next();
    await sleep(delayMs);
    if (loseAnswers === 0) return;
    this.trouble = { ...this.trouble, loseAnswers: Math.max(0, this.trouble.loseAnswers - 1) };
    c.env.outgoing.destroy();
    c.res = RESPONSE_ALREADY_SENT;
    return;
  });
}
