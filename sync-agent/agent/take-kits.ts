import { mkdir } from 'node:fs/promises'
import type { Acknowledgement } from '../contract/index.ts'
import {
  AcknowledgedFile,
  ensureExchangeFolders,
  KitInbox,
  mergeAcknowledgement,
  nothingAcknowledged,
} from '../exchange/index.ts'
import { type Clock, type Logger, toIsoInstant } from '../foundation/index.ts'
import { readCredentials } from './agent.ts'
import { type AgentConfig, agentStateFolder } from './config.ts'
import { KitDesk } from './kit-desk.ts'
import { openIdentity } from './own-identity.ts'
import { agentMarks, updateClient } from './update-client.ts'

/**
 * Takes the kits that wait in place of an agent that does not run. The caller has made sure that it does not, and that it
 * cannot be started meanwhile.
 * @param config its paths must be absolute.
 */
export async function takeWaitingKits(
  config: AgentConfig,
  dependencies: { readonly clock: Clock; readonly logger: Logger },
): Promise<void> {
  const { device, exchangeFolder } = config
  const stateFolder = agentStateFolder(config)
  await mkdir(stateFolder, { recursive: true, mode: 0o700 })
  const paths = await ensureExchangeFolders(exchangeFolder)
  const own = await openIdentity(
    config,
    paths,
    () => readCredentials(config),
    dependencies,
    () => undefined,
  )
  const inbox = new KitInbox(exchangeFolder)
  await inbox.recover()
  const file = new AcknowledgedFile(paths.acknowledged)
  const acknowledge = async (answer: Acknowledgement): Promise<void> => {
    const at = toIsoInstant(dependencies.clock.now())
    const read = await file.read()
    await file.write(mergeAcknowledgement(read.kind === 'value' ? read.value : nothingAcknowledged(at), answer, at))
  }
  const desk = new KitDesk({
    device,
    inbox,
    stateFolder,
    trust: own.trust,
    hubLogKeyFile: own.hubLog?.keyFile ?? null,
    client: await updateClient(config, paths.updates, own, dependencies),
    marks: agentMarks(config, dependencies.logger),
    acknowledge,
    ...dependencies,
  })
  await desk.look()
}
