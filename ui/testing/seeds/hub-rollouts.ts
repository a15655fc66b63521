import { type RolloutDetail, recallList, rolloutCommand, rolloutList, rolloutView } from '../../contract/hub-api.ts'
import { FakeFailure, type FakeRoute } from '../fake-service.ts'

const AT = '2026-11-20T08:00:00.000Z'
const DIGEST = 'c3'.repeat(32)

function site(device: string, ring: number, progress: RolloutDetail['sites'][number]['progress']) {
  const isUsed = progress === 'in-use'
  const runs = isUsed ? 240 : 0
  return {
    device,
    ring,
    progress,
    runs,
    errors: isUsed ? 1 : 0,
    notScored: isUsed ? 12 : 0,
    driftAlarms: 0,
    lastReportAt: progress === 'not-assigned' ? null : AT,
  }
}

const RULES = {
  maximumErrorPermille: 20,
  maximumNotScoredPermille: 500,
  maximumRollbacks: 0,
  maximumDriftAlarms: 0,
  reportWithinHours: 72,
  soakHours: 24,
}

/** One rollout that runs, and one that a stop rule ended. */
export function seedRollouts(): RolloutDetail[] {
  const common = { rings: 3, ringSince: AT, author: 'mlops-1', createdAt: AT, rules: RULES }
  return [
    {
      ...common,
      rollout: 2,
      model: { name: 'chest-radiograph', version: '1.3.0', digest: DIGEST },
      state: 'running',
      ring: 1,
      settledSince: AT,
      reason: null,
      sites: [
        site('site-a-box-1', 1, 'in-use'),
        site('site-b-box-1', 2, 'not-assigned'),
        site('site-c-box-1', 3, 'not-assigned'),
      ],
      history: [{ what: 'begun', reason: null, by: 'mlops-1', at: AT }],
    },
    {
      ...common,
      rollout: 1,
      model: { name: 'chest-radiograph', version: '1.2.0', digest: 'd4'.repeat(32) },
      state: 'halted',
      ring: 1,
      settledSince: null,
      reason: 'taken back or stopped at 1 site(s)',
      sites: [site('site-a-box-1', 1, 'taken-back'), site('site-b-box-1', 2, 'not-assigned')],
      history: [
        { what: 'halted', reason: 'taken back or stopped at 1 site(s)', by: 'rollout', at: AT },
        { what: 'begun', reason: null, by: 'mlops-1', at: AT },
      ],
    },
  ]
}

/** The routes of rollouts and recalls; a command changes what is shown next. */
export function rolloutRoutes(isEmpty: () => boolean): FakeRoute[] {
  let rollouts = seedRollouts()
  return [
    {
      method: 'GET',
      path: /^\/api\/rollouts$/,
      answer: () => rolloutList.parse({ rollouts: isEmpty() ? [] : rollouts }),
    },
    {
      method: 'POST',
      path: /^\/api\/rollouts\/(\d+)\/command$/,
      answer: ({ params, body, account }) => {
        const { kind, reason } = rolloutCommand.parse(body)
        const id = Number(params[0])
        const state = kind === 'pause' ? 'paused' : kind === 'resume' ? 'running' : 'halted'
        rollouts = rollouts.map((one) =>
          one.rollout === id
            ? { ...one, state, reason, history: [{ what: state, reason, by: account, at: AT }, ...one.history] }
            : one,
        )
        const found = rollouts.find((one) => one.rollout === id)
        if (found === undefined) throw new FakeFailure(404, 'rollout-unknown')
        return rolloutView.parse(found)
      },
    },
    {
      method: 'GET',
      path: /^\/api\/recalls$/,
      answer: () =>
        recallList.parse({
          recalls: isEmpty()
            ? []
            : [
                {
                  model: { name: 'chest-radiograph', version: '1.1.0', digest: 'e5'.repeat(32) },
                  reason: 'wrong side marked',
                  person: 'safety-officer',
                  recalledAt: AT,
                },
              ],
          officers: [{ person: 'safety-officer', keyid: 'ab'.repeat(32) }],
        }),
    },
  ]
}
