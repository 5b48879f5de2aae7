import { useIdempotentMutation } from '@oncekey/react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FileUp } from 'lucide-react';
import { useId, useState } from 'react';
import { IntentAnswer } from '../intent/intent-answer.tsx';
import { usePersist } from '../session/person-context.ts';
import { useTRPC } from '../trpc.ts';
import { Button } from '../ui/button.tsx';
import { Choice } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { sampleFile } from './sample.ts';
import { MOST_MEGABYTES, type Upload, uploadFile } from './upload.ts';

const FIELDS = { name: 'Name', email: 'Mail address', city: 'City' } as const;
type Field = keyof typeof FIELDS;

/** A file, which of its columns is what, and the button that may be pressed as often as one likes. */
export function NewImport() {
  const id = useId();
  const upload = useMutation({ mutationFn: uploadFile });
  return (
    <Panel title="A new import">
      <div className="flex flex-wrap items-center gap-3">
        <label
          htmlFor={id}
          className="inline-flex min-h-10 cursor-pointer items-center gap-2 rounded-lg border border-line bg-surface px-4 py-1.5 font-medium focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent hover:border-muted"
        >
          <FileUp aria-hidden size={16} />
          Choose a CSV file
          <input
            id={id}
            type="file"
            accept=".csv,text/csv"
            className="sr-only"
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              if (file) upload.mutate(file);
            }}
          />
        </label>
        <Button onClick={() => upload.mutate(sampleFile(100_000))}>Take a sample of 100,000 rows</Button>
        <span className="text-sm text-muted">At most {MOST_MEGABYTES} MB.</span>
      </div>
      {upload.isPending && <p className="mt-4 text-muted">Reading it…</p>}
      {upload.isError && (
        <div className="mt-4" role="alert">
          <Notice tone="danger" title={upload.error.message} />
        </div>
      )}
      {upload.data && <MappedImport key={upload.data.hash} file={upload.data} />}
    </Panel>
  );
}

function MappedImport({ file }: { file: Upload }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const guess = (pattern: RegExp, place: number) =>
    file.columns.find((column) => pattern.test(column)) ?? file.columns[place] ?? file.columns[0] ?? '';
  const [mapping, setMapping] = useState<Record<Field, string>>({
    name: guess(/name/i, 0),
    email: guess(/mail/i, 1),
    city: guess(/city|town|ort|stadt/i, 2),
  });
  const [presses, setPresses] = useState(0);
  const start = useIdempotentMutation(trpc.imports.start, {
    persist: usePersist(),
    onSettled: () => queryClient.invalidateQueries(trpc.imports.pathFilter()),
  });
  const submit = () => {
    setPresses((before) => before + 1);
    start.mutate({ fileHash: file.hash, mapping });
  };
  const options = Object.fromEntries(file.columns.map((column) => [column, column]));
  return (
    <div className="mt-5 grid gap-4 border-t border-line pt-5">
      <p>
        <span className="font-medium">{file.name}</span>
        <span className="text-muted"> · {file.rows.toLocaleString('en')} rows</span>
      </p>
      <div className="grid gap-4 sm:grid-cols-3">
        {(Object.keys(FIELDS) as Field[]).map((field) => (
          <Choice
            key={field}
            label={FIELDS[field]}
            value={mapping[field]}
            options={options}
            onChange={(column) => {
              setPresses(0);
              setMapping((before) => ({ ...before, [field]: column }));
            }}
          />
        ))}
      </div>
      <p className="truncate text-sm text-muted">
        For example:{' '}
        {(Object.keys(FIELDS) as Field[])
          .map((field) => file.sample[0]?.[file.columns.indexOf(mapping[field])] ?? '')
          .join(' · ')}
      </p>
      <div>
        <Button kind="primary" onClick={submit}>
          Import
        </Button>
      </div>
      <IntentAnswer
        of={start}
        presses={presses}
        names={{
          succeeded: 'The import has begun.',
          replayed: 'Already in progress: this is the job that is there.',
          refused: 'It was not imported.',
        }}
        onSendAgain={submit}
      />
    </div>
  );
}
