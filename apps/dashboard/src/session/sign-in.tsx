import { type FormEvent, useState } from 'react';

/** Asks for the access token that an admin gave. */
export function SignIn({ onToken, problem }: { onToken(token: string): void; problem: string | null }) {
  const [token, setToken] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) onToken(token.trim());
  };
  return (
    <main className="narrow">
      <h1>Synspine</h1>
      <form onSubmit={submit}>
        <label htmlFor="token">Access token</label>
        <input
          id="token"
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={(e) => setToken(e.target.value)}
        />
        <button type="submit">Open the dashboard</button>
      </form>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
      <p className="quiet">
        An admin of this registry makes one with <code>synspine-registry grant</code>.
      </p>
    </main>
  );
}
