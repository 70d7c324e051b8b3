import { useEffect, useState } from 'react';

const read = () => new URLSearchParams(location.search).get('site');

/** The selected site lives in the address (`?site=alder`), so a view can be linked and the back button works. */
export function useSelectedSite(): [string | null, (id: string | null) => void] {
  const [site, setSite] = useState(read);
  useEffect(() => {
    const follow = () => setSite(read());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const select = (id: string | null) => {
    history.pushState(null, '', id ? `?site=${encodeURIComponent(id)}` : location.pathname);
    setSite(id);
  };
  return [site, select];
}
