import { DEMONSTRATION_WARNING, isDemonstration } from '@synspine/audit-rules';
import { useQuery } from '@tanstack/react-query';
import type { Session } from '../session/session.ts';

/** Stands above every section while a site's newest release was audited by a demonstration policy. */
export function DemonstrationBanner({ session }: { session: Session }) {
  const { data } = useQuery({
    queryKey: ['sites'],
    queryFn: () => session.client.call('listSites', {}),
  });
  const isShown = data?.sites.some(({ latest }) => latest && isDemonstration(latest.manifest.audit));
  if (!isShown) return null;
  return (
    <p className="banner" role="note">
      Releases here were audited by a {DEMONSTRATION_WARNING}.
    </p>
  );
}
