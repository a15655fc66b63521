import type { KeyObject } from 'node:crypto'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { DesiredStateFile, exchangePaths, IdentityStatusFile } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import {
  type ApplierDependencies,
  type CommandDependencies,
  DesiredApplier,
  DesiredStateService,
  DesiredTrust,
  HubCommands,
  StateReporter,
} from './desired-state/index.ts'
import type { AuditSink, EgressDoor } from './egress/index.ts'
import type { ApplianceFolders } from './folders.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'

/** What the hub wishes, put into force as far as the site lets it, and the state that is reported back. */
export function composeDesiredState(
  parts: Pick<ApplierDependencies, 'desk' | 'rules' | 'deployments' | 'activator'> & {
    readonly device: DeviceId
    readonly folders: Pick<ApplianceFolders, 'trust' | 'trustState'>
    readonly acts: CommandDependencies
    readonly exchangeFolder: string
    readonly softwareVersion: string
    readonly auditKey: KeyObject
    readonly records: Records
    readonly door: EgressDoor
    readonly settings: CurrentSettings
    readonly audit: AuditSink
    readonly clock: Clock
    readonly logger: Logger
  },
): DesiredStateService {
  const paths = exchangePaths(parts.exchangeFolder)
  const identityStatus = new IdentityStatusFile(paths.identityStatus)
  return new DesiredStateService({
    ...parts,
    file: new DesiredStateFile(paths.desired),
    trust: new DesiredTrust(parts.device, parts.folders, async () => {
      const said = await identityStatus.read()
      return said.kind === 'value' && said.value.anchors !== null
    }),
    applier: new DesiredApplier({ ...parts, commands: new HubCommands(parts.acts) }),
    reporter: new StateReporter({ ...parts, key: parts.auditKey }),
    logger: parts.logger.child({ room: 'desired-state' }),
  })
}
