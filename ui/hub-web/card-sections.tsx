import { type CardView, cardView, lineageView } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { EmptyPanel, FailurePanel, LoadingPanel } from '../shared/panels.tsx'
import { useAnswer } from '../shared/queries.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'
import { LineageFigure } from './lineage-figure.tsx'

/** How often the card is asked for again: it is filled from what sites send. */
const CARD_REFRESH_MS = 60_000

/** The source attributes, the risk and the lineage of a version, with the forms in which its card can be taken away. */
export function CardSections({ path, digest }: { readonly path: string; readonly digest: string }) {
  const card = useAnswer('models', `${path}/card`, cardView, CARD_REFRESH_MS)
  const lineage = useAnswer('models', `${path}/lineage`, lineageView, CARD_REFRESH_MS)
  return (
    <>
      <section className="section">
        <h2>Lineage</h2>
        {lineage.data === undefined ? (
          <Pending error={lineage.error} what="the lineage" />
        ) : (
          <LineageFigure graph={lineage.data} digest={digest} />
        )}
      </section>
      {card.data === undefined ? (
        <section className="section">
          <h2>Source attributes</h2>
          <Pending error={card.error} what="the card" />
        </section>
      ) : (
        <Card card={card.data} path={path} />
      )}
    </>
  )
}

function Pending({ error, what }: { readonly error: Error | null; readonly what: string }) {
  return error === null ? <LoadingPanel what={what} framed /> : <FailurePanel error={error} framed />
}

function Card({ card, path }: { readonly card: CardView; readonly path: string }) {
  return (
    <>
      <section className="section">
        <h2>Card completeness</h2>
        <p>
          <StateMark tone={card.complete ? 'good' : 'attention'}>{card.complete ? 'complete' : 'incomplete'}</StateMark>
          {card.complete ? ': it may be submitted.' : ': it cannot be submitted until these are filled.'}
        </p>
        {card.gaps.length > 0 && (
          <ul className="gaps">
            {card.gaps.map(({ field, title, reason }) => (
              <li key={`${field}/${title}`}>
                {title}: {reason.replaceAll('-', ' ')} ({field})
              </li>
            ))}
          </ul>
        )}
        <p className="small">
          Take it away as{' '}
          {FORMATS.map(({ format, name }, index) => (
            <span key={format}>
              {index > 0 && ', '}
              <a href={`${path}/card/${format}`} download>
                {name}
              </a>
            </span>
          ))}
          , or the{' '}
          <a href={`${path}/sbom`} download>
            bill of materials
          </a>
          .
        </p>
      </section>
      <section className="section">
        <h2>Risk</h2>
        <p>
          Class of the version (ISO 14971, highest residual risk):{' '}
          {card.riskClass === null ? (
            'no hazard declared'
          ) : (
            <StateMark tone={RISK_TONES[card.riskClass]}>{card.riskClass}</StateMark>
          )}
          . Weights: {card.weightsLicence ?? 'no licence declared'}.
        </p>
        <DataTable
          caption="Hazards"
          rows={card.hazards}
          rowKey={(row) => row.id}
          columns={HAZARD_COLUMNS}
          compact
          empty={<EmptyPanel title="No hazards." hint="A card without hazards cannot be submitted." />}
        />
      </section>
      {card.groups.map((group) => (
        <section className="section" key={group.title}>
          <h2>{group.title}</h2>
          <dl className="attributes">
            {group.attributes.map((one) => (
              <div key={one.clause}>
                <dt className="small quiet">
                  {one.clause} {one.title}
                  {one.origin === 'fleet' ? ' (from the fleet)' : ''}
                </dt>
                <dd>{one.text ?? 'Missing'}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  )
}

const FORMATS = [
  { format: 'pdf', name: 'PDF' },
  { format: 'json', name: 'JSON' },
  { format: 'xml', name: 'CHAI XML' },
  { format: 'fhir', name: 'FHIR' },
] as const

const RISK_TONES: Readonly<Record<NonNullable<CardView['riskClass']>, Tone>> = {
  low: 'good',
  medium: 'attention',
  high: 'refused',
}

const HAZARD_COLUMNS: readonly Column<CardView['hazards'][number]>[] = [
  { heading: 'Hazard', width: 16, cell: (row) => `${row.id} ${row.hazard}` },
  { heading: 'Harm', width: 14, cell: (row) => row.harm },
  { heading: 'Control', width: 22, cell: (row) => row.control },
  { heading: 'Severity', width: 8, cell: (row) => row.severity },
  { heading: 'Before', width: 6, cell: (row) => row.initialRisk },
  { heading: 'After', width: 6, cell: (row) => row.residualRisk },
]
