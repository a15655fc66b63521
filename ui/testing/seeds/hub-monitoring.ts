import { fairnessList, monitoringAlertList, performanceList } from '../../contract/hub-api.ts'
import type { FakeRoute } from '../fake-service.ts'

const AT = '2026-11-20T08:00:00Z'
const MODEL = { name: 'chest-radiograph', version: '1.1.0', digest: 'ab'.repeat(32) }
const METRICS = ['roc-auc', 'average-precision', 'f1', 'precision', 'recall', 'specificity', 'accuracy'] as const

function seedPerformance() {
  const figures = METRICS.map((metric, place) => {
    const value = 0.9 - place / 50
    const band = { samplingError: 0.02, low: value - 0.06, high: value + 0.06 }
    return { metric, value, ...band, lowerLimit: 0.8, upperLimit: 0.97, beyond: value < 0.8 }
  })
  const confusion = { truePositive: 80.5, falsePositive: 40.25, trueNegative: 350, falseNegative: 29.25 }
  const realised = {
    n: 120,
    coverage: 0.24,
    figures: METRICS.map((metric) => ({ metric, value: 0.871, expected: 0.884, below: false })),
    medianDelayDays: 3.5,
    aboveShare: { labelled: 0.41, all: 0.24 },
  }
  const chunk = {
    key: '1-500',
    from: AT,
    to: AT,
    n: 500,
    unusable: 0,
    judged: true,
    ofReference: false,
    outsideSupport: 0.012,
    confusion,
    figures,
    realised,
  }
  const reference = {
    source: 'site-labels',
    cases: 300,
    positives: 88,
    until: AT,
    digest: 'cd'.repeat(32),
    madeAt: AT,
    madeBy: 'hub',
    calibration: 'isotonic',
    support: { low: 0.01, high: 0.99 },
  }
  const labels = { studies: 140, used: 120, excluded: { unblinded: 20 } }
  const chunkings = [{ chunking: 'count', size: 500, limitsFrom: 'sampling-error', older: 0, chunks: [chunk] }]
  const base = { model: MODEL, finding: 'pneumonia', studies: 500, labels, counts: [], computedAt: AT }
  return performanceList.parse({
    views: [
      { ...base, device: 'site-a-box-1', state: 'estimated', reference, chunkings },
      { ...base, device: '*', finding: 'effusion', state: 'no-reference', reference: null, chunkings: [] },
    ],
  })
}

function seedFairness() {
  const group = (name: string, sensitivity: number) => ({
    group: name,
    n: 240,
    patients: 230,
    compared: true,
    calibrationSlope: 0.93,
    figures: [
      { metric: 'true-positive-rate', value: sensitivity, low: sensitivity - 0.06, high: sensitivity + 0.06 },
      { metric: 'roc-auc', value: 0.9, low: 0.86, high: 0.94 },
    ],
  })
  const dimension = {
    dimension: 'sex',
    withheld: 1,
    n: 480,
    overall: [{ metric: 'true-positive-rate', value: 0.8 }],
    groups: [group('F', 0.91), group('M', 0.68)],
    disparities: [
      { measure: 'equal-opportunity-difference', value: 0.23, low: 0.12, high: 0.34, limit: 0.1, verdict: 'beyond' },
      { measure: 'roc-auc-gap', value: 0.02, low: 0, high: 0.07, limit: 0.1, verdict: 'within' },
    ],
  }
  const base = { model: MODEL, finding: 'pneumonia', state: 'assessed', labelled: 480, unusable: 0, computedAt: AT }
  return fairnessList.parse({ views: [{ ...base, dimensions: [dimension] }] })
}

function seedAlerts(about: 'performance' | 'fairness') {
  const told = { raisedAt: AT, lastAt: AT, settledAt: null, settledBy: null, reason: null }
  const base = { model: MODEL, finding: 'pneumonia', ...told }
  const performance = { device: 'site-a-box-1', what: 'estimated-performance', detail: ['recall.estimated-below'] }
  const fairness = { device: '*', what: 'sex', detail: ['equal-opportunity-difference 0.23 (0.12 to 0.34)'] }
  const alert = '00000000-0000-4000-8000-000000000001'
  const priority = about === 'performance' ? 'P2' : 'P1'
  return monitoringAlertList.parse({
    alerts: [{ alert, priority, ...base, ...(about === 'performance' ? performance : fairness) }],
  })
}

/** The routes of performance and fairness. */
export function monitoringRoutes(isEmpty: () => boolean): FakeRoute[] {
  const get = (path: RegExp, answer: () => unknown): FakeRoute => ({ method: 'GET', path, answer })
  return [
    get(/^\/api\/performance$/, () => (isEmpty() ? { views: [] } : seedPerformance())),
    get(/^\/api\/fairness$/, () => (isEmpty() ? { views: [] } : seedFairness())),
    get(/^\/api\/performance\/alerts$/, () => (isEmpty() ? { alerts: [] } : seedAlerts('performance'))),
    get(/^\/api\/fairness\/alerts$/, () => (isEmpty() ? { alerts: [] } : seedAlerts('fairness'))),
  ]
}
