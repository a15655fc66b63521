import '../../shared/no-eval.ts'
import { Link } from '@tanstack/react-router'
import { type VersionDetail, versionDetail } from '../../contract/hub-api.ts'
import { Digest } from '../../shared/digest.tsx'
import { type Fact, Facts } from '../../shared/facts.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { CardSections } from '../card-sections.tsx'
import { EvaluationPanel } from '../evaluation-panel.tsx'
import { VersionMark } from '../marks.tsx'
import { MetricTable } from '../metric-table.tsx'
import { ModelCard } from '../model-card.tsx'
import { SignatureTable } from '../signature-table.tsx'
import { signoffsOf } from '../signoffs.ts'

/** One version: what it is for, how it was made, how good it is, and who signed it. */
export function VersionPage({ name, version }: { readonly name: string; readonly version: string }) {
  const path = `/api/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`
  const query = useAnswer('models', path, versionDetail)
  const detail = query.data
  return (
    <>
      <PageHead
        name={`${name} ${version}`}
        question="What is this version for, how was it made, how good is it, and who stands for it?"
        queries={[query]}
      />
      {query.error !== null && detail === undefined ? (
        <FailurePanel error={query.error} framed />
      ) : (
        <div className="sections">
          <Facts facts={versionFacts(detail)} />
          {detail === undefined ? <LoadingPanel what="the version" framed /> : <Sections detail={detail} path={path} />}
        </div>
      )}
    </>
  )
}

function Sections({ detail, path }: { readonly detail: VersionDetail; readonly path: string }) {
  return (
    <>
      <section className="section">
        <h2>Intended use</h2>
        <p>{detail.intendedUse}</p>
      </section>
      <section className="section">
        <h2>Figures</h2>
        <MetricTable metrics={detail.metrics} />
      </section>
      <section className="section">
        <h2>Signatures</h2>
        <SignatureTable signoffs={signoffsOf({ signoffs: [], signatures: detail.signatures })} open={false} />
        {detail.approval !== null && (
          <p className="small">
            <Link to="/approvals">Who was asked to sign</Link>
          </p>
        )}
      </section>
      <p className="small">
        <Link to="/models/$name/comparison" params={{ name: detail.summary.model.name }}>
          Compare with another version
        </Link>
      </p>
      <ModelCard card={detail.card} />
      <CardSections path={path} digest={detail.summary.model.digest} />
      <EvaluationPanel path={`${path}/evaluation`} gates />
    </>
  )
}

function versionFacts(detail: VersionDetail | undefined): Fact[] {
  const fact = (name: string, value: (known: VersionDetail) => Fact['value']): Fact => ({
    name,
    value: detail === undefined ? undefined : value(detail),
  })
  return [
    fact('State', ({ summary }) => <VersionMark state={summary.state} />),
    fact('Active on', ({ summary }) => `${summary.activeOn} ${summary.activeOn === 1 ? 'device' : 'devices'}`),
    fact('Release', ({ summary }) => summary.releaseCounter),
    fact('Author', ({ summary }) => summary.author),
    fact('Created', ({ summary }) => formatInstant(summary.createdAt)),
    fact('Trained by', ({ lineage }) => lineage.trainedBy),
    { ...fact('Split', ({ lineage }) => lineage.split), wide: true },
    { ...fact('Data', ({ lineage }) => lineage.dataset), wide: true },
    fact('Made from', ({ lineage }) => (lineage.parent === null ? 'no parent' : <Digest value={lineage.parent} />)),
    fact('Digest', ({ summary }) => <Digest value={summary.model.digest} />),
  ]
}
