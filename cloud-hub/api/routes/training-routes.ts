import { modelReference, vocabularyCode } from '@leadglass/sync-agent/contract'
import { trainingRequest } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { type TrainingRun, trainerChoice } from '../../training/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { runEvaluationView } from '../views/evaluation-view.ts'
import { runView } from '../views/run-view.ts'

const named = z.object({ run: z.uuid() })
const since = z.object({ after: z.coerce.number().int().min(0).default(0) })

/** Training runs. */
export function trainingRoutes(services: HubServices): HubRoute[] {
  const { training, runs, audit } = services
  const view = (run: TrainingRun) =>
    runView(run, run.snapshot === null ? undefined : services.lake.manifestOf(run.snapshot))
  const find = (params: unknown): TrainingRun => {
    const run = runs.run(named.parse(params).run)
    if (run === undefined) throw new ApiError('not-found', 'there is no such run')
    return run
  }
  const state = (run: string) => view(find({ run }))
  return [
    {
      method: 'POST',
      url: '/api/training-runs',
      roles: MAKERS,
      handle: async ({ body, caller, reply }) => {
        const request = trainingRequest.parse(body)
        const model = modelReference.shape.name.parse(request.model)
        const version = request.parent ?? services.versionToImprove(model)
        if (version === undefined) throw new ApiError('not-found', `the registry has no model ${model}`)
        const run = training.request({
          finding: vocabularyCode.parse(request.finding),
          model,
          version,
          seed: String(request.seed),
          requestedBy: caller.account,
          ...(request.executor === undefined ? {} : { executor: request.executor }),
          ...(request.trainer === undefined ? {} : { trainer: trainerChoice.parse(request.trainer) }),
        })
        audit.record({
          event: 'training.started',
          actor: actorOf(caller),
          subject: { kind: 'training', id: run },
          outcome: 'success',
          codes: ['requested'],
        })
        void reply.status(202)
        return state(run)
      },
    },
    {
      method: 'GET',
      url: '/api/training-runs',
      roles: EVERYBODY,
      handle: async () => ({ runs: runs.runs().map(view) }),
    },
    {
      method: 'GET',
      url: '/api/training-runs/:run',
      roles: EVERYBODY,
      handle: async ({ params }) => view(find(params)),
    },
    {
      method: 'GET',
      url: '/api/training-runs/:run/evaluation',
      roles: EVERYBODY,
      handle: async ({ params }) => runEvaluationView(find(params)),
    },
    {
      method: 'GET',
      url: '/api/training-runs/:run/log',
      roles: EVERYBODY,
      handle: async ({ params, query }) => ({
        lines: runs.logs(find(params).run, since.parse(query).after).map(({ at, message }) => `${at} ${message}`),
      }),
    },
    {
      method: 'POST',
      url: '/api/training-runs/:run/restart',
      roles: MAKERS,
      handle: async ({ params, caller }) => {
        const { run } = find(params)
        training.restart(run)
        const subject = { kind: 'training', id: run } as const
        audit.record({
          event: 'training.started',
          actor: actorOf(caller),
          subject,
          outcome: 'success',
          codes: ['again'],
        })
        return state(run)
      },
    },
    {
      method: 'POST',
      url: '/api/training-runs/:run/cancellation',
      roles: MAKERS,
      handle: async ({ params, caller }) => {
        const { run } = find(params)
        training.cancel(run)
        const subject = { kind: 'training', id: run } as const
        const codes = ['cancelled']
        audit.record({ event: 'training.refused', actor: actorOf(caller), subject, outcome: 'success', codes })
        return state(run)
      },
    },
    {
      method: 'GET',
      url: '/api/training-runs/:run/reproductions',
      roles: EVERYBODY,
      handle: async ({ params }) => ({ reproductions: services.reproductions.ofRun(find(params).run) }),
    },
    {
      method: 'POST',
      url: '/api/training-runs/:run/reproductions',
      roles: MAKERS,
      handle: async ({ params, caller, reply }) => {
        const { run } = find(params)
        training.reproduce(run, caller.account)
        const subject = { kind: 'training', id: run } as const
        const codes = ['reproduction']
        audit.record({ event: 'training.started', actor: actorOf(caller), subject, outcome: 'success', codes })
        void reply.status(202)
        return { reproductions: services.reproductions.ofRun(run) }
      },
    },
  ]
}
