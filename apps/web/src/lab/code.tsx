import source from '../../../server/src/lab/router.ts?raw';
import type { RunConfig } from './config.ts';

const PROTECTED: Readonly<Record<RunConfig['effect'], string>> = {
  here: 'with',
  elsewhere: 'elsewhere',
  unasked: 'unasked',
};

/** The lines that differ between the lanes, as they run: read from the server's source when the page was built. */
export function Code({ effect }: { effect: RunConfig['effect'] }) {
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Excerpt title="Without oncekey" text={regionOf('without')} />
      <Excerpt title="With oncekey" text={regionOf(PROTECTED[effect])} />
    </div>
  );
}

function Excerpt({ title, text }: { title: string; text: string }) {
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1.5 text-sm font-semibold">{title}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, from the keyboard too */}
      <pre tabIndex={0} className="overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-[0.8125rem]/5">
        {text}
      </pre>
    </figure>
  );
}

function regionOf(name: string): string {
  const lines = source.split('\n');
  const from = lines.findIndex((line) => line.trim() === `// #region ${name}`);
  const to = lines.findIndex((line, index) => index > from && line.trim() === '// #endregion');
  return lines
    .slice(from + 1, to)
    .map((line) => line.replace(/^ {2}/, ''))
    .join('\n');
}
