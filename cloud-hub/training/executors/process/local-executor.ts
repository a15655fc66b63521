import { fileURLToPath } from 'node:url'
import { ProcessExecutor } from './process-executor.ts'

const TRAINER = fileURLToPath(import.meta.resolve('../../trainer.ts'))

/** Runs each job as a child process of the hub, with the hub's own Node. */
export class LocalExecutor extends ProcessExecutor {
  constructor() {
    super('local', 'SIGKILL', (jobPath) => ({
      program: process.execPath,
      args: [TRAINER, '--job', jobPath],
      env: { PATH: process.env.PATH ?? '' },
    }))
  }
}
