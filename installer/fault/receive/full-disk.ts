import { spawnSync } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from '../../testing/peers.ts'
import { ApplianceUnderTest, prepareSite } from './appliance-under-test.ts'
import { Ledger } from './ledger.ts'
import { ObjectSource } from './objects.ts'
import { type FaultRow, type Part, type PartOptions, skippedRow, verdictOn } from './part.ts'
import { type Answer, RecordingSender } from './sender.ts'

const NAMES = {
  refused: 'a full disk, seen before writes fail (tmpfs)',
  failing: 'a full disk, seen by writes that fail (tmpfs)',
}
const DISK_BYTES = 192 * 1_048_576
const OUT_OF_RESOURCES = 0xa700
const RECOVER_WITHIN_MS = 30_000

/** A disk that fills up, refusals, and room again: by itself, without a start. */
export const fullDisk: Part = {
  name: 'disk',
  summary: 'a small tmpfs that fills up and is freed again: A700H meanwhile, and taken again by itself (root)',
  async run(options) {
    const rows: FaultRow[] = []
    for (const kind of ['refused', 'failing'] as const) rows.push(await runKind(kind, options))
    return rows
  },
}

async function runKind(kind: 'refused' | 'failing', options: PartOptions): Promise<FaultRow> {
  const started = performance.now()
  const root = join(options.folder, `disk-${kind}`)
  await mkdir(root, { recursive: true })
  const [mount, unmount] = [peer('mount'), peer('umount')]
  if (mount === undefined || unmount === undefined) return skippedRow(NAMES[kind], 'mount is not installed')
  const mounted = spawnSync(mount, ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', root])
  if (mounted.status !== 0) return skippedRow(NAMES[kind], 'a tmpfs cannot be mounted without root')
  options.progress.step(NAMES[kind])
  const ledger = new Ledger()
  const sender = new RecordingSender(ledger)
  const source = new ObjectSource(options.seed, kind === 'refused' ? '7301' : '7302')
  const failures: string[] = []
  // In reserve: so much that refusals come first, or nothing at all, so that writes fail.
  const site = await prepareSite(root, { minimumFreeBytes: kind === 'refused' ? 48 * 1_048_576 : 0 })
  const appliance = new ApplianceUnderTest(site)
  try {
    await appliance.start()
    const ballast = join(root, 'ballast')
    const { bavail, bsize } = await statfs(root)
    await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 96 * 1_048_576)))
    const answers = await fill(sender, source, appliance)
    const refused = answers.filter(isRefusal).length
    if (!appliance.isRunning) failures.push('the appliance ended on a full disk')
    if (refused === 0) failures.push('nothing was refused on a full disk')
    // An association that is rejected for want of room leaves its objects without an answer: a refusal as well.
    for (const answer of answers)
      if (!isSuccess(answer) && !isRefusal(answer)) failures.push(`answer ${textOf(answer)}`)
    if (kind === 'failing' && (await freeBytes(root)) > 8 * 1_048_576) failures.push('the disk was not full')
    await rm(ballast)
    if (!(await takesAgain(sender, source, appliance))) failures.push('nothing is taken though there is room again')
    await appliance.kill()
    await appliance.startSupervised((message) => failures.push(message))
    await appliance.stop()
    return {
      fault: NAMES[kind],
      points: answers.length,
      fired: refused,
      verdict: await verdictOn(ledger, site.dataFolder),
      seconds: (performance.now() - started) / 1000,
      answers: sender.answers,
      failures,
    }
  } finally {
    await appliance.kill()
    spawnSync(unmount, [root])
  }
}

/** Sends until several in a row were refused, or more than the disk can hold was sent. */
async function fill(sender: RecordingSender, source: ObjectSource, appliance: ApplianceUnderTest): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let sent = 0; sent < 4 * DISK_BYTES && appliance.isRunning; ) {
    const objects = source.mixed(8, [3_000_000, 600, 900_000, 600])
    sent += objects.reduce((sum, object) => sum + object.bytes, 0)
    const given = await sender.send(appliance.port, objects)
    answers.push(...given)
    if (given.every((answer) => !isSuccess(answer))) break
  }
  return answers
}

async function takesAgain(
  sender: RecordingSender,
  source: ObjectSource,
  appliance: ApplianceUnderTest,
): Promise<boolean> {
  const until = Date.now() + RECOVER_WITHIN_MS
  while (Date.now() < until && appliance.isRunning) {
    const answers = await sender.send(appliance.port, source.mixed(4, [600, 900_000]))
    if (answers.every(isSuccess)) return true
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  return false
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function isSuccess(answer: Answer): boolean {
  return answer.kind === 'status' && answer.status === 0
}

function isRefusal(answer: Answer): boolean {
  return answer.kind === 'none' || answer.status === OUT_OF_RESOURCES
}

function textOf(answer: Answer): string {
  return answer.kind === 'none' ? 'none' : `${answer.status.toString(16).toUpperCase().padStart(4, '0')}H`
}
