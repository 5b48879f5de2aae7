import { type ComponentProps, useId } from 'react';

/** A labelled line of text. */
export function Field({ label, ...props }: { label: string } & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input
        id={id}
        className="min-h-10 w-full min-w-0 rounded-lg border border-line bg-surface px-3 py-1.5 placeholder:text-muted"
        {...props}
      />
    </div>
  );
}

/** A labelled choice. */
export function Choice(props: {
  label: string;
  value: string;
  options: Readonly<Record<string, string>>;
  onChange(value: string): void;
}) {
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium">
        {props.label}
      </label>
      <select
        id={id}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
        className="min-h-10 w-full min-w-0 rounded-lg border border-line bg-surface px-3 py-1.5"
      >
        {Object.entries(props.options).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
