import type { CandidateView, DeploymentList } from '../../contract/local-api.ts'
import { minutesAgo } from './common.ts'

const RUN = { runs: 412, errors: 0, timed: 412, p50Ms: 41.4, p95Ms: 64.6 }
const OUTPUT = {
  code: 'pneumonia',
  bothBelow: 371,
  championAbove: 3,
  candidateAbove: 4,
  bothAbove: 34,
  pairs: 412,
  championOnly: 0,
  candidateOnly: 0,
  agreement: 405 / 412,
  kappa: 0.898,
  psi: 0.012,
  ks: 0.021,
}

/** A version in the shadow, and a canary that was stopped. */
export function seedDeployments(): DeploymentList {
  const common = {
    name: 'chest-radiograph',
    digest: 'ab'.repeat(32),
    guardrails: {
      minimumRuns: 100,
      maximumErrorPermille: 20,
      maximumLatencyRatioMilli: 3000,
      minimumAgreementPermille: 900,
      maximumDriftMilli: 250,
    },
    champion: RUN,
    startedBy: 'operator',
  }
  const candidates: CandidateView[] = [
    {
      ...common,
      candidate: 2,
      version: '1.3.0',
      role: 'shadow',
      permille: 0,
      state: 'running',
      reason: null,
      verdict: 'holding',
      figures: RUN,
      outputs: [OUTPUT],
      waiting: 3,
      startedAt: minutesAgo(900),
      endedAt: null,
    },
    {
      ...common,
      candidate: 1,
      version: '1.2.1',
      role: 'canary',
      permille: 0,
      state: 'stopped',
      reason: 'error-rate 0.03 (limit 0.02)',
      verdict: 'broken',
      figures: { ...RUN, runs: 7, errors: 3, timed: 4 },
      outputs: [],
      waiting: 0,
      startedAt: minutesAgo(2000),
      endedAt: minutesAgo(1900),
    },
  ]
  const model = { name: 'chest-radiograph', champion: '1.1.0', ready: ['1.2.1', '1.3.0'], championPermille: 1000 }
  return { models: [{ ...model, newVersions: 'stage' }], candidates, alarms: 1, history: [] }
}
