const PARTS = [
  {
    title: 'What happened',
    text: '“Send” checked for a conversation, the check timed out, the form opened all the same. People pressed again, and agencies had the same inquiry twice.',
  },
  {
    title: 'What protects it here',
    text: 'Each intent gets one key, kept through every retry. The server commits the key, the rows and the answer together. There is no unique constraint behind it.',
  },
  {
    title: 'Break it',
    text: 'Press Send twice. Lose the answer. Deliver every request two times. Reload in the middle. Then count the rows.',
  },
] as const;

/** The story of this page, told quietly. */
export function StoryStrip() {
  return (
    <dl className="grid gap-px overflow-hidden rounded-2xl border border-line bg-line md:grid-cols-3">
      {PARTS.map(({ title, text }) => (
        <div key={title} className="bg-sunken px-5 py-4">
          <dt className="text-sm font-semibold">{title}</dt>
          <dd className="mt-1 text-sm/5.5 text-muted">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
