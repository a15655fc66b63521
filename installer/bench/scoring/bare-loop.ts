import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { InstallerError } from '../../errors.ts'
import { CODE_FOLDERS } from '../../start/entries.ts'

/** What a bare loop of the model runtime is to do; see `appliance/scoring/bench/bare-loop.ts`. */
export interface BareLoopRequest {
  readonly packageFolder: string
  readonly files: readonly string[]
  readonly isVolume: boolean
  readonly threads: number
  readonly withPreprocessing: boolean
  readonly warmUp: number
}

/** What a round took. */
export interface RoundFigures {
  readonly milliseconds: number
  /** Processor time of everything that took part. */
  readonly processorMs: number
}

type Answer = { readonly kind: 'ready' } | ({ readonly kind: 'done' } & RoundFigures)

/** As many bare loops beside one another as the pool has workers, each a process of its own. */
export class BareLoops {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  /** Starts them and waits until all are warm. @throws InstallerError when one ends. */
  static async start(count: number, request: BareLoopRequest): Promise<BareLoops> {
    const entry = join(CODE_FOLDERS.root, 'appliance', 'scoring', 'bench', 'bare-loop.ts')
    const children = Array.from({ length: count }, () =>
      spawn(process.execPath, ['--no-warnings', entry, JSON.stringify(request)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    )
    const loops = new BareLoops(children)
    await Promise.all(children.map(nextAnswer)).catch(async (cause: unknown) => {
      await loops.stop()
      throw cause
    })
    return loops
  }

  /** Runs so many images, shared evenly. */
  async run(images: number): Promise<RoundFigures> {
    const started = performance.now()
    const answers = await Promise.all(
      this.#children.map((child) => {
        const answer = nextAnswer(child)
        child.send({ images: Math.ceil(images / this.#children.length) })
        return answer
      }),
    )
    const processorMs = answers.reduce((sum, answer) => sum + (answer.kind === 'done' ? answer.processorMs : 0), 0)
    return { milliseconds: performance.now() - started, processorMs }
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const gone = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        await gone
      }),
    )
  }
}

function nextAnswer(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(ended())
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as Answer)
    })
  })
}

function ended(): InstallerError {
  return new InstallerError('process-failed', {
    message: 'a bare loop of the model runtime ended by itself',
    effect: 'there is nothing to compare with',
    nextStep: 'read what it wrote above',
  })
}
