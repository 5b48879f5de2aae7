import { createKey } from '@oncekey/core';
import { type AuditKind, type AuditLevel, isAudited } from '../events.ts';
import {
  type Dedupe,
  isOutOfTime,
  type Lease,
  type Look,
  type NewLease,
  type NewRecord,
  type Note,
  type RecordId,
  type Store,
  type StoredRecord,
} from '../store.ts';

export interface MemoryStoreOptions<Tx> {
  /** What handlers get as their transaction. Their writes are theirs: nothing here rolls them back. */
  readonly tx?: Tx;
  /** The clock, in ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  readonly events?: AuditLevel;
}

/** An event as it is kept. */
export interface MemoryEvent extends Note {
  readonly at: Date;
}

interface Row {
  readonly id: RecordId;
  operation: string;
  fingerprint: string;
  executionId: string;
  state: StoredRecord['state'];
  attempt: number;
  result: string | null;
  createdAt: number;
  expiresAt: number;
  /** While `running`. */
  leaseUntil: number;
  dedupe: { readonly key: string; readonly until: number | undefined } | undefined;
  readonly steps: Map<string, string | null>;
}

/**
 * Keeps records in this process: for tests and for trying things out. It does all that a store does, but a restart
 * forgets everything, other processes see nothing, and what a handler has written stays when it fails.
 */
export function memoryStore<Tx = undefined>({
  tx,
  now = Date.now,
  events: level = 'off',
}: MemoryStoreOptions<Tx> = {}): Store<Tx> & { readonly events: readonly MemoryEvent[] } {
  const rows = new Map<string, Row>();
  const locks = new Set<string>();
  const events: MemoryEvent[] = [];

  const isLeased = (row: Row) => row.state === 'running' && row.leaseUntil > now();
  const isFree = (row: Row) => row.expiresAt <= now() && !isLeased(row);
  const isInterrupted = (row: Row) => row.state === 'running' && !isLeased(row);

  function lookUp(id: RecordId): Look {
    const row = rows.get(nameOf(id));
    return { now: new Date(now()), record: row && toRecord(row) };
  }

  function toRecord(row: Row): StoredRecord {
    const { id, state, operation, fingerprint, executionId, attempt, result, createdAt } = row;
    return {
      key: id.key,
      state,
      operation,
      fingerprint,
      executionId,
      attempt,
      result,
      createdAt: new Date(createdAt),
      expired: isFree(row),
      leased: isLeased(row),
    };
  }

  function holderOf(scope: string, operation: string, key: string): Row | undefined {
    for (const row of rows.values()) {
      const { dedupe } = row;
      if (row.id.scope !== scope || row.operation !== operation || dedupe?.key !== key) continue;
      const isHeld = row.expiresAt > now() && (dedupe.until ?? Number.POSITIVE_INFINITY) > now();
      if (isHeld && !isInterrupted(row)) return row;
    }
    return undefined;
  }

  function write(id: RecordId, next: NewRecord | NewLease, more: Pick<Row, 'state' | 'result' | 'leaseUntil'>): Row {
    const before = rows.get(nameOf(id));
    const at = now();
    const row: Row = {
      id,
      operation: next.operation,
      fingerprint: next.fingerprint,
      executionId: next.executionId,
      attempt: (before?.attempt ?? 0) + 1,
      createdAt: at,
      expiresAt: Math.max(at, next.bornAt ?? at) + next.retentionMs,
      dedupe: dedupeFrom(next.dedupe, at),
      steps: new Map(),
      ...more,
    };
    rows.set(nameOf(id), row);
    return row;
  }

  function tell(kind: AuditKind, row: Row, actor?: string, detail?: Note['detail']): void {
    if (!isAudited(kind, level)) return;
    const { id, operation, executionId, attempt } = row;
    events.push({ kind, id, operation, executionId, attempt, actor, detail, at: new Date(now()) });
  }

  /** The fence. */
  function heldBy({ id, executionId, attempt }: Lease): Row | undefined {
    const row = rows.get(nameOf(id));
    const isHeld = row?.state === 'running' && row.executionId === executionId && row.attempt === attempt;
    return isHeld ? row : undefined;
  }

  return {
    events,

    async transact(id, body, dedupe) {
      const names = [
        nameOf(id),
        ...(dedupe ? [`dedupe:${nameOf({ scope: id.scope, key: dedupe.operation })}${dedupe.key}`] : []),
      ];
      const isLocked = !names.some((name) => locks.has(name));
      if (isLocked) for (const name of names) locks.add(name);
      try {
        const holder = dedupe && holderOf(id.scope, dedupe.operation, dedupe.key);
        const next = await body({
          ...lookUp(id),
          holder: holder && toRecord(holder),
          tx: tx as Tx,
          locked: isLocked,
        });
        if (!next) return 'rolled-back';
        const there = rows.get(nameOf(id));
        if (there && !isFree(there) && !isInterrupted(there)) return 'overtaken';
        const other = next.dedupe && holderOf(id.scope, next.operation, next.dedupe.key);
        if (other && other !== there) return 'overtaken';
        const { state = 'succeeded', result, actor } = next;
        tell(state, write(id, next, { state, result, leaseUntil: 0 }), actor);
        return 'recorded';
      } finally {
        if (isLocked) for (const name of names) locks.delete(name);
      }
    },

    async look(id) {
      return lookUp(id);
    },

    async claim(id, next) {
      const look = lookUp(id);
      const row = rows.get(nameOf(id));
      const isNew = !row || isFree(row);
      if (isNew && isOutOfTime(next.bornAt, now(), next.retentionMs)) return look;
      const isSame = row?.operation === next.operation && row.fingerprint === next.fingerprint;
      if (!isNew && !(isInterrupted(row) && isSame)) return look;
      const holder = next.dedupe && holderOf(id.scope, next.operation, next.dedupe.key);
      if (holder) return { ...look, holder: toRecord(holder) };
      const leaseUntil = now() + next.leaseMs;
      if (isNew) {
        const { executionId, attempt } = write(id, next, { state: 'running', result: null, leaseUntil });
        tell('claimed', rows.get(nameOf(id)) as Row, next.actor);
        return { ...look, lease: { id, executionId, attempt, isTakeover: false } };
      }
      row.attempt += 1;
      row.leaseUntil = leaseUntil;
      row.dedupe = dedupeFrom(next.dedupe, now());
      tell('taken-over', row, next.actor);
      return { ...look, lease: { id, executionId: row.executionId, attempt: row.attempt, isTakeover: true } };
    },

    async renew(leases, leaseMs) {
      return leases.filter((lease) => {
        const row = heldBy(lease);
        if (row) row.leaseUntil = now() + leaseMs;
        return row !== undefined;
      });
    },

    async complete(lease, { state, result, keepsDedupe, actor }) {
      const row = heldBy(lease);
      if (!row) {
        const there = rows.get(nameOf(lease.id));
        return there?.executionId === lease.executionId && there.attempt === lease.attempt && there.state === state;
      }
      Object.assign(row, { state, result, ...(!keepsDedupe && { dedupe: undefined }) });
      tell(state, row, actor);
      return true;
    },

    async release(lease, actor) {
      const row = heldBy(lease);
      if (!row) return;
      row.leaseUntil = now();
      tell('released', row, actor);
    },

    async steps({ id, executionId }) {
      const row = rows.get(nameOf(id));
      return new Map(row?.executionId === executionId ? row.steps : []);
    },

    async finishStep(lease, name, result) {
      const row = heldBy(lease);
      if (!row) return undefined;
      if (!row.steps.has(name)) row.steps.set(name, result);
      return { result: row.steps.get(name) ?? null };
    },

    async transactStep(lease, name, body) {
      const result = await body(tx as Tx);
      const row = heldBy(lease);
      row?.steps.set(name, result);
      return row !== undefined;
    },

    async abandon(id, { bornAt, retentionMs, actor }) {
      const row = rows.get(nameOf(id));
      if (row && !isFree(row) && !isInterrupted(row)) return { ...lookUp(id), abandoned: false };
      const executionId = row?.executionId ?? createKey();
      const tombstone = {
        operation: row?.operation ?? '',
        fingerprint: row?.fingerprint ?? '',
        executionId,
        bornAt,
        retentionMs,
      };
      tell('abandoned', write(id, tombstone as NewRecord, { state: 'abandoned', result: null, leaseUntil: 0 }), actor);
      return { ...lookUp(id), abandoned: true };
    },

    async settle(executionId, outcome) {
      for (const row of rows.values()) {
        if (row.executionId !== executionId || !row.dedupe || row.dedupe.until !== undefined) continue;
        row.dedupe = undefined;
        tell('settled', row, undefined, { outcome });
        return true;
      }
      return false;
    },

    async note(notes) {
      for (const note of notes) if (isAudited(note.kind, level)) events.push({ ...note, at: new Date(now()) });
    },

    async purge(limit, eventsMs) {
      const free = [...rows].filter(([, row]) => isFree(row)).slice(0, limit);
      for (const [name, row] of free) {
        rows.delete(name);
        tell('purged', row);
      }
      const old = events.findIndex(({ at }) => at.getTime() >= now() - eventsMs);
      const gone = events.splice(0, Math.min(limit, old === -1 ? events.length : old));
      return { records: free.length, events: gone.length };
    },
  };
}

function dedupeFrom(dedupe: Dedupe | undefined, now: number): Row['dedupe'] {
  return dedupe && { key: dedupe.key, until: dedupe.forMs === undefined ? undefined : now + dedupe.forMs };
}

/** The length delimits: no other scope and key give the same name. */
function nameOf({ scope, key }: RecordId): string {
  return `${scope.length}:${scope}${key}`;
}
