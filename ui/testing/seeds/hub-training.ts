import {
  type TrainingReproduction,
  type TrainingTriggers,
  trainingExecutors,
  trainingLog,
  trainingReproductions,
  trainingTriggerPolicy,
  trainingTriggers,
} from '../../contract/hub-api.ts'
import type { FakeRoute } from '../fake-service.ts'

const AT = '2026-11-20T08:00:00.000Z'
const NAMED = { model: 'chest-radiograph', finding: 'pneumonia' }

function decision(
  place: number,
  cause: 'labels' | 'schedule',
  outcome: 'fired' | 'too-few' | 'cooling-down',
): TrainingTriggers['decisions'][number] {
  const run = outcome === 'fired' ? '0b9ce1a4-1111-4222-8333-444455556666' : null
  const times = { firstAt: AT, lastAt: AT, looks: outcome === 'fired' ? 1 : 40 }
  return { ...NAMED, decision: place, cause, outcome, newLabels: 120 - place, reason: null, run, ...times }
}

/** This machine, and a cluster that nobody has; an MLflow server that does not answer. */
function executors() {
  return trainingExecutors.parse({
    executors: [
      { name: 'local', kind: 'local', proof: 'run-in-tests', target: 'this machine', training: 1 },
      {
        name: 'cluster',
        kind: 'kubernetes',
        proof: 'never-run-for-real',
        target: 'https://cluster.example',
        training: 0,
      },
    ],
    tracking: {
      ...{ url: 'https://mlflow.example', experiment: 'leadglass' },
      ...{ backlog: 3, told: 12, lastToldAt: AT, failure: 'unreachable' },
    },
  })
}

/** The routes of what starts runs, of logs and of runs that are done again; what is sent changes what is shown next. */
export function trainingRoutes(isEmpty: () => boolean): FakeRoute[] {
  const decisions = [
    decision(3, 'labels', 'too-few'),
    decision(2, 'schedule', 'cooling-down'),
    decision(1, 'labels', 'fired'),
  ]
  let policies: TrainingTriggers['policies'] = [
    {
      policy: { ...NAMED, labels: { atLeast: 100 }, schedule: { cron: '0 3 * * *' } },
      ...{ changedBy: 'mlops', changedAt: AT, lookedAt: AT },
      standing: decisions.slice(0, 2),
    },
  ]
  let reproductions: TrainingReproduction[] = []
  const state = (): TrainingTriggers =>
    trainingTriggers.parse(isEmpty() ? { policies: [], decisions: [] } : { policies, decisions })
  return [
    { method: 'GET', path: /^\/api\/training-triggers$/, answer: state },
    { method: 'GET', path: /^\/api\/training-executors$/, answer: executors },
    {
      method: 'POST',
      path: /^\/api\/training-triggers$/,
      answer: ({ body, account }) => {
        const policy = trainingTriggerPolicy.parse(body)
        const others = policies.filter((one) => one.policy.finding !== policy.finding)
        const standing = policies.find((one) => one.policy.finding === policy.finding)?.standing ?? []
        policies = [...others, { policy, changedBy: account, changedAt: AT, lookedAt: AT, standing }]
        return state()
      },
    },
    {
      method: 'GET',
      path: /^\/api\/training-runs\/([^/]+)\/log$/,
      answer: () => trainingLog.parse({ lines: [`${AT} dataset fixed: 138 rows of 238 envelopes`, `${AT} training`] }),
    },
    {
      method: 'GET',
      path: /^\/api\/training-runs\/([^/]+)\/reproductions$/,
      answer: () => trainingReproductions.parse({ reproductions }),
    },
    {
      method: 'POST',
      path: /^\/api\/training-runs\/([^/]+)\/reproductions$/,
      answer: ({ params: [run = ''] }) => {
        const parts = [{ part: 'head', recorded: 'aa', now: 'aa', isEqual: true }]
        const done = { reason: null, createdAt: AT, endedAt: AT }
        reproductions = [{ reproduction: 'again-1', run, state: 'equal', parts, ...done }]
        return trainingReproductions.parse({ reproductions })
      },
    },
  ]
}
