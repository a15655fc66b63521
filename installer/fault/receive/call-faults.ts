import { join } from 'node:path'
import { peer } from '../../testing/peers.ts'
import { type ApplianceSite, ApplianceUnderTest, prepareSite } from './appliance-under-test.ts'
import { type CallPoint, pointsOf, spread, touches } from './call-points.ts'
import { Ledger } from './ledger.ts'
import { ObjectSource } from './objects.ts'
import { type FaultRow, type Part, type PartOptions, skippedRow, verdictOn } from './part.ts'
import { RecordingSender } from './sender.ts'
import { attachTrace, threadsOf } from './strace.ts'
import { parseTrace } from './trace-log.ts'

/** One thread for file work: then the n-th call of a kind is the same call in every run. */
const ENVIRONMENT = { UV_THREADPOOL_SIZE: '1' }

/** Small, beyond the header that intake looks at, and beyond what it gathers in memory. */
const SIZES = [600, 90_000, 2_400_000] as const

const WRITES: ReadonlySet<string> = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2'])
const RECOVER_TRIES = 20
const RECOVER_PAUSE_MS = 250

interface CallFault {
  readonly name: string
  /** As strace takes it. */
  readonly injection: string
  readonly fits: (call: string) => boolean
  /** Points that are tried unless all are. */
  readonly sample: number
}

const FAULTS: readonly CallFault[] = [
  { name: 'kill -9 at a file system call', injection: 'signal=KILL', fits: () => true, sample: 8 },
  { name: 'EIO at a file system call', injection: 'error=EIO', fits: () => true, sample: 8 },
  { name: 'ENOSPC at a file system call', injection: 'error=ENOSPC', fits: (call) => call !== 'close', sample: 5 },
  { name: 'a write that writes nothing', injection: 'retval=0', fits: (call) => WRITES.has(call), sample: 5 },
]

/** A fault at every file system call of the receive path, by strace. */
export const callFaults: Part = {
  name: 'calls',
  summary: 'kill -9, EIO, ENOSPC and short writes at the file system calls of the receive path (strace)',
  async run(options) {
    const strace = peer('strace')
    if (strace === undefined) return FAULTS.map((fault) => skippedRow(fault.name, 'strace is not installed'))
    const rows: FaultRow[] = []
    for (const [at, fault] of FAULTS.entries()) {
      rows.push(await new CallFaultRun(strace, fault, options, at).run())
    }
    return rows
  },
}

/** One fault at many points, on one data folder: what was acknowledged at any of them must be there in the end. */
class CallFaultRun {
  readonly #strace: string
  readonly #fault: CallFault
  readonly #options: PartOptions
  readonly #root: string
  readonly #ledger = new Ledger()
  readonly #sender = new RecordingSender(this.#ledger)
  readonly #source: ObjectSource
  readonly #failures: string[] = []
  #fired = 0

  constructor(strace: string, fault: CallFault, options: PartOptions, at: number) {
    this.#strace = strace
    this.#fault = fault
    this.#options = options
    this.#root = join(options.folder, `calls-${at}`)
    this.#source = new ObjectSource(options.seed, `7100${at}`)
  }

  async run(): Promise<FaultRow> {
    const started = performance.now()
    const { full, progress } = this.#options
    const site = await prepareSite(this.#root)
    const appliance = new ApplianceUnderTest(site, ENVIRONMENT)
    try {
      await appliance.start()
      const all = (await this.#count(appliance, site)).filter((point) => this.#fault.fits(point.call))
      const points = full ? all : spread(all, this.#fault.sample)
      progress.step(`${this.#fault.name}: ${points.length} of ${all.length} points`)
      for (const [at, point] of points.entries()) {
        await this.#inflict(appliance, site, point)
        progress.count(at + 1, points.length)
      }
      await appliance.kill()
      await this.#start(appliance)
      await appliance.stop()
      return {
        fault: this.#fault.name,
        points: points.length,
        fired: this.#fired,
        verdict: await verdictOn(this.#ledger, site.dataFolder),
        seconds: (performance.now() - started) / 1000,
        answers: this.#sender.answers,
        failures: this.#failures,
      }
    } finally {
      await appliance.kill()
    }
  }

  /** Watches the objects of one point being taken, and tells which calls that makes. The first start differs: begin anew. */
  async #count(appliance: ApplianceUnderTest, site: ApplianceSite): Promise<CallPoint[]> {
    await this.#sender.send(appliance.port, this.#source.mixed(SIZES.length, SIZES))
    await appliance.kill()
    await appliance.start()
    const names = new Map([...(await threadsOf(appliance.pid))].map(([name, id]) => [id, name]))
    const logFile = join(this.#root, 'count.strace')
    const trace = await attachTrace({ program: this.#strace, target: { process: appliance.pid }, logFile })
    await this.#sender.send(appliance.port, this.#source.mixed(SIZES.length, SIZES))
    return pointsOf(parseTrace(await trace.finish()), site.dataFolder, names)
  }

  async #inflict(appliance: ApplianceUnderTest, site: ApplianceSite, point: CallPoint): Promise<void> {
    if (!appliance.isRunning) await this.#start(appliance)
    const thread = (await threadsOf(appliance.pid)).get(point.thread)
    if (thread === undefined) return
    const trace = await attachTrace({
      program: this.#strace,
      target: { thread },
      logFile: join(this.#root, 'point.strace'),
      inject: `${point.call}:${this.#fault.injection}:when=${point.number}`,
    })
    await this.#sender.send(appliance.port, this.#source.mixed(SIZES.length, SIZES))
    const calls = parseTrace(await trace.finish(), thread)
    const hit = calls.find((call) => call.injected || (call.name === point.call && call.result === undefined))
    if (hit !== undefined && touches(hit, site.dataFolder)) this.#fired += 1
    await this.#takesAgain(appliance, point)
  }

  #start(appliance: ApplianceUnderTest): Promise<void> {
    return appliance.startSupervised((message) => this.#failures.push(message))
  }

  /** After an error the process goes on, or it ends and its supervisor starts it; either way it takes instances again. */
  async #takesAgain(appliance: ApplianceUnderTest, point: CallPoint): Promise<void> {
    for (let tries = 0; tries < RECOVER_TRIES; tries += 1) {
      if (!appliance.isRunning) await this.#start(appliance)
      const [answer] = await this.#sender.send(appliance.port, [this.#source.next(600)])
      if (answer?.kind === 'status' && answer.status === 0) return
      await new Promise((resolve) => setTimeout(resolve, RECOVER_PAUSE_MS))
    }
    this.#failures.push(`nothing is taken after ${point.call} no. ${point.number} of ${point.thread}`)
    await appliance.kill()
  }
}
