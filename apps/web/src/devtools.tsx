import { oncekeyDevtools } from '@oncekey/devtools';
import { TanStackDevtools } from '@tanstack/react-devtools';
import type { QueryClient } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';

/** `?devtools` in the address shows them: a chunk of its own, which nobody else loads. */
export function showDevtools(queryClient: QueryClient): void {
  const element = document.body.appendChild(document.createElement('div'));
  createRoot(element).render(<TanStackDevtools plugins={[oncekeyDevtools(queryClient)]} />);
}
