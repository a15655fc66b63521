import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pinHubAnchors } from '@leadglass/appliance/commands'
import { AnchorKeeper, AnchorStore, IdentityStore, joinHub } from '@leadglass/sync-agent/agent'
import { deviceId } from '@leadglass/sync-agent/contract'
import { systemClock, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { invitation } from '@leadglass/ui/contract/hub-api'
import type { InstanceClient } from '../cli/client.ts'
import { readAuditKeys } from './audit-keys.ts'

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
  const identity = await identities.read()
  // An instance of before boxes joined has its identity elsewhere; its agent gets the anchors by itself.
  if (identity === undefined) return
  const store = new AnchorStore(state)
  const credentials = async () => identity
  const witnessKeyFile = join(layout.agent.folder, 'witness.key.pem')
  await new AnchorKeeper({ device, hubUrl, store, credentials, witnessKeyFile }).step()
  const anchors = await store.read()
  if (anchors !== undefined) await pinHubAnchors(layout.appliance.folder, anchors)
}
