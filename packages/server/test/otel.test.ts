import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { TRPCError } from '@trpc/server';
import { expect, it } from 'vitest';
import { openTelemetry } from '../src/otel/index.ts';
import { createApp, freshDatabase } from './fixture.ts';

it('events become spans and counters, without a key or a scope in them', async () => {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });

  await using database = await freshDatabase();
  const app = createApp(database.db);
  app.idempotency.listen(openTelemetry({ tracerProvider, meterProvider }));
  const router = app.t.router({
    pay: app.user.concat(app.idempotency.leased()).mutation(() => 'paid'),
    refuse: app.user.concat(app.idempotency.leased()).mutation(() => {
      throw new TRPCError({ code: 'CONFLICT' });
    }),
  });
  const caller = (key: string) => app.t.createCallerFactory(router)(app.contextOf(key, 'secret-person'));
  await caller('secret-1').pay();
  await caller('secret-1').pay();
  await caller('secret-2')
    .refuse()
    .catch(() => {});
  await reader.forceFlush();

  expect(spans.getFinishedSpans().map(({ name, attributes }) => [name, attributes['oncekey.event']])).toEqual([
    ['oncekey.leased', 'succeeded'],
    ['oncekey.leased', 'replayed'],
    ['oncekey.leased', 'failed'],
  ]);
  const [first, , refused] = spans.getFinishedSpans();
  expect(first?.attributes).toMatchObject({ 'oncekey.operation': 'pay', 'oncekey.attempt': 1 });
  expect(refused?.status).toMatchObject({ message: 'failed' });
  const points = metrics
    .getMetrics()
    .flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap((scope) =>
        scope.metrics.flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => ({ name: descriptor.name, attributes, value })),
        ),
      ),
    );
  const counted = points.filter(({ name }) => name === 'oncekey.events');
  expect(counted.map(({ attributes, value }) => [attributes['oncekey.event'], value]).sort()).toEqual([
    ['claimed', 1],
    ['claimed', 1],
    ['failed', 1],
    ['replayed', 1],
    ['succeeded', 1],
  ]);
  expect(points.some(({ name }) => name === 'oncekey.duration')).toBe(true);
  const everything = JSON.stringify([
    spans.getFinishedSpans().map((span) => [span.name, span.attributes, span.status]),
    points,
  ]);
  expect(everything).not.toContain('secret');
  await meterProvider.shutdown();
});
