import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The places of the exchange folder, the only one that both the appliance and the agent touch. */
export interface ExchangePaths {
  /** Appliance to agent: `*.batch`. */
  readonly outbox: string
  /** Appliance to agent: how to use the line. */
  readonly policy: string
  /** Appliance to agent: a wish to join a hub. */
  readonly join: string
  /** Agent to appliance: acknowledged.json, desired.json and the verified update kit. */
  readonly inbox: string
  readonly acknowledged: string
  readonly desired: string
  readonly updates: string
  /** Agent to appliance: agent.json. */
  readonly status: string
  readonly agentStatus: string
  readonly identityStatus: string
}

/** Absolute paths for an exchange folder. */
export function exchangePaths(folder: string): ExchangePaths {
  const inbox = join(folder, 'inbox')
  const status = join(folder, 'status')
  return {
    outbox: join(folder, 'outbox'),
    policy: join(folder, 'outbox', 'policy.json'),
    join: join(folder, 'outbox', 'join.json'),
    inbox,
    acknowledged: join(inbox, 'acknowledged.json'),
    desired: join(inbox, 'desired.json'),
    updates: join(inbox, 'updates'),
    status,
    agentStatus: join(status, 'agent.json'),
    identityStatus: join(status, 'identity.json'),
  }
}

/** Files of the exchange are read by the other side through a shared group, and by nobody else. */
export const EXCHANGE_FILE_MODE = 0o640

/** Makes the folders that are missing. */
export async function ensureExchangeFolders(folder: string): Promise<ExchangePaths> {
  const paths = exchangePaths(folder)
  for (const path of [paths.outbox, paths.inbox, paths.updates, paths.status]) {
    await mkdir(path, { recursive: true, mode: 0o770 })
  }
  return paths
}

/** Removes what a killed writer left half done. Only the one writer of a folder may call this, before it writes. */
export async function removeTemporaryFiles(folder: string): Promise<number> {
  const left = (await readdir(folder)).filter(isTemporaryName)
  for (const name of left) await rm(join(folder, name), { force: true })
  return left.length
}

/** Names of files that are still being written. */
function isTemporaryName(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp')
}
