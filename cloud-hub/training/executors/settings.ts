import { z } from 'zod'
import { RestClient } from '../rest/rest-client.ts'
import type { TrainingExecutor } from './port.ts'
import { LocalExecutor } from './process/local-executor.ts'
import { AzureMlApi, azureMlSettings } from './remote/azure-ml.ts'
import { DatabricksApi, databricksSettings } from './remote/databricks.ts'
import { DatabricksVolume, SharedFolder } from './remote/job-store.ts'
import { KubernetesApi, kubernetesSettings } from './remote/kubernetes.ts'
import { RemoteExecutor } from './remote/remote-executor.ts'
import { SparkExecutor, sparkSettings } from './spark/spark-executor.ts'

const place = z.discriminatedUnion('kind', [sparkSettings, kubernetesSettings, databricksSettings, azureMlSettings])
export type ExecutorSettings = z.infer<typeof place>

/** Where runs may train besides this machine, by the name that a run names it with. */
export const executorSettings = z
  .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/), place)
  .refine((named) => !('local' in named), '"local" is this machine and always there')

/**
 * What is known of a kind of executor. `never-run-for-real`: held against the published interface by contract tests only;
 * nobody has run a job through it yet.
 */
export type ExecutorProof = 'run-in-tests' | 'never-run-for-real'
export const EXECUTOR_PROOF: Readonly<Record<ExecutorSettings['kind'] | 'local', ExecutorProof>> = {
  local: 'run-in-tests',
  spark: 'run-in-tests',
  kubernetes: 'never-run-for-real',
  databricks: 'never-run-for-real',
  'azure-ml': 'never-run-for-real',
}

/** An executor as people are shown it. */
export interface ListedExecutor {
  readonly name: string
  readonly kind: ExecutorSettings['kind'] | 'local'
  readonly proof: ExecutorProof
  /** Where its jobs go: a master, an address; never a token. */
  readonly target: string
}

/**
 * Makes the executors that the configuration names; `local` is always there.
 * @param preferred the one of runs that name none; it comes first.
 * @throws when `preferred` is not among them.
 */
export function makeExecutors(
  settings: Readonly<Record<string, ExecutorSettings>>,
  preferred: string,
): { readonly executors: readonly TrainingExecutor[]; readonly listed: readonly ListedExecutor[] } {
  const made = [
    { executor: new LocalExecutor() as TrainingExecutor, listed: describe('local', 'local', 'this machine') },
    ...Object.entries(settings).map(([name, one]) => ({
      executor: executorOf(name, one),
      listed: describe(name, one.kind, one.kind === 'spark' ? one.master : one.url),
    })),
  ]
  const first = made.find(({ listed }) => listed.name === preferred)
  if (first === undefined) throw new Error(`training.executor names "${preferred}", which training.executors has not`)
  const ordered = [first, ...made.filter((one) => one !== first)]
  return { executors: ordered.map((one) => one.executor), listed: ordered.map((one) => one.listed) }
}

function executorOf(name: string, settings: ExecutorSettings): TrainingExecutor {
  switch (settings.kind) {
    case 'spark':
      return new SparkExecutor(name, settings)
    case 'kubernetes': {
      const store = new SharedFolder(settings.sharedFolder, settings.mountPath)
      return new RemoteExecutor(name, new KubernetesApi(settings), store)
    }
    case 'databricks': {
      const store = new DatabricksVolume(new RestClient(settings), settings.volume)
      return new RemoteExecutor(name, new DatabricksApi(settings), store)
    }
    case 'azure-ml': {
      const store = new SharedFolder(settings.sharedFolder, settings.datastoreUri)
      return new RemoteExecutor(name, new AzureMlApi(settings), store)
    }
  }
}

function describe(name: string, kind: ListedExecutor['kind'], target: string): ListedExecutor {
  return { name, kind, proof: EXECUTOR_PROOF[kind], target }
}
