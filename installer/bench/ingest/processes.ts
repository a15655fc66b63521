import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { InstallerError } from '../../errors.ts'
import type { Answers, Order } from './messages.ts'

const HUB = resolve(import.meta.dirname, '..', '..', '..', 'cloud-hub', 'main.ts')
/** Kernel ticks of processor time (proc(5)); Linux has 100 a second on every machine that Node runs on. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

/** A hub as its own process. */
export interface BenchHub {
  readonly pid: number
  readonly url: string
  stop(): Promise<void>
}

/** Starts the hub as it is installed. @param profileFolder where V8 writes a processor profile at the end. */
export async function startHub(folder: string, database: unknown, profileFolder?: string): Promise<BenchHub> {
  const path = join(folder, 'bench-config.json')
  await writeFile(path, JSON.stringify({ dataFolder: folder, httpPort: 0, mqttPort: 0, broker: 'embedded', database }))
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
  const child = spawn(process.execPath, [...profile, HUB, '--config', path], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ready = await new Promise<string>((resolvePromise, reject) => {
    createInterface({ input: child.stdout }).once('line', resolvePromise)
    child.once('exit', (code) => reject(failed(`the hub ended with status ${code} before it was ready`)))
  })
  const { mqtt } = JSON.parse(ready) as { mqtt: number }
  return {
    pid: child.pid ?? 0,
    url: `mqtts://127.0.0.1:${mqtt}`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** A process of simulated boxes, which answers one order after the other. */
export class BoxesProcess {
  readonly #child: ChildProcess
  #busy: Promise<unknown> = Promise.resolve()

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'boxes-child.ts'), { serialization: 'advanced' })
  }

  /** @throws InstallerError `process-failed` when the boxes could not do it. */
  ask<Name extends Order['do']>(order: Extract<Order, { do: Name }>): Promise<Answers[Name]> {
    const answer = this.#busy.then(() => this.#ask(order) as Promise<Answers[Name]>)
    this.#busy = answer.catch(() => undefined)
    return answer
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }

  #ask(order: Order): Promise<unknown> {
    return new Promise((resolvePromise, reject) => {
      const died = (): void => reject(failed(`the boxes ended while they were to ${order.do}`))
      this.#child.once('exit', died)
      this.#child.once('message', (message: { answer?: unknown; failed?: string }) => {
        this.#child.off('exit', died)
        if (message.failed === undefined) resolvePromise(message.answer)
        else reject(failed(`the boxes could not ${order.do}: ${message.failed}`))
      })
      this.#child.send(order)
    })
  }
}

/** Seconds of processor time of a process and its children, and the process's resident memory in MiB. */
export async function processFigures(pid: number): Promise<{ readonly seconds: number; readonly mebibytes: number }> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  let seconds = 0
  for (const one of pids) {
    const stat = await readFile(`/proc/${one}/stat`, 'utf8').catch(() => undefined)
    if (stat === undefined) continue
    // Fields are counted after the name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(one) !== pid && Number(fields[1]) !== pid) continue
    seconds += (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  }
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '0 0')
  return { seconds, mebibytes: (Number(statm.split(' ')[1]) * PAGE_BYTES) / 2 ** 20 }
}

/** Some of a series of sizes, evenly from its first to its last, as whole numbers. */
export function evenSamples(values: readonly number[], most: number): string {
  const count = Math.min(most, values.length)
  const at = (i: number): number => Math.round((i * (values.length - 1)) / Math.max(1, count - 1))
  return Array.from({ length: count }, (_, i) => Math.round(values[at(i)] ?? 0)).join(' ')
}

function failed(message: string): InstallerError {
  return new InstallerError('process-failed', {
    message,
    effect: 'the bench has no figures',
    nextStep: 'run it again with fewer boxes, or start the hub by hand to see why',
  })
}
