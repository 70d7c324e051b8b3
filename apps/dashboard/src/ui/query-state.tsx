import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import type { Session } from '../session/session.ts';

type Props<T> = { query: UseQueryResult<T>; session: Session; what: string; children(data: T): ReactNode };

/** Loading, error and data of one query. A refused token ends the session. */
export function QueryState<T>({ query, session, what, children }: Props<T>) {
  const refused = (query.error as { status?: number } | null)?.status === 401;
  useEffect(() => {
    if (refused) session.refuse();
  });
  if (query.isPending)
    return (
      <p role="status" className="quiet">
        Loading {what}…
      </p>
    );
  if (query.isError)
    return (
      <p role="alert" className="problem">
        Could not load {what}: {query.error.message}{' '}
        <button type="button" onClick={() => query.refetch()}>
          Try again
        </button>
      </p>
    );
  return <>{children(query.data)}</>;
}
