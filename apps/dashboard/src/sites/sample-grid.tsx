import type { Dataset } from '@synspine/protocol';
import { useQuery } from '@tanstack/react-query';
import type { Session } from '../session/session.ts';
import { QueryState } from '../ui/query-state.tsx';

/** The grid needs the token, so it is fetched and shown as an object URL. */
export function SampleGrid({ session, dataset }: { session: Session; dataset: Dataset }) {
  const query = useQuery({
    queryKey: ['grid', dataset.id],
    // a release never changes, so its object URL serves as long as the page
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    queryFn: async () =>
      URL.createObjectURL(
        await (await session.client.call('getGrid', { params: { releaseId: dataset.id } })).blob(),
      ),
  });
  const classes = dataset.manifest.classNames.join(', ');
  return (
    <QueryState query={query} session={session} what="the sample grid">
      {(src) => (
        <figure>
          <img className="grid" src={src} alt={`Synthetic films of ${dataset.siteName}`} />
          <figcaption>Synthetic films, one band of rows a class: {classes}</figcaption>
        </figure>
      )}
    </QueryState>
  );
}
