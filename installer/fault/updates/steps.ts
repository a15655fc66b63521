import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PublishingUnderFault } from '../../../cloud-hub/delivery/testing/publishing-under-fault.ts'
import { AFTER, BEFORE, UpdateUnderFault } from '../../../sync-agent/updates/testing/update-under-fault.ts'
import { type Part, type PartOptions, pointsRow, type UpdateRow } from './part.ts'

/** A process that can be killed before the n-th change of a folder, again and again from one beginning. */
interface UnderFault {
  /** @returns how it ended. */
  run(killAtStep: number): string
  installs(): Promise<string>
  restore(): Promise<void>
}

/** Between two steps that are tried, unless all are. */
const STRIDE = 4

/** kill -9 of the agent at each change of its store and kit, and of the hub at each change of the repository. */
export const steps: Part = {
  name: 'steps',
  summary: 'kill -9 at each step of an update of the agent, and of a publication of the hub',
  async run(options) {
    const at = (name: string): Promise<string> => folderOf(options, name)
    const update = new UpdateUnderFault(await at('update'))
    await update.prepare()
    const publishing = await PublishingUnderFault.prepare(await at('publication'))
    return [
      ...(await killed(options, 'an update', 'verified 1', {
        run: (killAtStep) => update.refresh({ killAtStep }),
        installs: () => update.installs(),
        restore: () => update.restore(),
      })),
      ...(await killed(options, 'a publication', 'open 0', {
        run: (killAtStep) => publishing.publish(killAtStep),
        installs: () => publishing.installs(),
        restore: () => publishing.restore(),
      })),
    ]
  },
}

async function killed(
  { progress, full }: PartOptions,
  what: string,
  finished: string,
  subject: UnderFault,
): Promise<readonly UpdateRow[]> {
  progress.step(`kill -9 in ${what}`)
  const between: string[] = []
  const after: string[] = []
  for (let step = 1; ; step += full ? 1 : STRIDE) {
    const end = subject.run(step)
    if (end !== 'SIGKILL') {
      after.push(end === finished ? await subject.installs() : end)
      break
    }
    between.push(await subject.installs())
    if (between.length % 3 === 1) {
      const next = subject.run(0)
      after.push(next === finished ? await subject.installs() : next)
    }
    await subject.restore()
  }
  return [
    pointsRow('kill', `a client that reads after kill -9 in ${what}`, [BEFORE, AFTER], between),
    pointsRow('kill', `the next start after kill -9 in ${what} finishes it`, [AFTER], after),
  ]
}

async function folderOf({ folder }: PartOptions, name: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  return path
}
