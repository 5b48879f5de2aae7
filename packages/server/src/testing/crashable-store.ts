import type { Store } from '../store.ts';

/** A store with a named point before and after everything that it does. */
export function crashableStore<Tx>(store: Store<Tx>, point: (name: string) => void): Store<Tx> {
  return {
    ...store,

    async transact(id, body, dedupe, early) {
      point('before the transaction');
      const end = await store.transact(
        id,
        async (claim) => {
          point('in the transaction, before the handler');
          const record = await body(claim);
          point('in the transaction, after the handler');
          return record;
        },
        dedupe,
        early,
      );
      point(`the transaction is ${end}, nobody was told`);
      return end;
    },

    async claim(id, lease) {
      point('before the claim');
      const claimed = await store.claim(id, lease);
      point('the claim is committed, before the handler');
      return claimed;
    },

    async complete(lease, completion) {
      point('the handler is through, before its end is stored');
      const isOurs = await store.complete(lease, completion);
      point('its end is stored, nobody was told');
      return isOurs;
    },

    async release(lease, actor) {
      point('the handler failed, before the claim is given back');
      await store.release(lease, actor);
      point('the claim is given back, nobody was told');
    },

    async finishStep(lease, name, result) {
      point(`step ${name} is through, before its end is stored`);
      const stored = await store.finishStep(lease, name, result);
      point(`the end of step ${name} is stored`);
      return stored;
    },

    async transactStep(lease, name, body) {
      point(`before the transaction of step ${name}`);
      const isOurs = await store.transactStep(lease, name, async (tx) => {
        const result = await body(tx);
        point(`in the transaction of step ${name}`);
        return result;
      });
      point(`the transaction of step ${name} is committed`);
      return isOurs;
    },
  };
}
