import { mkdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canonicalJson, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { TrainerLine, TrainingJob } from '../../job.ts'
import { logPath } from '../job-folder.ts'
import type { JobStatus, ReturnedFile, TrainingExecutor } from '../port.ts'
import { type Launch, ProcessExecutor } from '../process/process-executor.ts'
import { SPARK_JOB, sparkJobOf } from './spark-job.ts'

/** How a job reaches Spark. */
export const sparkSettings = z.strictObject({
  kind: z.literal('spark'),
  /** The `spark-submit` of the installation; its Python must have numpy. */
  sparkSubmit: z.string().min(1),
  /** The Python of driver and workers. */
  python: z.string().min(1),
  /** Where Spark runs: on this machine with so many threads, or a cluster's master. */
  master: z
    .string()
    .regex(/^(?:local\[\d{1,3}\]|spark:\/\/[A-Za-z0-9.:-]{1,300}|yarn|k8s:\/\/\S{1,300})$/)
    .default('local[2]'),
  driverMemory: z
    .string()
    .regex(/^\d{1,6}[mg]$/)
    .default('1g'),
  /** The address that driver and workers speak on. Loopback: nobody outside this machine reaches them. */
  bindAddress: z
    .string()
    .regex(/^[0-9a-fA-F.:]{2,45}$/)
    .default('127.0.0.1'),
})
export type SparkSettings = z.infer<typeof sparkSettings>

const SCRIPT = fileURLToPath(import.meta.resolve('./fit_head.py'))
const SUPERVISOR = fileURLToPath(import.meta.resolve('../process/supervise.ts'))

/** Fits heads with a real `spark-submit` on the same snapshot; the hub exports and measures what comes back. */
export class SparkExecutor implements TrainingExecutor {
  readonly name: string
  readonly #processes: ProcessExecutor

  constructor(name: string, settings: SparkSettings) {
    this.name = name
    this.#processes = new ProcessExecutor(name, 'SIGTERM', (_, folder) => launch(settings, folder))
  }

  async submit(job: TrainingJob, folder: string): Promise<void> {
    const told = await sparkJobOf(job, job.snapshot.folder)
    await this.#processes.cancel(folder)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFileAtomically(join(folder, SPARK_JOB), canonicalJson(told))
    await this.#processes.submit(job, folder)
  }

  status(folder: string): Promise<JobStatus> {
    return this.#processes.status(folder)
  }

  logs(folder: string, from: number): Promise<readonly TrainerLine[]> {
    return this.#processes.logs(folder, from)
  }

  cancel(folder: string): Promise<void> {
    return this.#processes.cancel(folder)
  }

  artifacts(folder: string): Promise<readonly ReturnedFile[]> {
    return this.#processes.artifacts(folder)
  }
}

function launch(settings: SparkSettings, folder: string): Launch {
  const { sparkSubmit, python, master, driverMemory, bindAddress } = settings
  const conf = {
    'spark.ui.enabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
    'spark.log.level': 'WARN',
    'spark.driver.bindAddress': bindAddress,
    'spark.driver.host': bindAddress,
    'spark.local.dir': join(folder, 'spark'),
    'spark.sql.warehouse.dir': join(folder, 'spark', 'warehouse'),
    'spark.sql.catalogImplementation': 'in-memory',
    // Names of sites and months are words, whatever they look like.
    'spark.sql.sources.partitionColumnTypeInference.enabled': 'false',
    'spark.task.maxFailures': '2',
  }
  const options = Object.entries(conf).flatMap(([key, value]) => ['--conf', `${key}=${value}`])
  const script = [
    SCRIPT,
    '--job',
    join(folder, SPARK_JOB),
    '--log',
    logPath(folder),
    '--out',
    join(folder, 'weights.json'),
  ]
  return {
    program: process.execPath,
    args: [SUPERVISOR, sparkSubmit, '--master', master, '--driver-memory', driverMemory, ...options, ...script],
    env: {
      PATH: [dirname(sparkSubmit), process.env.PATH ?? ''].join(delimiter),
      ...(process.env.JAVA_HOME === undefined ? {} : { JAVA_HOME: process.env.JAVA_HOME }),
      PYSPARK_PYTHON: python,
      PYSPARK_DRIVER_PYTHON: python,
      SPARK_LOCAL_IP: bindAddress,
      // One thread a task, and sums in one order.
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
      PYTHONDONTWRITEBYTECODE: '1',
    },
    errorFile: 'spark.log',
  }
}
