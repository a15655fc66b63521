import { AssociationRequester, type OutgoingInstance, splitPart10 } from '@leadglass/appliance/dimse'
import { phantomDicom, qaPhantomDicom } from '@leadglass/models'
import { applianceHost, type InstanceFile } from './instance-file.ts'

const PHANTOMS = 6
const SEED = 2026
/** The constancy phantom in good order. */
const NOMINAL = { seed: SEED, contrast: 1, blur: 0.5, noise: 0.01 }

/**
 * Sends a few generated phantom radiographs and one constancy phantom to the instance, so that every page has something to show. Each says
 * PHANTOM in its name, its descriptions and its pixels.
 * @returns how many were acknowledged.
 */
export async function sendPhantoms(instance: InstanceFile): Promise<number> {
  const { ports, aeTitle } = instance
  const instances: OutgoingInstance[] = []
  const drawn = Array.from({ length: PHANTOMS }, (_, i) =>
    phantomDicom({ seed: SEED, index: i + 1, view: i % 2 === 0 ? 'PA' : 'AP' }),
  )
  for (const { bytes } of [...drawn, qaPhantomDicom(NOMINAL)]) {
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
