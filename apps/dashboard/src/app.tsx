import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { Benchmark } from './benchmarks/benchmark.tsx';
import { createSession, forgetToken, keepToken, readToken } from './session/session.ts';
import { SignIn } from './session/sign-in.tsx';
import { DemonstrationBanner } from './sites/demonstration-banner.tsx';
import { SiteDetail } from './sites/site-detail.tsx';
import { SitesTable } from './sites/sites-table.tsx';
import { useSelectedSite } from './sites/use-selected-site.ts';

const REFUSED = 'This token is unknown, expired or revoked. Ask the registry’s admin for a new one.';

export function App() {
  const [token, setToken] = useState(readToken);
  const [problem, setProblem] = useState<string | null>(null);
  const start = (t: string) => {
    keepToken(t);
    setProblem(null);
    setToken(t);
  };
  const end = (why: string | null) => {
    forgetToken();
    setProblem(why);
    setToken(null);
  };
  if (!token) return <SignIn onToken={start} problem={problem} />;
  return <Dashboard token={token} onEnd={end} />;
}

/** All that one token may see. Its answers go with it: the next token neither sees them nor is ended by a refusal of this one. */
function Dashboard({ token, onEnd }: { token: string; onEnd(problem: string | null): void }) {
  const [queries] = useState(() => new QueryClient({ defaultOptions: { queries: { retry: 1 } } }));
  const [site, selectSite] = useSelectedSite();
  const session = createSession(token, () => onEnd(REFUSED));
  return (
    <QueryClientProvider client={queries}>
      <header>
        <h1>Synspine</h1>
        <p className="quiet">Synthetic spine radiographs by site. No real film leaves a hospital.</p>
        <a href="/docs">API</a>
        <button type="button" onClick={() => onEnd(null)}>
          Sign out
        </button>
      </header>
      <main>
        <DemonstrationBanner session={session} />
        <SitesTable session={session} selected={site} onSelect={selectSite} />
        {site && <SiteDetail session={session} siteId={site} />}
        <Benchmark session={session} />
      </main>
    </QueryClientProvider>
  );
}
