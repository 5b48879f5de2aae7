import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './styles.css';
import { createClient, TRPCProvider } from './trpc.ts';

const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: 5_000, retry: 2 } } });
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

if (new URLSearchParams(location.search).has('devtools')) {
  void import('./devtools.tsx').then(({ showDevtools }) => showDevtools(queryClient));
}

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={createClient()} queryClient={queryClient}>
        <App />
      </TRPCProvider>
    </QueryClientProvider>
  </StrictMode>,
);
