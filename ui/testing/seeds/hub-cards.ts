import type { CardView, LineageView, VersionComparison } from '../../contract/hub-api.ts'
import { CHEST, CHEST_BEFORE, hex } from './common.ts'
import { METRICS, seedVersions } from './hub-registry.ts'

const figures = METRICS.map((metric) => ({ ...metric, interval: 'DeLong 95 %', subgroup: null }))

/** A card that is complete but for one field, and that the fleet has filled in part. */
export function seedCard(name: string, version: string): CardView | undefined {
  if (!seedVersions().some(({ model }) => model.name === name && model.version === version)) return undefined
  const attribute = (
    clause: string,
    title: string,
    text: string | null,
    origin: 'declared' | 'fleet' = 'declared',
  ) => ({
    clause,
    title,
    text,
    assessed: text !== null,
    origin,
  })
  return {
    schema: 'leadglass.card-document/1',
    statement: 'Research only, not for diagnosis.',
    summary: 'Scores frontal chest radiographs.',
    complete: false,
    gaps: [{ field: 'declaration.funding', title: 'HTI-1 (1)(ii) Funding source', reason: 'missing' }],
    riskClass: 'medium',
    weightsLicence: 'Apache-2.0',
    hazards: [
      {
        id: 'H-1',
        hazard: 'A finding is missed',
        harm: 'Treatment is delayed',
        control: 'Statement on every result',
        severity: 'critical',
        residualProbability: 'improbable',
        initialRisk: 'high',
        residualRisk: 'medium',
      },
    ],
    groups: [
      {
        title: 'Details and output',
        attributes: [
          attribute('(1)(i)', 'Name and contact of the developer', 'The developers'),
          attribute('(1)(ii)', 'Funding source', null),
        ],
      },
      {
        title: 'Ongoing maintenance and monitoring',
        attributes: [
          attribute('(8)(ii)', 'Validity in local data', 'pneumonia, all: n 12, too few for an estimate', 'fleet'),
        ],
      },
    ],
    figures,
  }
}

export function seedLineage(name: string, version: string): LineageView | undefined {
  const found = seedVersions().find(({ model }) => model.name === name && model.version === version)
  if (found === undefined) return undefined
  const self = found.model.digest
  const dataset = `dataset:${hex('dataset', 64)}`
  return {
    nodes: [
      { id: self, kind: 'version', label: `${name} ${version}`, detail: `by ${found.author}` },
      { id: 'parent', kind: 'version', label: 'chest-radiograph 1.0.0', detail: 'by leadglass' },
      { id: dataset, kind: 'dataset', label: 'patient-grouped split', detail: '412 rows of 380 patients' },
      { id: 'site:site-a', kind: 'site', label: 'site-a', detail: '412 labelled rows' },
      { id: 'code', kind: 'code', label: 'hub.training', detail: hex('code', 64) },
    ],
    edges: [
      { from: 'parent', to: self, relation: 'trained-from' },
      { from: dataset, to: self, relation: 'trained-on' },
      { from: 'site:site-a', to: dataset, relation: 'labelled-at' },
      { from: 'code', to: self, relation: 'trained-by' },
    ],
  }
}

export function seedComparison(): VersionComparison {
  const bounds = ({ value, low, high, cases }: (typeof METRICS)[number]) => ({ value, low, high, cases })
  return {
    first: CHEST_BEFORE,
    second: CHEST,
    figures: METRICS.map((metric) => ({
      name: metric.name,
      split: metric.split,
      subgroup: metric.name.includes(' within ') ? metric.name : null,
      first: bounds(metric),
      second: { ...bounds(metric), value: metric.value + 0.01 },
      difference: 0.01,
      overlap: metric.low === null ? null : true,
    })),
    parameters: [{ path: 'seed', first: '1', second: '2' }],
    card: [{ path: 'version', first: '1.0.0', second: '1.1.0' }],
  }
}
