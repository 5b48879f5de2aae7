/** One run of the lab, whole: the same one again does the same. It is what stands in the address. */
export interface RunConfig {
  readonly clicks: number;
  /** Between two clicks, in ms. */
  readonly gap: number;
  /** The longest delay of a request, in ms; each has its own, from the seed. */
  readonly delay: number;
  /** What is lost of the first attempt at every click. */
  readonly lose: 'nothing' | 'request' | 'answer';
  /** Each first attempt arrives twice at once. */
  readonly twice: boolean;
  /** For so long from the start nothing gets through, in ms. */
  readonly offline: number;
  /** Where in the life of the first request the server is killed; or a second one is frozen in the middle of it for a while. */
  readonly kill: 'never' | 'before' | 'inside' | 'after' | 'frozen';
  /** Where the effect lives. */
  readonly effect: 'here' | 'elsewhere' | 'unasked';
  readonly seed: number;
}

const CALM: RunConfig = {
  clicks: 1,
  gap: 150,
  delay: 0,
  lose: 'nothing',
  twice: false,
  offline: 0,
  kill: 'never',
  effect: 'here',
  seed: 7,
};

export const PRESETS = {
  'double-click': { name: 'Impatient double click', config: { ...CALM, clicks: 2, delay: 600 } },
  'lost-answer': { name: 'Lost answer', config: { ...CALM, lose: 'answer' } },
  'lost-request': { name: 'Lost request', config: { ...CALM, lose: 'request' } },
  'crash-after-commit': { name: 'Crash after commit', config: { ...CALM, kill: 'after' } },
  'train-ride': { name: 'Offline train ride', config: { ...CALM, clicks: 4, gap: 500, offline: 3_000 } },
  storm: { name: 'A storm of 100', config: { ...CALM, clicks: 100, gap: 0, delay: 300, twice: true } },
  takeover: { name: 'Taken over', config: { ...CALM, clicks: 2, gap: 100, effect: 'elsewhere', kill: 'inside' } },
  frozen: {
    name: 'Late completion',
    config: { ...CALM, clicks: 2, gap: 1_500, effect: 'elsewhere', kill: 'frozen' },
  },
  limit: { name: 'The limit', config: { ...CALM, effect: 'unasked', kill: 'inside' } },
} as const satisfies Record<string, { name: string; config: RunConfig }>;

export type PresetName = keyof typeof PRESETS;

export const LIMITS = { clicks: 500, gap: 2_000, delay: 5_000, offline: 10_000, seed: 9_999 } as const;
const CHOICES = {
  lose: ['nothing', 'request', 'answer'],
  kill: ['never', 'before', 'inside', 'after', 'frozen'],
  effect: ['here', 'elsewhere', 'unasked'],
} as const;

/** From an address, as far as it makes sense: a preset, and what differs from it. */
export function readConfig(search: string): { readonly preset: PresetName | undefined; readonly config: RunConfig } {
  const params = new URLSearchParams(search);
  const named = params.get('preset') ?? (search === '' ? 'double-click' : '');
  const preset = named in PRESETS ? (named as PresetName) : undefined;
  const base: RunConfig = preset ? PRESETS[preset].config : CALM;
  const number = (name: keyof typeof LIMITS) => {
    const value = Number(params.get(name) ?? base[name]);
    return Number.isInteger(value) && value >= (name === 'clicks' ? 1 : 0) && value <= LIMITS[name]
      ? value
      : base[name];
  };
  const choice = <Name extends keyof typeof CHOICES>(name: Name) =>
    (CHOICES[name].find((each) => each === params.get(name)) ?? base[name]) as RunConfig[Name];
  const config: RunConfig = {
    clicks: number('clicks'),
    gap: number('gap'),
    delay: number('delay'),
    offline: number('offline'),
    seed: number('seed'),
    lose: choice('lose'),
    kill: choice('kill'),
    effect: choice('effect'),
    twice: params.has('twice') ? params.get('twice') === 'true' : base.twice,
  };
  return { preset, config };
}

/** The shortest address of a run. */
export function writeConfig(preset: PresetName | undefined, config: RunConfig): string {
  const base: RunConfig = preset ? PRESETS[preset].config : CALM;
  const params = new URLSearchParams(preset ? { preset } : { clicks: String(config.clicks) });
  for (const [name, value] of Object.entries(config)) {
    if (value !== base[name as keyof RunConfig]) params.set(name, String(value));
  }
  return `?${params}`;
}
