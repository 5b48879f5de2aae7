// @vitest-environment node
import { renderToString } from 'react-dom/server';
import { expect, it } from 'vitest';
import { createWrapper, flavours } from './flavours.tsx';

it.each(flavours)('renders on a server, which has neither window nor document (%s)', (_, usePay) => {
  expect(typeof window).toBe('undefined');
  function Button() {
    const pay = usePay();
    return (
      <button type="button">
        {pay.status} {pay.idempotency.attempts} {String(pay.idempotency.key)}
      </button>
    );
  }
  const Providers = createWrapper('http://127.0.0.1:9');
  const html = renderToString(
    <Providers>
      <Button />
    </Providers>,
  );
  expect(html.replaceAll('<!-- -->', '')).toContain('idle 0 undefined');
});
