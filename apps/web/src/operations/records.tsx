import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '../trpc.ts';
import { Choice, Field } from '../ui/field.tsx';
import { shortKey, when } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';
import type { ChosenRecord } from './operations-page.tsx';

const STATES = {
  '': 'Any state',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  abandoned: 'Abandoned',
};
type State = 'running' | 'succeeded' | 'failed' | 'abandoned';

/** Filtered while one types: by key, operation or person. */
export function Records({
  chosen,
  onChoose,
}: {
  chosen: ChosenRecord | undefined;
  onChoose(record: ChosenRecord): void;
}) {
  const [text, setText] = useState('');
  const [state, setState] = useState('');
  const records = useQuery(
    useTRPC().operations.records.queryOptions(
      { text, ...(state && { state: state as State }) },
      { placeholderData: keepPreviousData, refetchInterval: 2_000 },
    ),
  );
  return (
    <Panel title="Records" aside={<span className="text-sm text-muted">{records.data?.length ?? 0} shown</span>}>
      <div className="mb-4 grid gap-4 sm:grid-cols-[2fr_1fr]">
        <Field
          label="Search"
          type="search"
          placeholder="Key, operation or person"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Choice label="State" value={state} options={STATES} onChange={setState} />
      </div>
      <QueryState query={records} lines={6} empty="No record fits.">
        {(list) => (
          <div className="max-h-96 overflow-auto">
            <table className="w-full text-left text-sm">
              <thead className="text-muted">
                <tr>
                  {['Key', 'Operation', 'Person', 'State', 'Since'].map((name) => (
                    <th key={name} scope="col" className="pr-3 pb-1.5 font-medium">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {list.map((record) => {
                  const isChosen = record.key === chosen?.key && record.scope === chosen.scope;
                  return (
                    <tr
                      key={`${record.scope} ${record.key}`}
                      className={`border-t border-line ${isChosen ? 'bg-accent-soft' : ''}`}
                    >
                      <td className="pr-3">
                        <button
                          type="button"
                          aria-pressed={isChosen}
                          onClick={() => onChoose({ scope: record.scope, key: record.key })}
                          className="min-h-9 whitespace-nowrap font-mono text-[0.8125rem] underline decoration-line underline-offset-4"
                        >
                          <span aria-hidden>{shortKey(record.key)}</span>
                          <span className="sr-only">The life of {record.key}</span>
                        </button>
                      </td>
                      <td className="pr-3">{record.operation}</td>
                      <td className="pr-3">{record.scope}</td>
                      <td className="pr-3">{record.state}</td>
                      <td className="whitespace-nowrap text-muted">{when(record.createdAt)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        )}
      </QueryState>
    </Panel>
  );
}
