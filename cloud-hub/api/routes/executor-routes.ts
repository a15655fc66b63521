import type { TrainingExecutors } from '@leadglass/ui/contract/hub-api'
import { EVERYBODY, type HubRoute } from '../route.ts'
import type { HubServices } from '../services.ts'

/** Runs that are looked through for those that train now; they are among the newest. */
const LOOKED_AT = 200

/** Where runs may train, and how far the tracking server is behind. */
export function executorRoutes({ executors, runs, tracking }: HubServices): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/training-executors',
      roles: EVERYBODY,
      handle: async (): Promise<TrainingExecutors> => {
        const training = runs.runs(LOOKED_AT).filter((run) => run.state === 'training')
        return {
          executors: executors.map((one) => ({
            ...one,
            training: training.filter((run) => run.executor === one.name).length,
          })),
          tracking: tracking(),
        }
      },
    },
  ]
}
