import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ApprovalPolicy, approvalPolicy, approverRole } from '@leadglass/sync-agent/contract'
import { z } from 'zod'

/** Where everything of a hub lies below its folder. */
export function hubLayout(folder: string) {
  const secrets = join(folder, 'secrets')
  return {
    folder,
    secrets,
    authority: join(folder, 'ca'),
    settings: join(folder, 'hub.json'),
    logKey: join(secrets, 'hub-log.key.pem'),
    witnessKey: join(secrets, 'witness.key.pem'),
    desiredKeys: join(secrets, 'desired-keys.json'),
    operatorToken: join(secrets, 'operator-token'),
    onlineKeys: join(secrets, 'online-keys.json'),
    statementKey: join(secrets, 'oms.key.pem'),
    deviceKeys: join(secrets, 'device-keys.json'),
    serviceKeys: join(secrets, 'service-keys.json'),
    iotHub: join(folder, 'iot-hub'),
    packages: join(folder, 'packages'),
    repository: join(folder, 'repository'),
    kits: join(folder, 'kits'),
    lake: join(folder, 'lake'),
    training: join(folder, 'training'),
    /** Documents that people lay down for compliance reports. */
    evidence: join(folder, 'evidence'),
  } as const
}
export type HubLayout = ReturnType<typeof hubLayout>

/** Somebody whose signatures count; public facts only. */
export const knownApprover = z.strictObject({
  person: z.string(),
  role: approverRole,
  printedName: z.string(),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
})
export type KnownApprover = z.infer<typeof knownApprover>

/** `hub.json`: what was decided when the hub was made. */
export const hubSettings = z.strictObject({
  schema: z.literal('leadglass.hub-settings/1'),
  /** Names and addresses under which devices and people reach the hub. */
  names: z.array(z.string().min(1).max(253)).max(32),
  /** The policy that devices are pinned to; null until the key ceremony. */
  policy: approvalPolicy.nullable(),
  approvers: z.array(knownApprover).max(64),
})
export type HubSettings = Omit<z.infer<typeof hubSettings>, 'policy'> & { readonly policy: ApprovalPolicy | null }

/** Reads `hub.json`. @throws when the hub was not initialised. */
export async function readHubSettings(layout: HubLayout): Promise<HubSettings> {
  return hubSettings.parse(JSON.parse(await readFile(layout.settings, 'utf8')))
}

/** What a hub has published, for whoever carries it away: the repository's folder and the policy of its devices. */
export async function publishedRepository(
  folder: string,
): Promise<{ readonly folder: string; readonly policy: ApprovalPolicy | null }> {
  const layout = hubLayout(folder)
  return { folder: layout.repository, policy: (await readHubSettings(layout)).policy }
}
