import { useId } from 'react';
import { Choice } from '../ui/field.tsx';
import { LIMITS, PRESETS, type PresetName, type RunConfig } from './config.ts';

const LOSE = { nothing: 'Nothing', request: 'Each first request', answer: 'Each first answer' };
const KILL = {
  never: 'Never',
  before: 'Before the work',
  inside: 'In the middle of it',
  after: 'After the commit',
  frozen: 'Freeze it for 5 s instead',
};
const EFFECT = {
  here: 'In the same database',
  elsewhere: 'In another system that can be asked',
  unasked: 'In one that cannot: the limit',
};

/** Trouble is dialled, and the same for both lanes. */
export function Dials(props: {
  preset: PresetName | undefined;
  config: RunConfig;
  onPreset(preset: PresetName): void;
  onChange(change: Partial<RunConfig>): void;
}) {
  const { preset, config, onPreset, onChange } = props;
  return (
    <div className="grid gap-5">
      <fieldset>
        <legend className="sr-only">Stories</legend>
        <div className="flex flex-wrap gap-2">
          {(Object.keys(PRESETS) as PresetName[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={preset === name}
              onClick={() => onPreset(name)}
              className={`min-h-9 rounded-full border px-3.5 text-sm font-medium ${preset === name ? 'border-accent bg-accent-soft text-accent-strong' : 'border-line bg-surface hover:border-muted'}`}
            >
              {PRESETS[name].name}
            </button>
          ))}
        </div>
      </fieldset>
      <div className="grid gap-x-6 gap-y-3 sm:grid-cols-2 lg:grid-cols-4">
        <Dial
          label="Clicks"
          min={1}
          max={LIMITS.clicks}
          value={config.clicks}
          onChange={(clicks) => onChange({ clicks })}
        />
        <Dial
          label="Between clicks"
          unit="ms"
          max={LIMITS.gap}
          step={50}
          value={config.gap}
          onChange={(gap) => onChange({ gap })}
        />
        <Dial
          label="Delay, up to"
          unit="ms"
          max={LIMITS.delay}
          step={100}
          value={config.delay}
          onChange={(delay) => onChange({ delay })}
        />
        <Dial
          label="Offline for"
          unit="ms"
          max={LIMITS.offline}
          step={500}
          value={config.offline}
          onChange={(offline) => onChange({ offline })}
        />
        <Choice
          label="The network loses"
          value={config.lose}
          options={LOSE}
          onChange={(lose) => onChange({ lose: lose as RunConfig['lose'] })}
        />
        <Choice
          label="Kill the server"
          value={config.kill}
          options={KILL}
          onChange={(kill) => onChange({ kill: kill as RunConfig['kill'] })}
        />
        <Choice
          label="The effect lives"
          value={config.effect}
          options={EFFECT}
          onChange={(effect) => onChange({ effect: effect as RunConfig['effect'] })}
        />
        <label className="flex cursor-pointer items-center gap-3 self-end py-2">
          <input
            type="checkbox"
            checked={config.twice}
            onChange={(event) => onChange({ twice: event.target.checked })}
            className="size-4 accent-(--accent)"
          />
          <span className="font-medium">Deliver everything twice</span>
        </label>
      </div>
    </div>
  );
}

function Dial(props: {
  label: string;
  unit?: string;
  min?: number;
  max: number;
  step?: number;
  value: number;
  onChange(value: number): void;
}) {
  const id = useId();
  const { label, unit = '', min = 0, max, step = 1, value, onChange } = props;
  return (
    <div className="grid gap-1.5">
      <div className="flex justify-between gap-3">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <output htmlFor={id} className="text-muted">
          {value.toLocaleString('en')} {unit}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
        className="h-10 w-full accent-(--accent)"
      />
    </div>
  );
}
