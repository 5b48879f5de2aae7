import { onlineManager, type QueryClient } from '@tanstack/react-query';

/** Whether a mutation with these variables waits for the network. */
export function isOfflineWith(client: QueryClient, isOf: (variables: unknown) => boolean): boolean {
  if (onlineManager.isOnline()) return false;
  const mutations = client.getMutationCache().getAll();
  return mutations.some(({ state }) => state.isPaused && isOf(state.variables));
}
