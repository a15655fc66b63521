import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from '../../testing/peers.ts'
import { seededRandom } from '../killer.ts'
import { checkHistory, type Verdict } from './check.ts'
import { Guest } from './guest.ts'
import { buildDataDisk, buildGuestImage, type GuestImage, type GuestTools, readDataDisk } from './guest-image.ts'
import { Ledger } from './ledger.ts'
import { ObjectSource } from './objects.ts'
import { type FaultRow, type Part, type PartOptions, skippedRow, verdictOn } from './part.ts'
import { RecordingSender } from './sender.ts'

const NAMES = { real: 'power cut of a QEMU guest, ext4', control: 'the same without fdatasync (control: must lose)' }
const ROUNDS = { sample: 2, full: 12 }
const ASSOCIATIONS = 3
const OBJECTS = 400
const SIZES = [600, 600, 40_000, 600, 600, 600, 1_200_000, 600] as const
const ANSWER_WITHIN_MS = 20_000
/** How many objects of a round are acknowledged before the power is cut, at the earliest. */
const LEAST_ACKNOWLEDGED = 5
const CUT_AFTER_MS = 3000
const GIVE_UP_MS = 120_000
const BOOTS = 3
/** The appliance's own patience with its pixel workers is made for hardware. */
const TOO_SLOW = 'worker-start-failed'

/** Real power cuts: the page cache of a guest goes with it, its disk stays. */
export const powerCut: Part = {
  name: 'power',
  summary: 'a QEMU guest killed in mid-receive, started again from its disk; without fdatasync it must lose (QEMU)',
  async run(options) {
    const tools = await findTools()
    if (typeof tools === 'string') return Object.values(NAMES).map((name) => skippedRow(name, tools))
    options.progress.step('building the guest')
    const image = await buildGuestImage(options.folder, tools)
    return [
      await new PowerCutRun(tools, image, options, 'real').run(),
      await new PowerCutRun(tools, image, options, 'control').run(),
    ]
  },
}

/** The programs and packages that a guest is made of, or the reason why there is none. */
async function findTools(): Promise<GuestTools | string> {
  const [qemu, strace] = [peer('qemu-system-x86_64'), peer('strace')]
  if (qemu === undefined) return 'qemu-system-x86 is not installed'
  if (strace === undefined) return 'strace is not installed'
  const [makeExt4, readExt4] = [peer('mkfs.ext4'), peer('debugfs')]
  if (makeExt4 === undefined || readExt4 === undefined) return 'e2fsprogs is not installed'
  if (!existsSync('/usr/lib/klibc/bin/sh')) return 'klibc-utils is not installed'
  if (!existsSync('/usr/lib/x86_64-linux-gnu/libeatmydata.so')) return 'libeatmydata1 is not installed'
  const kernels = await readdir('/boot').catch(() => [])
  const kernel = kernels
    .filter((name) => /^vmlinuz-.*-cloud-amd64$/.test(name))
    .sort()
    .at(-1)
  if (kernel === undefined) return 'linux-image-cloud-amd64 is not installed'
  return { qemu, strace, makeExt4, readExt4, kernelVersion: kernel.slice('vmlinuz-'.length) }
}

/** Rounds of receiving and cutting on one data disk, and the comparison in the end. */
class PowerCutRun {
  readonly #tools: GuestTools
  readonly #image: GuestImage
  readonly #options: PartOptions
  readonly #kind: 'real' | 'control'
  readonly #ledger = new Ledger()
  readonly #sender = new RecordingSender(this.#ledger, ANSWER_WITHIN_MS)
  readonly #random: () => number
  readonly #failures: string[] = []

  constructor(tools: GuestTools, image: GuestImage, options: PartOptions, kind: 'real' | 'control') {
    this.#tools = tools
    this.#image = image
    this.#options = options
    this.#kind = kind
    this.#random = seededRandom(options.seed)
  }

  async run(): Promise<FaultRow> {
    const started = performance.now()
    const { progress, rounds: asked, full, seed, folder: parent } = this.#options
    // One cut shows that the control loses; more of them would only show it again.
    const rounds = this.#kind === 'control' ? 1 : (asked ?? (full ? ROUNDS.full : ROUNDS.sample))
    progress.step(`${NAMES[this.#kind]}: ${rounds} rounds`)
    const folder = join(parent, `power-${this.#kind}`)
    await mkdir(folder, { recursive: true })
    const disk = await buildDataDisk(folder, this.#tools, this.#kind === 'control')
    const guest = new Guest(this.#tools.qemu, this.#image, disk)
    const source = new ObjectSource(seed, this.#kind === 'real' ? '7501' : '7502')
    try {
      for (let round = 0; round < rounds; round += 1) {
        await this.#boot(guest)
        await this.#receiveAndCut(guest, source)
        progress.count(round + 1, rounds)
      }
      return {
        fault: NAMES[this.#kind],
        points: rounds,
        fired: rounds,
        verdict: await this.#compare(guest, disk, folder),
        seconds: (performance.now() - started) / 1000,
        answers: this.#sender.answers,
        failures: this.#failures,
        mustLose: this.#kind === 'control',
      }
    } finally {
      await guest.cutPower()
    }
  }

  /** Boots, again when the appliance did not get ready. That is a failure, unless it only was too slow here. */
  async #boot(guest: Guest): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await guest.boot()
        return
      } catch (error) {
        if (tries === BOOTS) throw error
        const message = error instanceof Error ? error.message : 'the guest did not boot'
        if (!message.includes(TOO_SLOW)) this.#failures.push(message)
      }
    }
  }

  async #receiveAndCut(guest: Guest, source: ObjectSource): Promise<void> {
    const before = this.#ledger.acknowledged
    const sending = this.#sender.send(guest.port, source.mixed(OBJECTS, SIZES), ASSOCIATIONS)
    const until = Date.now() + GIVE_UP_MS
    while (this.#ledger.acknowledged < before + LEAST_ACKNOWLEDGED && Date.now() < until) await pause(20)
    // The journal of ext4 commits every five seconds by itself: a control that is cut later might lose little.
    await pause(this.#random() * CUT_AFTER_MS)
    await guest.cutPower()
    await sending
    if (this.#ledger.acknowledged < before + LEAST_ACKNOWLEDGED) this.#failures.push('too little was received')
  }

  /** Starts once more on the disk, ends in order, and reads the disk. */
  async #compare(guest: Guest, disk: string, folder: string): Promise<Verdict> {
    try {
      await this.#boot(guest)
      if (!(await guest.shutDown())) this.#failures.push('the guest did not end in order')
      return await verdictOn(this.#ledger, await readDataDisk(disk, folder, this.#tools))
    } catch (error) {
      // Without syncs the records themselves may be beyond reading: then nothing of what was acknowledged is there.
      if (this.#kind === 'real') throw error
      return checkHistory(this.#ledger.outcomes(), [])
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
