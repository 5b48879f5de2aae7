import type { QueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { IntentsPanel } from './intents-panel.tsx';
import { IntentRecorder } from './recorder.ts';

export interface OncekeyDevtoolsPlugin {
  readonly id: string;
  readonly name: string;
  readonly render: (element: HTMLElement, props: { readonly theme: 'light' | 'dark' }) => ReactElement;
}

/**
 * A plugin for TanStack Devtools: the intents of the page, their keys, every attempt and its answer, and what can be done
 * about them. It listens from when it is made, so make it once, where the QueryClient is made.
 *
 * @example
 * const plugins = [oncekeyDevtools(queryClient)];
 * <TanStackDevtools plugins={plugins} />
 */
export function oncekeyDevtools(client: QueryClient): OncekeyDevtoolsPlugin {
  const recorder = new IntentRecorder(client);
  return {
    id: 'oncekey',
    name: 'oncekey',
    render: (_, { theme }) => <IntentsPanel recorder={recorder} theme={theme} />,
  };
}

export { IntentsPanel, type IntentsPanelProps } from './intents-panel.tsx';
export { type Attempt, type AttemptEnd, IntentRecorder, type RecordedIntent } from './recorder.ts';
