import type { Dataset } from '@synspine/protocol';
import { useQuery } from '@tanstack/react-query';
import type { Session } from '../session/session.ts';
import { AuditOutcome, TestOutcome } from '../ui/audit-state.tsx';
import { Figure, format, ScoreCell } from '../ui/figures.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { Downloads } from './downloads.tsx';
import { SampleGrid } from './sample-grid.tsx';
import { TrainingCurve } from './training-curve.tsx';

/** A site's latest release: grid, figures by class, every audit test, and what can be downloaded. */
export function SiteDetail({ session, siteId }: { session: Session; siteId: string }) {
  const query = useQuery({
    queryKey: ['datasets', siteId],
    queryFn: () => session.client.call('listDatasets', { query: { site: siteId, latest: 'true' } }),
  });
  return (
    <section aria-labelledby="site-detail">
      <h2 id="site-detail">Latest release of {siteId}</h2>
      <QueryState query={query} session={session} what="the release">
        {({ datasets }) =>
          datasets[0] ? (
            <Release session={session} dataset={datasets[0]} />
          ) : (
            <p>Nothing released yet: a rejected run stays at its site.</p>
          )
        }
      </QueryState>
    </section>
  );
}

function Release({ session, dataset }: { session: Session; dataset: Dataset }) {
  const { manifest } = dataset;
  const { films, patients } = manifest.training;
  return (
    <>
      <p>
        Version {dataset.version}, {manifest.imageSize} px, {manifest.training.loss}, trained on {films.train}{' '}
        films of {patients.train} patients, measured on {films.heldOut} held-out films of {patients.heldOut}{' '}
        patients; {manifest.synthetic.imagesPerClass.reduce((a, b) => a + b, 0)} synthetic images
        {describeFilters(manifest)}.
      </p>
      <div className="columns">
        <SampleGrid session={session} dataset={dataset} />
        <Downloads session={session} dataset={dataset} />
      </div>
      <AuditTable dataset={dataset} />
      <QualityTable dataset={dataset} />
      {manifest.trainingCurve && <TrainingCurve curve={manifest.trainingCurve} />}
    </>
  );
}

/** How much the site's filters rejected, over all classes. */
function describeFilters({ synthetic: { candidates } }: Dataset['manifest']): string {
  if (!candidates) return '';
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
  const drawn = sum(candidates.classes.map((of) => of.drawn));
  const rejected = sum(candidates.classes.flatMap(({ rejections }) => rejections.map(({ count }) => count)));
  return `, chosen by filters that rejected ${rejected} of ${drawn}`;
}

function AuditTable({ dataset }: { dataset: Dataset }) {
  const { audit } = dataset.manifest;
  return (
    <>
      <h3>
        Privacy audit: <AuditOutcome audit={audit} />
      </h3>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Test</th>
              <th scope="col" className="number">
                Statistic <small>95 % CI</small>
              </th>
              <th scope="col" className="number">
                Limit
              </th>
              <th scope="col" className="number">
                Patients
              </th>
              <th scope="col">Verdict</th>
              <th scope="col" className="number">
                Would take
              </th>
            </tr>
          </thead>
          <tbody>
            {audit.tests.map((t) => (
              <tr key={t.id + t.name}>
                <th scope="row">
                  {t.id} {t.name}
                </th>
                <td className="number">
                  <Figure value={t.statistic} ciLow={t.ciLow} ciHigh={t.ciHigh} />
                </td>
                <td className="number">{format(t.limit)}</td>
                <td className="number">{t.patients}</td>
                <td>
                  <TestOutcome test={t} audit={audit} />
                </td>
                <td className="number">{t.patientsNeeded ? `${t.patientsNeeded} patients` : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function QualityTable({ dataset }: { dataset: Dataset }) {
  return (
    <>
      <h3>Quality against held-out patients</h3>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Protocol</th>
              <th scope="col">Class</th>
              <th scope="col" className="number">
                Value <small>95 % CI</small>
              </th>
              <th scope="col" className="number">
                n
              </th>
            </tr>
          </thead>
          <tbody>
            {dataset.manifest.quality.scores.map((s) => (
              <tr key={s.protocol + s.stratum}>
                <th scope="row">
                  <code>{s.protocol}</code>
                </th>
                <td>{s.stratum}</td>
                <ScoreCell score={s} />
                <td className="number">{s.n}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
