import { readFile } from 'node:fs/promises'
import { approvalPolicy } from '@leadglass/sync-agent/contract'
import { exchangePaths } from '@leadglass/sync-agent/exchange'
import { DatabaseHighWaterMarks, UpdateWatcher, type UpdateWatcherDependencies } from './activation/index.ts'
import type { ApplianceFolders } from './folders.ts'

type Parts = Pick<UpdateWatcherDependencies, 'library' | 'pool' | 'audit' | 'clock' | 'logger' | 'mayWork'> & {
  readonly records: UpdateWatcherDependencies['records']
}

/** The watcher for update kits; none on a box that was given no root to trust: it then takes no model at all. */
export async function composeUpdates(
  folders: ApplianceFolders,
  exchangeFolder: string,
  parts: Parts,
): Promise<UpdateWatcher | undefined> {
  const initialRoot = await readIfThere(folders.initialRoot)
  const policy = await readIfThere(folders.policy)
  if (initialRoot === undefined || policy === undefined) {
    parts.logger.warn('activation.no-trust')
    return undefined
  }
  return new UpdateWatcher({
    ...parts,
    kitFolder: exchangePaths(exchangeFolder).updates,
    stateFolder: folders.trustState,
    modelsFolder: folders.models,
    initialRoot,
    policy: approvalPolicy.parse(JSON.parse(policy.toString('utf8'))),
    marks: new DatabaseHighWaterMarks(parts.records),
  })
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}
