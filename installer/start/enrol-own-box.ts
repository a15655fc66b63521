import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pinHubAnchors } from '@leadglass/appliance/commands'
import { AnchorKeeper, AnchorStore, type Identity, IdentityStore, joinHub } from '@leadglass/sync-agent/agent'
import { deviceId } from '@leadglass/sync-agent/contract'
import { systemClock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { invitation } from '@leadglass/ui/contract/hub-api'
import type { InstanceClient } from '../cli/client.ts'
import { InstallerError } from '../errors.ts'
import { readAuditKeys } from './audit-keys.ts'
import { readSignInFile } from './sign-in-file.ts'

/**
 * Lets the box of an instance join the hub beside it through the door that every box takes: a real code, a real request,
 * and what it pins. Whatever is done already is left alone, so that a start that was interrupted here goes on here.
 * The hub must be running, and the agent must not.
 */
export async function enrolOwnBox(client: InstanceClient): Promise<void> {
  const { layout, instance } = client
  const device = deviceId.parse(instance.device)
  const state = join(layout.agent.folder, 'state')
  await mkdir(state, { recursive: true, mode: 0o700 })
  const identities = new IdentityStore(state)
  const hubUrl = `mqtts://localhost:${instance.ports.mqtt}`
  if (instance.joins === true && (await identities.read()) === undefined) {
    const invited = await client.request({
      service: 'hub',
      method: 'POST',
      path: `/api/devices/${device}/invitation`,
      body: { minutes: 5 },
      schema: invitation,
    })
    const keys = await readAuditKeys(layout)
    const auditKey = keys.find((key) => key.startsWith(`leadglass/${device}/audit+`)) ?? null
    const { code, authorityFingerprint: hubFingerprint } = invited
    // The address stays with the settings file: the ports of an instance may be others at its next start.
    const options = { hubUrl, code, device, auditKey, hubFingerprint, addressIsConfigured: true }
    const { caPem } = await joinHub(options, identities, systemClock)
    await writeFileAtomically(join(layout.agent.folder, 'hub-ca.pem'), caPem)
  }
  const credentials = (await identities.read()) ?? (await provisionedCredentials(client))
  if (credentials === undefined) return
  const store = new AnchorStore(state)
  const witnessKeyFile = join(layout.agent.folder, 'witness.key.pem')
  await new AnchorKeeper({ device, hubUrl, store, credentials: async () => credentials, witnessKeyFile }).step()
  const anchors = await store.read()
  if (anchors !== undefined && (await isEvaluation(client)))
    await pinHubAnchors(layout.appliance.folder, anchors, 'fill')
}

/** The identity of an instance of before boxes joined, which its first start laid beside the agent. */
async function provisionedCredentials({
  layout,
}: InstanceClient): Promise<Pick<Identity, 'caPem' | 'certificatePem' | 'keyPem'> | undefined> {
  const read = (name: string): Promise<string> => readFile(join(layout.agent.folder, name), 'utf8')
  try {
    const [caPem, certificatePem, keyPem] = [
      await read('hub-ca.pem'),
      await read('device.pem'),
      await read('device.key'),
    ]
    return { caPem, certificatePem, keyPem }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/**
 * One person holds hub and box, as the file with their first passwords shows; nobody could compare anything with anybody.
 * Elsewhere a site administrator compares the fingerprint and confirms it at the console.
 */
async function isEvaluation({ layout }: InstanceClient): Promise<boolean> {
  return readSignInFile(layout).then(
    () => true,
    (error: unknown) => {
      if (error instanceof InstallerError && error.code === 'file-not-found') return false
      throw error
    },
  )
}
