import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type AttributionView,
  type ExplanationSummary,
  explanationAnswer,
  explanationDetail,
  explanationList,
  type HeatPalette,
  type InstanceView,
  type ScoreView,
  type StudyDetail,
} from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button, SelectField } from '../../shared/controls.tsx'
import { DataTable } from '../../shared/data-table.tsx'
import { Digest } from '../../shared/digest.tsx'
import { wordsOf } from '../../shared/format.ts'
import { FailurePanel, FailureWords, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { modelWords } from '../score-rows.ts'
import { HeatMapPicture } from './heat-map.tsx'

/** Why a score is what it is: nothing is shown until a person asks for it. */
export function Explanations({ detail, hidden }: { readonly detail: StudyDetail; readonly hidden: boolean }) {
  const scores = detail.instances.flatMap((instance) => instance.scores.map((score) => ({ instance, score })))
  const [open, setOpen] = useState<string>()
  if (hidden || scores.length === 0) return null
  return (
    <section className="section" aria-labelledby="explanations">
      <h2 id="explanations">Why these scores</h2>
      <p className="small quiet">
        An explanation says what the model reacts to, not what is true. Not for diagnostic use. Opening one is in the
        audit log.
      </p>
      {scores.map(({ instance, score }) => {
        const key = `${instance.instance}/${score.model.digest}/${score.code}`
        const isOpen = open === key
        return (
          <div key={key} className="explained">
            <Button small aria-expanded={isOpen} onClick={() => setOpen(isOpen ? undefined : key)}>
              {isOpen ? 'Hide' : 'Explain'} {score.title}, image {instance.instance + 1}
            </Button>{' '}
            <span className="small quiet">{modelWords(score.model)}</span>
            {isOpen && <Explained study={detail.summary.study} instance={instance} score={score} />}
          </div>
        )
      })}
    </section>
  )
}

const METHODS = [
  { value: 'occlusion', label: 'heat map' },
  { value: 'attribution', label: 'contributions of features' },
] as const
type Method = (typeof METHODS)[number]['value']

function Explained({
  study,
  instance,
  score,
}: {
  readonly study: string
  readonly instance: InstanceView
  readonly score: ScoreView
}) {
  const [method, setMethod] = useState<Method>('occlusion')
  const path = `/api/studies/${encodeURIComponent(study)}/explanations`
  const list = useAnswer('explanations', path, explanationList, false)
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: () =>
      postJson(
        path,
        { instance: instance.instance, model: score.model.digest, code: score.code, method },
        explanationAnswer,
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['explanations'] }),
  })
  const found = list.data?.explanations.find(
    (one) =>
      one.state === 'current' &&
      one.instance === instance.instance &&
      one.code === score.code &&
      one.model.digest === score.model.digest &&
      (one.method === 'occlusion') === (method === 'occlusion'),
  )
  const refused = make.data?.explained === false ? make.data.reason : undefined
  return (
    <div className="panel framed">
      <SelectField
        label="How"
        options={METHODS}
        value={method}
        onChange={(event) => {
          setMethod(METHODS.find(({ value }) => value === event.currentTarget.value)?.value ?? 'occlusion')
          make.reset()
        }}
      />
      {list.error !== null && list.data === undefined ? (
        <FailurePanel error={list.error} />
      ) : found === undefined ? (
        <div>
          <Button main disabled={make.isPending || list.data === undefined} onClick={() => make.mutate()}>
            {make.isPending ? 'Working …' : 'Work it out'}
          </Button>{' '}
          <span className="small quiet" role="status">
            {make.isPending ? 'The model is run some hundred times, after live work.' : ''}
            {refused === undefined ? '' : `This model cannot be explained so: ${wordsOf(refused)}.`}
          </span>
          {make.error !== null && (
            <div role="alert">
              <FailureWords error={make.error} />
            </div>
          )}
        </div>
      ) : (
        <Shown study={study} summary={found} />
      )}
    </div>
  )
}

/** The page says which image, score and model it shows; what differs is refused by the service. */
function Shown({ study, summary }: { readonly study: string; readonly summary: ExplanationSummary }) {
  const { explanation, instance, frame, code, model, pixels } = summary
  const claims = new URLSearchParams({
    instance: String(instance),
    frame: String(frame),
    code,
    model: model.digest,
    pixels,
  })
  const path = `/api/studies/${encodeURIComponent(study)}/explanations/${explanation}?${claims.toString()}`
  const query = useAnswer('explanation', path, explanationDetail, false)
  const [palette, setPalette] = useState<HeatPalette>('cividis')
  const [percent, setPercent] = useState(25)
  const detail = query.data
  if (detail === undefined)
    return query.error === null ? <LoadingPanel what="the explanation" /> : <FailurePanel error={query.error} />
  return (
    <>
      {detail.content.method === 'occlusion' ? (
        <>
          <div className="toolbar">
            <SelectField
              label="Colours"
              options={[
                { value: 'cividis', label: 'cividis' },
                { value: 'viridis', label: 'viridis' },
              ]}
              value={palette}
              onChange={(event) => setPalette(event.currentTarget.value === 'viridis' ? 'viridis' : 'cividis')}
            />
            <label className="field">
              <span>Dark below {percent} % of the largest</span>
              <input
                type="range"
                min={0}
                max={95}
                step={5}
                value={percent}
                onChange={(event) => setPercent(Number(event.currentTarget.value))}
              />
            </label>
          </div>
          <HeatMapPicture detail={detail} map={detail.content} palette={palette} threshold={percent / 100} />
        </>
      ) : (
        <Contributions content={detail.content} />
      )}
      <p className="small">
        {modelWords(detail.model)} <Digest value={detail.model.digest} /> · image {instance + 1}, frame {frame + 1},
        pixels <Digest value={pixels} /> · score {detail.score.toFixed(3)} · explanation{' '}
        <Digest value={detail.digest} />. Not for diagnostic use.
      </p>
    </>
  )
}

const MOST_ROWS = 15

function Contributions({ content }: { readonly content: AttributionView }) {
  const ordered = content.contributions.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  const rest = ordered.slice(MOST_ROWS)
  const sum = rest.reduce((total, one) => total + one.contribution, 0)
  const others = rest.length === 0 ? [] : [{ feature: `${rest.length} others together`, contribution: sum }]
  return (
    <>
      <p className="small">
        From {content.expected.toFixed(3)} to {content.total.toFixed(3)}
        {content.link.length === 0 ? '' : ` before ${content.link.join(', ')}`}, exactly by these contributions (
        {content.method === 'linear' ? 'coefficient × distance from the mean' : 'TreeSHAP'}).
      </p>
      <DataTable
        caption="Contributions of features"
        rows={[...ordered.slice(0, MOST_ROWS), ...others]}
        rowKey={(row) => row.feature}
        empty={null}
        compact
        columns={[
          { heading: 'Feature', width: 20, cell: (row) => row.feature },
          { heading: 'Contribution', width: 10, cell: (row) => row.contribution.toFixed(4), numeric: true },
        ]}
      />
    </>
  )
}
