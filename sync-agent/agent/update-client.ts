import { join } from 'node:path'
import type { Clock, Logger } from '../foundation/index.ts'
import { FileHighWaterMarks, HttpFetcher, UpdateClient } from '../updates/index.ts'
import { type AgentConfig, agentStateFolder } from './config.ts'
import type { OwnIdentity } from './own-identity.ts'

/** The marks of the agent's own state. */
export function agentMarks(config: AgentConfig, logger: Logger): FileHighWaterMarks {
  return new FileHighWaterMarks({ folder: join(agentStateFolder(config), 'marks'), logger })
}

/** The agent's update client; undefined for as long as no root is pinned. @param kitFolder where the verified kit is laid out. */
export async function updateClient(
  config: AgentConfig,
  kitFolder: string,
  { hub, trust, caPem }: Pick<OwnIdentity, 'hub' | 'trust' | 'caPem'>,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<UpdateClient | undefined> {
  if (trust === undefined) return undefined
  const repositoryUrl = new URL(config.updates?.repositoryPath ?? '/delivery/', hub.httpUrl).href
  return new UpdateClient({
    fetcher: new HttpFetcher({ repositoryUrl, ca: await caPem() }),
    kitFolder,
    stateFolder: join(agentStateFolder(config), 'updates'),
    ...trust,
    highWaterMarks: agentMarks(config, logger),
    clock,
    logger,
  })
}
