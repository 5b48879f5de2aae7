import { useQuery } from '@tanstack/react-query';
import { MessageSquarePlus } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { Composer } from './composer.tsx';

/** Whom one can write to; the composer opens under the agency. */
export function Agencies() {
  const agencies = useQuery(useTRPC().agencies.list.queryOptions());
  const [openId, setOpenId] = useState<string | null>(null);
  const openers = useRef(new Map<string, HTMLButtonElement>());

  const close = (id: string) => {
    setOpenId(null);
    openers.current.get(id)?.focus();
  };

  return (
    <Panel title="Agencies">
      <QueryState query={agencies} lines={5} empty="There are no agencies.">
        {(list) => (
          <ul className="-my-3 divide-y divide-line">
            {list.map((agency) => (
              <li key={agency.id} className="py-3.5">
                <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
                  <div className="min-w-0 flex-1 basis-52">
                    <h3 className="font-medium">
                      {agency.name} <span className="font-normal text-muted">· {agency.city}</span>
                    </h3>
                    <p className="text-sm text-muted">{agency.about}</p>
                  </div>
                  <Button
                    ref={(button) => {
                      if (button) openers.current.set(agency.id, button);
                    }}
                    aria-expanded={openId === agency.id}
                    aria-label={`Send message to ${agency.name}`}
                    onClick={() => setOpenId(openId === agency.id ? null : agency.id)}
                  >
                    <MessageSquarePlus aria-hidden size={17} />
                    Send message
                  </Button>
                </div>
                {openId === agency.id && <Composer agency={agency} onClose={() => close(agency.id)} />}
              </li>
            ))}
          </ul>
        )}
      </QueryState>
    </Panel>
  );
}
