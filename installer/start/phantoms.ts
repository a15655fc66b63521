import { AssociationRequester, type OutgoingInstance, splitPart10 } from '@leadglass/appliance/dimse'
import { phantomDicom } from '@leadglass/models'
import { applianceHost, type InstanceFile } from './instance-file.ts'

const PHANTOMS = 6
const SEED = 2026

/**
 * Sends a few generated phantom radiographs to the instance, so that every page has something to show. Each says
 * PHANTOM in its name, its descriptions and its pixels.
 * @returns how many were acknowledged.
 */
export async function sendPhantoms(instance: InstanceFile): Promise<number> {
  const { ports, aeTitle } = instance
  const instances: OutgoingInstance[] = []
  for (let index = 1; index <= PHANTOMS; index++) {
    const { bytes } = phantomDicom({ seed: SEED, index, view: index % 2 === 0 ? 'AP' : 'PA' })
    instances.push(
      await splitPart10(async function* () {
        yield bytes
      }),
    )
  }
  let accepted = 0
  await new AssociationRequester().sendInstances(
    { host: applianceHost(instance), port: ports.dimse, calledAeTitle: aeTitle, callingAeTitle: 'PHANTOMS' },
    instances,
    (_, result) => {
      if (result.kind === 'accepted') accepted += 1
    },
  )
  return accepted
}
