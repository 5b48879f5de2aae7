import { type MeterProvider, metrics, SpanKind, SpanStatusCode, type TracerProvider, trace } from '@opentelemetry/api';
import type { IdempotencyEvent, Listener } from '../events.ts';

export interface OpenTelemetryOptions {
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider;
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider;
}

const NAME = '@oncekey/server';
/** These stand for a run of a handler, or an answer, that took some time. */
const SPANS: ReadonlySet<IdempotencyEvent['kind']> = new Set([
  'succeeded',
  'failed',
  'released',
  'lease-lost',
  'replayed',
]);
const FAILURES: ReadonlySet<IdempotencyEvent['kind']> = new Set(['failed', 'released', 'lease-lost']);

/**
 * A listener that makes spans and metrics of events, through `@opentelemetry/api` alone: without an SDK it does nothing.
 *
 * - spans `oncekey.<mode>`, one a handler's run or replay, with its time, beneath the span that is active
 * - counter `oncekey.events`, by kind, mode and operation
 * - histogram `oncekey.duration`, in seconds, by the same
 *
 * Keys and scopes are in neither: they have too many values for metrics, and are none of a trace's business.
 *
 * @example idempotency.listen(openTelemetry())
 */
export function openTelemetry({ tracerProvider, meterProvider }: OpenTelemetryOptions = {}): Listener {
  const tracer = (tracerProvider ?? trace).getTracer(NAME);
  const meter = (meterProvider ?? metrics).getMeter(NAME);
  const events = meter.createCounter('oncekey.events', { description: 'What became of requests under a key' });
  const duration = meter.createHistogram('oncekey.duration', {
    description: 'How long a handler ran, or an answer from the record took',
    unit: 's',
  });

  return (event) => {
    const { kind, mode, operation, durationMs, executionId, attempt } = event;
    const attributes = {
      'oncekey.event': kind,
      'oncekey.operation': operation,
      ...(mode && { 'oncekey.mode': mode }),
    };
    events.add(1, attributes);
    if (durationMs === undefined || !SPANS.has(kind)) return;
    duration.record(durationMs / 1_000, attributes);
    const span = tracer.startSpan(`oncekey.${mode ?? 'request'}`, {
      kind: SpanKind.INTERNAL,
      startTime: Date.now() - durationMs,
      attributes: {
        ...attributes,
        ...(executionId !== undefined && { 'oncekey.execution_id': executionId }),
        ...(attempt !== undefined && { 'oncekey.attempt': attempt }),
      },
    });
    if (FAILURES.has(kind)) span.setStatus({ code: SpanStatusCode.ERROR, message: kind });
    span.end();
  };
}
