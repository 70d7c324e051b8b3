import type { Dataset, ReleaseFile } from '@synspine/protocol';
import { useState } from 'react';
import type { Session } from '../session/session.ts';

/** Downloads carry the token in a header, so a file is fetched and then saved by the browser. */
export function Downloads({ session, dataset }: { session: Session; dataset: Dataset }) {
  const [problem, setProblem] = useState<string | null>(null);
  const download = async (file: ReleaseFile) => {
    setProblem(null);
    try {
      save(await fetchFile(session, dataset, file), `${dataset.siteId}-v${dataset.version}-${file.name}`);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <div>
      <h3>Files</h3>
      <ul className="files">
        {dataset.manifest.files.map((f) => (
          <li key={f.name}>
            <button type="button" className="link" onClick={() => download(f)}>
              Download {f.name}
            </button>
            <small>
              {' '}
              {(f.size / 1024).toFixed(0)} KiB, sha256 <code title={f.sha256}>{f.sha256.slice(0, 12)}…</code>
              {f.kind === 'generator' && ' (admins)'}
            </small>
          </li>
        ))}
      </ul>
      {problem && (
        <p role="alert" className="problem">
          {problem}
        </p>
      )}
    </div>
  );
}

async function fetchFile(session: Session, dataset: Dataset, file: ReleaseFile): Promise<Blob> {
  const params = { releaseId: dataset.id };
  const call = session.client.call;
  const response =
    file.kind === 'generator'
      ? await call('getGenerator', { params })
      : file.kind === 'grid'
        ? await call('getGrid', { params })
        : await call('getFile', { params: { ...params, name: file.name } });
  return response.blob();
}

function save(blob: Blob, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
