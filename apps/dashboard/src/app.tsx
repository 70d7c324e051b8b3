import { useState } from 'react';
import { Benchmark } from './benchmarks/benchmark.tsx';
import { createSession, forgetToken, keepToken, readToken } from './session/session.ts';
import { SignIn } from './session/sign-in.tsx';
import { SiteDetail } from './sites/site-detail.tsx';
import { SitesTable } from './sites/sites-table.tsx';
import { useSelectedSite } from './sites/use-selected-site.ts';

export function App() {
  const [token, setToken] = useState(readToken);
  const [problem, setProblem] = useState<string | null>(null);
  const [site, selectSite] = useSelectedSite();
  if (!token) {
    const start = (t: string) => {
      keepToken(t);
      setProblem(null);
      setToken(t);
    };
    return <SignIn onToken={start} problem={problem} />;
  }
  const session = createSession(token, () => {
    forgetToken();
    setProblem('This token is unknown, expired or revoked. Ask the registry’s admin for a new one.');
    setToken(null);
  });
  return (
    <>
      <header>
        <h1>Synspine</h1>
        <p className="quiet">Synthetic spine radiographs by site. No real film leaves a hospital.</p>
        <a href="/docs">API</a>
        <button type="button" onClick={session.end}>
          Sign out
        </button>
      </header>
      <main>
        <SitesTable session={session} selected={site} onSelect={selectSite} />
        {site && <SiteDetail session={session} siteId={site} />}
        <Benchmark session={session} />
      </main>
    </>
  );
}
